"""What `letterboxd db tidy` removes from the log, and what it must not."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.store.crawl_state.retention import Tidied, tidy
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.schema import scrape_failures, scrape_runs, user_scrape_state, users
from tests.conftest import Shell, assert_ended

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def days_ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def add_run(connection: sa.Connection, days: float, **more: Any) -> int:
    ended = days_ago(days)
    values = {
        "type": "profile",
        "cohort": "friends",
        "status": "finished",
        "started_at": ended,
        "work_began_at": ended,
        "finished_at": ended,
    } | more
    run: int = connection.execute(
        scrape_runs.insert().values(values).returning(scrape_runs.c.id)
    ).scalar_one()
    work = more.get("work_run", run)
    connection.execute(scrape_runs.update().where(scrape_runs.c.id == run).values(work_run=work))
    return run


def add_failure(
    connection: sa.Connection, url: str, resolved: datetime | None, run: int | None = None
) -> None:
    row = {"url": url, "stage": "profile", "error": "status 500", "run_id": run}
    seen = {"first_seen_at": days_ago(400), "last_seen_at": days_ago(400)}
    connection.execute(scrape_failures.insert().values(row | seen | {"resolved_at": resolved}))


@pytest.fixture
def connection(engine: sa.Engine) -> Iterator[sa.Connection]:
    with engine.begin() as connection:
        yield connection


def left(connection: sa.Connection) -> set[int]:
    return set(connection.scalars(sa.select(scrape_runs.c.id)))


def test_old_ended_runs_and_resolved_failures_go(connection: sa.Connection) -> None:
    old = add_run(connection, 366)
    young, latest = add_run(connection, 364), add_run(connection, 1)
    add_failure(connection, "/old/", days_ago(91), old)
    add_failure(connection, "/young/", days_ago(89))
    assert tidy(connection, NOW, 365, 90) == Tidied(runs=1, failures=1)
    assert left(connection) == {young, latest}
    assert connection.scalars(sa.select(scrape_failures.c.url)).all() == ["/young/"]
    assert tidy(connection, NOW, 365, 90) == Tidied(runs=0, failures=0)


def test_nothing_goes_where_all_is_kept_for_ever(connection: sa.Connection) -> None:
    runs = {add_run(connection, 4000), add_run(connection, 1)}
    add_failure(connection, "/old/", days_ago(3000))
    assert tidy(connection, NOW, 0, 0) == Tidied(runs=0, failures=0)
    assert left(connection) == runs


def test_a_run_that_never_ended_stays(connection: sa.Connection) -> None:
    running = add_run(connection, 400, status="running", finished_at=None)
    add_run(connection, 1)
    assert tidy(connection, NOW, 365, 90).runs == 0
    assert running in left(connection)


def test_runs_that_others_refer_to_stay(connection: sa.Connection) -> None:
    kept = {
        "read by": add_run(connection, 900),
        "page saved by": add_run(connection, 800),
        "open failure": add_run(connection, 700),
        "work": add_run(connection, 600, status="interrupted"),
    }
    gone = add_run(connection, 500)
    carried_on = add_run(connection, 100, work_run=kept["work"])
    cohorts.make_from_names(connection, "friends", ["marla"], NOW)
    connection.execute(users.update().values(last_full_scrape_run=kept["read by"]))
    user = connection.scalar(sa.select(users.c.id))
    page: dict[str, Any] = {
        "user_id": user,
        "listing": "rated",
        "page": 1,
        "seen": [],
        "status": "reading",
        "updated_at": NOW,
    }
    connection.execute(user_scrape_state.insert().values(page | {"run": kept["page saved by"]}))
    add_failure(connection, "/open/", None, kept["open failure"])
    assert tidy(connection, NOW, 365, 90) == Tidied(runs=1, failures=0)
    assert left(connection) == {*kept.values(), carried_on}
    assert gone not in left(connection)


def test_the_last_run_of_each_spider_on_each_cohort_and_shard_stays(connection: sa.Connection) -> None:
    add_run(connection, 901)
    kept = {
        add_run(connection, 900),
        add_run(connection, 900, shard="1/2"),
        add_run(connection, 900, type="when_rated"),
        add_run(connection, 900, cohort="club"),
        add_run(connection, 900, cohort=None, member="marla"),
    }
    assert tidy(connection, NOW, 365, 90).runs == 1
    assert left(connection) == kept


def test_the_command_says_what_it_did_and_can_leave_it(shell: Shell, engine: sa.Engine) -> None:
    with engine.begin() as connection:
        old, young = add_run(connection, 400), add_run(connection, 1)
        add_failure(connection, "/old/", days_ago(100))
    clock = {"LETTERBOXD_NOW": NOW.isoformat()}
    tried = shell.letterboxd("db", "tidy", "--dry-run", **clock)
    assert_ended(tried, 0)
    assert "1 old run and 1 resolved failure would be removed" in tried.stderr
    with engine.connect() as connection:
        assert left(connection) == {old, young}
    done = shell.letterboxd("db", "tidy", "--yes", **clock, KEEP_RUNS_DAYS=30)
    assert_ended(done, 0)
    assert "1 old run and 1 resolved failure removed" in done.stderr
    with engine.connect() as connection:
        assert left(connection) == {young}
    again = shell.letterboxd("db", "tidy", **clock, KEEP_RUNS_DAYS=-1)
    assert_ended(again, 2)
    assert "KEEP_RUNS_DAYS" in again.stderr
