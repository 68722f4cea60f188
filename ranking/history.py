"""Rankings as they were: the first films of each, and to which ratings it was computed."""

import json
import zlib
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from letterboxd_scraper.store.schema import film_rankings, former_ratings, ranking_history

# Who stands below has no place that is kept.
MOST_FILMS = 1000
# Scores are kept, and shown, with so many digits.
_DIGITS = 3
_HISTORY = ranking_history.c


class Place(NamedTuple):
    """A film's rank, and what it was ranked by."""

    rank: int
    score: float


Places = dict[int, Place]


@dataclass(frozen=True, slots=True)
class Point:
    """A moment to which the state of a circle is known: a ranking was computed then.

    ``change`` numbers the latest of the ratings' changes before it; ``id`` is that of its row.
    """

    id: int
    at: datetime
    change: int


class FormerRanking(NamedTuple):
    """A ranking as it was at a point."""

    point: Point
    places: Places


def keep(connection: sa.Connection, cohort: int, strategy: str, at: datetime) -> None:
    """Keep the cohort's stored ranking, which was computed ``at`` that moment.

    It takes the place of an earlier one of the same day (of UTC): the first of a day is often of a crawl that
    is still going on.
    """
    content = json.dumps(_content(current_places(connection, cohort, strategy)), separators=(",", ":"))
    midnight = datetime.combine(at.date(), time(), at.tzinfo)
    same_day = (_HISTORY.computed_at >= midnight, _HISTORY.computed_at < midnight + timedelta(days=1))
    own = (_HISTORY.cohort_id == cohort, _HISTORY.strategy == strategy)
    connection.execute(ranking_history.delete().where(*own, *same_day))
    row = {
        "cohort_id": cohort,
        "strategy": strategy,
        "computed_at": at,
        "former_ratings": connection.scalar(sa.select(sa.func.max(former_ratings.c.id))) or 0,
        "content": zlib.compress(content.encode()),
    }
    connection.execute(ranking_history.insert().values(row))


def points(connection: sa.Connection, cohort: int, strategy: str) -> list[Point]:
    """Return the moments of the kept rankings, the oldest first."""
    query = (
        sa.select(_HISTORY.id, _HISTORY.computed_at, _HISTORY.former_ratings)
        .where(_HISTORY.cohort_id == cohort, _HISTORY.strategy == strategy)
        .order_by(_HISTORY.computed_at)
    )
    return [Point(*row) for row in connection.execute(query)]


def places(connection: sa.Connection, point: Point) -> Places:
    """Return the first MOST_FILMS films (ids) as they were ranked at a point."""
    content = connection.execute(sa.select(_HISTORY.content).where(_HISTORY.id == point.id)).scalar_one()
    told = json.loads(zlib.decompress(content))
    ranked = enumerate(zip(told["films"], told["scores"], strict=True), start=1)
    return {film: Place(rank, score) for rank, (film, score) in ranked}


def latest(connection: sa.Connection, cohort: int, strategy: str) -> FormerRanking | None:
    """Return the kept ranking that is the newest; None where none is."""
    kept = points(connection, cohort, strategy)
    return FormerRanking(kept[-1], places(connection, kept[-1])) if kept else None


def current_places(connection: sa.Connection, cohort: int, strategy: str) -> Places:
    """Return the first MOST_FILMS films (ids) as they are ranked now."""
    r = film_rankings.c
    query = (
        sa.select(r.film_id, r.rank, r.score)
        .where(r.cohort_id == cohort, r.strategy == strategy, r.rank <= MOST_FILMS)
        .order_by(r.rank)
    )
    return {film: Place(rank, round(score, _DIGITS)) for film, rank, score in connection.execute(query)}


def _content(ranked: Places) -> dict[str, Any]:
    return {"films": list(ranked), "scores": [place.score for place in ranked.values()]}
