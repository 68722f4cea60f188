"""Several pages for files on one database, and a server that is killed: nothing half, nothing lost."""

import re
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
import sqlalchemy as sa

from benchmarks import drop_speed
from letterboxd_scraper.imports import apart
from letterboxd_scraper.store.checks import findings
from letterboxd_scraper.store.members import cohorts, last_imports
from letterboxd_scraper.store.patience import Patience, transact
from letterboxd_scraper.store.schema import member_sources, users
from tests.archives import NOW
from tests.asked import Reply
from tests.conftest import address, on_both
from tests.imports.test_reading import FILMS, packed
from tests.postgres import wait_for_waiting
from tests.served import serving
from tests.server.conftest import read_here
from tests.server.dropped import FIVE, OWN, Files, Page


def archive(name: str, day: int, films: range) -> tuple[str, bytes]:
    rows = [f"2026-01-01,Film {n},{1900 + n},https://boxd.it/{n:04}" for n in films]
    texts = {
        "profile.csv": f"Username,Favorite Films\r\n{name},\r\n",
        "ratings.csv": "\r\n".join([f"{FILMS},Rating", *(f"{row},{1 + day % 4}" for row in rows)]),
        "watched.csv": "\r\n".join([FILMS, *rows]),
    }
    return f"letterboxd-{name}-2026-02-{day:02}-00-00-utc.zip", packed(texts)


@on_both
def test_two_pages_store_at_once(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "read_apart", read_here)
    pages = [Page(address(engine), Patience(60)) for _ in range(2)]
    halves: tuple[Files, Files] = (
        [archive("ann", 1, range(200)), archive("bob", 1, range(100, 300))],
        [archive("cleo", 1, range(50, 250)), archive("ann", 2, range(20, 220)), archive("bob", 3, range(90))],
    )
    for one, files in zip(pages, halves, strict=True):
        assert one.drop(files).status == 303
    replies: list[Reply] = []
    threads = [threading.Thread(target=lambda one=one: replies.append(one.agree())) for one in pages]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [reply.status for reply in replies] == [303, 303]
    with engine.connect() as connection:
        stored = sa.select(users.c.letterboxd_username, sa.func.count()).join(member_sources)
        counts = connection.execute(stored.group_by(users.c.letterboxd_username))
        assert {name: count for name, count in counts} == {"ann": 2, "bob": 2, "cleo": 1}
        assert [finding for finding in findings(connection) if finding.wrong] == []
    # The newest archive of each says what they have rated.
    assert pages[0].rows() == [3, 300, 200 + 90 + 200, 1]
    for one in pages:
        one.engine.dispose()


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_whom_another_adds_at_the_same_moment_stays(engine: sa.Engine) -> None:
    def add(connection: sa.Connection, name: str) -> None:
        cohorts.add_names(connection, "friends", [name], NOW)

    with engine.begin() as first:
        add(first, "dan")
        other = threading.Thread(target=transact, args=(engine, add, "cleo"))
        other.start()
        wait_for_waiting(engine, 1)
    other.join()
    with engine.connect() as connection:
        circle = cohorts.find(connection, "friends")
        assert [row.member for row in cohorts.members(connection, circle)] == ["cleo", "dan"]


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_of_two_imports_at_once_for_a_circle_one_is_the_last(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "read_apart", read_here)
    pages = [Page(address(engine), Patience(60)) for _ in range(2)]
    pages[0].drop(FIVE[3:4])
    assert pages[0].agree().status == 303
    for page, file in zip(pages, FIVE, strict=False):
        page.drop([file])
    replies: list[Reply] = []
    threads = [threading.Thread(target=lambda page=page: replies.append(page.agree())) for page in pages]
    with held(engine):
        for number, thread in enumerate(threads, 1):
            thread.start()
            wait_for_waiting(engine, number)
    for thread in threads:
        thread.join()
    assert [reply.status for reply in replies] == [303, 303]
    (last,) = transact(engine, last_imports.every)
    assert pages[0].ask("POST", "/drop/undo", OWN, data=pages[0].hidden("/drop")).status == 303
    assert pages[0].members() == {"ann", "bob", "dan"} - {*last.members}
    for page in pages:
        page.engine.dispose()


@contextmanager
def held(engine: sa.Engine) -> Iterator[None]:
    """Let nobody write ratings for so long."""
    with engine.begin() as connection:  # which is enough on SQLite
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("LOCK TABLE ratings IN SHARE MODE")
        yield


@pytest.mark.slow
@on_both
def test_two_servers_store_one_after_the_other_and_the_last_can_be_taken_back(
    engine: sa.Engine, tmp_path: Path
) -> None:
    url, folder = address(engine), str(tmp_path)
    with serving(url, "--drop", TMPDIR=folder) as one, serving(url, "--drop", TMPDIR=folder) as other:
        browsers = [drop_speed.Server(server.address + "/", 0) for server in (one, other)]
        previews = [
            browser.drop([archive("ann", day, range(20 * day, 20 * day + 40))])
            for day, browser in enumerate(browsers, 1)
        ]
        threads, replies = [], list[requests.Response]()
        with held(engine):
            for number, (browser, preview) in enumerate(zip(browsers, previews, strict=True), 1):
                threads.append(
                    threading.Thread(target=lambda b=browser, p=preview: replies.append(b.agree(p)))
                )
                threads[-1].start()
                if engine.dialect.name == "postgresql":
                    wait_for_waiting(engine, number)
        for thread in threads:
            thread.join()
        assert [reply.status_code for reply in replies] == [200, 200]
        assert told_of(engine, "ann") == {1, 2}
        # Both pages tell of the last import alone.
        marks = {
            re.findall(r'name="mark" value="([^"]+)"', server.get("/drop").text)[0] for server in (one, other)
        }
        assert len(marks) == 1
        browsers[0].undo()
        assert len(told_of(engine, "ann")) == 1


def told_of(engine: sa.Engine, name: str) -> set[int]:
    """Return of which days the archives are that are kept of a member."""
    query = sa.select(member_sources.c.as_of).join(users).where(users.c.letterboxd_username == name)
    with engine.connect() as connection:
        return {as_of.day for as_of in connection.scalars(query)}


@pytest.mark.slow
@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_a_server_that_is_killed_while_it_stores_stores_nothing(engine: sa.Engine, tmp_path: Path) -> None:
    url = address(engine)
    with serving(url, "--drop", stopped=(-signal.SIGKILL,), TMPDIR=str(tmp_path)) as server:
        browser = drop_speed.Server(server.address + "/", server.process.pid or 0)
        preview = browser.drop(FIVE[:3])
        assert "letterboxd-ann.zip" in preview.text
        with held(engine):
            answer = threading.Thread(target=_agree, args=(browser, preview))
            answer.start()
            wait_for_waiting(engine, 1)
            server.process.kill()
            answer.join()
        wait_for_waiting(engine, 0)
    _wait_until_alone(engine)
    page = Page(url)
    assert page.rows() == [0, 0, 0, 0]
    assert list(tmp_path.iterdir()) == []
    page.engine.dispose()


def _agree(browser: drop_speed.Server, preview: requests.Response) -> None:
    with pytest.raises(requests.ConnectionError):
        browser.agree(preview)


def _wait_until_alone(engine: sa.Engine) -> None:
    """Wait until the database has noticed that the others are gone."""
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle' "
        "AND pid <> pg_backend_pid()"
    )
    deadline = time.monotonic() + 60
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while connection.exec_driver_sql(query).scalar():
            assert time.monotonic() < deadline
            time.sleep(0.02)


@pytest.mark.slow
def test_many_archives_at_once_take_little_memory_and_leave_the_server_usable() -> None:
    """A short form of the benchmark."""
    cost = drop_speed.cost("sqlite", 3, 100)
    assert cost.members == 3
    assert cost.memory < 400, cost.line
    assert cost.longest_wait < 60, cost.line
