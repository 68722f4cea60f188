"""Opening a database: to write, or only to read, so that nothing is made, migrated or written."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from letterboxd_scraper.config import Config
from letterboxd_scraper.errors import StoreDamaged, StoreNotReady
from letterboxd_scraper.machine import extras
from letterboxd_scraper.store import patience
from letterboxd_scraper.store.engine import (
    busy_timeout,
    first_line,
    make_engine,
    masked_url,
    name_database,
    postgres_options,
    revision_of,
)
from letterboxd_scraper.store.outside_errors import in_words, is_damage
from letterboxd_scraper.store.patience import NONE, Patience, is_passing
from letterboxd_scraper.store.schema import (
    REVISION,
    cohort_members,
    films,
    member_sources,
    metadata,
    ratings,
    users,
)
from letterboxd_scraper.store.sqlite_file import follow, refuse_folder

# Who waits for a connection waits no longer than for an answer.
_POOL = {"pool_size": 10, "max_overflow": 30, "pool_timeout": 30}
# What files of members are stored in.
_OF_MEMBERS = (users, films, ratings, member_sources, cohort_members)
_OF_READERS = {"default_transaction_read_only": "on"}


def open_store(url: str, patient: Patience = NONE, *, wait: bool = False) -> sa.Engine:
    """Return an engine for a database that is ready for use, and is waited for as ``patient`` says.

    Unless it is to ``wait`` already here, an address at which nothing answers is a mistake. A new SQLite file
    is made, an older one is backed up beside itself and migrated. Raises
    StoreNotReady for a PostgreSQL database that is behind, and for any that is unreachable or
    newer than this program.
    """
    engine = make_engine(url, patient)
    try:
        first = engine if wait else engine.execution_options(**{patience.OPTION: NONE})
        if (revision := revision_of(first)) != REVISION:
            # Alembic takes a quarter of a second to load: only here, where it is needed.
            from letterboxd_scraper.store import migrate

            if engine.dialect.name != "sqlite":
                raise migrate.behind(url, revision)
            migrate.upgrade(engine)
    except sa.exc.DBAPIError as error:
        raise not_ready(error, url) from None
    return engine


def open_patiently(settings: Config) -> sa.Engine:
    """Return an engine for the database that these settings name, waited for already here."""
    return open_store(settings.DATABASE_URL, Patience.of(settings), wait=True)


def open_read_only(url: str, *, longest: int = 0) -> sa.Engine:
    """Return an engine for a database with the current schema, which refuses to write.

    Its transactions see the database as it was when they began. On PostgreSQL a statement may take as many
    milliseconds as ``longest`` says; 0: as many as the server lets it. Raises StoreNotReady for a database
    that does not exist, is unreachable, or has an older or newer schema.
    """
    refuse_missing(url)
    address = sa.make_url(url)
    is_file = address.get_backend_name() == "sqlite"
    engine = _of_file(str(address.database)) if is_file else _of_server(address, longest)
    try:
        revision = revision_of(engine)
    except sa.exc.DBAPIError as error:
        raise not_ready(error, url) from None
    if revision != REVISION:
        # Alembic takes a quarter of a second to load: only here, where it is needed.
        from letterboxd_scraper.store import migrate

        raise migrate.behind(url, revision)
    return engine


def refuse_unwritable(engine: sa.Engine) -> None:
    """Try whether members can be taken in, and leave all as it is. Raises what the database says if not.

    One that is only busy for now, as while a crawl writes, will be written to later.
    """
    try:
        with engine.connect() as connection:
            for table in _OF_MEMBERS:
                nothing = sa.select(table).where(sa.false())
                connection.execute(table.insert().from_select(table.columns.keys(), nothing))
            connection.rollback()
    except sa.exc.DBAPIError as error:
        if not is_passing(error):
            raise


def is_missing(url: str) -> bool:
    """Say whether an SQLite file does not exist."""
    address = sa.make_url(url)
    return address.get_backend_name() == "sqlite" and not Path(str(address.database)).exists()


def nothing_stored() -> sa.Engine:
    """Return an engine for an empty database in memory: what there is to read where none has been made."""
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    metadata.create_all(engine)
    return engine


def refuse_missing(url: str) -> None:
    """Raise StoreNotReady where an SQLite file does not exist."""
    if is_missing(url):
        begin = "`letterboxd sync --seed NAME`, or `letterboxd club FOLDER` of files"
        raise StoreNotReady(f"no database {masked_url(url)}: make one with {begin}")


def not_ready(error: sa.exc.DBAPIError, url: str) -> StoreNotReady:
    """Return the error that says why a database cannot be opened, and what to do about it."""
    said = first_line(error)
    message = in_words(error) or f"cannot use the database {masked_url(url)}: {said}"
    return StoreDamaged(message, said) if is_damage(error) else StoreNotReady(message)


def _of_file(database: str) -> sa.Engine:
    refuse_folder(Path(database))
    url = sa.URL.create("sqlite", database=f"file:{quote(database)}", query={"mode": "ro", "uri": "true"})
    engine = sa.create_engine(url, **_POOL)
    name_database(engine, sa.URL.create("sqlite", database=database))
    follow(engine, Path(database))
    sa.event.listen(engine, "connect", _prepare)
    sa.event.listen(engine, "begin", _begin)
    return engine


def _of_server(url: sa.URL, longest: int) -> sa.Engine:
    extras.require("postgres", "PostgreSQL")
    parameters = _OF_READERS | ({"statement_timeout": longest} if longest else {})
    engine = sa.create_engine(
        url,
        connect_args={"options": postgres_options(url, parameters), "client_encoding": "utf8"},
        pool_pre_ping=True,
        isolation_level="REPEATABLE READ",
        **_POOL,
    )
    name_database(engine, url)
    return engine


def _prepare(connection: Any, record: Any) -> None:
    connection.isolation_level = None  # transactions begin with the event below
    for pragma in ("query_only=on", f"busy_timeout={busy_timeout()}"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN")
