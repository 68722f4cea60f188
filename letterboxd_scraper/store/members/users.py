"""Members, by the name in their links; the code of their profile survives a changed name."""

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


def names_of(connection: sa.Connection, ids: Iterable[int]) -> dict[int, str]:
    """Return the names of those of the members with these ids who are stored."""
    query = sa.select(users.c.id, users.c.letterboxd_username).where(users.c.id.in_(list(ids)))
    return {row.id: row.letterboxd_username for row in connection.execute(query)}


def follow_renaming(connection: sa.Connection, profile: Profile) -> str | None:
    """Give a member who has a new name the row that they had under the old one; return that, if so."""
    if profile.lid is None:
        return None
    of_name = users.c.letterboxd_username == profile.member
    of_code = users.c.letterboxd_lid == profile.lid
    new = connection.execute(sa.select(users).where(of_name)).first()
    old = connection.execute(sa.select(users).where(of_code, ~of_name)).first()
    if old is None:
        return None
    update = users.update().where(users.c.id == old.id)
    if new is None:
        connection.execute(update.values(letterboxd_username=profile.member))
    elif new.letterboxd_lid is None:
        merge_members(connection, old.id, new.id)
    else:
        # The name was somebody else's: this crawl puts right what is stored under it.
        connection.execute(update.values(letterboxd_lid=None))
        return None
    return str(old.letterboxd_username)
