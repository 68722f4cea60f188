"""What do the closed forms cost on DuckDB, beside SQLite? ``python -m benchmarks.engines_speed``."""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import pyarrow.parquet as pq
import sqlalchemy as sa

from benchmarks.circles import LABEL, NOW, Distribution, invented, real
from benchmarks.crawls import ROOT
from benchmarks.ranking_speed import Circle, Cost, Ranking, agree, circle
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.schema import changed_facts, film_rankings
from ranking.parquet import export as parquet

ALL = ["benchmarks.closed_forms", "compute", "--cohort", LABEL, "--strategy", "all", "--quiet"]
# An address at which nothing can be made: DuckDB must do without.
_NO_DATABASE = "sqlite:////dev/null/none.db"


@dataclass
class Costs:
    """What the runs took: SQLite with the statistics counted anew and without, and DuckDB on files.

    ``export`` are the seconds that it took to write the files, once.
    """

    export: float
    anew: Cost = field(default_factory=Cost)
    as_is: Cost = field(default_factory=Cost)
    duckdb: Cost = field(default_factory=Cost)

    def line(self, ratings: int) -> str:
        seconds = [median(cost.seconds) for cost in (self.anew, self.as_is, self.duckdb)]
        ratios = [ratio(self.duckdb, other) for other in (self.anew, self.as_is)]
        return (
            f"{ratings:>12,}{self.export:>10.1f}"
            + "".join(f"{value:>10.1f}" for value in seconds)
            + "".join(f"{value:>10.2f}" for value in ratios)
            + f"{max(self.anew.memory):>10.0f}{max(self.duckdb.memory):>10.0f}"
        )


HEAD = (
    f"{'ratings':>12}{'export, s':>10}{'SQLite':>10}{'no refr.':>10}{'DuckDB':>10}"
    f"{'ratio':>10}{'no refr.':>10}{'SQLite MB':>10}{'DuckDB MB':>10}"
)


def ratio(one: Cost, other: Cost) -> float:
    """Return how many times as long ``one`` took, by the median of the pairs."""
    return median(mine / theirs for mine, theirs in zip(one.seconds, other.seconds, strict=True))


def compare(made: Circle, folder: Path, repeat: int) -> Costs:
    """Export a circle from SQLite and let the three take turns. The two engines must agree."""
    costs = Costs(_export(made, folder))
    url = made.engine.url.render_as_string(hide_password=False)
    for _ in range(repeat):
        _mark(made.engine)
        _run(ALL, url, costs.anew)
        _run(ALL, url, costs.as_is)
        _run([*ALL, "--engine", "duckdb", "--data", str(folder)], _NO_DATABASE, costs.duckdb)
        agree(_stored(made.engine), _written(folder))
    return costs


def _export(made: Circle, folder: Path) -> float:
    with made.engine.connect() as connection:
        cohort = cohorts.find(connection, LABEL)
    begun = time.monotonic()
    parquet.export(made.engine, cohort, folder, NOW, names=False)
    return time.monotonic() - begun


def _run(command: Sequence[str], url: str, cost: Cost) -> None:
    environment = {"DATABASE_URL": url, "LETTERBOXD_NOW": NOW.isoformat(), "PYTHONPATH": str(ROOT)}
    with tempfile.NamedTemporaryFile("r") as report:
        whole = [sys.executable, "-m", "benchmarks.metered", report.name, *command]
        begun = time.monotonic()
        subprocess.run(whole, env=os.environ | environment, check=True)
        cost.seconds.append(time.monotonic() - begun)
        cost.memory.append(float(report.read()))


def _mark(engine: sa.Engine) -> None:
    """Have the statistics counted anew, as if a rating had changed."""
    with engine.begin() as connection:
        connection.execute(changed_facts.delete())
        connection.execute(changed_facts.insert().values(id=0))


def _stored(engine: sa.Engine) -> Ranking:
    r = film_rankings.c
    with engine.connect() as connection:
        rows = connection.execute(sa.select(r.strategy, r.film_id, r.rank, r.score))
        return {(strategy, film): (rank, score) for strategy, film, rank, score in rows}


def _written(folder: Path) -> Ranking:
    places: Ranking = {}
    for file in folder.glob("rankings/*.parquet"):
        table = pq.read_table(file, columns=["film_id", "rank", "score"])
        for film, rank, score in zip(*(column.to_pylist() for column in table.columns), strict=True):
            places[file.stem, film] = (rank, score)
    return places


def measure(site: Distribution, ratings: int, repeat: int) -> Costs:
    """Make a circle of so many ratings in SQLite, and compare on it."""
    with (
        circle("sqlite", site, ratings) as made,
        tempfile.TemporaryDirectory(prefix="bench") as folder,
    ):
        return compare(made, Path(folder), repeat)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engines_speed", description=__doc__)
    parser.add_argument("--ratings", type=int, nargs="+", default=[1_000_000], help="in the cohort")
    parser.add_argument("--data", metavar="DIR", help="draw from real ratings: ratings.parquet")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each (%(default)s)")
    chosen = parser.parse_args()
    site = real(chosen.data) if chosen.data else invented()
    print(HEAD, flush=True)
    for ratings in chosen.ratings:
        print(measure(site, ratings, chosen.repeat).line(ratings), flush=True)


if __name__ == "__main__":
    main()
