"""Nights of delta crawls that were killed or blocked: the next one goes on with them."""

import time
from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest
import sqlalchemy as sa

from letterboxd_scraper.store.schema import scrape_runs
from tests.conftest import Names, Shell, assert_ended, on_sqlite, stored_facts
from tests.held_site import HeldSite
from tests.site import Fault, Site, own_world
from tests.spiders.test_when_rated import (
    CHANGES,
    TONIGHT,
    asked,
    night,
    rated_film,
    somebody,
    truth,
    unseen_film,
)


@pytest.fixture
def site(friends: Names) -> Iterator[HeldSite]:
    site = HeldSite(own_world(follows=friends))
    with site:
        yield site


@on_sqlite
def test_a_night_that_was_killed_goes_on(crawled: Shell, site: HeldSite, crawled_engine: sa.Engine) -> None:
    for change in CHANGES:
        change(site.world)
    options = ["-s", f"LETTERBOXD_NOW={TONIGHT.isoformat()}"]
    assert_ended(crawled.scrapy("follow_graph", *options, cohort="friends"), 0)
    site.clear_log()
    last = max(somebody(site.world, number) for number in range(len(CHANGES)))
    kill_when_asked(crawled, site, f"/{last}/", options)
    assert stored_facts(crawled_engine) != truth(site)
    before = set(asked(site)) - {f"/{last}/"}
    site.clear_log()
    assert_ended(crawled.scrapy("when_rated", *options, cohort="friends"), 0)
    assert stored_facts(crawled_engine) == truth(site)
    # Whoever was finished is not read again, but the one on no listing, and those whose end was in the works.
    assert len(before) > 5
    again = {path.split("/")[1] for path in before & set(asked(site))}
    assert len(again - {"marla"}) <= 2


def kill_when_asked(shell: Shell, site: HeldSite, path: str, options: Sequence[str]) -> None:
    """Kill a night that waits for a page."""
    answer = site.hold(path)
    crawl = shell.start("scrapy", "crawl", "when_rated", "-a", "cohort=friends", *options)
    assert answer.asked.wait(60)
    crawl.kill()
    crawl.wait()
    answer.sent.set()


@on_sqlite
def test_a_kill_between_a_lost_rating_and_the_likes_hides_no_like(
    crawled: Shell, site: HeldSite, crawled_engine: sa.Engine
) -> None:
    name = somebody(site.world, 0)
    gone = rated_film(site.world, name, liked=True)
    site.world.unwatch(name, gone)
    site.world.unlike(name, gone)
    site.world.like(name, unseen_film(site.world, name))  # the likes are as many as before
    options = ["-s", f"LETTERBOXD_NOW={TONIGHT.isoformat()}"]
    assert_ended(crawled.scrapy("follow_graph", *options, cohort="friends"), 0)
    answer = site.hold(f"/{name}/likes/films/")
    crawl = crawled.start("scrapy", "crawl", "when_rated", "-a", "cohort=friends", *options)
    assert answer.asked.wait(60)
    while (name, gone, None, True, False) not in stored_facts(crawled_engine):
        time.sleep(0.02)
    crawl.kill()
    crawl.wait()
    answer.sent.set()
    assert_ended(crawled.scrapy("when_rated", *options, cohort="friends"), 0)
    assert stored_facts(crawled_engine) == truth(site)


def test_a_blocked_night_keeps_what_it_read_and_goes_on(
    crawled: Shell, site: Site, crawled_engine: sa.Engine
) -> None:
    for change in CHANGES:
        change(site.world)
    site.faults.add(Fault("block", path=r"/(?!robots|marla/following)[^/]+/.*", after=7))
    assert "Blocked:" in night(crawled, code=4)
    with crawled_engine.connect() as connection:
        assert "blocked" in connection.scalars(sa.select(scrape_runs.c.status)).all()
    site.faults.clear()
    night(crawled, TONIGHT + timedelta(hours=2))
    assert stored_facts(crawled_engine) == truth(site)


@on_sqlite
def test_a_blocked_night_that_is_carried_on_a_day_later_is_another_night(
    crawled: Shell, site: Site, crawled_engine: sa.Engine
) -> None:
    for change in CHANGES:
        change(site.world)
    last = max(somebody(site.world, number) for number in range(len(CHANGES)))
    site.faults.add(Fault("block", path=f"/{last}/.*"))  # the seed has been read
    night(crawled, code=4)
    site.faults.clear()
    site.world.rate("marla", unseen_film(site.world, "marla"), 2.5)
    night(crawled, TONIGHT + timedelta(days=1))
    assert stored_facts(crawled_engine) == truth(site)
