"""Connections: one engine per process, with what each database needs to be told."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.errors import StoreNotReady

_SQLITE_PRAGMAS = ("foreign_keys=on", "journal_mode=wal", "synchronous=normal", "busy_timeout=30000")


def make_engine(url: str) -> sa.Engine:
    """Return an engine for ``url``; an SQLite file's folder is made. Raises StoreNotReady."""
    if not url.startswith("sqlite"):
        return sa.create_engine(url, pool_pre_ping=True)
    database = sa.make_url(url).database
    if database:
        try:
            Path(database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreNotReady(
                f"cannot make the folder of the database {database}: {error.strerror}"
            ) from None
    engine = sa.create_engine(url)
    sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, record: Any) -> None:
    connection.isolation_level = None  # we begin our transactions ourselves
    for pragma in _SQLITE_PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    # A transaction that reads first and writes later must take the write lock at once: two such
    # processes would otherwise fail with "database is locked" instead of waiting for each other.
    reading = connection.get_execution_options().get("reading")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


@contextmanager
def read_transaction(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that only reads; on SQLite it neither waits for writers nor holds them up."""
    with engine.connect().execution_options(reading=True) as connection:
        yield connection


@contextmanager
def write_transaction(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that is committed at the end and rolled back on an error."""
    with engine.begin() as connection:
        yield connection


def database_time(connection: sa.Connection) -> datetime:
    """Return the time, which no simulation sets: on PostgreSQL the server's, for nodes' clocks differ."""
    if connection.dialect.name == "postgresql":
        return connection.execute(sa.select(sa.func.clock_timestamp(type_=sa.DateTime))).scalar_one()
    return datetime.now(UTC)


def masked_url(url: str | sa.URL) -> str:
    """Return a database's address fit for messages and logs: without its passwords."""
    made = sa.make_url(url)
    hidden = {name: "***" for name in made.query if "password" in name.lower()}
    return made.update_query_dict(hidden).render_as_string(hide_password=True)


def first_line(error: sa.exc.DBAPIError) -> str:
    """Return what a database says is wrong, in one line."""
    return str(error.orig).strip().splitlines()[0]


def revision_of(engine: sa.Engine) -> str | None:
    """Return the revision of a database's schema; None if there is none yet."""
    with read_transaction(engine) as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        version = sa.select(sa.column("version_num", sa.Text)).select_from(sa.table("alembic_version"))
        return connection.scalar(version)
