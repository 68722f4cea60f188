"""What does it cost to take in an export archive? ``python -m benchmarks.archive_speed``.

An archive of so many films is imported into an empty database, beside bare INSERTs of the same rows: these
check nothing, look nothing up and know of no older source. The two take turns.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import sqlalchemy as sa

from benchmarks.nights import database
from letterboxd_scraper.imports.archive import read_archive
from letterboxd_scraper.items.tasks import Provenance
from letterboxd_scraper.store.engine import write_transaction
from letterboxd_scraper.store.save import save
from letterboxd_scraper.store.schema import films, ratings, users, watched
from tests.site.archive import HEAD, packed

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def write_archive(path: Path, size: int) -> None:
    """Write the archive of a member who rated ``size`` films."""
    rows = [f"2026-01-01,Film {n},{1900 + n % 120},https://boxd.it/{n:06}" for n in range(size)]
    head = ",".join(HEAD)
    texts = {
        "profile.csv": "Username,Favorite Films\r\nbig,\r\n",
        "ratings.csv": "\r\n".join([f"{head},Rating", *(f"{row},4.5" for row in rows)]),
        "watched.csv": "\r\n".join([head, *rows]),
        "likes/films.csv": "\r\n".join([head, *rows[::5]]),
    }
    path.write_bytes(packed(texts))


def import_it(engine: sa.Engine, path: Path) -> None:
    """Take an archive in as `letterboxd import zip` does."""
    snapshot = read_archive(path, NOW).snapshot
    with write_transaction(engine) as connection:
        save(snapshot, connection, Provenance(NOW))


def insert_raw(engine: sa.Engine, path: Path) -> None:
    """Insert the same rows, already known, with numbers of our own."""
    snapshot = read_archive(path, NOW).snapshot
    rated = snapshot.ratings or ()
    with write_transaction(engine) as connection:
        connection.execute(users.insert().values(id=1, letterboxd_username="big", created_at=NOW))
        names = [
            {
                "id": n,
                "title": each.film.title,
                "release_year": each.film.year,
                "letterboxd_lid": each.film.lid,
            }
            for n, each in enumerate(rated, start=1)
        ]
        connection.execute(films.insert(), names)
        marks = {"user_id": 1, "first_seen_at": NOW, "updated_at": NOW, "rated_at": NOW}
        rows = [marks | {"film_id": n, "rating": each.stars} for n, each in enumerate(rated, start=1)]
        connection.execute(ratings.insert(), rows)
        connection.execute(watched.insert(), [{"user_id": 1, "film_id": n} for n in range(1, len(rated) + 1)])


def seconds(kind: str, path: Path, take_in: Callable[[sa.Engine, Path], None]) -> float:
    with tempfile.TemporaryDirectory(prefix="archives") as folder, database(kind, Path(folder)) as engine:
        began = time.monotonic()
        take_in(engine, path)
        return time.monotonic() - began


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.archive_speed", description=__doc__)
    parser.add_argument("--films", type=int, default=10_000, help="in the archive (%(default)s)")
    parser.add_argument("--repeat", type=int, default=5, help="how often each is done (%(default)s)")
    chosen = parser.parse_args()
    print(f"{'':<12}{'import':>9}{'bare':>9}{'ratio':>8}")
    with tempfile.TemporaryDirectory(prefix="archive") as folder:
        path = Path(folder) / "letterboxd-big-2026-02-01-00-00-utc.zip"
        write_archive(path, chosen.films)
        for kind in ("sqlite", "postgresql"):
            pairs = [
                (seconds(kind, path, import_it), seconds(kind, path, insert_raw))
                for _ in range(chosen.repeat)
            ]
            ours, bare = median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)
            ratio = median(ours / bare for ours, bare in pairs)
            print(f"{kind:<12}{ours:>8.2f}s{bare:>8.2f}s{ratio:>8.2f}", flush=True)


if __name__ == "__main__":
    main()
