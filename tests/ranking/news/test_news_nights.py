"""Seven nights of which is written what is news: all of it is told, and nothing else."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from benchmarks.news_nights import play
from tests.conftest import on_sqlite
from tests.test_benchmarks import crawl_here


@pytest.mark.slow
@on_sqlite
def test_all_that_is_new_is_told_and_nothing_else(engine: sa.Engine, tmp_path: Path) -> None:
    told = play(engine, tmp_path, crawl_here)
    assert (told.precision, told.recall) == (1, 1), told
