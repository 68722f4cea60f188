"""What do the commands take that read the whole of a large circle? ``python -m benchmarks.large``.

Another checkout is measured by ``PYTHONPATH=CHECKOUT python benchmarks/large.py``.
"""

import argparse
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import median

import sqlalchemy as sa

from benchmarks.circles import LABEL, NOW, Distribution, invented, load
from benchmarks.crawls import ROOT
from benchmarks.ranking_speed import KINDS, Cost, empty_database
from letterboxd_scraper.store import migrate
from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.schema import changed_facts, film_people, films, people, ratings, users

RATINGS_OF_A_MEMBER, RATINGS_OF_A_FILM = 400, 160
# So many members rate a film anew.
_FEW = 100
_ENGINE = ["benchmarks.closed_forms", "compute", "--cohort", LABEL, "--strategy", "all", "--quiet"]
_OURS = "letterboxd_scraper"
# What a command took: seconds, those at work, and peak memory in MB.
Spent = tuple[float, float, float]
Run = Callable[[Sequence[str], str], Spent]


def commands(folder: Path) -> dict[str, list[list[str]]]:
    """Return what is measured by name: modules and arguments that run one after the other."""
    export = [_OURS, "export", "parquet", "--cohort", LABEL, "--output", str(folder)]
    return {
        "refresh stats": [[_OURS, "refresh", "stats"]],
        "refresh stats of a few": [[_OURS, "refresh", "stats"]],
        "status": [[_OURS, "status"]],
        "db check": [[_OURS, "db", "check"]],
        "five strategies": [_ENGINE],
        "export parquet": [export],
        "export, five by DuckDB": [export, [*_ENGINE, "--engine", "duckdb", "--data", str(folder)]],
        "circle": [[_OURS, "rank", "compute", "--cohort", LABEL, "--strategy", "circle"]],
        "recommend": [[_OURS, "recommend", "--cohort", LABEL, "--member", "member1"]],
    }


def site(count: int) -> Distribution:
    """Return how the members of a circle of so many ratings rate: some ten times as much as others."""
    rng = random.Random(4)
    sizes = [max(5, round(rng.lognormvariate(5.6, 0.9))) for _ in range(max(1, count // RATINGS_OF_A_MEMBER))]
    scale = count / sum(sizes)
    return Distribution(
        invented(max(20, count // RATINGS_OF_A_FILM)).spreads,
        [max(5, min(count // RATINGS_OF_A_FILM // 4, round(size * scale))) for size in sizes],
    )


def furnish(engine: sa.Engine) -> None:
    """Let a circle be as one that was crawled and enriched: films have directors, a tenth is liked."""
    f, r, u = films.c, ratings.c, users.c
    text, ago = "Of which much can be said. " * 8, NOW - timedelta(days=1)
    with engine.begin() as connection:
        ids = connection.scalars(sa.select(f.id)).all()
        facts = {"poster_url": "https://image.example", "overview": text, "tmdb_synced_at": NOW}
        names = {"tmdb_id": f.id, "tmdb_media_type": "movie", "release_year": 1920 + f.id % 100}
        connection.execute(films.update().values(facts | names))
        who = {"created_at": NOW, "updated_at": NOW}
        numbers = sorted({film // 4 for film in ids})
        connection.execute(
            people.insert(), [who | {"id": n + 1, "tmdb_id": n, "name": f"P. {n}"} for n in numbers]
        )
        credits = [{"film_id": film, "person_id": film // 4 + 1, "role": "director"} for film in ids]
        connection.execute(film_people.insert(), credits)
        mark = r.user_id * 7 + r.film_id * 13
        connection.execute(ratings.update().where(mark % 10 == 0).values(liked=True))
        connection.execute(ratings.update().where(mark % 200 == 0).values(rating=None, rated_at=None))
        connection.execute(users.update().values(last_full_scrape_at=ago, counts_seen_at=ago))
        connection.execute(users.update().where(u.id % 10 == 0).values(films_count=9))


@contextmanager
def database(kind: str, count: int) -> Iterator[str]:
    """Make a database of this kind with such a circle; yield its URL."""
    with empty_database(kind) as url:
        engine = make_engine(url)
        migrate.upgrade(engine)
        load(engine, site(count), count)
        furnish(engine)
        yield url
        engine.dispose()


def measure(url: str, repeat: int, run: Run) -> dict[str, Cost]:
    """Return what each of the commands cost, which take turns."""
    with tempfile.TemporaryDirectory(prefix="bench") as folder:
        costs = {name: Cost() for name in commands(Path(folder))}
        for _ in range(repeat):
            for name, parts in commands(Path(folder)).items():
                if name in _CHANGES:
                    _change(url, _CHANGES[name])
                spent = [run(part, url) for part in parts]
                costs[name].seconds.append(sum(seconds for seconds, _, _ in spent))
                costs[name].cpu.append(sum(cpu for _, cpu, _ in spent))
                costs[name].memory.append(max(memory for _, _, memory in spent))
    return costs


def _change(url: str, change: Callable[[sa.Connection], object]) -> None:
    engine = make_engine(url)
    with engine.begin() as connection:
        change(connection)
    engine.dispose()


def _mark(connection: sa.Connection) -> None:
    """Let all be counted, as if nothing was yet."""
    connection.execute(changed_facts.delete())
    connection.execute(changed_facts.insert().values(id=0))


def _rate_anew(connection: sa.Connection) -> None:
    """Let some members change their first ratings."""
    r = ratings.c
    first = sa.select(r.user_id, sa.func.min(r.film_id)).where(r.rating.is_not(None), r.user_id <= _FEW)
    changed = sa.tuple_(r.user_id, r.film_id).in_(first.group_by(r.user_id))
    connection.execute(ratings.update().where(changed).values(rating=5.5 - r.rating))


# What is done before a command is measured.
_CHANGES = {"refresh stats": _mark, "refresh stats of a few": _rate_anew}


def run_process(command: Sequence[str], url: str) -> Spent:
    """Run a module in a process of its own."""
    environment = {"DATABASE_URL": url, "LETTERBOXD_NOW": NOW.isoformat(), "PYTHONPATH": str(ROOT)}
    with tempfile.NamedTemporaryFile("r") as report:
        whole = [sys.executable, "-m", "benchmarks.metered", report.name, *command]
        begun, at_work = time.monotonic(), _cpu_of_children()
        subprocess.run(whole, env=os.environ | environment, check=True, stdout=subprocess.DEVNULL)
        return time.monotonic() - begun, _cpu_of_children() - at_work, float(report.read())


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


HEAD = f"{'medians':<12}{'ratings':>12}  {'what':<24}{'seconds':>9}{'cpu':>9}{'MB':>7}"


def lines(kind: str, ratings: int, costs: dict[str, Cost]) -> Iterator[str]:
    """Yield a line for each of the commands; ``cpu`` is the command's own, without a server's."""
    for name, cost in costs.items():
        figures = f"{median(cost.seconds):>9.1f}{median(cost.cpu):>9.1f}{max(cost.memory):>7.0f}"
        yield f"{kind:<12}{ratings:>12,}  {name:<24}{figures}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.large", description=__doc__)
    parser.add_argument("--ratings", type=int, nargs="+", default=[10_000_000], help="in the cohort")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS, help="which databases")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each (%(default)s)")
    chosen = parser.parse_args()
    print(HEAD, flush=True)
    for count in chosen.ratings:
        for kind in chosen.kinds:
            with database(kind, count) as url:
                print(*lines(kind, count, measure(url, chosen.repeat, run_process)), sep="\n", flush=True)


if __name__ == "__main__":
    main()
