"""How far each member's listings were read: saved together with the facts of the page."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from letterboxd_scraper.items.members import STARS_OF, Listing
from letterboxd_scraper.items.tasks import Provenance
from letterboxd_scraper.store.schema import user_scrape_state, users
from letterboxd_scraper.store.upsert import upsert

_PEOPLE = (Listing.FOLLOWING, Listing.FOLLOWERS)
# What was seen there is kept: whom a member led to, and which films a level added to the listing.
_SEEN_IS_KEPT = frozenset(_PEOPLE) | STARS_OF.keys()


class Place(NamedTuple):
    """Where a member's listing stands: the last page saved, and what was ``seen`` on the pages up to it."""

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


_STATE = user_scrape_state.c
_PLACE = (
    sa.select(users.c.id, _STATE.page, _STATE.seen, _STATE.complete_as_of)
    .join(
        user_scrape_state,
        sa.and_(_STATE.user_id == users.c.id, _STATE.listing == sa.bindparam("listing")),
        isouter=True,
    )
    .where(users.c.letterboxd_username == sa.bindparam("member"))
)


def find(connection: sa.Connection, member: str, listing: Listing) -> Place:
    """Return where the listing of a member who is stored stands."""
    found = connection.execute(_PLACE, {"member": member, "listing": listing})
    user, page, seen, complete_as_of = found.one()
    return Place(user, listing, page, seen or (), complete_as_of)


def move(
    connection: sa.Connection,
    place: Place,
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
    before = place.seen_before(number)
    if before is None:
        return False
    seen = before + seen
    if status != "reading" and place.listing not in _SEEN_IS_KEPT:
        seen = []  # the rows themselves say it from now on
    row: dict[str, Any] = {"user_id": place.user, "listing": place.listing, "page": number, "seen": seen}
    row |= {"total": total, "status": status, "run": provenance.run, "updated_at": provenance.at}
    if status == "complete":
        row["complete_as_of"] = provenance.at
    upsert(connection, user_scrape_state, [row])
    return True


def drop(connection: sa.Connection, user: int, listing: Listing) -> None:
    """Forget how far a listing was read."""
    state = user_scrape_state.c
    here = sa.and_(state.user_id == user, state.listing == listing)
    connection.execute(user_scrape_state.delete().where(here))


def replace(connection: sa.Connection, table: sa.Table, old: int, new: int) -> None:
    """Put ``new`` for ``old`` among what was seen on listings: the ids of ``table``, films or users."""
    of_people = user_scrape_state.c.listing.in_(_PEOPLE)
    kind = of_people if table is users else ~of_people
    _change_seen(connection, kind, old, lambda seen: [new if each == old else each for each in seen])


def remove_person(connection: sa.Connection, user: int) -> None:
    """Take a member from among those who were seen on others' listings."""
    of_people = user_scrape_state.c.listing.in_(_PEOPLE)
    _change_seen(connection, of_people, user, lambda seen: [each for each in seen if each != user])


def _change_seen(
    connection: sa.Connection, kind: Any, wanted: int, change: Callable[[list[int]], list[int]]
) -> None:
    state = user_scrape_state.c
    for row in connection.execute(sa.select(state.user_id, state.listing, state.seen).where(kind)).all():
        if wanted in row.seen:
            here = sa.and_(state.user_id == row.user_id, state.listing == row.listing)
            seen = list(dict.fromkeys(change(row.seen)))
            connection.execute(user_scrape_state.update().where(here).values(seen=seen))
