"""Engines, opening and migrating: what each database is told, and what is refused in one line."""

import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.errors import InputError, StoreNotReady
from letterboxd_scraper.store import backup, migrate
from letterboxd_scraper.store.backup import back_up
from letterboxd_scraper.store.engine import (
    database_time,
    first_line,
    make_engine,
    masked_url,
    read_transaction,
    revision_of,
    write_transaction,
)
from letterboxd_scraper.store.open import open_read_only, open_store
from letterboxd_scraper.store.schema import REVISION, UTCDateTime, genres
from tests.conftest import on_postgresql
from tests.store.rows import MONDAY

UNREACHABLE = "postgresql+psycopg2://ann:secret@127.0.0.1:1/none"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "with more" / "store.db"


@pytest.fixture
def store(file: Path) -> sa.Engine:
    """A new SQLite file with the current schema."""
    return open_store(f"sqlite:///{file}")


def pragma(connection: sa.Connection, name: str) -> Any:
    return connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()


def test_an_sqlite_file_is_told_what_it_needs(store: sa.Engine) -> None:
    with read_transaction(store) as connection:
        names = ("foreign_keys", "journal_mode", "synchronous", "busy_timeout")
        values = [pragma(connection, name) for name in names]
    assert values == [1, "wal", 1, 30_000]


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(StoreNotReady, match=r"^cannot make the folder of the database .*taken/store.db: "):
        make_engine(f"sqlite:///{tmp_path / 'taken' / 'store.db'}")


def test_what_is_written_is_kept_unless_there_is_an_error(store: sa.Engine) -> None:
    with write_transaction(store) as connection:
        connection.execute(genres.insert().values(name="kept"))
    with pytest.raises(RuntimeError):
        _write_and_fail(store)
    with read_transaction(store) as connection:
        assert connection.scalars(sa.select(genres.c.name)).all() == ["kept"]


def _write_and_fail(store: sa.Engine) -> None:
    with write_transaction(store) as connection:
        connection.execute(genres.insert().values(name="lost"))
        raise RuntimeError


def test_readers_do_not_wait_for_a_writer_and_a_second_writer_does(store: sa.Engine) -> None:
    with write_transaction(store) as writer:
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
    with write_transaction(store), other.connect() as second, locked:
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
    kind, dialect = UTCDateTime(), sa.create_engine("sqlite://").dialect
    assert kind.process_bind_param(None, dialect) is None
    assert kind.process_result_value(None, dialect) is None
    assert kind.process_result_value(MONDAY.replace(tzinfo=None), dialect) == MONDAY
    elsewhere = MONDAY.astimezone(tz=None)
    assert kind.process_result_value(elsewhere, dialect) == MONDAY
    assert getattr(kind.process_bind_param(elsewhere, dialect), "tzinfo", None) is UTC


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
    with write_transaction(store) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(
        StoreNotReady, match=r"newer than this program \(revision 9999\): update the program$"
    ):
        open_it(str(store.url))


@pytest.mark.parametrize(("open_it", "doing"), [(open_store, "use"), (open_read_only, "read")])
def test_an_unreachable_server_is_one_line_without_the_password(open_it: Any, doing: str) -> None:
    with pytest.raises(StoreNotReady, match=rf"^cannot {doing} the database [^\n]*ann:\*\*\*@[^\n]*$"):
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


def test_a_reader_sees_the_database_as_it_was_when_it_began(store: sa.Engine) -> None:
    engine = open_read_only(str(store.url))
    count = sa.select(sa.func.count()).select_from(genres)
    with engine.connect() as reader:
        assert reader.scalar(count) == 0
        with write_transaction(store) as writer:
            writer.execute(genres.insert().values(name="new"))
        assert reader.scalar(count) == 0
    with engine.connect() as reader:
        assert reader.scalar(count) == 1


@on_postgresql
def test_a_servers_readers_refuse_to_write_too(engine: sa.Engine) -> None:
    url = engine.url.update_query_dict({"options": "-c application_name=mine"})
    reader = open_read_only(url.render_as_string(hide_password=False))
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


# Copies.


def test_a_copy_is_whole_and_its_owners_alone(store: sa.Engine, tmp_path: Path) -> None:
    with write_transaction(store) as connection:
        connection.execute(genres.insert().values(name="kept"))
    copy = tmp_path / "copy.db"
    size = back_up(str(store.url), copy)
    assert size == copy.stat().st_size > 0
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with read_transaction(make_engine(f"sqlite:///{copy}")) as connection:
        assert connection.scalars(sa.select(genres.c.name)).all() == ["kept"]
    assert list(tmp_path.glob(".*")) == []


def test_a_file_that_is_there_is_replaced_only_by_force(store: sa.Engine, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    copy.write_text("mine")
    with pytest.raises(InputError, match=r"copy.db is there already: name another file, or .* --force$"):
        back_up(str(store.url), copy)
    assert copy.read_text() == "mine"
    assert back_up(str(store.url), copy, force=True) > 4


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (".", r" is a folder: name a file in it$"),
        ("folder/with more/store.db", r"store.db is the database itself: name another file$"),
        ("no folder/copy.db", r"^cannot write .*copy.db: No such file or directory$"),
    ],
)
def test_a_copy_that_cannot_be_written_is_one_line(
    store: sa.Engine, tmp_path: Path, target: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        back_up(str(store.url), tmp_path / target, force=True)


def test_of_nothing_and_of_what_is_no_database_there_is_no_copy(tmp_path: Path) -> None:
    with pytest.raises(StoreNotReady, match=r"^no database .*none.db: there is nothing to copy$"):
        back_up(f"sqlite:///{tmp_path / 'none.db'}", tmp_path / "copy.db")
    (tmp_path / "text.db").write_text("no database" * 100)
    with pytest.raises(InputError, match=r"^cannot write .*copy.db: file is not a database$"):
        back_up(f"sqlite:///{tmp_path / 'text.db'}", tmp_path / "copy.db")
    assert [path.name for path in tmp_path.iterdir()] == ["text.db"]


def test_a_file_that_appears_meanwhile_is_not_replaced(
    store: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "copy.db"
    monkeypatch.setattr(backup, "copy_sqlite", lambda database, part: copy.write_text("mine"))
    with pytest.raises(InputError, match="is there already"):
        back_up(str(store.url), copy)
    assert copy.read_text() == "mine"
    assert list(tmp_path.glob(".*")) == []


@pytest.fixture
def pg_dump(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the whole PATH, for programs that stand in for pg_dump."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder / "pg_dump"


def program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o700)


def test_without_pg_dump_or_a_server_there_is_no_copy(pg_dump: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^pg_dump is not installed here, or not on the PATH"):
        back_up(UNREACHABLE, tmp_path / "copy")
    program(pg_dump, "echo pg_dump 99")
    with pytest.raises(StoreNotReady, match=r"^cannot use the database .*ann:\*\*\*@"):
        back_up(UNREACHABLE, tmp_path / "copy")


@on_postgresql
def test_pg_dump_must_be_as_new_as_the_server_and_not_fail(
    engine: sa.Engine, pg_dump: Path, tmp_path: Path
) -> None:
    with engine.connect() as connection:
        server = int(connection.exec_driver_sql("SHOW server_version_num").scalar_one()) // 10000
    for output, has in (("pg_dump (PostgreSQL) 9.6", "9.6"), ("", "of an unknown version")):
        program(pg_dump, f"echo '{output}'")
        with pytest.raises(InputError, match=rf"pg_dump is .*{has}, and the server is PostgreSQL {server}: "):
            back_up(engine.url, tmp_path / "copy")
    version = f'[ "$1" = --version ] && echo "pg_dump {server}" && exit; '
    program(pg_dump, f"{version} echo 'first' >&2; echo 'second' >&2; exit 1")
    with pytest.raises(StoreNotReady, match=r"^cannot copy the database [^\n]*: first$"):
        back_up(engine.url, tmp_path / "copy")
    program(pg_dump, f"{version} exit 3")
    with pytest.raises(StoreNotReady, match=r": exit code 3$"):
        back_up(engine.url, tmp_path / "copy")
    with pytest.raises(InputError, match="sslpassword"):
        back_up(engine.url.update_query_dict({"sslpassword": "x"}), tmp_path / "copy")
    # The password goes through the environment, and everything else by the command's words.
    words = "for word; do case $word in --file=*) file=${word#--file=};; esac; done; "
    program(pg_dump, version + words + 'echo "$PGPASSWORD $*" > "$file"')
    back_up(engine.url.set(password="hush"), tmp_path / "copy")
    password, *said = (tmp_path / "copy").read_text().split()
    assert password == "hush"
    assert said[:2] == ["--format=custom", "--no-password"]
    assert f"dbname={engine.url.database}" in " ".join(said)
    assert "hush" not in " ".join(said)
