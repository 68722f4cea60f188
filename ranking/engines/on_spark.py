"""Spark on an export's Parquet files: on this machine, or where Spark's own configuration says."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.store.statistics import statistics_query
from ranking.engines.java import java_problem
from ranking.engines.translate import SPARK, translate
from ranking.engines.views import VIEWS
from ranking.parquet.folder import Export

_SETTINGS = {
    "spark.app.name": "letterboxd ranking",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    # Films are some thousands of rows; Spark's 200 parts are meant for more.
    "spark.sql.shuffle.partitions": "8",
}


class OnSpark:
    """An engine (see `ranking.engines.base`); the statistics are counted when they are first needed."""

    def __init__(self, spark: Any, export: Export) -> None:
        self._spark = spark
        spark.conf.set("spark.sql.session.timeZone", "UTC")
        for view in VIEWS:
            files = spark.read.parquet(_literal(export.file(view.file)))
            files.selectExpr(*view.selected).createOrReplaceTempView(view.name)
        statistics = spark.sql(translate(statistics_query(), SPARK))
        statistics.cache().createOrReplaceTempView("cohort_film_stats")
        self._statistics = statistics

    def table(self, query: sa.Select[Any]) -> pa.Table:
        """Return the rows of a query on the store's tables."""
        return self._spark.sql(translate(query, SPARK)).toArrow()

    def close(self) -> None:
        """Let the statistics go."""
        self._statistics.unpersist()


@contextmanager
def opened(export: Export) -> Iterator[OnSpark]:
    """Open a session of the Spark that runs in this process, or start one and stop it at the end.

    Raises InputError if there is no Java that Spark could run on.
    """
    from pyspark.sql import SparkSession  # an extra, which `spark` alone installs

    running = SparkSession.getActiveSession()
    if running is None and (problem := java_problem()):
        raise InputError(problem)
    spark = running or _started()
    try:
        engine = OnSpark(spark.newSession(), export)
        yield engine
        engine.close()
    finally:
        if running is None:
            spark.stop()


def _started() -> Any:
    from pyspark.sql import SparkSession

    builder = SparkSession.builder
    for name, value in _SETTINGS.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def _literal(file: Path) -> str:
    """Return a file's address, in which nothing is a pattern."""
    return "file://" + re.sub(r"([\\\[\]{}*?])", r"\\\1", str(file))
