"""Leases on one database: who may read a member, and until when."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from letterboxd_scraper.store.crawl_state import leases
from letterboxd_scraper.store.schema import member_leases
from tests.store.rows import add_run, add_user


@pytest.fixture
def runs(connection: sa.Connection) -> list[int]:
    for name in ("ada", "ben"):
        add_user(connection, name)
    return [add_run(connection) for _ in range(2)]


def left(connection: sa.Connection) -> dict[int, float]:
    """Return how many seconds each lease still lasts, by user."""
    rows = connection.execute(sa.select(member_leases.c.user_id, member_leases.c.expires_at))
    return {user: (until - datetime.now(UTC)).total_seconds() for user, until in rows}


def test_a_member_is_one_runs(connection: sa.Connection, runs: list[int]) -> None:
    first, second = runs
    assert leases.take(connection, first, "ada", 60)
    assert not leases.take(connection, second, "ada", 60)
    assert leases.take(connection, second, "ben", 60)
    assert [leases.holds(connection, run, "ada") for run in runs] == [True, False]
    assert left(connection)[1] == pytest.approx(60, abs=5)


def test_a_run_takes_its_member_again_for_longer(connection: sa.Connection, runs: list[int]) -> None:
    leases.take(connection, runs[0], "ada", 60)
    assert leases.take(connection, runs[0], "ada", 600)
    assert left(connection)[1] == pytest.approx(600, abs=5)


def test_who_shows_no_life_loses_the_member_to_who_comes(connection: sa.Connection, runs: list[int]) -> None:
    first, second = runs
    leases.take(connection, first, "ada", -1)
    assert leases.holds(connection, first, "ada")
    assert leases.take(connection, second, "ada", 60)
    assert [leases.holds(connection, run, "ada") for run in runs] == [False, True]
    assert left(connection)[1] == pytest.approx(60, abs=5)


def test_a_lease_from_before_the_clock_was_set_back_keeps_nobody_out(
    connection: sa.Connection, runs: list[int]
) -> None:
    first, second = runs
    leases.take(connection, first, "ada", 24 * 3600)
    assert leases.take(connection, second, "ada", 60)
    assert left(connection)[1] == pytest.approx(60, abs=5)


def test_who_is_not_stored_is_anybodys(connection: sa.Connection, runs: list[int]) -> None:
    assert leases.take(connection, runs[0], "nobody", 60)
    assert leases.holds(connection, runs[0], "nobody")
    assert not leases.holds(connection, runs[0], "ada"), "nobody has leased her"


def test_a_runs_leases_are_renewed_together(connection: sa.Connection, runs: list[int]) -> None:
    first, second = runs
    for run, name in ((first, "ada"), (second, "ben")):
        leases.take(connection, run, name, 60)
    leases.renew(connection, first, 600)
    assert left(connection) == {1: pytest.approx(600, abs=5), 2: pytest.approx(60, abs=5)}


def test_leases_are_given_back(connection: sa.Connection, runs: list[int]) -> None:
    first, second = runs
    add_user(connection, "cleo")
    for run, name in ((first, "ada"), (first, "cleo"), (second, "ben")):
        leases.take(connection, run, name, 60)
    leases.release(connection, first, "ben")
    assert left(connection).keys() == {1, 2, 3}
    leases.release(connection, first, "ada")
    assert left(connection).keys() == {2, 3}
    leases.release(connection, first)
    assert left(connection).keys() == {2}
