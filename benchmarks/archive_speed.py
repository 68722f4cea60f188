"""What does it cost to take in export archives? ``python -m benchmarks.archive_speed``.

Members' archives are imported into an empty database as one command does it, and again, which must write
nothing. Beside it, the same archives are read, and all rows that the import has written are inserted by bare
INSERTs into another empty database, a member a transaction: that checks nothing, looks nothing up and puts
nothing together. The two take turns. *one by one*: the same, each archive imported by itself, the oldest
first. ``--of-one``: all are of one member, who rates more films from one to the next, so that all sources are
folded into one state.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from statistics import median
from typing import Any

import sqlalchemy as sa

from benchmarks.nights import database
from letterboxd_scraper.imports.archive import read_archive
from letterboxd_scraper.items.sources import Snapshot
from letterboxd_scraper.items.tasks import Provenance
from letterboxd_scraper.store.engine import read_transaction
from letterboxd_scraper.store.intake import told_by
from letterboxd_scraper.store.members.sources import fold_stale
from letterboxd_scraper.store.save import save_sources
from letterboxd_scraper.store.schema import (
    film_names,
    films,
    member_sources,
    ratings,
    user_scrape_state,
    users,
    watched,
)
from tests.site.archive import HEAD, packed

NOW = datetime(2026, 11, 24, tzinfo=UTC)
# What an import of archives writes, in the order of their references.
TABLES = (users, films, film_names, member_sources, ratings, watched, user_scrape_state)


def write_archive(folder: Path, member: str, number: int, films: range) -> Path:
    """Write the archive, made on a day of its own, of a member who rated these films."""
    rows = [f"2026-01-01,Film {n},{1900 + n % 120},https://boxd.it/{n:06}" for n in films]
    head = ",".join(HEAD)
    texts = {
        "profile.csv": f"Username,Favorite Films\r\n{member},\r\n",
        "ratings.csv": "\r\n".join([f"{head},Rating", *(f"{row},4.5" for row in rows)]),
        "watched.csv": "\r\n".join([head, *rows]),
        "likes/films.csv": "\r\n".join([head, *rows[::5]]),
    }
    path = folder / f"letterboxd-{member}-2026-02-{1 + number % 28:02}-{number // 28:02}-00-utc.zip"
    path.write_bytes(packed(texts))
    return path


def read(paths: Sequence[Path]) -> list[Snapshot]:
    return [read_archive(path, NOW).snapshot for path in paths]


def import_them(engine: sa.Engine, paths: Sequence[Path]) -> None:
    """Take archives in as `letterboxd import zip` does."""
    for sources in told_by(engine, read(paths), ()).members.values():
        with engine.begin() as connection:
            save_sources(sources, connection, Provenance(NOW))
    fold_stale(engine)


def stored_rows(engine: sa.Engine) -> dict[str, list[dict[str, Any]]]:
    """Return all rows that an import has stored, by table."""
    with read_transaction(engine) as connection:
        return {
            table.name: [dict(row) for row in connection.execute(sa.select(table)).mappings()]
            for table in TABLES
        }


def insert_raw(engine: sa.Engine, paths: Sequence[Path], rows: Mapping[str, list[dict[str, Any]]]) -> None:
    """Read the archives, and insert rows of before: what members share, then each member's."""
    read(paths)
    with engine.begin() as connection:
        for table in TABLES:
            if "user_id" not in table.c:
                connection.execute(table.insert(), rows[table.name])
    of_users = {
        table: groupby(sorted(rows[table.name], key=itemgetter("user_id")), itemgetter("user_id"))
        for table in TABLES
        if "user_id" in table.c
    }
    for _ in rows["users"]:
        with engine.begin() as connection:
            for table, theirs in of_users.items():
                connection.execute(table.insert(), list(next(theirs)[1]))


def import_one_by_one(engine: sa.Engine, paths: Sequence[Path]) -> None:
    for path in paths:
        import_them(engine, [path])


def cost(kind: str, paths: Sequence[Path]) -> tuple[float, float, float, float]:
    """Return the seconds that take the import, it again, the imports one by one, and the bare INSERTs."""
    with empty(kind) as engine:
        ours, again = (seconds(import_them, engine, paths) for _ in range(2))
        rows = stored_rows(engine)
    with empty(kind) as engine:
        one_by_one = seconds(import_one_by_one, engine, paths)
    with empty(kind) as engine:
        return ours, again, one_by_one, seconds(insert_raw, engine, paths, rows)


@contextmanager
def empty(kind: str) -> Iterator[sa.Engine]:
    with tempfile.TemporaryDirectory(prefix="archives") as folder, database(kind, Path(folder)) as engine:
        yield engine


def seconds(take_in: Callable[..., None], *arguments: Any) -> float:
    began = time.monotonic()
    take_in(*arguments)
    return time.monotonic() - began


def memory_of_command(folder: Path, paths: Sequence[Path]) -> float:
    """Return the most memory, in MB, that a process which imports the archives ever has."""
    report = folder / "memory"
    metered = [sys.executable, "-m", "benchmarks.metered", str(report), "letterboxd_scraper"]
    command = [*metered, "--db-url", f"sqlite:///{folder / 'letterboxd.db'}", "import", *map(str, paths)]
    subprocess.run(command, check=True, capture_output=True)
    return float(report.read_text())


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.archive_speed", description=__doc__)
    parser.add_argument("--archives", type=int, default=25, help="in one command (%(default)s)")
    parser.add_argument("--films", type=int, default=2_000, help="in each archive (%(default)s)")
    parser.add_argument("--of-one", action="store_true", help="all of one member")
    parser.add_argument("--repeat", type=int, default=5, help="how often each is done (%(default)s)")
    parser.add_argument("--kinds", nargs="+", default=["sqlite", "postgresql"], help="of databases")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="archive") as folder:
        paths = [
            write_archive(
                Path(folder),
                "big" if chosen.of_one else f"big{number}",
                number,
                # Each knows some films that those before it do not know.
                range(chosen.films + 20 * number)
                if chosen.of_one
                else range(20 * number, chosen.films + 20 * number),
            )
            for number in range(chosen.archives)
        ]
        print(f"{'':<12}{'import':>9}{'again':>9}{'one by one':>12}{'bare':>9}{'ratio':>8}")
        for kind in chosen.kinds:
            runs = [cost(kind, paths) for _ in range(chosen.repeat)]
            ours, again, single, bare = (median(run[place] for run in runs) for place in range(4))
            ratio = median(run[0] / run[3] for run in runs)
            print(
                f"{kind:<12}{ours:>8.2f}s{again:>8.2f}s{single:>11.2f}s{bare:>8.2f}s{ratio:>8.2f}", flush=True
            )
        print(f"letterboxd import needs {memory_of_command(Path(folder), paths):.0f} MB at most")


if __name__ == "__main__":
    main()
