"""A change of markup in a tenth of the tiles ends a crawl, is named, and is learnt by none."""

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import pytest
import sqlalchemy as sa

from letterboxd_scraper.store.crawl_state import coverage
from letterboxd_scraper.store.engine import read_transaction
from letterboxd_scraper.store.schema import scrape_runs
from tests.conftest import Shell, assert_ended, on_sqlite
from tests.site import FEW, Fault, own_world
from tests.spiders.test_removals import MovingSite


@pytest.fixture
def site() -> Iterator[MovingSite]:
    site = MovingSite(own_world(follows=FEW))
    with site:
        yield site


def spoil(site: MovingSite) -> None:
    """Take the number away from each tenth tile on the lists of films."""
    places = count()
    site.after = lambda path, answer: replace(
        answer,
        body=re.sub(
            "data-postered-identifier=",
            lambda match: "data-identity=" if next(places) % 10 == 0 else match[0],
            answer.body,
        )
        if "/films/" in path
        else answer.body,
    )


@on_sqlite
def test_no_begun_pause_is_waited_for_when_a_crawl_is_stopped(crawled: Shell, site: MovingSite) -> None:
    spoil(site)
    site.faults.add(Fault("status", "/[^/]*/", times=1, code=500, retry_after=120))
    began = time.monotonic()
    process = crawled.scrapy("profile", "-s", "CONCURRENT_REQUESTS=4", cohort="friends")
    assert_ended(process, 3)
    assert "the parser of rated films found no lid in" in process.stderr
    assert time.monotonic() - began < 100


@on_sqlite
def test_markup_that_changes_in_a_tenth_of_the_tiles_is_named(
    crawled: Shell, site: MovingSite, crawled_engine: sa.Engine
) -> None:
    spoil(site)
    with read_transaction(crawled_engine) as connection:
        usual = coverage.load(connection)
    assert usual["rated films", "lid"].entries > 500
    process = crawled.scrapy("profile", cohort="friends")
    assert_ended(process, 3)
    assert "the parser of rated films found no lid in" in process.stderr
    with read_transaction(crawled_engine) as connection:
        last = connection.execute(sa.select(scrape_runs).order_by(scrape_runs.c.id.desc()).limit(1)).one()
        assert (last.status, "rated films found no lid" in last.notes) == ("failures", True)
        assert coverage.load(connection) == usual
    site.after = lambda path, answer: answer
    assert_ended(crawled.scrapy("profile", cohort="friends"), 0)
