"""Copies of the database: whole or not there, their owner's alone, and what is refused in one line."""

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.errors import InputError, StoreNotReady
from letterboxd_scraper.store import backup
from letterboxd_scraper.store.backup import back_up
from letterboxd_scraper.store.engine import make_engine, read_transaction
from letterboxd_scraper.store.outside_errors import in_words
from letterboxd_scraper.store.schema import genres

UNREACHABLE = "postgresql+psycopg2://ann:secret@127.0.0.1:1/none"
SERVER = sa.make_url("postgresql+psycopg2://ann:hush@server/films")


@pytest.fixture
def store(tmp_path: Path) -> sa.Engine:
    """An SQLite file with one table; what else is in it makes no difference to a copy."""
    file = tmp_path / "folder" / "with more" / "store.db"
    engine = make_engine(f"sqlite:///{file}")
    genres.create(engine)
    return engine


def test_a_copy_is_whole_and_its_owners_alone(store: sa.Engine, tmp_path: Path) -> None:
    with store.begin() as connection:
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


def test_a_database_that_another_process_has_to_itself_is_not_waited_for_for_ever(
    store: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.dispose()
    connect = sa.create_engine
    monkeypatch.setattr(
        sa, "create_engine", lambda url, **more: connect(url, connect_args={"timeout": 0}, **more)
    )
    with closing(sqlite3.connect(str(store.url.database), isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode=exclusive")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sa.exc.OperationalError, match="database is locked"):
            back_up(store.url, tmp_path / "copy.db")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_device_is_not_replaced(store: sa.Engine, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match=r"pipe is a device, which a copy would replace: name a file$"):
        back_up(store.url, tmp_path / "pipe", force=True)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (".", r" is a folder: name a file in it$"),
        ("folder/with more/store.db", r"store.db is the database itself: name another file$"),
        ("no folder/copy.db", r"^cannot write .*copy.db: No such file or directory; look whether "),
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
    with pytest.raises(sa.exc.DatabaseError, match="file is not a database") as refused:
        back_up(f"sqlite:///{tmp_path / 'text.db'}", tmp_path / "copy.db")
    assert str(in_words(refused.value)).startswith(
        f"cannot use the database sqlite:///{tmp_path / 'text.db'}: "
    )
    assert [path.name for path in tmp_path.iterdir()] == ["text.db"]


def test_a_file_that_appears_meanwhile_is_not_replaced(
    store: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "copy.db"
    monkeypatch.setattr(backup, "copy_sqlite", lambda database, part: copy.write_text("mine"))
    with pytest.raises(InputError, match=r"copy.db is there already: name another file, or .* --force$"):
        back_up(str(store.url), copy)
    assert copy.read_text() == "mine"
    assert list(tmp_path.glob(".*")) == []


def test_a_copy_that_is_not_whole_yet_is_hidden_beside_its_place(
    store: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts: list[Path] = []
    monkeypatch.setattr(backup, "copy_sqlite", lambda database, part: parts.append(part))
    back_up(str(store.url), tmp_path / "copy.db")
    (part,) = parts
    assert part.parent == tmp_path
    assert part.name.startswith(".copy.db.")
    assert part.suffix == ".part"


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
    with pytest.raises(sa.exc.OperationalError) as refused:
        back_up(UNREACHABLE, tmp_path / "copy")
    said = str(in_words(refused.value))
    assert said.startswith("cannot use the database postgresql+psycopg2://ann:***@")
    assert said.endswith("; try again when it answers")


class Server:
    """Stands in for an engine of PostgreSQL 16."""

    def __init__(self, url: sa.URL, *, poolclass: type[sa.Pool]) -> None:
        # No connection outlives the question: a pool's would be open while the copy is made.
        assert (url.get_backend_name(), poolclass) == ("postgresql", sa.NullPool)

    @contextmanager
    def connect(self) -> Iterator["Server"]:
        yield self

    def exec_driver_sql(self, statement: str) -> Any:
        answers = {"SHOW server_version_num": "160009"}
        return SimpleNamespace(scalar_one=lambda: answers[statement])


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server at every address of PostgreSQL."""
    monkeypatch.setattr(sa, "create_engine", Server)
    monkeypatch.setattr(backup, "name_database", lambda engine, url: None)


# The words of the command are $*; the copy is made where --file=… says.
MAKE_COPY = (
    'for word; do case $word in --file=*) file=${word#--file=};; esac; done; echo "$PGPASSWORD $*" > "$file"'
)


def of_version(version: str, then: str) -> str:
    return f'if [ "$*" = --version ]; then echo "{version}"; exit 1; fi; {then}'


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    ("version", "told"),
    [("pg_dump (PostgreSQL) 9.6", "pg_dump (PostgreSQL) 9.6"), ("", "of an unknown version")],
)
def test_a_pg_dump_older_than_the_server_is_refused(
    pg_dump: Path, tmp_path: Path, version: str, told: str
) -> None:
    program(pg_dump, of_version(version, MAKE_COPY))
    with pytest.raises(InputError) as refused:
        back_up(SERVER, tmp_path / "copy")
    assert str(refused.value) == (
        f"{pg_dump} is {told}, and the server is PostgreSQL 16: "
        "put a pg_dump of version 16 or newer first on the PATH"
    )


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    ("failing", "told"),
    [("echo first >&2; echo second >&2; exit 1", "first"), ("exit 3", "exit code 3")],
)
def test_a_pg_dump_that_fails_is_one_line_without_the_password(
    pg_dump: Path, tmp_path: Path, failing: str, told: str
) -> None:
    program(pg_dump, of_version("pg_dump 16.1", failing))
    with pytest.raises(StoreNotReady) as refused:
        back_up(SERVER, tmp_path / "copy")
    address = "postgresql+psycopg2://ann:***@server/films"
    assert str(refused.value) == f"cannot copy the database {address}: {told}"
    assert [path.name for path in tmp_path.iterdir()] == ["bin"]


@pytest.mark.usefixtures("server")
def test_the_password_goes_through_the_environment_and_all_else_by_the_commands_words(
    pg_dump: Path, tmp_path: Path
) -> None:
    program(pg_dump, of_version("pg_dump 16.1", MAKE_COPY))
    copy = tmp_path / "copy"
    assert back_up(SERVER, copy) == copy.stat().st_size
    password, *words = copy.read_text().split()
    assert password == "hush"
    assert words[:2] == ["--format=custom", "--no-password"]
    assert words[2].startswith(f"--file={tmp_path}/.copy.")
    assert set(" ".join(words[3:]).removeprefix("--dbname=").split()) == {
        "user=ann",
        "dbname=films",
        "host=server",
    }
    with pytest.raises(InputError, match="is there already"):
        back_up(SERVER, copy)
    assert back_up(SERVER, copy, force=True)


@pytest.mark.usefixtures("server")
def test_a_password_that_only_a_commands_words_could_pass_on_is_refused(
    pg_dump: Path, tmp_path: Path
) -> None:
    program(pg_dump, of_version("pg_dump 17", MAKE_COPY))
    with pytest.raises(InputError, match=r"^DATABASE_URL has an sslpassword, "):
        back_up(SERVER.update_query_dict({"sslpassword": "x"}), tmp_path / "copy")


@pytest.mark.usefixtures("server")
def test_without_a_password_pg_dump_keeps_the_one_of_its_environment(
    pg_dump: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", "mine")
    program(pg_dump, of_version("pg_dump 16", MAKE_COPY))
    back_up("postgresql+psycopg2://ann@server/films", tmp_path / "copy")
    assert (tmp_path / "copy").read_text().startswith("mine --format")
