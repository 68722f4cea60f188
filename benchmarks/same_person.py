"""Is a person the same through the files of all services? ``python -m benchmarks.same_person --data DIR``.

Real titles and years with invented numbers; one in twenty is called otherwise elsewhere. A circle that knows
the films from Letterboxd's archives takes in one person's ratings from an archive, from IMDb, Trakt and the
CSV that Letterboxd imports. What is stored must be the same, and so must the ranking.

*Numbers stored*: the films have been enriched before. *Titles alone*: they have not; a film is then matched
where title and year fit just one, and else stays unmatched.
"""

import argparse
import random
import tempfile
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq
import sqlalchemy as sa

from letterboxd_scraper.imports.reading import read_paths
from letterboxd_scraper.items.tasks import Provenance
from letterboxd_scraper.store import statistics
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.open import open_store
from letterboxd_scraper.store.save import save_sources
from letterboxd_scraper.store.schema import film_rankings, films, ratings, users
from ranking.compute import compute
from ranking.strategies import STRATEGIES
from tests.elsewhere import SERVICES, Rated, archive

NOW = datetime(2026, 11, 24, tzinfo=UTC)
FIRST_DAY = date(2020, 1, 1)
MEMBER = "same"


class Stored(NamedTuple):
    """What was stored of the person, by films' codes, and the order of the ranking."""

    ratings: dict[str | None, float]
    unmatched: int
    ranking: list[str | None]


def invented(titles: Sequence[tuple[str, int, str]], seed: int = 1) -> list[Rated]:
    """Return films of these titles, years and kinds with numbers and ratings of our own."""
    rng = random.Random(seed)
    return [
        Rated(
            title,
            year,
            f"f{number:04}",
            f"tt{1_000_000 + number}",
            50_000 + number,
            rng.randint(1, 10) / 2,
            FIRST_DAY + timedelta(days=number % 1500),
            title if rng.random() > 0.05 else f"{title} (elsewhere)",
            kind,
        )
        for number, (title, year, kind) in enumerate(titles)
    ]


def taken_in(folder: Path, name: str, rated: Sequence[Rated], *, enriched: bool) -> Stored:
    """Take in one person's file of that name where friends' archives are stored, and rank."""
    file = folder / name
    file.write_bytes(SERVICES[name](MEMBER, rated))
    with tempfile.TemporaryDirectory(dir=folder) as place:
        url = f"sqlite:///{place}/circle.db"
        engine = open_store(url)
        try:
            _know(engine, Path(place), rated, enriched=enriched)
            unmatched = _take_in(engine, [file])
            return Stored(_ratings(engine), unmatched, _ranking(engine))
        finally:
            engine.dispose()


def _know(engine: sa.Engine, folder: Path, rated: Sequence[Rated], *, enriched: bool) -> None:
    """Let two friends' archives be stored, which name all the films, and their numbers if so."""
    for number, friend in enumerate(("ann", "bob")):
        file = folder / f"{friend}.zip"
        file.write_bytes(archive(friend, rated[number::2] if number else rated))
        _take_in(engine, [file])
    with engine.begin() as connection:
        cohorts.add_names(connection, "circle", ["ann", "bob", MEMBER], NOW)
        if enriched:
            values: dict[str, Any] = {"imdb_id": sa.bindparam("imdb"), "tmdb_id": sa.bindparam("tmdb")}
            update = films.update().where(films.c.letterboxd_lid == sa.bindparam("lid"))
            rows = [{"lid": f.lid, "imdb": f.imdb_id, "tmdb": f.tmdb_id, "kind": f.kind} for f in rated]
            connection.execute(update.values(**values, tmdb_media_type=sa.bindparam("kind")), rows)


def _take_in(engine: sa.Engine, files: list[Path]) -> int:
    read = read_paths(files, NOW, member=MEMBER)
    assert not read.errors, read.errors
    unmatched = 0
    for snapshot in read.snapshots:
        with engine.begin() as connection:
            unmatched += len(save_sources([snapshot], connection, Provenance(NOW)).unmatched)
    return unmatched


def _ratings(engine: sa.Engine) -> dict[str | None, float]:
    query = (
        sa.select(films.c.letterboxd_lid, ratings.c.rating)
        .join_from(ratings, films)
        .join(users, users.c.id == ratings.c.user_id)
        .where(users.c.letterboxd_username == MEMBER)
    )
    with closing(engine.connect()) as connection:
        return {lid: rating for lid, rating in connection.execute(query)}


def _ranking(engine: sa.Engine) -> list[str | None]:
    with closing(engine.connect()) as connection:
        circle = cohorts.find(connection, "circle")
    statistics.refresh(engine, NOW)
    compute(engine, circle, STRATEGIES["bayesian"], {}, NOW)
    query = sa.select(films.c.letterboxd_lid).join_from(film_rankings, films).order_by(film_rankings.c.rank)
    with closing(engine.connect()) as connection:
        return list(connection.scalars(query))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.same_person", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a folder with films.parquet")
    parser.add_argument("--films", type=int, default=2_000, help="that the person has rated (%(default)s)")
    chosen = parser.parse_args()
    table = pq.read_table(chosen.data / "films.parquet", columns=["title", "year", "media_type"])
    films = [(row["title"], row["year"], row["media_type"]) for row in table.to_pylist() if row["year"]]
    rated = invented(random.Random(2).sample(films, chosen.films))
    with tempfile.TemporaryDirectory() as place:
        print(f"{'':<14}{'':<16}{'matched':>9}{'wrong':>7}{'unmatched':>11}  same ranking")
        for enriched in (True, False):
            first: list[Any] = []
            for name in SERVICES:
                stored = taken_in(Path(place), name, rated, enriched=enriched)
                first = first or stored.ranking
                right, wrong = compared(stored, rated)
                how = "numbers stored" if enriched else "titles alone"
                print(
                    f"{name:<14}{how:<16}{right / len(rated):>8.2%}{wrong:>7}{stored.unmatched:>11}"
                    f"  {'yes' if stored.ranking == first else 'no'}",
                    flush=True,
                )


def compared(stored: Stored, rated: Sequence[Rated]) -> tuple[int, int]:
    """Return how many films have the rating that they were given, and how many another."""
    truth = {film.lid: film.stars for film in rated}
    right = sum(stored.ratings.get(lid) == stars for lid, stars in truth.items())
    wrong = sum(lid is not None and truth.get(lid) != stars for lid, stars in stored.ratings.items())
    return right, wrong


if __name__ == "__main__":
    main()
