"""`letterboxd status`: what it says is so, and saying it writes nothing."""

import json
import re
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.arguments import FilmArguments
from letterboxd_scraper.cli.main import run
from letterboxd_scraper.config import load
from letterboxd_scraper.store import statistics
from letterboxd_scraper.store.due import delta_crawl
from letterboxd_scraper.store.engine import read_transaction
from letterboxd_scraper.store.films import enrichment
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.schema import (
    films,
    metadata,
    ratings,
    scrape_failures,
    scrape_runs,
    users,
)
from letterboxd_scraper.store.status.model import CohortStatus, Status
from letterboxd_scraper.store.status.read import StatusQuery, read
from ranking.compute import compute
from ranking.strategies import STRATEGIES
from tests.conftest import Shell, address, assert_ended, on_sqlite
from tests.served import furnish

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def told(engine: sa.Engine, at: datetime = NOW) -> Status:
    with read_transaction(engine) as connection:
        return read(connection, cohorts.every(connection), StatusQuery.of(load(), at))


def of_friends(engine: sa.Engine, at: datetime = NOW) -> CohortStatus:
    (cohort_status,) = (one for one in told(engine, at).cohorts if one.cohort == "friends")
    return cohort_status


def count(engine: sa.Engine, *conditions: Any, of: Any = ratings) -> int:
    with engine.connect() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(of).where(*conditions)).scalar_one()


def everything(engine: sa.Engine) -> dict[str, list[str]]:
    with engine.connect() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(sa.select(table))))
            for table in metadata.sorted_tables
        }


def add_run(engine: sa.Engine, spider: str = "profile", **more: Any) -> int:
    values = {"type": spider, "cohort": "friends", "started_at": NOW, "work_began_at": NOW} | more
    with engine.begin() as connection:
        insert = scrape_runs.insert().values(values).returning(scrape_runs.c.id)
        run_id: int = connection.execute(insert).scalar_one()
    return run_id


# --- members, films, what is due ---


def test_a_circle_that_was_found_and_not_read(known_engine: sa.Engine) -> None:
    friends = of_friends(known_engine)
    assert (friends.members.ok, friends.members.read, friends.members.never_read) == (12, 0, 12)
    assert (friends.members.oldest, friends.films.films, friends.films.ratings, friends.rankings) == (
        None,
        0,
        0,
        (),
    )
    assert (friends.due.members, friends.due.audits) == (12, 0)
    assert [(one.spider, one.status) for one in friends.runs] == [("follow_graph", "finished")]


def test_a_circle_that_was_read(crawled_engine: sa.Engine) -> None:
    friends = of_friends(crawled_engine)
    members = friends.members
    states = (members.ok, members.private, members.gone, members.read, members.never_read)
    assert states == (10, 1, 1, 10, 0)
    assert members.oldest
    assert members.newest
    assert members.oldest <= members.newest <= datetime.now(UTC)
    assert friends.films.ratings == count(crawled_engine, ratings.c.rating.is_not(None))
    assert friends.films.films == count(crawled_engine, of=films)
    assert (friends.films.complete, friends.films.due) == (0, friends.films.films)
    runs = {one.spider: one for one in friends.runs}
    assert runs.keys() == {"follow_graph", "profile"}
    assert runs["profile"].status == "finished"
    assert runs["profile"].requests > 10
    assert (runs["profile"].rows_changed or 0) >= count(crawled_engine)
    assert runs["follow_graph"].rows_changed is None
    assert told(crawled_engine).running == ()
    statistics.refresh(crawled_engine, NOW)  # counted or not, it is the same
    assert of_friends(crawled_engine).films == friends.films


def test_what_is_due_is_what_the_next_crawls_do(crawled_engine: sa.Engine) -> None:
    """Audits fall due with time; of the films, those that failed again and again wait."""
    settings = load()
    furnish(crawled_engine)
    with crawled_engine.begin() as connection:
        one, two, three = connection.scalars(sa.select(films.c.slug).limit(3))
        connection.execute(films.update().where(films.c.slug == one).values(enrich_after=NOW + HOUR))
        for slug, attempts in ((two, 3), (three, 1)):
            row = {"film": slug, "url": f"/film/{slug}/", "stage": "film", "error": "status 500"}
            seen = {"first_seen_at": NOW, "last_seen_at": NOW, "attempts": attempts}
            connection.execute(scrape_failures.insert().values(row | seen))
    for days in (0, 40):
        at = NOW + timedelta(days=days)
        friends = of_friends(crawled_engine, at)
        with read_transaction(crawled_engine) as connection:
            cohort = cohorts.find(connection, "friends")
            choices = enrichment.EnrichmentOptions.of(
                settings, at, FilmArguments.read({"cohort": "friends", "tmdb": bool(days)})
            )
            rules = StatusQuery(settings.DELTA_AUDIT_DAYS, HOUR, choices)
            due = read(connection, [cohort], rules).cohorts[0].films
            assert due.due == len(enrichment.due(connection, cohort.id, None, choices)) > 0
            assert due.complete + due.waiting + due.need_key + due.due >= due.films
            members = delta_crawl.of_cohort(connection, cohort, at)
        assert friends.due.members == len(members.delta) + len(members.full)
        assert bool(friends.due.audits) == bool(days)


def test_data_of_tmdbs_that_grow_old_are_told(crawled_engine: sa.Engine) -> None:
    with crawled_engine.begin() as connection:
        ids = connection.scalars(sa.select(films.c.id).order_by(films.c.id).limit(3)).all()
        for film, days in zip(ids, (100, 170, 200), strict=True):
            at = {"tmdb_synced_at": NOW - timedelta(days=days), "tmdb_id": film}
            connection.execute(films.update().where(films.c.id == film).values(at))
    of_films = of_friends(crawled_engine).films
    assert of_films.tmdb_ageing == 2
    assert of_films.tmdb_oldest == NOW - timedelta(days=200)


def test_open_failures_are_those_of_the_circle(crawled_engine: sa.Engine) -> None:
    ran = add_run(crawled_engine)
    with crawled_engine.begin() as connection:
        for number, (member, run_id, resolved) in enumerate(
            [("ebb", None, None), (None, ran, None), ("stranger", None, None), ("ebb", ran, NOW)]
        ):
            row = {"member": member, "run_id": run_id, "url": f"/{number}/", "resolved_at": resolved}
            seen = {"stage": "profile", "error": "status 500", "first_seen_at": NOW, "last_seen_at": NOW}
            connection.execute(scrape_failures.insert().values(row | seen))
    assert of_friends(crawled_engine).failures == 2
    assert told(crawled_engine).failures == 3


# --- rankings ---


def change_a_rating(connection: sa.Connection, member: str) -> None:
    user = sa.select(users.c.id).where(users.c.letterboxd_username == member).scalar_subquery()
    changed = {"rating": None, "liked": True, "updated_at": NOW}
    connection.execute(ratings.update().where(ratings.c.user_id == user).values(changed))


def test_a_ranking_is_outdated_by_what_changes_in_its_circle_alone(crawled_engine: sa.Engine) -> None:
    def outdated() -> dict[tuple[str, str], bool]:
        return {
            (one.cohort, ranking.strategy): ranking.outdated
            for one in told(crawled_engine).cohorts
            for ranking in one.rankings
        }

    with crawled_engine.begin() as connection:
        club = cohorts.make_from_names(connection, "club", ["kip", "ebb"], NOW - 9 * HOUR)
        friends = cohorts.find(connection, "friends")
        connection.execute(ratings.update().values(updated_at=NOW - 9 * HOUR))
        members = metadata.tables["cohort_members"]
        connection.execute(members.update().values(followed_at=NOW - 9 * HOUR))
        connection.execute(scrape_runs.update().values(finished_at=NOW - 9 * HOUR))
    at = NOW - 5 * HOUR
    statistics.refresh(crawled_engine, at)
    for cohort in (club, friends):
        compute(crawled_engine, cohort, STRATEGIES["bayesian"], {}, at)
    both = [("club", "bayesian"), ("friends", "bayesian")]
    assert outdated() == dict.fromkeys(both, False)
    with crawled_engine.begin() as connection:
        change_a_rating(connection, "marla")
    assert outdated() == {both[0]: False, both[1]: True}
    statistics.refresh(crawled_engine, NOW)
    assert outdated() == {both[0]: False, both[1]: True}
    compute(crawled_engine, friends, STRATEGIES["bayesian"], {}, NOW + HOUR)
    assert outdated() == dict.fromkeys(both, False)
    add_run(crawled_engine, cohort="club", status="finished", finished_at=NOW, rows_changed=1)  # a removal
    assert outdated() == {both[0]: True, both[1]: False}


# --- runs ---


def test_shards_are_told_as_one_run(crawled_engine: sa.Engine) -> None:
    ended = {"status": "finished", "finished_at": NOW, "requests": 5, "rows_changed": 2}
    add_run(crawled_engine, "when_rated", **ended | {"shard": "1/2", "status": "failed"})  # long ago
    for number, status in enumerate(("finished", "blocked", "failures"), start=1):
        add_run(crawled_engine, "when_rated", **ended | {"shard": f"{number}/3", "status": status})
    (last_run,) = (one for one in of_friends(crawled_engine).runs if one.spider == "when_rated")
    assert (last_run.status, last_run.shards, last_run.requests, last_run.rows_changed) == (
        "blocked",
        3,
        15,
        6,
    )
    add_run(crawled_engine, "when_rated", **ended)
    (last_run,) = (one for one in of_friends(crawled_engine).runs if one.spider == "when_rated")
    assert (last_run.status, last_run.shards, last_run.requests) == ("finished", 1, 5)


def test_a_run_is_seen_while_it_runs_and_when_it_has_died(known: Shell, known_engine: sa.Engine) -> None:
    settings = {
        "DOWNLOAD_DELAY": "0.4",
        "LETTERBOXD_NODE": "attic",
        "SCRAPY_JOB": "j1",
    }
    crawl = known.start("scrapy", "crawl", "profile", "-a", "cohort=friends", **settings)
    try:
        (running,) = wait_for(lambda: asked(known)["running"])
        assert (running["spider"], running["cohort"], running["node"]) == ("profile", "friends", "attic")
        assert running["shard"] is None
        (text,) = (line for line in status_in_words(known).splitlines() if "attic" in line)
        assert "profile" in text
        assert "a moment ago" in text
        assert "profile" not in {one["spider"] for one in asked(known)["cohorts"][0]["runs"]}
    finally:
        crawl.send_signal(signal.SIGKILL)
        crawl.wait()
    before = everything(known_engine)
    wait_for(lambda: not asked(known, lease=0.1)["running"])
    runs = {one["spider"]: one for one in asked(known, lease=0.1)["cohorts"][0]["runs"]}
    assert (runs["profile"]["status"], runs["profile"]["finished_at"]) == ("died", None)
    assert "died" in status_in_words(known, lease=0.1)
    assert everything(known_engine) == before


def asked(shell: Shell, lease: float = 60) -> dict[str, Any]:
    process = shell.letterboxd("status", "--json", LEASE_SECONDS=lease)
    assert_ended(process, 0)
    printed: dict[str, Any] = json.loads(process.stdout)
    return printed


def status_in_words(shell: Shell, lease: float = 60) -> str:
    process = shell.letterboxd("status", LEASE_SECONDS=lease)
    assert_ended(process, 0)
    return process.stdout


def wait_for(condition: Callable[[], Any], seconds: float = 30) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := condition():
            return answer
        time.sleep(0.2)
    pytest.fail("it never came")


# --- the command ---

KEYS = {
    "members": "ok private gone read never_read oldest newest",
    "films": "films ratings complete due waiting need_key tmdb_oldest tmdb_ageing",
    "due": "members audits",
    "rankings": "strategy computed_at outdated",
    "runs": "spider status shards started_at finished_at requests rows_changed failures",
}


def test_programs_find_what_they_know(crawled_engine: sa.Engine, capsys: pytest.CaptureFixture[str]) -> None:
    furnish(crawled_engine)
    before = everything(crawled_engine)
    assert run(["status", "--json", "--db-url", address(crawled_engine)]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert list(printed) == ["at", "cohorts", "running", "failures"]
    assert datetime.fromisoformat(printed["at"])
    friends = printed["cohorts"][0]
    assert list(friends) == ["cohort", "members", "films", "due", "failures", "rankings", "runs"]
    for name, keys in KEYS.items():
        value = friends[name]
        assert list(value[0] if isinstance(value, list) else value) == keys.split()
    assert run(["status", "--db-url", address(crawled_engine)]) == 0
    assert everything(crawled_engine) == before


def test_people_read_it_in_a_few_lines(
    crawled_engine: sa.Engine, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    furnish(crawled_engine)
    monkeypatch.setenv("LETTERBOXD_NOW", (datetime.now(UTC) + 3 * HOUR).isoformat())
    assert run(["status", "--cohort", "friends", "--db-url", address(crawled_engine)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "friends"
    assert lines[1] == "  members   10 ok (10 read, none never read), 1 private, 1 gone"
    # The crawl was made when the first test asked for it.
    assert re.fullmatch("  data      as of [34] hours ago", lines[2])
    assert lines[4].startswith("  rankings  bayesian ")
    # Where midnight was in these three hours, somebody more.
    assert re.match(r"  due       (1 member|2 members) to read at least; \d+ films to enrich", lines[5])
    assert "nothing runs now" in lines
    assert max(map(len, lines)) <= 200


@on_sqlite
def test_what_cannot_be_told_is_one_line(shell: Shell, tmp_path: Path) -> None:
    empty = shell.letterboxd("status")
    assert_ended(empty, 0)
    assert "there is no cohort yet" in empty.stderr
    unknown = shell.letterboxd("status", "--cohort", "foes")
    assert_ended(unknown, 2)
    assert "there is no cohort yet" in unknown.stderr
    missing = shell.letterboxd("status", DATABASE_URL=f"sqlite:///{tmp_path / 'missing.db'}")
    assert_ended(missing, 2)
    assert "no database" in missing.stderr
    assert not (tmp_path / "missing.db").exists()
