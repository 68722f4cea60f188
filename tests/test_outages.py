"""A database that goes away for a moment costs a crawl nothing; the long form is `benchmarks.outages`."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from benchmarks.outages import left_over
from tests.conftest import Shell, assert_ended, on_postgresql, stored_facts
from tests.enriched import assert_true, looked_at
from tests.site import Fault, Site

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
