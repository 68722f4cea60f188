"""Spark on exported files, against the database. `make test-spark` installs Spark and runs this."""

import os
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from letterboxd_scraper.cli.main import run
from ranking.engines.base import opened
from tests.conftest import on_sqlite
from tests.ranking.engines.engines import CLOSED, NOW, TIED, assert_all_agree, exported, fill
from tests.ranking.engines.test_engines import ODD

if not os.environ.get("SPARK_TESTS"):
    pytest.skip("`make test-spark` runs these", allow_module_level=True)

# Spark takes seconds for each query, most of them for compiling it.
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="session", autouse=True)
def two_threads() -> Iterator[None]:
    """One Spark for all tests, which the engine finds running."""
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.ui.showConsoleProgress", "false")
    spark = (
        builder.config("spark.sql.shuffle.partitions", "4").config("spark.log.level", "ERROR").getOrCreate()
    )
    yield
    spark.stop()


def test_spark_ranks_as_the_database_does(engine: sa.Engine, tmp_path: Path) -> None:
    cohort = fill(engine)
    export = exported(engine, cohort, tmp_path / ODD)
    with opened("spark", export) as running:
        assert_all_agree(engine, cohort, running, export)


@on_sqlite
def test_the_command_ranks_with_spark(
    engine: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    exported(engine, fill(engine), tmp_path)
    monkeypatch.setenv("LETTERBOXD_NOW", NOW.isoformat())
    words = ["rank", "compute", "--cohort", "friends", "--strategy", "all", "--engine", "spark"]
    assert run([*words, "--data", str(tmp_path)]) == 0
    told = capsys.readouterr().err
    for name in CLOSED:
        assert f"films ranked with spark, written to {tmp_path}/rankings/{name}.parquet" in told
    slugs = pq.read_table(tmp_path / "rankings" / "wilson.parquet")["slug"].to_pylist()
    assert [slug for slug in slugs if slug in TIED] == TIED
