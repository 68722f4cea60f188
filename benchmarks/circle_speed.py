"""What does `circle` cost? ``python -m benchmarks.circle_speed --ratings 10000000``.

Fills a database with a cohort of so many invented ratings, and measures `rank compute --strategy circle`
as a process of its own: reading, fitting and storing the ranks. Statistics are not counted: it needs none.
"""

import argparse
import io
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from benchmarks.circles import LABEL, NOW
from benchmarks.crawls import ROOT
from benchmarks.ranking_speed import KINDS, empty_database
from letterboxd_scraper.store import migrate
from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.schema import changed_facts, cohort_members, cohorts, films, users

COMMAND = ["ranking", "compute", "--cohort", LABEL, "--strategy", "circle", "--quiet"]
FILMS = 60_000
USUAL = 500  # films that a member rates
_TRIGGERS = sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")

Member = tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]


def invented(ratings: int, films: int = FILMS, seed: int = 1) -> Iterator[Member]:
    """Yield each member's films (from 1, ascending) and stars, about as the model has it, in all so many."""
    rng = np.random.default_rng(seed)
    fame = np.cumsum(1 / np.arange(1, films + 1) ** 0.8)
    effects = 0.95 * (site_averages(films) - 3.4) + rng.normal(0, 0.2, films)
    left = ratings
    while left:
        drawn = rng.random(max(1, rng.poisson(USUAL))) * fame[-1]
        film = np.unique(np.searchsorted(fame, drawn))[:left]
        noise = rng.normal(0, 0.77 * np.exp(rng.normal(0, 0.2)), len(film))
        stars = 3.4 + rng.normal(0, 0.35) + effects[film] + noise
        yield film + 1, np.clip(np.round(2 * stars), 1, 10) / 2
        left -= len(film)


def site_averages(films: int) -> npt.NDArray[np.float64]:
    """Return Letterboxd's averages of the films."""
    return np.round(3.4 + np.random.default_rng(0).normal(0, 0.6, films), 2)


def fill(engine: sa.Engine, ratings: int, number_of_films: int) -> None:
    """Store a cohort of so many ratings, as fast as the database takes them."""
    with engine.begin() as connection:
        _stop_triggers(connection)
        averages = enumerate(site_averages(number_of_films).tolist(), start=1)
        columns = {"letterboxd_rating_count": 1000}
        connection.execute(
            films.insert(),
            [
                {
                    "id": at,
                    "slug": f"film-{at}",
                    "title": f"Film {at}",
                    "letterboxd_weighted_average": average,
                }
                | columns
                for at, average in averages
            ],
        )
        times = {"created_at": NOW, "updated_at": NOW}
        connection.execute(cohorts.insert().values(id=1, label=LABEL, definition={}, **times))
        for user, (film, stars) in enumerate(invented(ratings, number_of_films), start=1):
            name = {"letterboxd_username": f"member{user}", "created_at": NOW}
            connection.execute(users.insert().values(id=user, **name))
            member = {"cohort_id": 1, "user_id": user, "depth": 1, "followed_at": NOW}
            connection.execute(cohort_members.insert().values(member))
            _insert(connection, user, film, stars)
        connection.execute(changed_facts.delete())
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def _stop_triggers(connection: sa.Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("ALTER TABLE ratings DISABLE TRIGGER USER")
        return
    connection.exec_driver_sql("PRAGMA cache_size = -1000000")  # one gigabyte
    for trigger in connection.scalars(_TRIGGERS).all():
        connection.exec_driver_sql(f"DROP TRIGGER {trigger}")


def _insert(
    connection: sa.Connection, user: int, film: npt.NDArray[np.int64], stars: npt.NDArray[np.float64]
) -> None:
    columns = "user_id, film_id, rating, first_seen_at, updated_at"
    rows = zip(repeat(user), film.tolist(), stars.tolist(), strict=False)
    cursor: Any = connection.connection.cursor()
    with closing(cursor):
        if connection.dialect.name == "sqlite":
            moment = f"'{NOW:%Y-%m-%d %H:%M:%S.%f}'"
            cursor.executemany(f"INSERT INTO ratings ({columns}) VALUES (?, ?, ?, {moment}, {moment})", rows)
        else:
            text = "".join(f"{user}\t{film}\t{stars}\t{NOW}\t{NOW}\n" for user, film, stars in rows)
            cursor.copy_expert(f"COPY ratings ({columns}) FROM STDIN", io.StringIO(text))


@dataclass(frozen=True)
class Measured:
    """One run: seconds by the clock and of the processor, and peak memory of the process in MB."""

    seconds: float
    cpu: float
    memory: float


def measure(kind: str, ratings: int, number_of_films: int = FILMS, runs: int = 1) -> Iterator[Measured]:
    """Rank a cohort of so many ratings ``runs`` times."""
    with empty_database(kind) as url:
        engine = make_engine(url)
        migrate.upgrade(engine)
        fill(engine, ratings, number_of_films)
        engine.dispose()
        for _ in range(runs):
            yield _run(url)


def _run(url: str) -> Measured:
    environment = {"DATABASE_URL": url, "LETTERBOXD_NOW": NOW.isoformat(), "PYTHONPATH": str(ROOT)}
    with tempfile.NamedTemporaryFile("r") as report:
        whole = [sys.executable, "-m", "benchmarks.metered", report.name, *COMMAND]
        begun, cpu = time.monotonic(), _cpu()
        subprocess.run(whole, env=os.environ | environment, check=True)
        return Measured(time.monotonic() - begun, _cpu() - cpu, float(report.read()))


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.circle_speed", description=__doc__)
    parser.add_argument("--ratings", type=int, nargs="+", default=[10_000_000], help="in the cohort")
    parser.add_argument("--films", type=int, default=FILMS, help="to choose from (%(default)s)")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS, help="which databases")
    parser.add_argument("--runs", type=int, default=1, help="of each (%(default)s)")
    chosen = parser.parse_args()
    print(f"{'':<12}{'ratings':>12}{'s':>8}{'CPU s':>8}{'peak MB':>10}")
    for ratings in chosen.ratings:
        for kind in chosen.kinds:
            for costs in measure(kind, ratings, chosen.films, chosen.runs):
                line = f"{kind:<12}{ratings:>12,}{costs.seconds:>8.1f}{costs.cpu:>8.1f}{costs.memory:>10.0f}"
                print(line, flush=True)


if __name__ == "__main__":
    main()
