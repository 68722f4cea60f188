"""Rows that refer to rows that are not there, and what SQLite itself can say of its file."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.store.checks.finding import Finding
from letterboxd_scraper.store.schema import MATERIALIZED_VIEWS, metadata

FILE = "the database file is whole"
RESTORE = "restore a backup, unless the other lines name rows that can be mended"
_ADVICE = "delete these rows, and read again what is missing then; or restore a backup"


def of_file(connection: sa.Connection) -> Finding:
    """Find what SQLite says of its own file."""
    lines = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check")]
    return Finding(FILE) if lines == ["ok"] else Finding(FILE, len(lines), lines[0], RESTORE)


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
