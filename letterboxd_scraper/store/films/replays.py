"""Members whose kept sources are to be replayed, because films that they name came together or apart."""

from collections.abc import Collection
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from letterboxd_scraper.store.schema import member_sources, ratings, watched, watchlist
from letterboxd_scraper.store.upsert import as_list, in_list

# What a transaction owes: to be paid by who began it, as this room knows nothing of members' sources.
_noted: WeakKeyDictionary[sa.Connection, set[int]] = WeakKeyDictionary()


def note(connection: sa.Connection, film_ids: Collection[int]) -> None:
    """Note the members who have done something with one of these films, and have sources that are kept."""
    rows = [
        sa.select(table.c.user_id).where(in_list(connection.dialect.name, table.c.film_id))
        for table in (ratings, watched, watchlist)
    ]
    source = member_sources.c.user_id
    query = sa.select(source).distinct().where(source.in_(sa.union_all(*rows)))
    _noted.setdefault(connection, set()).update(connection.scalars(query, as_list(film_ids)))


def noted(connection: sa.Connection) -> set[int]:
    """Return the members (users' ids) who were noted since this was asked last."""
    return _noted.pop(connection, set())
