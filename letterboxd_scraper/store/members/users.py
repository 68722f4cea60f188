"""Members, found by the name in their links; the code on their profile survives a changed name."""

from collections.abc import Iterable

import sqlalchemy as sa

from letterboxd_scraper.items.members import Profile
from letterboxd_scraper.store.merge import merge_members
from letterboxd_scraper.store.schema import users


def user_ids(connection: sa.Connection, names: Iterable[str]) -> dict[str, int]:
    """Return the ids of those of the members ``names`` who are stored."""
    query = sa.select(users.c.letterboxd_username, users.c.id).where(
        users.c.letterboxd_username.in_(list(names))
    )
    return {row.letterboxd_username: row.id for row in connection.execute(query)}


def follow_renaming(connection: sa.Connection, profile: Profile) -> None:
    """Give a member who has a new name the row that they had under the old one."""
    if profile.lid is None:
        return
    of_name = users.c.letterboxd_username == profile.member
    here = connection.execute(sa.select(users).where(of_name)).first()
    before = connection.execute(
        sa.select(users).where(users.c.letterboxd_lid == profile.lid, ~of_name)
    ).first()
    if before is None:
        return
    if here is None:
        renamed = {"letterboxd_username": profile.member}
        connection.execute(users.update().where(users.c.id == before.id).values(renamed))
    elif here.letterboxd_lid is None:
        merge_members(connection, before.id, here.id)
    else:
        # The name was somebody else's: this crawl puts right what is stored under it.
        connection.execute(users.update().where(users.c.id == before.id).values(letterboxd_lid=None))
