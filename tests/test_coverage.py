"""A change of markup in a tenth of the tiles ends a crawl, is named, and is learnt by none."""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import pytest
import sqlalchemy as sa

from letterboxd_scraper.store.crawl_state import coverage
from letterboxd_scraper.store.engine import read_transaction
from letterboxd_scraper.store.schema import scrape_runs
from tests.conftest import Shell, assert_ended, on_sqlite
from tests.site import FEW, own_world
from tests.test_removals import MovingSite


@pytest.fixture
def site() -> Iterator[MovingSite]:
    site = MovingSite(own_world(follows=FEW))
    with site:
        yield site


@on_sqlite
def test_markup_that_changes_in_a_tenth_of_the_tiles_is_named(
    crawled: Shell, site: MovingSite, crawled_engine: sa.Engine
) -> None:
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
