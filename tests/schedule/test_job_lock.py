"""One job of a cohort at a time, also where the server restarts."""

import time
from collections.abc import Iterator
from threading import Thread

import pytest
import sqlalchemy as sa

from letterboxd_scraper.schedule import job_lock
from letterboxd_scraper.schedule.jobs import MONTHLY, NIGHTLY
from letterboxd_scraper.store.engine import make_engine, read_transaction
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.patience import Patience, ask
from tests.conftest import Shell, address, assert_ended, on_postgresql
from tests.schedule.test_schedule_run import wait_until


def test_one_job_at_a_time(crawled: Shell, crawled_engine: sa.Engine) -> None:
    with read_transaction(crawled_engine) as connection:
        friends = cohorts.find(connection, "friends")
    with job_lock.job_lock(crawled_engine, friends, MONTHLY) as free:
        assert free
        told = crawled.letterboxd("schedule", "run", "--cohort", "friends", "--job", NIGHTLY, "--local")
    assert_ended(told, 0)
    assert told.stdout == "friends, nightly: another job is under way, nothing was done\n"


def test_a_month_waits_for_a_night(crawled_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_lock, "_WAIT_SECONDS", 0.05)
    with read_transaction(crawled_engine) as connection:
        friends = cohorts.find(connection, "friends")
    got: list[bool] = []

    def month() -> None:
        with job_lock.job_lock(crawled_engine, friends, MONTHLY) as free:
            got.append(free)

    with job_lock.job_lock(crawled_engine, friends, NIGHTLY):
        waiting = Thread(target=month)
        waiting.start()
        time.sleep(0.3)
        assert got == []
    waiting.join()
    assert got == [True]


@on_postgresql
def test_a_month_that_waits_keeps_one_connection(
    crawled_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_lock, "_WAIT_SECONDS", 0.01)
    with read_transaction(crawled_engine) as connection:
        friends = cohorts.find(connection, "friends")
    open_now = sa.text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")

    def month() -> None:
        with job_lock.job_lock(crawled_engine, friends, MONTHLY):
            pass

    with job_lock.job_lock(crawled_engine, friends, NIGHTLY):
        waiting = Thread(target=month)
        waiting.start()
        time.sleep(0.5)
        with read_transaction(crawled_engine) as connection:
            assert connection.scalar(open_now) < 8
    waiting.join()


@pytest.fixture
def patient(crawled_engine: sa.Engine) -> Iterator[sa.Engine]:
    """The database of a crawl, waited for."""
    engine = make_engine(address(crawled_engine), Patience(30, 5))
    yield engine
    engine.dispose()


def cut(engine: sa.Engine) -> None:
    """End all other connections, as the restart of a server does."""
    others = "pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with engine.connect() as connection:
        connection.exec_driver_sql(f"SELECT pg_terminate_backend(pid, 5000) FROM {others}")


@on_postgresql
def test_a_lock_that_the_server_forgets_is_taken_again_or_lost(
    crawled_engine: sa.Engine, patient: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_lock, "_LOOK_EVERY", 0.1)
    monkeypatch.setattr(job_lock, "_FOR_OLD_HOLDERS", 0.0)
    lock, other = (job_lock._ServerLock(engine, 77, 1) for engine in (patient, crawled_engine))
    lost: list[bool] = []
    assert lock.take()
    lock.keep(lambda: lost.append(True))
    connect, tries = lock._connect, []

    def connect_again() -> sa.Connection:
        tries.append(True)
        return connect()

    monkeypatch.setattr(lock, "_connect", connect_again)
    cut(crawled_engine)
    wait_until(lambda: tries)
    held = sa.text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 77")
    wait_until(lambda: ask(crawled_engine, sa.Connection.scalar, held))
    assert not other.take()
    assert lost == []

    monkeypatch.setattr(lock, "_connect", lambda: connect() if other.take() else None)
    cut(crawled_engine)
    wait_until(lambda: lost)
    for one in (lock, other):
        one.release()


@on_postgresql
def test_who_has_just_come_leaves_the_locks_of_before_a_restart_to_their_holders(
    crawled_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_lock, "_FOR_OLD_HOLDERS", 1e9)
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    lock = job_lock._ServerLock(crawled_engine, 78, 1)
    assert lock.take()
    lock.release()
    assert 1e9 - 10_000 < slept[0] < 1e9
