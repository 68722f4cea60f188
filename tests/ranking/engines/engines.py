"""A circle with all that makes rankings differ, and engines held against the database on it."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from letterboxd_scraper.items.members import STARS
from letterboxd_scraper.store import statistics
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.schema import film_rankings, films, ratings, users
from ranking import compute
from ranking.engines import compute as from_files
from ranking.engines.base import Engine
from ranking.parquet import export as parquet
from ranking.parquet import films as films_in_files
from ranking.parquet import folder as parquet_folder
from ranking.parquet.folder import Export
from ranking.strategies import STRATEGIES
from ranking.strategies.base import SqlStrategy
from tests.ranking.strategies.test_strategies import CASES

NOW = datetime(2026, 11, 23, 12, 0, 0, 250_000, tzinfo=UTC)
MEMBERS = 12
CLOSED = {name: one for name, one in STRATEGIES.items() if isinstance(one, SqlStrategy)}
# As many films are rated alike, their slugs decide; bytewise they stand in no language's order.
TIED = ["B", "Z", "a", "a-b", "a-c", "a1", "aa", "ab", "b1", "z", "ä", "é-a", "\U0001f3ac"]
Row = tuple[int, int, float]


def fill(engine: sa.Engine) -> Cohort:
    """Make the cohort "friends" in an empty database, and a stranger who must not count."""
    rng = random.Random(7)
    slugs = [f"film-{number}" for number in range(70)] + TIED + [None] * 3
    with engine.begin() as connection:
        rows = [_film(number, slug) for number, slug in enumerate(slugs)]
        rng.shuffle(rows)
        connection.execute(films.insert(), rows)
        names = [f"member_{number}" for number in range(MEMBERS)]
        cohort = cohorts.make_from_names(connection, "friends", names, NOW)
        connection.execute(users.insert().values(letterboxd_username="stranger", created_at=NOW))
        alike = set(connection.scalars(sa.select(films.c.id).where(films.c.slug.in_(TIED))))
        every = connection.scalars(sa.select(films.c.id)).all()
        for user in connection.scalars(sa.select(users.c.id)).all():
            rated = alike | set(rng.sample(every, 45))
            connection.execute(ratings.insert(), [_rating(user, film, film in alike, rng) for film in rated])
    statistics.refresh(engine, NOW)
    return cohort


def _film(number: int, slug: str | None) -> dict[str, Any]:
    average = round(2 + number % 27 / 10, 2) if number % 5 else None
    return {
        "slug": slug,
        "letterboxd_film_id": 1_000 + number,
        "title": f"Film “{number}”",
        "release_year": 1950 + number if number % 4 else None,
        "letterboxd_weighted_average": 3.3 if slug in TIED else average,
    }


def _rating(user: int, film: int, alike: bool, rng: random.Random) -> dict[str, Any]:
    long_ago = NOW - timedelta(days=rng.randrange(2_000), microseconds=rng.randrange(86_400_000_000))
    kind = 0 if alike else rng.randrange(5)
    stars = 3.5 if alike else None if kind == 4 else rng.choice(STARS)
    return {
        "user_id": user,
        "film_id": film,
        "rating": stars,
        "liked": stars is None or rng.random() < 0.3,
        "favorite": rng.random() < 0.05,
        # Clocks differ: one in five is dated in the future.
        "rated_at": {0: NOW - timedelta(days=user), 1: NOW + timedelta(days=3)}.get(kind),
        "first_seen_at": long_ago,
        "seen_after": long_ago - timedelta(days=film % 30 + 1) if kind != 3 else None,
        "updated_at": NOW,
    }


def exported(engine: sa.Engine, cohort: Cohort, folder: Path) -> Export:
    parquet.export(engine, cohort, folder, NOW, names=False)
    return parquet_folder.find(folder)


def of_database(
    engine: sa.Engine, cohort: Cohort, strategy: SqlStrategy, parameters: dict[str, Any]
) -> list[Row]:
    """Return (rank, film, score) as the database ranks."""
    compute.compute(engine, cohort, strategy, parameters, NOW)
    r = film_rankings.c
    query = sa.select(r.rank, r.film_id, r.score).where(r.strategy == strategy.name).order_by(r.rank)
    with engine.connect() as connection:
        return [(rank, film, score) for rank, film, score in connection.execute(query)]


def of_files(running: Engine, export: Export, strategy: SqlStrategy, parameters: dict[str, Any]) -> list[Row]:
    """Return (rank, number of the film in the files, score) as an engine ranks and writes it."""
    file, count = from_files.compute(running, export, strategy, parameters, NOW)
    table = pq.read_table(file)
    assert table.num_rows == count
    return list(zip(*(table[name].to_pylist() for name in ("rank", "film_id", "score")), strict=True))


def assert_all_agree(store: sa.Engine, cohort: Cohort, running: Engine, export: Export) -> None:
    """Hold every closed form against the database: the same ranks, scores to 1e-9."""
    assert {name for name, _ in CASES} >= CLOSED.keys()
    with store.connect() as connection:
        ids = {number: film for film, number in films_in_files.numbers(connection, cohort.id).items()}
    for name, parameters in CASES:
        if name in CLOSED:
            expected = of_database(store, cohort, CLOSED[name], parameters)
            different = [
                (rank, ids[film], score)
                for rank, film, score in of_files(running, export, CLOSED[name], parameters)
            ]
            assert len(expected) > (20 if name == "discovery" else 50)
            assert [row[:2] for row in different] == [row[:2] for row in expected], (name, parameters)
            assert [row[2] for row in different] == pytest.approx([row[2] for row in expected], abs=1e-9), (
                name
            )
