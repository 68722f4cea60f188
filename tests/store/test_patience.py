"""Waiting for the database: which errors pass by themselves, and that a unit of work is done once."""

import logging
import sqlite3
import threading
import time
from typing import Any

import psycopg2
import pytest
import sqlalchemy as sa

from letterboxd_scraper.store import patience
from letterboxd_scraper.store.engine import make_engine, read_transaction
from letterboxd_scraper.store.patience import Patience, ask, is_passing, transact
from letterboxd_scraper.store.schema import genres
from tests.conftest import address, on_postgresql

PATIENT = Patience(30, 5)


class OfPostgres(psycopg2.OperationalError):  # type: ignore[misc]
    def __init__(self, words: str, state: str | None = None) -> None:
        super().__init__(words)
        self.state = state

    @property
    def pgcode(self) -> str | None:
        return self.state


def failed(orig: BaseException, kind: type[sa.exc.DBAPIError] = sa.exc.OperationalError) -> sa.exc.DBAPIError:
    return kind("SELECT", {}, orig)


def of_sqlite(code: int, words: str = "no") -> sa.exc.DBAPIError:
    error = sqlite3.OperationalError(words)
    error.sqlite_errorcode = code
    return failed(error)


@pytest.mark.parametrize(
    ("words", "state", "passes"),
    [
        ("terminating connection due to administrator command", "57P01", True),
        ("the database system is starting up", "57P03", True),
        ("connection failure", "08006", True),
        ("sorry, too many clients already", "53300", True),
        ("could not serialize access", "40001", True),
        ("deadlock detected", "40P01", True),
        ("canceling statement due to lock timeout", "55P03", True),
        ("terminating connection due to idle-in-transaction timeout", "25P03", True),
        ("canceling statement due to statement timeout", "57014", False),
        ("could not extend file: No space left on device", "53100", False),
        ("cannot execute INSERT in a read-only transaction", "25006", False),
        ("permission denied for table ratings", "42501", False),
        ('connection to server at "127.0.0.1", port 1 failed: Connection refused', None, True),
        ("FATAL:  the database system is shutting down", None, True),
        ("FATAL:  das Datenbanksystem startet", None, True),
        ("server closed the connection unexpectedly", None, True),
        ('FATAL:  password authentication failed for user "marla"', None, False),
        ('FATAL:  database "films" does not exist', None, False),
    ],
)
def test_what_a_server_says_passes_or_does_not(words: str, state: str | None, passes: bool) -> None:
    assert is_passing(failed(OfPostgres(words, state))) == passes


def test_a_busy_file_passes_and_a_full_disk_or_a_bug_does_not() -> None:
    busy, locked, snapshot = 5, 6, 517
    assert all(is_passing(of_sqlite(code)) for code in (busy, locked, snapshot))
    read_only, damaged, full, cannot_open, moved = 8, 11, 13, 14, 1032
    assert not any(is_passing(of_sqlite(code)) for code in (read_only, damaged, full, cannot_open, moved))
    assert not is_passing(failed(sqlite3.ProgrammingError("closed"), sa.exc.ProgrammingError))
    assert not is_passing(ValueError())


def add(connection: sa.Connection, name: str) -> str:
    connection.execute(genres.insert().values(name=name))
    return name


def names(engine: sa.Engine) -> list[str]:
    return sorted(ask(engine, lambda connection: connection.scalars(sa.select(genres.c.name)).all()))


@pytest.fixture
def patient(memory: sa.Engine) -> sa.Engine:
    return memory.execution_options(patience=PATIENT)


class Failing:
    """Work that fails so often before it adds a genre."""

    def __init__(self, times: int, error: BaseException) -> None:
        self.times, self.error = times, error

    def __call__(self, connection: sa.Connection, name: str) -> str:
        add(connection, name)
        self.times -= 1
        if self.times >= 0:
            raise self.error
        return name


def test_work_is_begun_again_from_its_beginning(patient: sa.Engine) -> None:
    assert transact(patient, Failing(3, of_sqlite(5)), "drama") == "drama"
    assert names(patient) == ["drama"]


def test_any_other_error_ends_it_at_once(patient: sa.Engine) -> None:
    for error in (of_sqlite(13), KeyboardInterrupt(), ValueError()):
        work = Failing(1, error)
        with pytest.raises(type(error)):
            transact(patient, work, "drama")
        assert work.times == 0
    assert names(patient) == []


def test_what_another_has_inserted_is_tried_again_but_not_for_ever(patient: sa.Engine) -> None:
    twice = failed(sqlite3.IntegrityError(), sa.exc.IntegrityError)
    assert transact(patient, Failing(2, twice), "drama") == "drama"
    with pytest.raises(sa.exc.IntegrityError):
        transact(patient, Failing(100, twice), "comedy")


def test_patience_ends_and_without_any_there_is_one_try(memory: sa.Engine) -> None:
    little = memory.execution_options(patience=Patience(0.2))
    began = time.monotonic()
    with pytest.raises(sa.exc.OperationalError):
        transact(little, Failing(10_000, of_sqlite(5)), "drama")
    assert time.monotonic() - began >= 0.2
    work = Failing(1, of_sqlite(5))
    with pytest.raises(sa.exc.OperationalError):
        transact(memory, work, "drama")
    assert work.times == 0


def test_a_long_wait_is_said_once_and_its_end_too(
    patient: sa.Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(patience, "_WORTH_A_WORD", 0.0)
    monkeypatch.setattr(patience, "_said", patience._Said())
    with caplog.at_level(logging.WARNING):
        transact(patient, Failing(3, of_sqlite(5, "database is locked")), "drama")
    assert [record.getMessage() for record in caplog.records] == [
        "Waiting for the database, for up to 30 s: database is locked",
        "The database answers again, after 0 s",
    ]


def test_a_writer_waits_for_a_file_that_another_writes_to(sqlite_url: str) -> None:
    engine = make_engine(sqlite_url, PATIENT)
    with engine.begin() as connection:
        genres.metadata.create_all(connection)
    held = engine.connect()
    held.begin()
    threading.Timer(0.3, held.close).start()
    with engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=0")
    held = engine.connect()
    held.begin()
    threading.Timer(0.3, held.close).start()
    transact(engine, add, "drama")
    assert names(engine) == ["drama"]


# On a server.


def backend(connection: sa.Connection) -> int:
    return int(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())


def end(engine: sa.Engine, process: int) -> None:
    with engine.connect() as other:
        other.exec_driver_sql(f"SELECT pg_terminate_backend({process}, 5000)")


@pytest.fixture
def server(engine: sa.Engine) -> Any:
    patient = make_engine(address(engine), PATIENT)
    yield patient
    patient.dispose()


@on_postgresql
def test_a_lost_connection_costs_nothing(engine: sa.Engine, server: sa.Engine) -> None:
    tries = []

    def work(connection: sa.Connection) -> int:
        add(connection, "drama")
        tries.append(backend(connection))
        if len(tries) == 1:
            end(engine, tries[0])
        return connection.execute(genres.select()).all()[0].id is not None

    assert transact(server, work)
    assert len(tries) == 2
    assert names(server) == ["drama"]


@on_postgresql
@pytest.mark.parametrize("arrives", [True, False])
def test_a_commit_without_an_answer_is_looked_up(
    engine: sa.Engine, server: sa.Engine, arrives: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def work(connection: sa.Connection) -> str:
        tries.append(backend(connection))
        return add(connection, "drama")

    commit = sa.Connection.commit
    cut: list[bool] = []

    def cut_off(connection: sa.Connection) -> None:
        if not tries or cut:
            commit(connection)
            return
        cut.append(True)
        if arrives:
            commit(connection)
        end(engine, tries[0])
        connection.exec_driver_sql("SELECT 1")

    monkeypatch.setattr(sa.Connection, "commit", cut_off)
    assert transact(server, work) == "drama"
    assert len(tries) == (1 if arrives else 2)
    assert names(server) == ["drama"]


@on_postgresql
def test_nobody_is_held_up_by_who_is_frozen_in_a_transaction(engine: sa.Engine) -> None:
    url = address(engine)
    frozen, waiting = make_engine(url, Patience(60, 1)), make_engine(url, Patience(60, 1))
    transact(waiting, add, "drama")
    rename = genres.update().values(name="comedy")
    with frozen.connect() as connection:
        connection.execute(rename)
        transact(waiting, sa.Connection.execute, genres.update().values(name="horror"))
        with pytest.raises(sa.exc.DBAPIError) as lost:
            connection.execute(rename)
    assert is_passing(lost.value)
    assert names(waiting) == ["horror"]
    for one in (frozen, waiting):
        one.dispose()


@on_postgresql
def test_a_writers_connection_has_limits_and_its_addresss_own_options(engine: sa.Engine) -> None:
    url = engine.url.update_query_dict({"options": "-c application_name=mine"})
    writer = make_engine(url.render_as_string(hide_password=False), Patience(60, 4))
    with read_transaction(writer) as connection:
        limits = ("lock_timeout", "idle_in_transaction_session_timeout")
        options = (*limits, "client_encoding", "application_name")
        values = [connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in options]
    assert values == ["4s", "4s", "UTF8", "mine"]
    writer.dispose()
