"""Writing rows so that what is already so is not written again."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

_INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
Row = dict[str, Any]
# Makes the value that a column gets along with a change, from the rows as stored and as offered and its name.
Along = Callable[[Any, Any, str], Any]


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
    names = tuple(key or [column.name for column in table.primary_key])
    statement = _upsert(connection.dialect.name, table, names, tuple(rows[0]), tuple((along or {}).items()))
    # The order of keys prevents deadlocks.
    connection.execute(statement, sorted(rows, key=itemgetter(*names)))


def insert_missing(
    connection: sa.Connection, table: sa.Table, rows: Sequence[Row], *returned: str
) -> Sequence[sa.Row[Any]]:
    """Insert the ``rows`` whose keys are not taken; leave the others alone.

    Of those that were inserted the columns ``returned`` (default: the primary key) are returned, unordered.
    """
    if not rows:
        return []
    return connection.execute(_insert_missing(connection.dialect.name, table, returned), list(rows)).all()


# A statement costs more to build than to send: each is built once. RETURNING makes psycopg2 send the rows
# in batches.
@cache
def _upsert(
    dialect: str,
    table: sa.Table,
    key: tuple[str, ...],
    names: tuple[str, ...],
    along: tuple[tuple[str, Along], ...],
) -> Any:
    insert = _INSERT[dialect](table)
    new = insert.excluded
    extra = {name: value(table.c, new, name) for name, value in along}
    changes = {name: new[name] for name in names if name not in key and name not in extra}
    differs = sa.or_(*(table.c[name].is_distinct_from(value) for name, value in changes.items()))
    upsert = insert.on_conflict_do_update(index_elements=key, set_=changes | extra, where=differs)
    return upsert.returning(*table.primary_key)


@cache
def _insert_missing(dialect: str, table: sa.Table, returned: tuple[str, ...]) -> Any:
    columns = [table.c[name] for name in returned] or table.primary_key
    return _INSERT[dialect](table).on_conflict_do_nothing().returning(*columns)


def offered(old: Any, new: Any, name: str) -> Any:
    """The offered value of a column, for `along`."""
    return new[name]


def as_stored(old: Any, new: Any, name: str) -> Any:
    """The stored value of a column, for `along`: it is only set when the row is new."""
    return old[name]
