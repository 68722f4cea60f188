"""Two rows that turn out to be one film, member or person: nothing that hangs on either is lost."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.store.crawl_state import bookmarks
from letterboxd_scraper.store.schema import (
    film_countries,
    film_genres,
    film_people,
    films,
    metadata,
    people,
    ratings,
    users,
)

# What of a member's row stays, whichever name they go by now.
_KEPT_OF_MEMBER = frozenset({"id", "created_at"})

# What TMDB tells of a film, and where it has it.
_FOUND_OUT = frozenset(
    {column.name for column in films.c if column.name.startswith("tmdb_")} | {"release_date"}
)
# When a film was looked at, and in vain: that says nothing of another.
_OF_A_LOOK = frozenset({"gone_at", "enrich_attempts", "enrich_after"})


def merge_films(connection: sa.Connection, keep: int, other: int) -> None:
    """Make film ``other`` part of film ``keep``, whose own values come first.

    What TMDB tells of a film belongs together: it is all that of one of the two.
    """
    query = sa.select(films.c.id, films.c.tmdb_id, films.c.tmdb_not_found, films.c.gone_at)
    rows = {row.id: row for row in connection.execute(query.where(films.c.id.in_([keep, other])))}
    takes_over = rows[keep].tmdb_id is None and rows[other].tmdb_id is not None
    for table in (film_people, film_genres, film_countries):
        connection.execute(table.delete().where(table.c.film_id == (keep if takes_over else other)))
    own: dict[str, Any] = {}
    if any(row.gone_at is None for row in rows.values()):
        own["gone_at"] = None
    if takes_over:
        own |= dict.fromkeys(_FOUND_OUT) | {"tmdb_not_found": rows[other].tmdb_not_found}
    if own:
        connection.execute(films.update().where(films.c.id == keep).values(own))
    _merge_and_fill(connection, films, keep, other, _OF_A_LOOK if takes_over else _OF_A_LOOK | _FOUND_OUT)


def merge_people(connection: sa.Connection, keep: int, other: int) -> None:
    """Make person ``other`` part of person ``keep``, whose own values come first."""
    _merge_and_fill(connection, people, keep, other)


def _merge_and_fill(
    connection: sa.Connection, table: sa.Table, keep: int, other: int, left_out: frozenset[str] = frozenset()
) -> None:
    fill = {
        column.name: sa.func.coalesce(column, value)
        for column, value in _values(connection, table, other)
        if column.name not in left_out | {"id"} and value is not None
    }
    _merge(connection, table, keep, other, fill)


def merge_members(connection: sa.Connection, keep: int, other: int) -> None:
    """Make member ``other`` part of member ``keep``, who goes by the other's name from now on."""
    present = {
        column.name: value
        for column, value in _values(connection, users, other)
        if column.name not in _KEPT_OF_MEMBER and value is not None
    }
    _merge(connection, users, keep, other, present)


def _values(connection: sa.Connection, table: sa.Table, row_id: int) -> list[tuple[sa.Column[Any], Any]]:
    row = connection.execute(sa.select(table).where(table.c.id == row_id)).one()
    return list(zip(table.columns, row, strict=True))


def _merge(connection: sa.Connection, table: sa.Table, keep: int, other: int, values: dict[str, Any]) -> None:
    for column in _references(table):
        if column.table is ratings:
            _combine_ratings(connection, column, keep, other)
        _move(connection, column, keep, other)
    if table is not people:  # none of whom stands on a listing
        bookmarks.replace(connection, table, other, keep)
    # First the other row goes, and what could not be moved with it: its unique values are free then.
    connection.execute(table.delete().where(table.c.id == other))
    if values:
        connection.execute(table.update().where(table.c.id == keep).values(values))


def _references(table: sa.Table) -> Iterator[sa.Column[Any]]:
    for child in metadata.sorted_tables:
        for column in child.columns:
            if column.references(table.c.id):
                yield column


def _move(connection: sa.Connection, column: sa.Column[Any], keep: int, other: int) -> None:
    """Let the rows that refer to ``other`` refer to ``keep``, except where ``keep`` has its own."""
    table = column.table
    taken = table.alias()
    conditions = [
        ~sa.exists().where(
            taken.c[column.name] == keep,
            *(taken.c[name].is_not_distinct_from(table.c[name]) for name in key - {column.name}),
        )
        for key in _keys(table)
        if column.name in key
    ]
    connection.execute(table.update().where(column == other, *conditions).values({column.name: keep}))


def _keys(table: sa.Table) -> list[set[str]]:
    """Return the sets of columns that no two rows of a table share."""
    kinds = (sa.PrimaryKeyConstraint, sa.UniqueConstraint)
    constraints = [{c.name for c in key.columns} for key in table.constraints if isinstance(key, kinds)]
    return constraints + [{c.name for c in index.columns} for index in table.indexes if index.unique]


def _combine_ratings(connection: sa.Connection, column: sa.Column[Any], keep: int, other: int) -> None:
    """Make one row of two that say something of the same film and member."""
    rest = ratings.c.user_id if column is ratings.c.film_id else ratings.c.film_id
    kept = {row._mapping[rest]: row for row in connection.execute(sa.select(ratings).where(column == keep))}
    for row in connection.execute(sa.select(ratings).where(column == other)).all():
        if mine := kept.get(row._mapping[rest]):
            same = sa.and_(column == keep, rest == mine._mapping[rest])
            connection.execute(ratings.update().where(same).values(_combined(mine, row)))


def _combined(one: Any, two: Any) -> dict[str, Any]:
    """Return what two rows say together: every mark of either, and the rating seen last, else ``one``'s."""
    same = one.rating == two.rating
    if same:
        first, second = sorted((one, two), key=lambda row: row.first_seen_at)
    else:
        second, first = sorted((two, one), key=lambda row: (row.rating is not None, row.updated_at))
    return {
        "rating": first.rating,
        "liked": one.liked or two.liked,
        "favorite": one.favorite or two.favorite,
        # A date belongs to its rating.
        "rated_at": first.rated_at or (second.rated_at if same else None),
        "diary_entry_url": first.diary_entry_url or second.diary_entry_url,
        "first_seen_at": first.first_seen_at,
        "seen_after": first.seen_after,
        "updated_at": max(one.updated_at, two.updated_at),
    }
