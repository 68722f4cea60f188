"""Which ratings of a circle's members have changed since a moment, and what they were before."""

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import NamedTuple

import sqlalchemy as sa

from letterboxd_scraper.store.schema import cohort_members, former_ratings, ratings
from ranking.history import Point

LOVED_STARS = 4.0
# The day of a rating is written in a zone that is neither UTC nor always the member's.
_OFF_BY = timedelta(days=1)
_COLUMNS = ("user_id", "film_id", "rating", "liked", "favorite", "rated_at", "first_seen_at", "seen_after")


class Mark(NamedTuple):
    """What a member said of a film at a moment: the columns of `ratings`."""

    rating: float | None
    liked: bool
    favorite: bool
    rated_at: datetime | None
    first_seen_at: datetime
    seen_after: datetime | None

    @property
    def is_love(self) -> bool:
        """Whether it is four stars or more, a heart, or a place among the favourites."""
        return self.liked or self.favorite or (self.rating or 0.0) >= LOVED_STARS

    def is_fresh(self, since: datetime) -> bool:
        """Say whether what was first seen after ``since`` was made after it, too.

        A rating with a day was, if that is not before the day of ``since`` (give or take one, for the zones).
        One without was, if the member had been read before: of a first reading nobody knows.
        """
        if self.rated_at is not None:
            return self.rated_at >= _first_day(since)
        return self.seen_after is not None

    def is_of_before(self, since: datetime, old: "Mark") -> bool:
        """Say whether the rating turns out to have been made before ``since``, when ``old`` was known.

        A day that stands from the ``old`` rating says nothing of this one.
        """
        day = self.rated_at
        return day is not None and day != old.rated_at and day < _first_day(since)


Key = tuple[int, int]
# What somebody said at two moments: None where it was nothing.
Change = tuple[Mark | None, Mark | None]


@dataclass(frozen=True)
class Changes:
    """What members (ids) said of films (ids) at one moment after the other.

    ``versions`` are what was said of a film in turn, each with the number of the change that ended it. Only
    what may have changed after the moment for which they were read is among them.
    """

    versions: dict[Key, list[tuple[float, Mark]]]

    def between(self, before: Point, after: Point | None = None) -> Iterator[tuple[Key, Change]]:
        """Yield what differs from one point to another, or to now, and was made in between.

        What was not said before counts only where it is fresh (see `Mark.is_fresh`).
        """
        for key, versions in self.versions.items():
            old, new = _at(versions, before), _at(versions, after)
            if old is new or (old is None and new is not None and not new.is_fresh(before.at)):
                continue
            if old and new and new.is_of_before(before.at, old):
                new = new._replace(rating=old.rating)  # of hearts and favourites nobody knows the day
            yield key, (old, new)


def _at(versions: list[tuple[float, Mark]], point: Point | None) -> Mark | None:
    """Return what was said at a point; None stands for now."""
    if point is None:
        ended, mark = versions[-1]
        return mark if ended == math.inf else None
    for ended, mark in versions:
        if ended > point.change:
            return mark if mark.first_seen_at <= point.at else None
    return None


def read(connection: sa.Connection, cohort: int, since: Point) -> Changes:
    """Read what the cohort's members have changed since a point."""
    versions: dict[Key, list[tuple[float, Mark]]] = defaultdict(list)
    f, r = former_ratings.c, ratings.c
    of_cohort = cohort_members.c.cohort_id == cohort
    columns = [f[name] for name in _COLUMNS]
    former = sa.select(f.id, *columns).join(cohort_members, cohort_members.c.user_id == f.user_id)
    former = former.where(of_cohort, f.id > since.change).order_by(f.id)
    for number, user, film, *mark in connection.execute(former):
        versions[user, film].append((number, Mark(*mark)))
    changed = sa.select(f.user_id, f.film_id).where(f.id > since.change).distinct().subquery("changed")
    is_same = (changed.c.user_id == r.user_id) & (changed.c.film_id == r.film_id)
    undated = sa.and_(r.rated_at.is_(None), r.seen_after.is_not(None))
    fresh = sa.or_(r.rated_at >= _first_day(since.at), undated)
    query = sa.select(*(r[name] for name in _COLUMNS)).select_from(ratings)
    query = query.join(cohort_members, cohort_members.c.user_id == r.user_id).where(of_cohort)
    latest = query.join(changed, is_same).union(query.where(r.first_seen_at > since.at, fresh))
    for user, film, *mark in connection.execute(latest):
        versions[user, film].append((math.inf, Mark(*mark)))
    return Changes(versions)


def _first_day(since: datetime) -> datetime:
    return datetime.combine(since.date(), time(), since.tzinfo) - _OFF_BY
