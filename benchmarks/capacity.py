"""What would many circles take? ``python -m benchmarks.capacity --cohorts 200 --members 100``.

Measures one circle on PostgreSQL, its size and how long its rankings take (also on Spark, where that is
installed), and multiplies. What a night asks of the site is what `benchmarks.nights` measured.
"""

import argparse
import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from statistics import median

import sqlalchemy as sa

from benchmarks.circles import LABEL, NOW, Distribution, invented, load, real
from benchmarks.crawls import ROOT
from benchmarks.ranking_speed import empty_database
from letterboxd_scraper.store import migrate
from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.urls import FILMS_PER_PAGE

LIKES_PAGES = 2  # of a member's likes that a full crawl reads, about
AUDIT = 2  # requests: a profile, and a page of likes
AUDIT_DAYS = 30
NIGHTS_A_MONTH = 28  # on which full crawls can be spread

COMPUTE = [sys.executable, "-m", "letterboxd_scraper", "--quiet", "rank", "compute", "--cohort", LABEL]


@dataclass(frozen=True)
class Plan:
    """How many circles there are, how large, and what one member costs in a night without an audit."""

    cohorts: int
    members: int
    ratings: int
    requests: float

    @property
    def everybody(self) -> int:
        return self.cohorts * self.members

    def nightly(self) -> list[tuple[str, float]]:
        """Return how many requests a night takes, by what for."""
        full = 1 + ceil(self.ratings / FILMS_PER_PAGE) + LIKES_PAGES
        return [
            (f"what has changed: {self.requests:g} a member", self.everybody * self.requests),
            (f"audits: {AUDIT} a member in {AUDIT_DAYS} days", self.everybody * AUDIT / AUDIT_DAYS),
            (
                f"full crawls: {full} a member and month, over {NIGHTS_A_MONTH} nights",
                self.everybody * full / NIGHTS_A_MONTH,
            ),
        ]


@dataclass(frozen=True)
class Measured:
    """One circle: the database's size in bytes beyond an empty one, and seconds for all its rankings."""

    ratings: int
    films: int
    size: int
    postgresql: float
    spark: float | None


def measure(site: Distribution, ratings: int, repeat: int) -> Measured:
    with empty_database("postgresql") as url, tempfile.TemporaryDirectory(prefix="bench") as folder:
        engine = make_engine(url)
        migrate.upgrade(engine)
        empty = _size(engine)
        load(engine, site, ratings)
        environment = {"DATABASE_URL": url, "LETTERBOXD_NOW": NOW.isoformat()}
        ours = _seconds([*COMPUTE, "--strategy", "all"], environment, repeat)
        size = _size(engine) - empty
        with engine.connect() as connection:
            films = connection.scalar(sa.text("SELECT count(DISTINCT film_id) FROM ratings")) or 0
        engine.dispose()
        spark = _on_spark(Path(folder), environment, repeat) if importlib.util.find_spec("pyspark") else None
        return Measured(ratings, films, size, ours, spark)


def _size(engine: sa.Engine) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(sa.text("SELECT pg_database_size(current_database())")) or 0)


def _on_spark(folder: Path, environment: dict[str, str], repeat: int) -> float:
    export = [sys.executable, "-m", "letterboxd_scraper", "--quiet", "export", "parquet"]
    subprocess.run(
        [*export, "--cohort", LABEL, "--output", str(folder)], env=os.environ | environment, check=True
    )
    return _seconds(
        [*COMPUTE, "--engine", "spark", "--data", str(folder), "--strategy", "all"], environment, repeat
    )


def _seconds(command: Sequence[str], environment: dict[str, str], repeat: int) -> float:
    """Return the median time that a command takes, its start included."""
    taken = []
    for _ in range(repeat):
        begun = time.monotonic()
        subprocess.run(command, cwd=ROOT, env=os.environ | environment, check=True, stderr=subprocess.DEVNULL)
        taken.append(time.monotonic() - begun)
    return median(taken)


def told(plan: Plan, measured: Measured) -> list[str]:
    """Return the arithmetic, line by line."""
    nightly = plan.nightly()
    total = sum(requests for _, requests in nightly)
    rows = plan.everybody * plan.ratings
    lines = [f"{plan.cohorts} circles of {plan.members} members, {plan.ratings} ratings each"]
    lines += [f"  {requests:>12,.0f} requests a night   {what}" for what, requests in nightly]
    lines += [f"  {total:>12,.0f} requests a night   {total / 3600:.1f} hours at one a second"]
    lines += [f"  {rows:>12,} rows of ratings, if nobody is in two circles"]
    a_rating = measured.size / measured.ratings
    lines += [
        f"  {rows * a_rating / 1e9:>12.1f} GB: {a_rating:.0f} bytes a rating, statistics and rankings too"
    ]
    for engine, seconds in (("PostgreSQL", measured.postgresql), ("Spark", measured.spark)):
        if seconds is not None:
            minutes = plan.cohorts * seconds / 60
            lines += [f"  {minutes:>12.0f} minutes of ranking on {engine}: {seconds:.1f} s a circle"]
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.capacity", description=__doc__)
    parser.add_argument("--cohorts", type=int, default=200, help="how many (%(default)s)")
    parser.add_argument("--members", type=int, default=100, help="of each (%(default)s)")
    parser.add_argument("--ratings", type=int, default=600, help="of each member (%(default)s)")
    parser.add_argument("--requests", type=float, default=0.56, help="a member and night (%(default)s)")
    parser.add_argument("--data", metavar="DIR", help="draw from real ratings: ratings.parquet")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each (%(default)s)")
    chosen = parser.parse_args()
    site = replace(real(chosen.data) if chosen.data else invented(), sizes=[chosen.ratings])
    plan = Plan(chosen.cohorts, chosen.members, chosen.ratings, chosen.requests)
    measured = measure(site, chosen.members * chosen.ratings, chosen.repeat)
    print(
        f"one circle, measured: {measured.ratings:,} ratings of {measured.films:,} films, "
        f"{measured.size / 1e6:.0f} MB"
    )
    print("\n".join(told(plan, measured)))


if __name__ == "__main__":
    main()
