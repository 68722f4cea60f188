"""What does it cost to take in export archives? ``python -m benchmarks.archive_speed``.

Members' archives are imported into an empty database as one command does it, beside bare INSERTs of the same
rows: these check nothing, look nothing up, keep no source and know of no older one. The two take turns. Then
the same archives are imported again, which must write nothing. ``--of-one``: all are of one member, who rates
more films from one to the next, so that all sources are folded into one state.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from statistics import median

import sqlalchemy as sa

from benchmarks.meter import peak_memory
from benchmarks.nights import database
from letterboxd_scraper.imports.archive import read_archive
from letterboxd_scraper.items.sources import NamedFilm, Snapshot
from letterboxd_scraper.items.tasks import Provenance
from letterboxd_scraper.store.engine import write_transaction
from letterboxd_scraper.store.members.sources import fold_stale
from letterboxd_scraper.store.save import save_sources
from letterboxd_scraper.store.schema import films, ratings, users, watched
from tests.site.archive import HEAD, packed

NOW = datetime(2026, 11, 24, tzinfo=UTC)
TakeIn = Callable[[sa.Engine, Sequence[Path]], None]


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
    for _, told in groupby(read(paths), attrgetter("member")):
        with write_transaction(engine) as connection:
            save_sources(list(told), connection, Provenance(NOW))
    fold_stale(engine)


def insert_raw(engine: sa.Engine, paths: Sequence[Path]) -> None:
    """Insert the same rows, already known, with numbers of our own."""
    snapshots = {snapshot.member: snapshot for snapshot in read(paths)}
    numbers: dict[NamedFilm, int] = {}
    for user, snapshot in enumerate(snapshots.values(), start=1):
        rated = snapshot.ratings or ()
        with write_transaction(engine) as connection:
            connection.execute(
                users.insert().values(id=user, letterboxd_username=snapshot.member, created_at=NOW)
            )
            new = [rating.film for rating in rated if rating.film not in numbers]
            numbers |= {film: number for number, film in enumerate(new, start=len(numbers) + 1)}
            names = [
                {"id": numbers[f], "title": f.title, "release_year": f.year, "letterboxd_lid": f.lid}
                for f in new
            ]
            if names:
                connection.execute(films.insert(), names)
            marks = {"user_id": user, "first_seen_at": NOW, "updated_at": NOW, "rated_at": NOW}
            rows = [marks | {"film_id": numbers[rating.film], "rating": rating.stars} for rating in rated]
            connection.execute(ratings.insert(), rows)
            seen = {"user_id": user, "since": NOW, "as_of": NOW, "source": snapshot.source}
            connection.execute(watched.insert(), [seen | {"film_id": row["film_id"]} for row in rows])


def seconds(kind: str, paths: Sequence[Path], *takings: TakeIn) -> list[float]:
    """Return how long each of these takes, one after the other in one database."""
    with tempfile.TemporaryDirectory(prefix="archives") as folder, database(kind, Path(folder)) as engine:
        times = []
        for take_in in takings:
            began = time.monotonic()
            take_in(engine, paths)
            times.append(time.monotonic() - began)
        return times


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
        print(f"{'':<12}{'import':>9}{'again':>9}{'bare':>9}{'ratio':>8}")
        for kind in chosen.kinds:
            runs = [
                (*seconds(kind, paths, import_them, import_them), *seconds(kind, paths, insert_raw))
                for _ in range(chosen.repeat)
            ]
            ours, again, bare = (median(run[place] for run in runs) for place in range(3))
            ratio = median(run[0] / run[2] for run in runs)
            print(f"{kind:<12}{ours:>8.2f}s{again:>8.2f}s{bare:>8.2f}s{ratio:>8.2f}", flush=True)
    print(f"at most {peak_memory():.0f} MB")


if __name__ == "__main__":
    main()
