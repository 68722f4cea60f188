"""Writing many rows with one statement, so that what is already so is not written again.

The rows of a statement travel as one JSON array: a parameter for every value takes two to three times as
long (`python -m benchmarks.upsert_speed`).
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.store.schema import UTCDateTime

Row = dict[str, Any]
# Makes the value that a column gets along with a change, from the columns of the stored row, those of the
# new one, and the column's name.
Along = Callable[[Any, Any, str], Any]


def insert_into(table: sa.Table, dialect: str) -> Any:
    """Return an INSERT that can be told what to do where a key is taken; only this dialect is loaded."""
    return import_module(f"sqlalchemy.dialects.{dialect}").insert(table)


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
    names = tuple(key or table.primary_key.columns.keys())
    # The order of keys prevents deadlocks.
    rows = sorted(rows, key=itemgetter(*names))
    shared = _shared_values(rows)
    columns = (tuple(rows[0]), tuple(shared))
    statement = _upsert(connection.dialect.name, table, names, *columns, tuple((along or {}).items()))
    connection.execute(statement, _parameters(rows, shared))


def insert_missing(
    connection: sa.Connection, table: sa.Table, rows: Sequence[Row], *returned: str
) -> Sequence[sa.Row[Any]]:
    """Insert the ``rows`` whose keys are not taken; leave the others alone.

    Of those that were inserted the columns ``returned`` (default: the primary key) are returned, unordered.
    """
    if not rows:
        return []
    shared = _shared_values(rows)
    statement = _insert_missing(connection.dialect.name, table, tuple(rows[0]), tuple(shared), returned)
    return connection.execute(statement, _parameters(rows, shared)).all()


def in_list(dialect: str, column: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """The condition that a column has one of the values sent by `as_list`: one parameter, however many."""
    value = _elements(dialect, sa.bindparam("list", type_=sa.Text))
    return column.in_(
        sa.select(value if dialect == "sqlite" else sa.cast(value.op("#>>")("{}"), column.type))
    )


def as_list(values: Iterable[Any]) -> Row:
    """Return the parameter of a statement with an `in_list` condition."""
    return {"list": _json(list(values))}


def sent_rows(dialect: str, *types: Any) -> list[sa.ColumnElement[Any]]:
    """Return the columns, of these types, of the rows that `as_rows` sends: one parameter, however many."""
    row = _elements(dialect, sa.bindparam("rows", type_=sa.Text))
    return [_value(dialect, row, place, type_) for place, type_ in enumerate(types)]


def as_rows(rows: Iterable[Sequence[Any]]) -> Row:
    """Return the parameter of a statement with the columns of `sent_rows`."""
    return {"rows": _json([list(row) for row in rows])}


def offered(old: Any, new: Any, name: str) -> Any:
    """The new row's value of a column, for `along`."""
    return new[name]


def as_stored(old: Any, new: Any, name: str) -> Any:
    """The stored value of a column, for `along`: the new one counts only where the row is new."""
    return old[name]


def _shared_values(rows: Sequence[Row]) -> Row:
    """Return the moments, bytes and documents that are the same in all rows: each becomes one parameter."""
    first = rows[0]
    special = [name for name, value in first.items() if not isinstance(value, str | float | int | None)]
    return {name: first[name] for name in special if all(row[name] == first[name] for row in rows)}


def _parameters(rows: Sequence[Row], shared: Row) -> Row:
    plain = [name for name in rows[0] if name not in shared]
    return shared | {"rows": _json([[row[name] for name in plain] for row in rows])}


def _json(values: Sequence[Any]) -> str:
    # Half a surrogate pair is no text, and the driver shall refuse it: as an escape it would pass.
    return json.dumps(values, ensure_ascii=False, default=_moment_as_stored)


def _moment_as_stored(moment: datetime) -> str:
    """Return a moment as SQLAlchemy stores it on SQLite."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


# A statement costs more to build than to send: each is built once.
@cache
def _upsert(
    dialect: str,
    table: sa.Table,
    key: tuple[str, ...],
    names: tuple[str, ...],
    shared: tuple[str, ...],
    along: tuple[tuple[str, Along], ...],
) -> Any:
    insert = _insert(dialect, table, names, shared)
    new = insert.excluded
    extra = {name: value(table.c, new, name) for name, value in along}
    changes = {name: new[name] for name in names if name not in key and name not in extra}
    differs = sa.or_(*(table.c[name].is_distinct_from(value) for name, value in changes.items()))
    return insert.on_conflict_do_update(index_elements=key, set_=changes | extra, where=differs)


@cache
def _insert_missing(
    dialect: str, table: sa.Table, names: tuple[str, ...], shared: tuple[str, ...], returned: tuple[str, ...]
) -> Any:
    columns = [table.c[name] for name in returned] or table.primary_key
    return _insert(dialect, table, names, shared).on_conflict_do_nothing().returning(*columns)


def _insert(dialect: str, table: sa.Table, names: tuple[str, ...], shared: tuple[str, ...]) -> Any:
    plain = [name for name in names if name not in shared]
    row = _elements(dialect, sa.bindparam("rows", type_=sa.Text))
    values = [_value(dialect, row, place, table.c[name].type) for place, name in enumerate(plain)]
    values += [sa.bindparam(name, type_=table.c[name].type) for name in shared]
    # Without WHERE, SQLite takes ON CONFLICT for a part of a join.
    return insert_into(table, dialect).from_select(
        [*plain, *shared], sa.select(*values).where(sa.text("true"))
    )


def _elements(dialect: str, text: sa.BindParameter[Any]) -> Any:
    """Return a column of the elements of a JSON array."""
    if dialect == "sqlite":
        return sa.func.json_each(text).table_valued("value").c.value
    array = sa.func.json_array_elements(sa.cast(text, sa.JSON))
    return array.table_valued("value").render_derived().c.value


def _value(dialect: str, row: Any, place: int, type_: Any) -> Any:
    """Return one value of a row that is a JSON array."""
    if dialect == "sqlite":
        return sa.func.json_extract(row, f"$[{place}]")
    text = row.op("->>")(place)
    if isinstance(type_, UTCDateTime):
        return sa.func.timezone("UTC", sa.cast(text, sa.DateTime))
    return sa.cast(text, type_)
