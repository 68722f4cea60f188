"""What do the rankings cost, beside SQL written by hand? ``python -m benchmarks.ranking_speed``."""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median

import sqlalchemy as sa

from benchmarks.circles import LABEL, NOW, Distribution, invented, load, real
from benchmarks.crawls import ROOT
from letterboxd_scraper.store import migrate
from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.schema import changed_facts, film_rankings
from tests import postgres

KINDS = ("sqlite", "postgresql")
OURS = ["benchmarks.closed_forms", "compute", "--cohort", LABEL, "--strategy", "all", "--quiet"]
BY_HAND = ["benchmarks.ranking_by_hand"]
Ranking = dict[tuple[str, int], tuple[int, float]]


@dataclass
class Cost:
    """What the runs of one contender took, each a process of its own: seconds, those at work, peak MB."""

    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Circle:
    """A cohort of so many ratings in a database of one kind."""

    engine: sa.Engine
    ratings: int

    def compare(self, repeat: int) -> tuple[Cost, Cost]:
        """Let ours and the SQL written by hand run in turn; return what they cost. Both must agree."""
        ours, by_hand = Cost(), Cost()
        for _ in range(repeat):
            self.run(OURS, ours)
            first = self._ranking()
            self.run([*BY_HAND, self._url], by_hand)
            agree(first, self._ranking())
        return ours, by_hand

    def run(self, command: Sequence[str], cost: Cost) -> None:
        """Run a module, and add what it costs."""
        with self.engine.begin() as connection:  # as if a rating had changed
            connection.execute(changed_facts.delete())
            connection.execute(changed_facts.insert().values(id=0))
        environment = {"DATABASE_URL": self._url, "LETTERBOXD_NOW": NOW.isoformat(), "PYTHONPATH": str(ROOT)}
        with tempfile.NamedTemporaryFile("r") as report:
            whole = [sys.executable, "-m", "benchmarks.metered", report.name, *command]
            begun, at_work = time.monotonic(), _cpu_of_children()
            subprocess.run(whole, env=os.environ | environment, check=True)
            cost.seconds.append(time.monotonic() - begun)
            cost.cpu.append(_cpu_of_children() - at_work)
            cost.memory.append(float(report.read()))

    @property
    def _url(self) -> str:
        return self.engine.url.render_as_string(hide_password=False)

    def _ranking(self) -> Ranking:
        r = film_rankings.c
        with self.engine.connect() as connection:
            rows = connection.execute(sa.select(r.strategy, r.film_id, r.rank, r.score))
            return {(strategy, film): (rank, score) for strategy, film, rank, score in rows}


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def agree(one: Ranking, other: Ranking) -> None:
    """Raise AssertionError unless two rankings have the same ranks, and scores to 1e-9."""
    assert one, "nothing was ranked"
    assert one.keys() == other.keys()
    wrong = [key for key in one if one[key][0] != other[key][0] or abs(one[key][1] - other[key][1]) > 1e-9]
    assert not wrong, [(key, one[key], other[key]) for key in wrong[:5]]


@contextmanager
def circle(kind: str, site: Distribution, ratings: int) -> Iterator[Circle]:
    """Make a database of this kind with a cohort of so many ratings."""
    with empty_database(kind) as url:
        engine = make_engine(url)
        migrate.upgrade(engine)
        load(engine, site, ratings)
        yield Circle(engine, ratings)
        engine.dispose()


@contextmanager
def empty_database(kind: str) -> Iterator[str]:
    if kind == "sqlite":
        with tempfile.TemporaryDirectory(prefix="bench") as folder:
            yield f"sqlite:///{folder}/circle.db"
    else:
        with postgres.server() as server, postgres.database(server) as url:
            yield url


def line(kind: str, ratings: int, ours: Cost, by_hand: Cost) -> str:
    ratios = [mine / theirs for mine, theirs in zip(ours.seconds, by_hand.seconds, strict=True)]
    return (
        f"{kind:<12}{ratings:>12,}{median(ours.seconds):>10.1f}{median(by_hand.seconds):>10.1f}"
        f"{median(ratios):>8.2f}{min(ratios):>8.2f}{max(ratios):>8.2f}"
        f"{max(ours.memory):>9.0f}{max(by_hand.memory):>9.0f}"
    )


HEAD = (
    f"{'medians':<12}{'ratings':>12}{'ours, s':>10}{'by hand':>10}"
    f"{'ratio':>8}{'least':>8}{'most':>8}{'ours, MB':>9}{'by hand':>9}"
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ranking_speed", description=__doc__)
    parser.add_argument("--ratings", type=int, nargs="+", default=[1_000_000], help="in the cohort")
    parser.add_argument("--data", metavar="DIR", help="draw from real ratings: ratings.parquet")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS, help="which databases")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each (%(default)s)")
    chosen = parser.parse_args()
    site = real(chosen.data) if chosen.data else invented()
    print(HEAD, flush=True)
    for ratings in chosen.ratings:
        for kind in chosen.kinds:
            with circle(kind, site, ratings) as made:
                print(line(kind, ratings, *made.compare(chosen.repeat)), flush=True)


if __name__ == "__main__":
    main()
