"""What of the runs a status tells: what is at work, and how the last ones ended."""

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.store.schema import scrape_failures
from letterboxd_scraper.store.status import runs
from letterboxd_scraper.store.status.model import LastRun, Running
from tests.store.rows import HOUR, MONDAY, add_run
from tests.store.status.test_status_rules import ENDED, MINUTE, SILENCE


def test_what_runs_now(connection: sa.Connection) -> None:
    now = datetime.now(UTC)
    where = {"cohort": "friends", "node": "attic", "shard": "1/2", "job": "job1"}
    first = add_run(connection, **where, seen_at=now, requests=7)
    add_run(connection, seen_at=now - 2 * SILENCE)
    add_run(connection, seen_at=None)
    add_run(connection, seen_at=now, status="finished")
    second = add_run(connection, type="rss", member="ada", seen_at=now - SILENCE + MINUTE)
    assert first < second
    assert runs.running(connection, SILENCE) == (
        Running("profile", "friends", None, "attic", "1/2", "job1", MONDAY, now, 7),
        Running("rss", None, "ada", None, None, None, MONDAY, now - SILENCE + MINUTE, 0),
    )


def test_the_last_run_of_each_spider_on_each_cohort(connection: sa.Connection) -> None:
    now = datetime.now(UTC)
    add_run(connection, **ENDED, requests=99)
    last = add_run(connection, **ENDED | {"status": "failures"}, requests=7, rows_changed=3)
    add_run(connection, **ENDED | {"member": "ada"})
    add_run(connection, cohort="friends", seen_at=now)
    add_run(connection, status="finished")
    add_run(connection, **ENDED, type="film")
    add_run(connection, **ENDED | {"cohort": "others"})
    add_run(connection, cohort="died", seen_at=now - 2 * SILENCE)
    add_run(connection, cohort="never seen")
    failure = {"url": "u", "error": "e", "first_seen_at": MONDAY, "last_seen_at": MONDAY, "run_id": last}
    connection.execute(scrape_failures.insert(), [failure | {"stage": stage} for stage in ("a", "b")])
    last_runs = runs.last_runs(connection, SILENCE)
    assert last_runs["friends"] == (
        LastRun("film", "finished", 1, MONDAY, MONDAY + HOUR, 0, None, 0),
        LastRun("profile", "failures", 1, MONDAY, MONDAY + HOUR, 7, 3, 2),
    )
    assert last_runs.keys() == {"friends", "others", "died", "never seen"}
    for cohort in ("died", "never seen"):
        assert last_runs[cohort] == (LastRun("profile", "died", 1, MONDAY, None, 0, None, 0),)


def test_the_shards_of_the_last_run_are_one(connection: sa.Connection) -> None:
    parts: list[dict[str, Any]] = [
        {"shard": None, "requests": 1000},
        {"shard": "1/3", "requests": 100},
        {"shard": "1/2", "requests": 10, "rows_changed": 1, "started_at": MONDAY - HOUR},
        {"shard": "2/2", "requests": 5, "rows_changed": 2, "finished_at": MONDAY + 2 * HOUR},
    ]
    for part in parts:
        add_run(connection, **ENDED | part)
    (whole,) = runs.last_runs(connection, SILENCE)["friends"]
    assert whole == LastRun("profile", "finished", 2, MONDAY - HOUR, MONDAY + 2 * HOUR, 15, 3, 0)


@pytest.mark.parametrize(
    ("states", "together"),
    [
        (["finished", "failures"], "failures"),
        (["interrupted", "failures"], "interrupted"),
        (["blocked", "interrupted"], "blocked"),
        (["running", "blocked"], "died"),
        (["failed", "running"], "failed"),
    ],
)
def test_shards_ended_as_the_worst_of_them(
    connection: sa.Connection, states: list[str], together: str
) -> None:
    for number, status in enumerate(states, start=1):
        ended = {"status": status, "finished_at": None if status == "running" else MONDAY}
        add_run(connection, **ENDED | ended, shard=f"{number}/2")
    (whole,) = runs.last_runs(connection, SILENCE)["friends"]
    assert whole.status == together
    assert (whole.finished_at is None) is ("running" in states)
