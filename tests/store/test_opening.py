"""Engines, opening and migrating: what each database is told, and what is refused in one line."""

import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.config import load
from letterboxd_scraper.errors import StoreNotReady
from letterboxd_scraper.store import migrate
from letterboxd_scraper.store import open as open_module
from letterboxd_scraper.store.engine import (
    database_time,
    first_line,
    make_engine,
    masked_url,
    read_transaction,
    revision_of,
)
from letterboxd_scraper.store.open import open_read_only, open_store
from letterboxd_scraper.store.patience import Patience
from letterboxd_scraper.store.schema import REVISION, UTCDateTime, genres
from tests.conftest import Snapshots, address, on_postgresql
from tests.store.rows import MONDAY

UNREACHABLE = "postgresql+psycopg2://ann:secret@127.0.0.1:1/none"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "with more" / "store.db"


@pytest.fixture
def store(file: Path, snapshots: Snapshots) -> Iterator[sa.Engine]:
    """An SQLite file with the current schema."""
    file.parent.mkdir(parents=True)
    with snapshots.copy("sqlite", file, "schema"):
        engine = open_store(f"sqlite:///{file}")
        yield engine
        engine.dispose()


def test_a_new_file_is_made_with_its_folder_and_the_current_schema(file: Path) -> None:
    engine = open_store(f"sqlite:///{file}")
    assert revision_of(engine) == REVISION
    assert revision_of(open_read_only(f"sqlite:///{file}")) == REVISION
    engine.dispose()


def pragma(connection: sa.Connection, name: str) -> Any:
    return connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()


def test_an_sqlite_file_is_told_what_it_needs(store: sa.Engine) -> None:
    with read_transaction(store) as connection:
        names = ("foreign_keys", "journal_mode", "synchronous", "busy_timeout")
        values = [pragma(connection, name) for name in names]
    assert values == [1, "wal", 1, 30_000]
    patient = make_engine(str(store.url), Patience(60))
    with read_transaction(patient) as connection:
        assert pragma(connection, "busy_timeout") == 5_000, "then it is said, and the wait goes on"


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(StoreNotReady, match=r"^cannot make the folder of the database .*taken/store.db: "):
        make_engine(f"sqlite:///{tmp_path / 'taken' / 'store.db'}")


def test_a_file_and_its_folder_are_their_owners_alone(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'own' / 'store.db'}")
    with store.begin() as connection:
        connection.execute(genres.insert().values(name="drama"))
        files = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "own").iterdir()}
        assert set(files.values()) == {0o600}
        assert "store.db.lock" in files
    assert stat.S_IMODE((tmp_path / "own").stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["a?b.db", "a%41b.db", "a%3Fb.db", "a b@#.db", "two\nlines.db", "ä.db"])
def test_a_path_is_itself_whatever_is_in_it(tmp_path: Path, name: str) -> None:
    written = load(DATABASE_URL=sa.URL.create("sqlite", database=str(tmp_path / name)).render_as_string())
    assert load(DATABASE_URL=written.DATABASE_URL).DATABASE_URL == written.DATABASE_URL
    typed = written if name == "a%3Fb.db" else load(DATABASE_URL=f"sqlite:///{tmp_path / name}")
    open_store(typed.DATABASE_URL).dispose()
    assert {path.name for path in tmp_path.iterdir() if path.suffix != ".lock"} == {name}
    open_read_only(typed.DATABASE_URL).dispose()


def test_a_file_that_was_replaced_is_not_written_to(store: sa.Engine, file: Path, tmp_path: Path) -> None:
    reader = open_read_only(str(store.url))
    count = sa.select(sa.func.count()).select_from(genres)
    with store.begin() as connection:
        connection.execute(genres.insert().values(name="drama"))
    with reader.connect() as connection:
        assert connection.scalar(count) == 1
    with store.connect().execution_options(reading=True) as connection:
        connection.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    copy = tmp_path / "new.db"
    new = open_store(f"sqlite:///{copy}")
    new.dispose()
    copy.replace(file)
    for begin in (read_transaction, sa.Engine.begin):
        with pytest.raises(StoreNotReady, match=r"store.db was replaced or removed .*: begin again$"):
            read_genres(begin(store))
    with reader.connect() as connection:
        assert connection.scalar(count) == 0


def read_genres(begun: Any) -> None:
    with begun as connection:
        connection.execute(sa.select(genres.c.name))


def test_what_is_written_is_kept_unless_there_is_an_error(store: sa.Engine) -> None:
    with store.begin() as connection:
        connection.execute(genres.insert().values(name="kept"))
    with pytest.raises(RuntimeError):
        _write_and_fail(store)
    with read_transaction(store) as connection:
        assert connection.scalars(sa.select(genres.c.name)).all() == ["kept"]


def _write_and_fail(store: sa.Engine) -> None:
    with store.begin() as connection:
        connection.execute(genres.insert().values(name="lost"))
        raise RuntimeError


def test_readers_do_not_wait_for_a_writer_and_a_second_writer_does(store: sa.Engine) -> None:
    with store.begin() as writer:
        writer.execute(genres.insert().values(name="unseen"))
        with read_transaction(store) as reader:
            assert reader.scalars(sa.select(genres.c.name)).all() == []
        other = sa.create_engine(store.url, connect_args={"timeout": 0})
        with other.connect() as second, pytest.raises(sa.exc.OperationalError, match="locked"):
            second.exec_driver_sql("BEGIN IMMEDIATE")
    with read_transaction(store) as reader:
        assert reader.scalars(sa.select(genres.c.name)).all() == ["unseen"]


def test_a_writer_takes_the_lock_before_it_reads(store: sa.Engine) -> None:
    other = sa.create_engine(store.url, connect_args={"timeout": 0})
    locked = pytest.raises(sa.exc.OperationalError, match="locked")
    with store.begin(), other.connect() as second, locked:
        second.exec_driver_sql("BEGIN IMMEDIATE")


def test_the_databases_time_is_now(connection: sa.Connection) -> None:
    before = datetime.now(UTC)
    assert before <= database_time(connection) <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("sqlite:////data/store.db", "sqlite:////data/store.db"),
        ("postgresql://ann:secret@host/db", "postgresql://ann:***@host/db"),
        (
            "postgresql://host/db?password=secret&sslPassword=x&user=a",
            "postgresql://host/db?password=%2A%2A%2A&sslPassword=%2A%2A%2A&user=a",
        ),
        (sa.make_url("postgresql://ann:secret@host/db"), "postgresql://ann:***@host/db"),
    ],
)
def test_passwords_are_masked(url: str | sa.URL, masked: str) -> None:
    assert masked_url(url) == masked


def test_only_the_first_line_of_an_error_is_told() -> None:
    error = sa.exc.OperationalError("SELECT", {}, Exception("\n  no such thing\nLINE 1: SELECT\n"))
    assert first_line(error) == "no such thing"


def test_moments_come_back_in_utc_whatever_the_database_gives() -> None:
    kind, sqlite, postgresql = UTCDateTime(), sa.make_url("sqlite://"), sa.make_url("postgresql+psycopg2://")
    elsewhere = MONDAY.astimezone(timezone(timedelta(hours=5)))
    naive = MONDAY.replace(tzinfo=None)
    for url, stored in ((sqlite, f"{naive}.000000"), (postgresql, elsewhere), (postgresql, naive)):
        dialect = url.get_dialect()()
        assert kind.process_bind_param(None, dialect) is None
        assert getattr(kind.process_bind_param(elsewhere, dialect), "tzinfo", None) is UTC
        read = kind.result_processor(dialect, None)
        assert read(None) is None
        assert read(stored) == MONDAY
        assert getattr(read(stored), "tzinfo", None) is UTC


def test_the_revision_of_an_empty_file_is_none(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'empty.db'}")
    assert revision_of(engine) is None
    assert migrate.upgrade(engine)
    assert revision_of(engine) == migrate.head() == REVISION
    assert not migrate.upgrade(engine)
    assert list(tmp_path.glob("*.backup")) == []


def test_an_older_file_is_copied_before_it_is_migrated(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'old.db'}")
    assert migrate.upgrade(engine, "0007")
    assert not migrate.upgrade(engine, "0007")
    with pytest.raises(StoreNotReady, match=r"old.db is behind: run `letterboxd db upgrade`$"):
        open_read_only(str(engine.url))
    open_store(str(engine.url))
    assert revision_of(engine) == REVISION
    (copy,) = tmp_path.glob(f"old.db.before-{REVISION}-*.backup")
    assert revision_of(make_engine(f"sqlite:///{copy}")) == "0007"
    migrate.downgrade(engine, "0007")
    assert revision_of(engine) == "0007"


@pytest.mark.parametrize("open_it", [open_store, open_read_only])
def test_a_database_of_a_newer_program_is_refused(store: sa.Engine, open_it: Any) -> None:
    with store.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(
        StoreNotReady, match=r"newer than this program \(revision 9999\): update the program$"
    ):
        open_it(str(store.url))


@pytest.mark.parametrize("open_it", [open_store, open_read_only])
def test_an_unreachable_server_is_one_line_without_the_password(open_it: Any) -> None:
    with pytest.raises(StoreNotReady, match=r"^cannot use the database [^\n]*ann:\*\*\*@[^\n]*$"):
        open_it(UNREACHABLE)


def test_read_only_refuses_to_write_and_makes_nothing(store: sa.Engine, tmp_path: Path) -> None:
    with pytest.raises(StoreNotReady, match=r"^no database sqlite:.*none.db: make one with"):
        open_read_only(f"sqlite:///{tmp_path / 'none.db'}")
    assert not (tmp_path / "none.db").exists()
    engine = open_read_only(str(store.url))
    with engine.connect() as connection:
        assert pragma(connection, "query_only") == 1
        assert pragma(connection, "busy_timeout") == 30_000
        with pytest.raises(sa.exc.OperationalError, match="readonly"):
            connection.execute(genres.insert().values(name="no"))
        connection.exec_driver_sql("PRAGMA query_only=off")
        with pytest.raises(sa.exc.OperationalError, match="readonly"):
            connection.execute(genres.insert().values(name="no"))
    engine.dispose()


def test_a_reader_sees_the_database_as_it_was_when_it_began(store: sa.Engine) -> None:
    engine = open_read_only(str(store.url))
    count = sa.select(sa.func.count()).select_from(genres)
    with engine.connect() as reader:
        assert reader.scalar(count) == 0
        with store.begin() as writer:
            writer.execute(genres.insert().values(name="new"))
        assert reader.scalar(count) == 0
    with engine.connect() as reader:
        assert reader.scalar(count) == 1


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """How engines are made; the databases behind them all have the current schema, and need not be there."""
    options: list[dict[str, Any]] = []
    create_engine = sa.create_engine

    def keep_options(url: str | sa.URL, **more: Any) -> sa.Engine:
        options.append(more)
        return create_engine(url, **more)

    monkeypatch.setattr(sa, "create_engine", keep_options)
    monkeypatch.setattr(open_module, "revision_of", lambda engine: REVISION)
    return options


@pytest.mark.parametrize(
    ("query", "own"),
    [
        ("", ""),
        ("?options=-c%20geqo%3Doff", "-c geqo=off "),
        ("?options=-c%20geqo%3Doff&options=-c%20jit%3Doff", "-c geqo=off -c jit=off "),
    ],
)
def test_a_server_is_told_to_refuse_to_write_besides_what_the_address_says(
    engines: list[dict[str, Any]], query: str, own: str
) -> None:
    engine = open_read_only(UNREACHABLE + query, longest=30_000)
    assert engine.url == sa.make_url(UNREACHABLE + query)
    assert engines == [
        {
            "connect_args": {
                "options": f"{own}-c default_transaction_read_only=on -c statement_timeout=30000",
                "client_encoding": "utf8",
            },
            "isolation_level": "REPEATABLE READ",
            "pool_pre_ping": True,
            "pool_size": 10,
            "max_overflow": 30,
            "pool_timeout": 30,
        }
    ]


def test_readers_of_a_file_share_as_many_connections_as_those_of_a_server(
    store: sa.Engine, engines: list[dict[str, Any]]
) -> None:
    open_read_only(str(store.url)).dispose()
    assert engines == [{"pool_size": 10, "max_overflow": 30, "pool_timeout": 30}]


@on_postgresql
def test_a_connection_that_a_server_has_closed_is_made_anew(engine: sa.Engine) -> None:
    url = address(engine)
    with read_transaction(engine) as admin:
        for transaction in (read_transaction, sa.Engine.begin):
            mine = make_engine(url)
            processes = []
            for _ in range(2):
                with transaction(mine) as connection:
                    processes.append(connection.scalar(sa.select(sa.func.pg_backend_pid())))
            assert processes[0] == processes[1]
            admin.execute(sa.select(sa.func.pg_terminate_backend(processes[0], 5000)))
            with transaction(mine) as connection:
                assert connection.scalar(sa.select(sa.func.pg_backend_pid())) != processes[0]
            mine.dispose()


def test_who_writes_to_a_server_is_bounded_by_the_lease_or_by_what_the_address_says(
    engines: list[dict[str, Any]],
) -> None:
    open_store(f"{UNREACHABLE}?connect_timeout=3", Patience(7.5, 12.0))
    (options,) = engines
    assert options["execution_options"] == {"patience": Patience(7.5, 12.0)}
    assert options["connect_args"] == {
        "tcp_user_timeout": 12_000,
        "keepalives_idle": 12,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "client_encoding": "utf8",
        "options": "-c lock_timeout=5000 -c idle_in_transaction_session_timeout=12000",
    }


@on_postgresql
def test_a_servers_readers_refuse_to_write_too(engine: sa.Engine) -> None:
    url = engine.url.update_query_dict({"options": "-c application_name=mine"})
    reader = open_read_only(url.render_as_string(hide_password=False), longest=30_000)
    with reader.connect() as connection:
        names = (
            "default_transaction_read_only",
            "statement_timeout",
            "application_name",
            "transaction_isolation",
        )
        values = [connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in names]
    assert values == ["on", "30s", "mine", "repeatable read"]
    with engine.connect() as connection:
        assert abs(database_time(connection) - datetime.now(UTC)).total_seconds() < 60
    reader.dispose()


@on_postgresql
def test_a_database_that_cannot_hold_titles_or_tables_is_refused(engine: sa.Engine) -> None:
    url = address(engine)
    nowhere = f"{url}&options=-c%20search_path%3Dnowhere"
    name = f"{engine.url.database}_ascii"
    admin = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with admin.connect() as connection:
        connection.exec_driver_sql(
            f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'"
        )
    ascii_only = engine.url.set(database=name).render_as_string(hide_password=False)
    try:
        for unusable, why in (
            (nowhere, "has no schema for our tables"),
            (ascii_only, "the encoding SQL_ASCII"),
        ):
            for refuse in (open_store, open_read_only, lambda url: migrate.upgrade(make_engine(url))):
                with pytest.raises(StoreNotReady, match=why):
                    refuse(unusable)
    finally:
        with admin.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
