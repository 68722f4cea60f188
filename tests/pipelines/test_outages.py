"""A database that goes away for a moment costs a crawl nothing, and one that is frozen costs no other.

The long form is `python -m benchmarks.outages`.
"""

import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from benchmarks.frozen import freeze
from benchmarks.outages import left_over
from letterboxd_scraper.store.schema import cohort_members, scrape_runs, users
from tests.conftest import Names, Shell, assert_ended, on_postgresql, on_sqlite, stored_facts
from tests.enriched import assert_true, looked_at
from tests.held_site import HeldSite
from tests.site import Fault, Site, own_world


@pytest.fixture
def site(friends: Names) -> Iterator[HeldSite]:
    site = HeldSite(own_world(follows=friends))
    with site:
        yield site


OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


def interrupt(engine: sa.Engine, server: str, when: Callable[[], bool]) -> None:
    """Take the database away for a second as soon as a condition holds."""
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    deadline = time.monotonic() + 60
    while not when():
        assert time.monotonic() < deadline, "the crawl does not get there"
        time.sleep(0.01)
    with engine.connect() as connection, admin.connect() as outside:
        outside.exec_driver_sql(f"ALTER DATABASE {engine.url.database} WITH ALLOW_CONNECTIONS false")
        connection.exec_driver_sql(f"SELECT pg_terminate_backend(pid, 5000) {OTHERS}")
        time.sleep(1)
        outside.exec_driver_sql(f"ALTER DATABASE {engine.url.database} WITH ALLOW_CONNECTIONS true")


@on_postgresql
@pytest.mark.parametrize("delay", ["0", "0.02"])  # with a shared pace, each request asks the database, too
def test_a_crawl_of_members_waits_for_its_database(
    known: Shell, site: Site, known_engine: sa.Engine, postgres_server: str, delay: str
) -> None:
    site.faults.replace([Fault("slow", seconds=0.02)])
    with ThreadPoolExecutor() as pool:
        outage = pool.submit(interrupt, known_engine, postgres_server, lambda: len(site.log) > 12)
        options = ("-s", f"DOWNLOAD_DELAY={delay}")
        assert_ended(known.scrapy("profile", *options, cohort="friends"), 0)
        outage.result()
    assert stored_facts(known_engine) == site.world.truth(site.world.circle("marla"))
    paths = [hit.path for hit in site.log]
    assert len(paths) == len(set(paths)), "what was fetched is kept"
    assert list(left_over(known_engine)) == []


@on_postgresql
def test_a_crawl_of_films_waits_and_throws_no_answer_away(
    crawled: Shell, site: Site, crawled_engine: sa.Engine, postgres_server: str
) -> None:
    site.clear_log()
    with ThreadPoolExecutor() as pool:
        outage = pool.submit(interrupt, crawled_engine, postgres_server, lambda: len(site.log) > 12)
        assert_ended(crawled.scrapy("film", cohort="friends", limit=12, histograms="true"), 0)
        outage.result()
    assert_true(site, looked_at(crawled_engine))
    assert len(looked_at(crawled_engine)) == 12
    assert list(left_over(crawled_engine)) == []


@on_postgresql
def test_a_job_that_begins_while_its_database_is_away_waits(
    crawled: Shell, crawled_engine: sa.Engine, postgres_server: str
) -> None:
    with ThreadPoolExecutor() as pool:
        outage = pool.submit(interrupt, crawled_engine, postgres_server, lambda: True)
        while "not currently accepting" not in crawled.letterboxd("cohort", "list").stderr:
            assert not outage.done()
        assert_ended(crawled.letterboxd("rank", "compute", "--cohort", "friends"), 0)
        outage.result()


@on_postgresql
def test_a_crawl_that_is_frozen_amid_a_transaction_keeps_nobody_from_its_work(
    known: Shell, site: Site, known_engine: sa.Engine
) -> None:
    sleeper = known.start("scrapy", "crawl", "profile", "-a", "cohort=friends", LEASE_SECONDS=1)
    assert freeze(known_engine, sleeper)
    assert_ended(known.scrapy("profile", cohort="friends"), 0)
    assert stored_facts(known_engine) == site.world.truth(site.world.circle("marla"))
    sleeper.send_signal(signal.SIGCONT)
    _, told = sleeper.communicate()
    assert (sleeper.returncode, "Traceback" in told) == (0, False), told
    assert stored_facts(known_engine) == site.world.truth(site.world.circle("marla"))
    assert list(left_over(known_engine)) == []


@on_sqlite
def test_a_crawl_that_was_taken_for_dead_stores_nothing_over_the_one_that_did_its_work(
    known: Shell, site: HeldSite, known_engine: sa.Engine
) -> None:
    answer = site.hold("/marla/following/")  # and so tells who was followed then
    with ThreadPoolExecutor() as pool:
        sleeper = pool.submit(known.scrapy, "follow_graph", "-s", "LEASE_SECONDS=600", cohort="friends")
        assert answer.asked.wait(60)
        with known_engine.begin() as connection:
            long_ago = datetime.now(UTC) - timedelta(hours=1)
            connection.execute(scrape_runs.update().values(seen_at=long_ago))
        site.world.follow("marla", "zuzu")
        assert_ended(known.scrapy("follow_graph", cohort="friends"), 0)
        answer.sent.set()
        assert_ended(sleeper.result(), 130)
    assert "another crawl does the same by now" in sleeper.result().stderr
    with known_engine.connect() as connection:
        members = sa.select(users.c.letterboxd_username).join(cohort_members)
        assert set(connection.scalars(members)) == set(site.world.circle("marla"))
        runs = sa.select(scrape_runs.c.status).order_by(scrape_runs.c.id.desc()).limit(2)
        assert connection.scalars(runs).all() == ["finished", "interrupted"]
