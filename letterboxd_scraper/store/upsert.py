"""Writing rows so that what is already so is not written again."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
Row = dict[str, Any]
# Makes the value that a column gets along with a change, from the rows as stored and as offered and its name.
Along = Callable[[Any, Any, str], Any]
# What JSON can say. Of other types all rows sent together have the same value, else each is sent by itself.
_PLAIN = (sa.Integer, sa.Float, sa.Text, sa.Boolean)


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
    # The order of keys prevents deadlocks.
    rows = sorted(rows, key=itemgetter(*names))
    together = _together(table, rows)
    alone = len(rows) == 1
    statement = _upsert(
        connection.dialect.name,
        table,
        names,
        tuple(rows[0]),
        tuple((along or {}).items()),
        bool(together),
        alone,
    )
    connection.execute(statement, together or rows)


def insert_missing(
    connection: sa.Connection, table: sa.Table, rows: Sequence[Row], *returned: str
) -> Sequence[sa.Row[Any]]:
    """Insert the ``rows`` whose keys are not taken; leave the others alone.

    Of those that were inserted the columns ``returned`` (default: the primary key) are returned, unordered.
    """
    if not rows:
        return []
    together = _together(table, rows)
    statement = _insert_missing(connection.dialect.name, table, tuple(rows[0]), returned, bool(together))
    return connection.execute(statement, together or list(rows)).all()


def listed(dialect: str, type_: Any) -> Any:
    """Return what ``in_`` looks in where the values are sent by `as_list`: one parameter, however many."""
    value = _elements(dialect, sa.bindparam("listed", type_=sa.Text))
    return sa.select(value if dialect == "sqlite" else sa.cast(value.op("#>>")("{}"), type_))


def as_list(values: Iterable[Any]) -> Row:
    """Return the parameter of a statement with `listed` values."""
    return {"listed": _json(list(values))}


def _together(table: sa.Table, rows: Sequence[Row]) -> Row | None:
    """Return the parameters of all ``rows`` at once; None if each has to be sent by itself.

    A parameter for every value of every row takes several times as long.
    """
    plain, others = _split(table, tuple(rows[0]))
    first = {name: rows[0][name] for name in others}
    if len(rows) == 1 or any(row[name] != value for row in rows for name, value in first.items()):
        return None
    return first | {"rows": _json([[row[name] for name in plain] for row in rows])}


def _json(values: Sequence[Any]) -> str:
    # Half a surrogate pair is no text, and the driver shall refuse it: as an escape it would pass.
    return json.dumps(values, ensure_ascii=False)


@cache
def _split(table: sa.Table, names: tuple[str, ...]) -> tuple[list[str], list[str]]:
    plain = [name for name in names if isinstance(table.c[name].type, _PLAIN)]
    return plain, [name for name in names if name not in plain]


# A statement costs more to build than to send: each is built once.
@cache
def _upsert(
    dialect: str,
    table: sa.Table,
    key: tuple[str, ...],
    names: tuple[str, ...],
    along: tuple[tuple[str, Along], ...],
    together: bool,
    alone: bool,
) -> Any:
    insert = _insert(dialect, table, names, together)
    new = insert.excluded
    extra = {name: value(table.c, new, name) for name, value in along}
    changes = {name: new[name] for name in names if name not in key and name not in extra}
    differs = sa.or_(*(table.c[name].is_distinct_from(value) for name, value in changes.items()))
    upsert = insert.on_conflict_do_update(index_elements=key, set_=changes | extra, where=differs)
    # RETURNING makes psycopg2 send several rows in batches. Of a single row SQLite would not count it.
    return upsert if together or alone else upsert.returning(*table.primary_key)


@cache
def _insert_missing(
    dialect: str, table: sa.Table, names: tuple[str, ...], returned: tuple[str, ...], together: bool
) -> Any:
    columns = [table.c[name] for name in returned] or table.primary_key
    return _insert(dialect, table, names, together).on_conflict_do_nothing().returning(*columns)


def _insert(dialect: str, table: sa.Table, names: tuple[str, ...], together: bool) -> Any:
    insert = INSERT[dialect](table)
    if not together:
        return insert
    plain, others = _split(table, names)
    row = _elements(dialect, sa.bindparam("rows", type_=sa.Text))
    values = [_value(dialect, row, place, table.c[name].type) for place, name in enumerate(plain)]
    values += [sa.bindparam(name, type_=table.c[name].type) for name in others]
    # Without WHERE, SQLite takes ON CONFLICT for a part of a join.
    return insert.from_select([*plain, *others], sa.select(*values).where(sa.text("true")))


def _elements(dialect: str, text: sa.BindParameter[Any]) -> Any:
    """Return a column of the elements of a JSON array."""
    if dialect == "sqlite":
        return sa.func.json_each(text).table_valued("value").c.value
    array = sa.func.json_array_elements(sa.cast(text, postgresql.JSON))
    return array.table_valued("value").render_derived().c.value


def _value(dialect: str, row: Any, place: int, type_: Any) -> Any:
    """Return one value of a row that is a JSON array."""
    if dialect == "sqlite":
        return sa.func.json_extract(row, f"$[{place}]")
    return sa.cast(row.op("->>")(place), type_)


def offered(old: Any, new: Any, name: str) -> Any:
    """The offered value of a column, for `along`."""
    return new[name]


def as_stored(old: Any, new: Any, name: str) -> Any:
    """The stored value of a column, for `along`: it is only set when the row is new."""
    return old[name]
