"""Members, found by the name in their links."""

from collections.abc import Iterable

import sqlalchemy as sa

from letterboxd_scraper.store.schema import users


def user_ids(connection: sa.Connection, names: Iterable[str]) -> dict[str, int]:
    """Return the ids of those of the members ``names`` who are stored."""
    query = sa.select(users.c.letterboxd_username, users.c.id).where(
        users.c.letterboxd_username.in_(list(names))
    )
    return {row.letterboxd_username: row.id for row in connection.execute(query)}
