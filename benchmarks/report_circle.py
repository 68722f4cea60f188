"""A circle with everything that a report shows, real or invented, in a database."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from benchmarks.circles import LABEL, NOW
from letterboxd_scraper.config import DEFAULT_STRATEGY
from letterboxd_scraper.items.members import STARS
from letterboxd_scraper.store import statistics
from letterboxd_scraper.store.schema import (
    cohort_members,
    cohorts,
    film_genres,
    film_histograms,
    film_people,
    films,
    genres,
    people,
    ratings,
    users,
)
from ranking.compute import compute
from ranking.strategies import STRATEGIES

_GENRES = ("Action", "Comedy", "Crime", "Documentary", "Drama", "Horror", "Romance", "Science Fiction")
_POSTERS = "https://a.ltrbxd.com/resized"


@dataclass(frozen=True)
class Circle:
    """Members' ratings by film, and what the films are; ``site`` counts all members' ratings, by film."""

    films: list[dict[str, Any]]
    ratings: list[dict[str, float]]
    site: dict[str, Counter[float]] = field(default_factory=dict)


def real(folder: str, members: int, seed: int = 1) -> Circle:
    """Draw members of `ratings.parquet`; films are described by `films.parquet`."""
    import pyarrow.parquet

    of_member: dict[str, dict[str, float]] = defaultdict(dict)
    site: dict[str, Counter[float]] = defaultdict(Counter)
    table = pyarrow.parquet.read_table(Path(folder) / "ratings.parquet", columns=["user", "slug", "rating"])
    for user, slug, stars in zip(*(column.to_pylist() for column in table.columns), strict=True):
        of_member[user][slug] = stars
        site[slug][stars] += 1
    described = pyarrow.parquet.read_table(Path(folder) / "films.parquet").to_pylist()
    chosen = random.Random(seed).sample(sorted(of_member), members)
    return Circle(described, [of_member[user] for user in chosen], site)


def invented(members: int, count: int, rated_by_each: int, seed: int = 1) -> Circle:
    """Return members who rate ``rated_by_each`` of ``count`` films, in their own ways."""
    rng = random.Random(seed)
    described = [
        {
            "slug": f"film-{number}",
            "title": f"The Film with the Number {number}",
            "year": 1920 + number % 105,
            "genres": rng.sample(_GENRES, 2),
            "runtime": 60 + number % 120,
            "poster": f"film-poster/{number}",
        }
        for number in range(count)
    ]
    quality = [rng.gauss(3.3, 0.7) for _ in described]
    fame = [rng.paretovariate(1.5) for _ in described]
    rated, site = [], {str(film["slug"]): Counter[float]() for film in described}
    for _ in range(members):
        habit = rng.gauss(0, 0.4)
        places = set(rng.choices(range(count), fame, k=rated_by_each))
        rated.append({f"film-{place}": _stars(quality[place] + habit, rng) for place in sorted(places)})
    for place, film in enumerate(described):
        site[str(film["slug"])].update(_stars(quality[place], rng) for _ in range(50))
    return Circle(described, rated, site)


def _stars(middle: float, rng: random.Random) -> float:
    return STARS[min(9, max(0, round(2 * rng.gauss(middle, 0.9)) - 1))]


def load(
    engine: sa.Engine,
    circle: Circle,
    strategies: Iterable[str] = (DEFAULT_STRATEGY,),
    parameters: Mapping[str, float] = MappingProxyType({}),
) -> None:
    """Fill an empty database with one cohort, the first member its seed, and rank its films."""
    numbers = {str(film["slug"]): number for number, film in enumerate(circle.films, start=1)}
    with engine.begin() as connection:
        connection.execute(films.insert(), [_film(numbers, circle, film) for film in circle.films])
        _label(connection, numbers, circle.films)
        histograms = [row for slug in numbers for row in _histogram(numbers[slug], circle.site.get(slug))]
        connection.execute(film_histograms.insert(), histograms)
        _members(connection, numbers, circle.ratings)
    statistics.refresh(engine, NOW)
    with engine.connect() as connection:
        from letterboxd_scraper.store.members.cohorts import find

        cohort = find(connection, LABEL)
    for name in strategies:
        compute(engine, cohort, STRATEGIES[name], parameters, NOW)


def _film(numbers: dict[str, int], circle: Circle, film: dict[str, Any]) -> dict[str, Any]:
    counts = circle.site.get(film["slug"]) or Counter({3.5: 1})
    return {
        "id": numbers[film["slug"]],
        "slug": film["slug"],
        "title": film["title"],
        "release_year": film["year"],
        "runtime_minutes": film["runtime"],
        "poster_url": f"{_POSTERS}/{film['poster']}.jpg",
        "letterboxd_weighted_average": round(sum(s * n for s, n in counts.items()) / counts.total(), 2),
        "tmdb_synced_at": NOW,
        "histogram_synced_at": NOW,
    }


def _label(connection: sa.Connection, numbers: dict[str, int], described: list[dict[str, Any]]) -> None:
    """Give the films their genres, and invented directors, about two films each."""
    names = sorted({name for film in described for name in film["genres"] or ()})
    connection.execute(
        genres.insert(), [{"id": n, "tmdb_id": n, "name": name} for n, name in enumerate(names, 1)]
    )
    links = [
        {"film_id": numbers[film["slug"]], "genre_id": names.index(name) + 1}
        for film in described
        for name in dict.fromkeys(film["genres"] or ())
    ]
    connection.execute(film_genres.insert(), links)
    directors = len(described) // 2 + 1
    times = {"created_at": NOW, "updated_at": NOW}
    connection.execute(
        people.insert(),
        [{"id": n, "tmdb_id": n, "name": f"Director Number {n}", **times} for n in range(1, directors + 1)],
    )
    connection.execute(
        film_people.insert(),
        [
            {"film_id": n, "person_id": n // 2 + 1, "role": "director", "credit_order": 0}
            for n in numbers.values()
        ],
    )


def _histogram(film: int, counts: Counter[float] | None) -> list[dict[str, Any]]:
    return [
        # As many as the site would have: its counts have five and six digits.
        {"film_id": film, "bucket_label": str(stars), "count": counts[stars] * 997, "computed_at": NOW}
        for stars in STARS
        if counts
    ]


def _members(connection: sa.Connection, numbers: dict[str, int], rated: Sequence[dict[str, float]]) -> None:
    times = {"created_at": NOW, "updated_at": NOW}
    connection.execute(
        users.insert(),
        [
            {
                "id": user,
                "letterboxd_username": f"member_{user:04}",
                "created_at": NOW,
                "last_full_scrape_at": NOW,
            }
            for user in range(1, len(rated) + 1)
        ],
    )
    connection.execute(cohorts.insert().values(id=1, label=LABEL, seed_user_id=1, definition={}, **times))
    belong = [
        {"cohort_id": 1, "user_id": user + 1, "depth": 1, "followed_at": NOW} for user in range(len(rated))
    ]
    connection.execute(cohort_members.insert(), belong)
    rows = [
        {
            "user_id": user,
            "film_id": numbers[slug],
            "rating": stars,
            "first_seen_at": NOW,
            "updated_at": NOW,
        }
        for user, theirs in enumerate(rated, start=1)
        for slug, stars in theirs.items()
    ]
    connection.execute(ratings.insert(), rows)
