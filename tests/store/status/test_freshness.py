"""How old a circle's data are, as the commands say it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.items.sources import UNDATED, Service
from letterboxd_scraper.store.crawl_state import runs
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.schema import film_rankings, films, user_scrape_state, users
from letterboxd_scraper.store.status.freshness import Freshness, of_cohort
from tests.conftest import Shell, assert_ended, on_both
from tests.store.rows import add_cohort
from tests.store.told import IMPORTED, at, rated, tell

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def fresh(engine: sa.Engine) -> Freshness:
    with engine.connect() as connection:
        return of_cohort(connection, cohorts.find(connection, "friends"), "bayesian")


def test_nobody_read_is_said_so(known_engine: sa.Engine) -> None:
    ages = fresh(known_engine)
    assert (ages.members, ages.read, ages.oldest, ages.ranked_at) == (12, 0, None, None)
    assert ages.in_words(NOW) == "none of 12 members read yet, not ranked"


def test_a_member_is_as_old_as_the_last_that_was_told_of_them(crawled_engine: sa.Engine) -> None:
    """Who are gone or private are not waited for; equal counts say that nothing has changed."""
    hours = [NOW - timedelta(hours=number) for number in range(10)]
    with crawled_engine.begin() as connection:
        times = {"last_full_scrape_at": hours[9], "last_incremental_scrape_at": hours[8]}
        unmoved = {"films_count": 5, "likes_count": 5, "crawled_films_count": 5, "crawled_likes_count": 5}
        connection.execute(users.update().values(times | unmoved | {"counts_seen_at": hours[7]}))
        connection.execute(user_scrape_state.update().values(complete_as_of=hours[9]))
        film = connection.scalar(sa.select(films.c.id).limit(1))
        cohort = cohorts.find(connection, "friends").id
        row = {"cohort_id": cohort, "strategy": "bayesian", "film_id": film, "score": 4.0, "rank": 1}
        connection.execute(film_rankings.insert().values(row | {"params": {}, "computed_at": hours[1]}))
    ages = fresh(crawled_engine)
    assert (ages.members, ages.read) == (10, 10)  # of twelve, one is gone and one is private
    assert (ages.oldest, ages.newest) == (hours[7], hours[7])
    assert ages.in_words(NOW) == "10 of 10 members as of 7 hours ago, ranked an hour ago"
    with crawled_engine.begin() as connection:
        one = users.c.letterboxd_username == "marla"
        connection.execute(users.update().where(one).values(films_count=6))
        connection.execute(users.update().where(~one).values(counts_seen_at=hours[2]))
    assert fresh(crawled_engine).oldest == hours[8]  # her counts have moved: what is stored is older
    assert fresh(crawled_engine).newest == hours[2]


def test_what_archives_told_counts(crawled_engine: sa.Engine) -> None:
    with crawled_engine.begin() as connection:
        never = {"last_full_scrape_at": None, "last_incremental_scrape_at": None, "counts_seen_at": None}
        connection.execute(users.update().values(never))
        connection.execute(user_scrape_state.update().values(complete_as_of=NOW, run=None))
    assert fresh(crawled_engine).newest == NOW


@on_both
def test_a_file_without_dates_is_as_old_as_its_import(engine: sa.Engine) -> None:
    of_service: dict[str, Any] = {"complete": False, "service": Service.TABLE}
    with engine.begin() as connection:
        tell(connection, replace(rated(4.0, 0, **of_service), as_of=UNDATED))
        add_cohort(connection, "friends", ["ada"])
    assert fresh(engine).newest == IMPORTED.at
    with engine.begin() as connection:
        tell(connection, rated(3.5, 7, **of_service))
    assert fresh(engine).newest == at(7)


def test_whom_a_crawl_did_not_read_to_the_end_is_not_read(crawled_engine: sa.Engine) -> None:
    """Their ratings may have been read; how many were read is the same in the crawl's words and here."""
    with crawled_engine.begin() as connection:
        never = {
            "last_full_scrape_at": None,
            "last_incremental_scrape_at": None,
            "last_full_scrape_run": None,
        }
        connection.execute(users.update().where(users.c.letterboxd_username == "marla").values(never))
        cohort = cohorts.find(connection, "friends")
        done, members = runs.members_done(connection, cohort.id, cohort.label)
    assert members - done == 1
    assert fresh(crawled_engine).members - fresh(crawled_engine).read == 1


def test_each_command_says_what_changed_how_old_it_is_and_what_next(crawled: Shell) -> None:
    ranked = crawled.letterboxd("rank", "compute", "--cohort", "friends", "--strategy", "wilson")
    assert_ended(ranked, 0)
    assert "now: letterboxd rank show --cohort friends --strategy wilson" in ranked.stderr
    printed = crawled.letterboxd("rank", "show", "--cohort", "friends", "--strategy", "wilson")
    assert_ended(printed, 0)
    assert "friends: 10 of 10 members as of " in printed.stderr
    assert ", ranked a moment ago" in printed.stderr
    refreshed = crawled.letterboxd("scrape", "--cohort", "friends", "--full")
    assert_ended(refreshed, 0)
    assert "12 of 12 members read. This time: members: 10 read in full, 2 gone or private" in refreshed.stderr
    assert "friends: now: letterboxd rank compute --cohort friends" in refreshed.stderr
