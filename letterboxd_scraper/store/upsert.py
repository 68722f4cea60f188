"""Writing rows so that what is already so is not written again."""

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

_INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
Row = dict[str, Any]
# Makes the value that a column gets along with a change, from the rows as stored and as offered.
Along = Callable[[Any, Any], Any]


def upsert(
    connection: sa.Connection,
    table: sa.Table,
    rows: Sequence[Row],
    key: Sequence[str] | None = None,
    along: Mapping[str, Along] | None = None,
) -> None:
    """Insert ``rows``; where ``key`` (default: the primary key) is taken and a value differs, overwrite it.

    All rows carry the same columns; columns that they do not carry are left alone. Columns in
    ``along`` make no difference by themselves, but are set when another column differs.
    """
    if not rows:
        return
    key = key or [column.name for column in table.primary_key]
    insert = _INSERT[connection.dialect.name](table)
    offered = insert.excluded
    along = along or {}
    changes = {name: offered[name] for name in rows[0] if name not in key and name not in along}
    differs = sa.or_(*(table.c[name].is_distinct_from(value) for name, value in changes.items()))
    extra = {name: value(table.c, offered) for name, value in along.items()}
    statement = insert.on_conflict_do_update(index_elements=key, set_=changes | extra, where=differs)
    # RETURNING makes psycopg2 send the rows in batches; the order of keys prevents deadlocks.
    connection.execute(statement.returning(*table.primary_key), sorted(rows, key=itemgetter(*key)))


def insert_missing(connection: sa.Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    """Insert the ``rows`` whose keys are not taken; leave the others alone."""
    if not rows:
        return
    statement = _INSERT[connection.dialect.name](table).on_conflict_do_nothing()
    connection.execute(statement.returning(*table.primary_key), list(rows))


def offered(name: str) -> Along:
    """The offered value of a column, for `along`."""
    return lambda old, new: new[name]


def as_stored(name: str) -> Along:
    """The stored value of a column, for `along`: it is only set when the row is new."""
    return lambda old, new: old[name]
