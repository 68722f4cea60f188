"""Fifteen members with real ratings, where the variable RATINGS_DATA names the folder that holds them.

The folder has `ratings.parquet` and `films.parquet`: see `tests/site/data.py`.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.conftest import Shell, assert_ended, stored_facts
from tests.site import Site, parquet_world
from tests.spiders.test_crawl import expected_requests, noted_writes, watch_writes

FOLDER = Path(os.environ.get("RATINGS_DATA") or "missing")
MEMBERS = 15

if not (FOLDER / "ratings.parquet").exists():
    pytest.skip("RATINGS_DATA names no folder with ratings.parquet", allow_module_level=True)


@pytest.fixture
def site() -> Iterator[Site]:
    with Site(parquet_world(FOLDER, members=MEMBERS)) as site:
        yield site


def test_real_members_equal_the_site_and_a_second_run_writes_nothing(
    shell: Shell, site: Site, engine: sa.Engine
) -> None:
    seed = site.world.seed
    assert_ended(shell.scrapy("follow_graph", seed=seed, label="real"), 0)
    assert len(site.log) == 1 + 1  # robots.txt, and fourteen people on a page of 25
    site.clear_log()
    assert_ended(shell.scrapy("profile", cohort="real"), 0)
    assert stored_facts(engine) == site.world.truth(site.world.circle(seed))
    assert len(site.log) == expected_requests(site.world, seed)
    watch_writes(engine)
    assert_ended(shell.scrapy("follow_graph", cohort="real"), 0)
    assert_ended(shell.scrapy("profile", cohort="real"), 0)
    assert noted_writes(engine) == []
