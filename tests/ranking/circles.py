"""Small circles in a database of their own, for tests that need no crawl."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa

from letterboxd_scraper.store import statistics
from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.schema import (
    changed_facts,
    cohort_members,
    cohorts,
    films,
    metadata,
    ratings,
    users,
)
from ranking.strategies.circle_ratings import Ratings, pack

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
COHORT = 1
# Films in the order of their numbers.
ASCENDING = np.arange(1000, dtype=np.int32)
Dates = dict[str, datetime | None]


def days_ago(number: float) -> datetime:
    return NOW - timedelta(days=number)


def dated(number: float) -> Dates:
    """Return what is stored of a rating that was made so many days ago."""
    return {"rated_at": days_ago(number), "first_seen_at": NOW, "seen_after": None}


UNDATED: Dates = {"rated_at": None, "first_seen_at": NOW, "seen_after": None}


def make_circle(
    folder: Path,
    rated: Mapping[tuple[int, int], float | None],
    *,
    dates: Mapping[tuple[int, int], Dates] | None = None,
    averages: Mapping[int, tuple[float, int | None]] | None = None,
) -> sa.Engine:
    """Make a database with the cohort 1 of these ratings: stars by (member, film), both numbers from 1.

    A rating of None is a like. ``averages`` are Letterboxd's, with the number of ratings, by film.
    """
    engine = make_engine(f"sqlite:///{folder}/circle.db")
    metadata.create_all(engine)
    members = sorted({member for member, _ in rated})
    with engine.begin() as connection:
        for film in sorted({film for _, film in rated}):
            average, count = (averages or {}).get(film, (None, None))
            connection.execute(
                films.insert().values(
                    id=film,
                    slug=f"film-{film}",
                    title=f"Film {film}",
                    letterboxd_weighted_average=average,
                    letterboxd_rating_count=count,
                )
            )
        moment = {"created_at": NOW, "updated_at": NOW}
        connection.execute(cohorts.insert().values(id=COHORT, label="friends", definition={}, **moment))
        for member in members:
            connection.execute(
                users.insert().values(id=member, letterboxd_username=f"member_{member}", created_at=NOW)
            )
            connection.execute(
                cohort_members.insert().values(cohort_id=COHORT, user_id=member, depth=1, followed_at=NOW)
            )
        for (member, film), stars in rated.items():
            row: dict[str, Any] = {
                "user_id": member,
                "film_id": film,
                "rating": stars,
                "liked": stars is None,
            }
            connection.execute(
                ratings.insert().values(**row, **(dates or {}).get((member, film), UNDATED), updated_at=NOW)
            )
        connection.execute(changed_facts.delete())
        connection.execute(changed_facts.insert().values(id=0))
    statistics.refresh(engine, NOW)
    return engine


def packed(
    rated: Iterable[tuple[int, int, float]], averages: Mapping[int, tuple[float, float]] | None = None
) -> Ratings:
    """Return ratings (member, film, stars) in memory; ``averages`` are Letterboxd's, with counts, by film."""
    by_member: dict[int, list[int]] = {}
    for member, film, stars in rated:
        by_member.setdefault(member, []).append(16 * film + round(2 * stars))
    keys = ((member, np.array(keys, np.int64)) for member, keys in by_member.items())
    ratings = pack(keys, ASCENDING)
    for film, (average, count) in (averages or {}).items():
        place = ratings.film_ids.tolist().index(film)
        ratings.site_average[place], ratings.site_count[place] = average, count
    return ratings
