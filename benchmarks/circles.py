"""Large circles, drawn from real distributions of ratings or invented ones, and loaded into a database.

Of each film it is known how often it is rated and how its ratings are spread; a member rates as many
films as some real member does, each drawn by its fame, with stars drawn from the film's own spread.
"""

import io
import random
from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.items.members import STARS
from letterboxd_scraper.store.schema import cohort_members, cohorts, films, users

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LABEL = "circle"
COLUMNS = "user_id, film_id, rating, rated_at, first_seen_at, seen_after, updated_at"
# A member rates that many films where no real members say how many.
_USUAL = 300


@dataclass(frozen=True)
class Distribution:
    """How a site's members rate.

    ``spreads`` are the ten counts of each film's ratings, half a star to five; ``sizes`` say how many
    films a member rates.
    """

    spreads: list[list[int]]
    sizes: list[int]


def real(folder: str) -> Distribution:
    """Read ``ratings.parquet`` (columns user, slug, rating)."""
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(Path(folder) / "ratings.parquet", columns=["user", "slug", "rating"])
    counts: dict[str, Counter[float]] = defaultdict(Counter)
    sizes: Counter[str] = Counter()
    for user, slug, stars in zip(*(column.to_pylist() for column in table.columns), strict=True):
        counts[slug][stars] += 1
        sizes[user] += 1
    return Distribution(
        [[count[stars] for stars in STARS] for count in counts.values()], list(sizes.values())
    )


def invented(films: int = 7_500, seed: int = 1) -> Distribution:
    """Return films of which few are famous, each with stars around a mean of its own."""
    rng = random.Random(seed)
    spreads = []
    for _ in range(films):
        votes, middle = int(5 * rng.paretovariate(0.8)), rng.gauss(3.3, 0.6)
        drawn = Counter(min(10, max(1, round(2 * rng.gauss(middle, 0.9)))) for _ in range(min(votes, 2_000)))
        spreads.append([drawn[halves] for halves in range(1, 11)])
    return Distribution(spreads, [_USUAL])


Row = tuple[int, float, datetime | None, datetime, datetime | None]


def draw(site: Distribution, count: int, seed: int = 1) -> Iterator[list[Row]]:
    """Yield the ratings of one member after the other, ``count`` in all, sorted by film.

    A rating is (film, stars, rated_at, first_seen_at, seen_after); a third of them has a date, a
    third an interval, a third neither.
    """
    rng = random.Random(seed)
    fame = list(accumulate(map(sum, site.spreads)))
    spreads = [list(accumulate(spread)) for spread in site.spreads]
    left = count
    while left:
        size = min(rng.choice(site.sizes), left)
        chosen: set[int] = set()
        while len(chosen) < size:
            chosen |= set(rng.choices(range(len(fame)), cum_weights=fame, k=size - len(chosen)))
        yield [(film + 1, _stars(spreads[film], rng), *_when(rng)) for film in sorted(chosen)]
        left -= size


def _stars(spread: Sequence[int], rng: random.Random) -> float:
    return STARS[bisect(spread, rng.random() * spread[-1])]


def _when(rng: random.Random) -> tuple[datetime | None, datetime, datetime | None]:
    seen = NOW - timedelta(minutes=rng.randrange(2_000_000))
    kind = rng.randrange(3)
    return seen if kind == 0 else None, seen, seen - timedelta(days=30) if kind == 1 else None


def load(engine: sa.Engine, site: Distribution, count: int) -> None:
    """Fill an empty database with one cohort of so many ratings."""
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA cache_size = -1000000")  # one gigabyte
        connection.execute(films.insert(), list(map(_film, range(1, len(site.spreads) + 1))))
        times = {"created_at": NOW, "updated_at": NOW}
        connection.execute(cohorts.insert().values(id=1, label=LABEL, definition={}, **times))
        for user, rows in enumerate(draw(site, count), start=1):
            name = {"letterboxd_username": f"member{user}", "created_at": NOW}
            connection.execute(users.insert().values(id=user, **name))
            member = {"cohort_id": 1, "user_id": user, "depth": 1, "followed_at": NOW}
            connection.execute(cohort_members.insert().values(member))
            _insert(connection, user, rows)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE" if engine.dialect.name == "postgresql" else "ANALYZE")


def _film(number: int) -> dict[str, Any]:
    names = {"id": number, "slug": f"film-{number}", "title": f"Film {number}"}
    return names | {"letterboxd_weighted_average": 2 + number % 27 / 10}


def _insert(connection: sa.Connection, user: int, rows: Sequence[Row]) -> None:
    """Insert one member's ratings as fast as the database takes them."""
    cursor: Any = connection.connection.cursor()
    if connection.dialect.name == "sqlite":
        values = [(user, film, stars, *map(_text, dates), _text(NOW)) for film, stars, *dates in rows]
        cursor.executemany(f"INSERT INTO ratings ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", values)
        return
    lines = (
        "\t".join(map(str, (user, film, stars, *(date or "\\N" for date in dates), NOW)))
        for film, stars, *dates in rows
    )
    cursor.copy_expert(f"COPY ratings ({COLUMNS}) FROM STDIN", io.StringIO("\n".join(lines)))


def _text(moment: datetime | None) -> str | None:
    """Write a moment as SQLAlchemy stores it on SQLite."""
    return f"{moment:%Y-%m-%d %H:%M:%S.%f}" if moment else None
