"""Connections: one engine per process, with what each database needs to be told."""

import select
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.errors import StoreNotReady
from letterboxd_scraper.machine import extras
from letterboxd_scraper.store import patience, sqlite_file
from letterboxd_scraper.store.patience import NONE, Patience, patiently

# The attribute of an error that holds its database's address.
DATABASE = "database"
# In milliseconds, also for locks on PostgreSQL: then the wait is said, and goes on.
_BUSY = 5000
# Who does not try again waits here, and says nothing.
_BUSY_ONCE = 30_000
_SQLITE_PRAGMAS = ("foreign_keys=on", "journal_mode=wal", "synchronous=normal")


def make_engine(url: str, patient: Patience = NONE) -> sa.Engine:
    """Return an engine for ``url``; an SQLite file's folder is made. Raises StoreNotReady.

    Its transactions wait for the database as long as ``patient`` says, and hold nobody up for longer.
    """
    options: dict[str, Any] = {"execution_options": {patience.OPTION: patient}}
    if not url.startswith("sqlite"):
        extras.require("postgres", "PostgreSQL")
        address = sa.make_url(url)
        engine = sa.create_engine(address, connect_args=_postgres_arguments(address, patient), **options)
        sa.event.listen(engine, "checkout", _refuse_lost)
        name_database(engine, address)
        return engine
    database = sa.make_url(url).database
    engine = sa.create_engine(url, **options)
    name_database(engine, engine.url)
    if database:
        _keep_file(engine, Path(database))
    busy = busy_timeout(patient)
    sa.event.listen(engine, "connect", lambda connection, record: _prepare_sqlite(connection, busy))
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _keep_file(engine: sa.Engine, file: Path) -> None:
    sqlite_file.refuse_folder(file)
    sqlite_file.make_folder(file)
    writers = sqlite_file.Writers(file)
    sa.event.listen(engine, "do_connect", lambda *about: sqlite_file.make_private(file))
    sa.event.listen(engine, "connect", lambda *about: writers.connected())
    sa.event.listen(engine, "begin", lambda connection: writers.refuse_another())


def name_database(engine: sa.Engine, url: sa.URL) -> None:
    """Let every error of an engine's name its database, by the attribute DATABASE."""

    def note(context: sa.ExceptionContext) -> None:
        if context.sqlalchemy_exception is not None:
            setattr(context.sqlalchemy_exception, DATABASE, url)

    sa.event.listen(engine, "handle_error", note)


def _refuse_lost(connection: Any, record: Any, proxy: Any) -> None:
    """Have a connection made anew that has ended since it was used; the server is not asked for it.

    Raises DisconnectionError. All that an idle connection may have to say is that it ends.
    """
    if not connection.closed:
        said = select.poll()
        said.register(connection, select.POLLIN)
        if not said.poll(0):
            return
    raise sa.exc.DisconnectionError("the server has ended the connection")


def _postgres_arguments(url: sa.URL, patient: Patience) -> dict[str, Any]:
    """Return what keeps a process that is frozen, or cut off, from holding others up for long."""
    lease = max(1, round(patient.lease))
    limits = {"lock_timeout": min(_BUSY, 1000 * lease), "idle_in_transaction_session_timeout": 1000 * lease}
    keepalives = {"keepalives_idle": lease, "keepalives_interval": max(1, lease // 6), "keepalives_count": 3}
    own = {"connect_timeout": 10, "tcp_user_timeout": 1000 * lease} | keepalives
    chosen = {name: value for name, value in own.items() if name not in url.query}
    return chosen | {"client_encoding": "utf8", "options": postgres_options(url, limits)}


def postgres_options(url: sa.URL, parameters: Mapping[str, Any]) -> str:
    """Return the server's ``parameters`` for a connection, as libpq sends them, after an address' own."""
    own = url.query.get("options", ())
    words = [f"-c {name}={value}" for name, value in parameters.items()]
    return " ".join([*([own] if isinstance(own, str) else own), *words])


def busy_timeout(patient: Patience = NONE) -> int:
    """Return for how many milliseconds SQLite itself waits for a lock, before that is said."""
    return round(min(_BUSY, 1000 * patient.seconds)) or _BUSY_ONCE


def _prepare_sqlite(connection: Any, busy: int) -> None:
    connection.isolation_level = None  # we begin our transactions ourselves
    for pragma in (f"busy_timeout={busy}", *_SQLITE_PRAGMAS):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    # A transaction that reads first and writes later must take the write lock at once: two such
    # processes would otherwise fail with "database is locked" instead of waiting for each other.
    options = connection.get_execution_options()
    if not options.get("without_transaction"):
        connection.exec_driver_sql("BEGIN" if options.get("reading") else "BEGIN IMMEDIATE")


@contextmanager
def read_transaction(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that only reads; on SQLite it neither waits for writers nor holds them up.

    The database is waited for when it begins, and not in the middle: see `patience.ask`.
    """
    with patiently(engine, engine.connect).execution_options(reading=True) as connection:
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


def first_line(error: sa.exc.SQLAlchemyError) -> str:
    """Return what a database says is wrong, in one line."""
    said = str(error.orig if isinstance(error, sa.exc.DBAPIError) else error).strip()
    return said.partition("\n")[0] or type(error).__name__


def revision_of(engine: sa.Engine) -> str | None:
    """Return the revision of a database's schema; None if there is none yet.

    Raises StoreNotReady for a server's database that could not hold what is to be stored.
    """
    with read_transaction(engine) as connection:
        if connection.dialect.name == "postgresql":
            _refuse_unfit(connection)
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        version = sa.select(sa.column("version_num", sa.Text)).select_from(sa.table("alembic_version"))
        return connection.scalar(version)


def _refuse_unfit(connection: sa.Connection) -> None:
    query = sa.select(sa.func.current_setting("server_encoding"), sa.func.current_schema())
    encoding, schema = connection.execute(query).one()
    where = f"the database {masked_url(connection.engine.url)}"
    if encoding != "UTF8":
        raise StoreNotReady(
            f"{where} has the encoding {encoding}, which cannot hold every title: make one with "
            "`createdb --encoding=UTF8 --template=template0 NAME`"
        )
    if schema is None:
        raise StoreNotReady(
            f"{where} has no schema for our tables: none of the role's search_path is there, or may be used"
        )
