"""How far each member's listings were read: saved together with the facts of the page."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from letterboxd_scraper.items.members import STARS_OF, Listing
from letterboxd_scraper.items.tasks import Provenance
from letterboxd_scraper.store.schema import user_scrape_state, users
from letterboxd_scraper.store.upsert import upsert

_STATE = user_scrape_state.c
_OF_PEOPLE = _STATE.listing.in_((Listing.FOLLOWING, Listing.FOLLOWERS))
# What was seen there is kept: whom a member led to, and which films a level added to the listing.
_SEEN_IS_KEPT = frozenset({Listing.FOLLOWING, Listing.FOLLOWERS}) | STARS_OF.keys()


class ListingState(NamedTuple):
    """How far a member's listing was read: the last page saved, and what was ``seen`` up to its end."""

    user: int
    listing: Listing
    page: int | None = None
    seen: Sequence[int] = ()
    complete_as_of: datetime | None = None

    def seen_before(self, number: int) -> list[int] | None:
        """Return what was seen on the pages before page ``number``; None if the one before was not saved."""
        if number <= 1:
            return []
        return list(self.seen) if self.page == number - 1 else None


# With every page: a statement costs more to build than to send.
_OF_LISTING = (
    sa.select(users.c.id, _STATE.page, _STATE.seen, _STATE.complete_as_of)
    .join(
        user_scrape_state,
        sa.and_(_STATE.user_id == users.c.id, _STATE.listing == sa.bindparam("listing")),
        isouter=True,
    )
    .where(users.c.letterboxd_username == sa.bindparam("member"))
)
_COMPLETE = sa.select(_STATE.listing, _STATE.complete_as_of).where(
    _STATE.user_id == sa.bindparam("user"), _STATE.complete_as_of.is_not(None)
)


def find(connection: sa.Connection, member: str, listing: Listing) -> ListingState:
    """Return how far the listing of a member who is stored was read."""
    rows = connection.execute(_OF_LISTING, {"member": member, "listing": listing})
    user, page, seen, complete_as_of = rows.one()
    return ListingState(user, listing, page, seen or (), complete_as_of)


def move(
    connection: sa.Connection,
    state: ListingState,
    number: int,
    seen: list[int],
    provenance: Provenance,
    *,
    status: str,
    total: int | None = None,
) -> bool:
    """Move the bookmark to page ``number``: from the page before it, or from anywhere to the first.

    A page whose predecessor was not saved leaves the bookmark alone, so that a listing with a
    hole in it never becomes complete; then False is returned.
    """
    before = state.seen_before(number)
    if before is None:
        return False
    seen = before + seen
    if status != "reading" and state.listing not in _SEEN_IS_KEPT:
        seen = []  # the rows themselves say it from now on
    row: dict[str, Any] = {"user_id": state.user, "listing": state.listing, "page": number, "seen": seen}
    row |= {"total": total, "status": status, "run": provenance.run, "updated_at": provenance.at}
    if status == "complete":
        row["complete_as_of"] = provenance.at
    upsert(connection, user_scrape_state, [row])
    return True


def complete_listings(connection: sa.Connection, user: int) -> dict[Listing, datetime]:
    """Return as of when a member's listings are known whole; those that never were are missing."""
    return {Listing(listing): as_of for listing, as_of in connection.execute(_COMPLETE, {"user": user})}


def drop(connection: sa.Connection, user: int, listing: Listing) -> None:
    """Forget how far a listing was read."""
    connection.execute(user_scrape_state.delete().where(_STATE.user_id == user, _STATE.listing == listing))


def replace(connection: sa.Connection, table: sa.Table, old: int, new: int) -> None:
    """Put ``new`` for ``old`` among what was seen on listings: the ids of ``table``, films or users."""
    listings = _OF_PEOPLE if table is users else ~_OF_PEOPLE
    _change_seen(connection, listings, old, lambda seen: [new if id_ == old else id_ for id_ in seen])


def remove_person(connection: sa.Connection, user: int) -> None:
    """Take a member from among those who were seen on others' listings."""
    _change_seen(connection, _OF_PEOPLE, user, lambda seen: [id_ for id_ in seen if id_ != user])


def _change_seen(
    connection: sa.Connection, listings: Any, id_: int, change: Callable[[list[int]], list[int]]
) -> None:
    """Change what was seen on those of the ``listings`` on which ``id_`` was."""
    for row in connection.execute(
        sa.select(_STATE.user_id, _STATE.listing, _STATE.seen).where(listings)
    ).all():
        if id_ in row.seen:
            same = (_STATE.user_id == row.user_id, _STATE.listing == row.listing)
            seen = list(dict.fromkeys(change(row.seen)))
            connection.execute(user_scrape_state.update().where(*same).values(seen=seen))
