"""Rows that refer to rows that are not there, and what SQLite itself can say of its file."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.store.checks.finding import Finding
from letterboxd_scraper.store.schema import MATERIALIZED_VIEWS, metadata

FILE = "the database file is whole"
RESTORE = "restore a backup, unless the other lines name rows that can be mended"
# Tables of one row for a member and a film: their indexes are of whole numbers.
_LARGE = ("ratings", "watched", "watchlist")
_ADVICE = "delete these rows, and read again what is missing then; or restore a backup"


def of_file(connection: sa.Connection) -> Finding:
    """Find what SQLite says of its own file, and indexes that do not hold what their table does."""
    lines = _said(connection, "PRAGMA quick_check")
    if not lines:
        for table in metadata.tables:
            if table in _LARGE:
                lines += _wrong_indexes(connection, table)
            else:
                lines += _said(connection, f"PRAGMA integrity_check({table})")
    return Finding(FILE, len(lines), lines[0], RESTORE) if lines else Finding(FILE)


def _said(connection: sa.Connection, pragma: str) -> list[str]:
    lines = [str(row[0]) for row in connection.exec_driver_sql(pragma)]
    return [] if lines == ["ok"] else lines


def _wrong_indexes(connection: sa.Connection, table: str) -> Iterator[str]:
    """Yield what is wrong with indexes of whole numbers, by sums over them and over the table.

    SQLite would look up each row in each index, which takes longer than all other checks.
    """
    names = [row.name for row in connection.exec_driver_sql(f"PRAGMA index_list({table})")]
    for name in names:
        columns = [row.name for row in connection.exec_driver_sql(f"PRAGMA index_info({name})")]
        made = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = ?", (name,)).scalar()
        condition = " ".join((made or "").partition(" WHERE ")[1:])
        sums = ["count(*)", "total(rowid)", *(f"total(rowid * {column} % 1000003)" for column in columns)]
        one, other = (
            connection.exec_driver_sql(f"SELECT {', '.join(sums)} FROM {table} {how}{condition}").one()  # noqa: S608
            for how in (f"INDEXED BY {name}", "NOT INDEXED")
        )
        if one != other:
            yield f"index {name} does not hold what {table} does"


def orphans(connection: sa.Connection) -> Finding:
    """Find rows whose parent is missing."""
    check, wrong, example = "no row lacks its parent", 0, ""
    for column in _references():
        count, value = connection.execute(_missing(column)).one()
        if count:
            wrong += int(count)
            example = example or f"{column.table.name}.{column.name} {value}"
    return Finding(check, wrong, example, _ADVICE) if wrong else Finding(check)


def _missing(column: sa.Column[Any]) -> sa.Select[Any]:
    """Select how many rows have a value that is no parent's key, and one of these values."""
    key = next(iter(column.foreign_keys)).column
    # Each value is looked up once, however many rows have it.
    own = sa.select(column.label("value"), sa.func.count().label("rows")).where(column.is_not(None))
    values = own.group_by(column).subquery("own")
    parent = key.table.alias("parent")
    missing = ~sa.exists().where(parent.c[key.name] == values.c.value)
    return sa.select(sa.func.sum(values.c.rows), sa.func.min(values.c.value)).where(missing)


def _references() -> Iterator[sa.Column[Any]]:
    for table in metadata.sorted_tables:
        if table.name not in MATERIALIZED_VIEWS:
            yield from (column for column in table.columns if column.foreign_keys)
