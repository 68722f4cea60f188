"""How far each member's listings were read: saved together with the facts of the page."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.items import Listing
from letterboxd_scraper.store.schema import user_scrape_state, users
from letterboxd_scraper.store.upsert import upsert

# Of people, what was seen is kept: it tells a walk that goes on whom a member led to.
_PEOPLE = (Listing.FOLLOWING, Listing.FOLLOWERS)


def move(
    connection: sa.Connection,
    user: int,
    listing: Listing,
    number: int,
    seen: list[int],
    at: datetime,
    *,
    status: str,
    total: int | None = None,
) -> bool:
    """Move the bookmark to page ``number``: from the page before it, or from anywhere to the first.

    A page whose predecessor was not saved leaves the bookmark alone, so that a listing with a
    hole in it never becomes complete; then False is returned.
    """
    state = user_scrape_state
    here = sa.and_(state.c.user_id == user, state.c.listing == listing)
    values: dict[str, Any] = {"page": number, "total": total, "status": status, "updated_at": at}
    if status == "complete":
        values["complete_as_of"] = at
    if number > 1:
        before = connection.scalar(sa.select(state.c.seen).where(here, state.c.page == number - 1))
        if before is None:
            return False
        seen = before + seen
    if status != "reading" and listing not in _PEOPLE:
        seen = []  # the rows themselves say it from now on
    upsert(connection, state, [{"user_id": user, "listing": listing, "seen": seen} | values])
    return True


def drop(connection: sa.Connection, user: int, listing: Listing) -> None:
    """Forget how far a listing was read."""
    state = user_scrape_state.c
    here = sa.and_(state.user_id == user, state.listing == listing)
    connection.execute(user_scrape_state.delete().where(here))


def replace(connection: sa.Connection, table: sa.Table, old: int, new: int) -> None:
    """Put ``new`` for ``old`` among what was seen on listings: the ids of ``table``, films or users."""
    state = user_scrape_state.c
    of_people = state.listing.in_(_PEOPLE)
    kind = of_people if table is users else ~of_people
    for row in connection.execute(sa.select(state.user_id, state.listing, state.seen).where(kind)).all():
        if old in row.seen:
            seen = list(dict.fromkeys(new if each == old else each for each in row.seen))
            here = sa.and_(state.user_id == row.user_id, state.listing == row.listing)
            connection.execute(user_scrape_state.update().where(here).values(seen=seen))
