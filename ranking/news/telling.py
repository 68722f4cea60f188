"""Which changes of a circle are news, and in which order they are told."""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa

from letterboxd_scraper.store.films import links
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.members.naming import Naming
from letterboxd_scraper.store.schema import cohort_members, films, ratings, watchlist
from ranking.facts import with_watchlist
from ranking.history import MOST_FILMS, Place, Places, Point
from ranking.news import membership
from ranking.news.changes import Changes
from ranking.news.model import FirstRated, LovedFilm, MovedFilm, NewsFilm, Reader
from ranking.sql import is_among

# So many members make it news that a film is loved.
SEVERAL = 2
# Whose place is news: the first films, if they came a third nearer to the top, or were as near before. A film
# whose own score stands still has only made way for others.
FIRST_FILMS = 100
_NEARER = 2 / 3
_LEAST = 0.01
Film = TypeVar("Film", bound=NewsFilm)


class State(NamedTuple):
    """A circle at a point, None: now, with its ranking."""

    point: Point | None
    places: Places


@dataclass(frozen=True)
class Telling:
    """Of which circle news are told, and how: ``base_url`` is the site's address.

    With ``names``, members are called as ``naming`` has them. Films stand in the order in which the
    ``reader`` would like them; without one, those loved by most and moved most come first.
    """

    connection: sa.Connection
    cohort: Cohort
    base_url: str
    naming: Naming
    names: bool = False
    reader: Reader | None = None

    def between(self, changed: Changes, then: Point, before: Places, after: State) -> dict[str, Any]:
        """Return the fields of `News` that tell what changed since ``then``, with the ranking ``before``."""
        joined = membership.joined(self.connection, self.cohort.id, then, after.point)
        left = membership.left(self.connection, self.cohort.id, then, after.point)
        return {
            "loved": self._loved(changed, then, after),
            "risen": self._risen(before, after.places),
            "fallen": self._fallen(before, after.places),
            "joined": len(joined),
            "left": len(left),
            "joined_members": self._called(joined),
            "left_members": [name for name in left.values() if name] if self.names else None,
        }

    def watchlist(self) -> frozenset[int] | None:
        """Return the films (ids) that the reader wants to see; None where that is not known."""
        if self.reader is None:
            return None
        told = self.connection.scalar(sa.select(sa.literal(self.reader.user).in_(with_watchlist())))
        query = sa.select(watchlist.c.film_id).where(watchlist.c.user_id == self.reader.user)
        return frozenset(self.connection.scalars(query)) if told else None

    def first_rated(self, changed: Changes, then: Point, films: Collection[int]) -> list[FirstRated]:
        """Return those of the ``films`` (ids) that others have rated, all of them since ``then``."""
        user = self.reader.user if self.reader else None
        new: dict[int, dict[int, float]] = defaultdict(dict)
        rated_then = set()
        for (member, film), (old, now) in changed.between(then):
            if film not in films or member == user:
                continue
            if old and old.rating is not None:
                rated_then.add(film)
            elif now and now.rating is not None:
                new[film][member] = now.rating
        counts = self._counts(new)
        first = [film for film in new if film not in rated_then and len(new[film]) == counts[film]]
        told = self._films(first)
        return self._in_order(
            FirstRated(
                **told[film],
                stars=sorted(new[film].values(), reverse=True),
                members=self._called(new[film]),
            )
            for film in first
            if film in told
        )

    def _counts(self, among: Collection[int]) -> dict[int, int]:
        """Return how many of the circle have rated films (ids), but for the reader."""
        m, r = cohort_members.c, ratings.c
        query = (
            sa.select(r.film_id, sa.func.count())
            .join(cohort_members, m.user_id == r.user_id)
            .where(m.cohort_id == self.cohort.id, r.rating.is_not(None), is_among(r.film_id, among))
            .group_by(r.film_id)
        )
        if self.reader is not None:
            query = query.where(m.user_id != self.reader.user)
        return {film: count for film, count in self.connection.execute(query)}

    def _loved(self, changed: Changes, then: Point, after: State) -> list[LovedFilm]:
        lovers: dict[int, list[int]] = defaultdict(list)
        for (member, film), (old, new) in changed.between(then, after.point):
            if new and new.is_love and not (old and old.is_love):
                lovers[film].append(member)
        several = {film: who for film, who in lovers.items() if len(who) >= SEVERAL}
        told = self._films(several)
        loved = [
            LovedFilm(
                **told[film],
                lovers=len(several[film]),
                rank=after.places[film].rank if film in after.places else None,
                members=self._called(several[film]),
            )
            for film in several
            if film in told
        ]
        return self._in_order(sorted(loved, key=lambda film: (-film.lovers, film.rank or math.inf)))

    def _risen(self, before: Places, after: Places) -> list[MovedFilm]:
        pairs = {film: (before.get(film), place) for film, place in after.items()}
        nearer = {film: _nearness(then, now) for film, (then, now) in pairs.items()}
        return self._moved({film: pairs[film] for film in _nearest(nearer)})

    def _fallen(self, before: Places, after: Places) -> list[MovedFilm]:
        pairs = {film: (place, after.get(film)) for film, place in before.items()}
        nearer = {film: _nearness(now, then) for film, (then, now) in pairs.items()}
        return self._moved({film: pairs[film] for film in _nearest(nearer)})

    def _moved(self, places: dict[int, tuple[Place | None, Place | None]]) -> list[MovedFilm]:
        told = self._films(places)
        return self._in_order(
            MovedFilm(
                **told[film],
                rank=now.rank if now else None,
                before=then.rank if then else None,
                score=now.score if now else None,
                score_before=then.score if then else None,
            )
            for film, (then, now) in places.items()
            if film in told
        )

    def _films(self, ids: Collection[int]) -> dict[int, dict[str, Any]]:
        """Return the fields of `NewsFilm` of those films (ids) that are still stored."""
        f, reader = films.c, self.reader
        query = sa.select(f.id, f.slug, f.title, f.release_year, links.ADDRESS).where(is_among(f.id, ids))
        return {
            row.id: {
                "slug": row.slug,
                "title": row.title,
                "year": row.release_year,
                "link": links.link(row.address, self.base_url),
                "expected": reader.expected.get(row.id) if reader else None,
                "seen": row.id in reader.seen if reader else None,
            }
            for row in self.connection.execute(query)
        }

    def _in_order(self, told: Iterable[Film]) -> list[Film]:
        """Return films as the reader would like them, where somebody reads; else as they are."""
        return sorted(told, key=lambda film: -(film.expected or 0.0))

    def _called(self, members: Iterable[int]) -> list[str] | None:
        if not self.names:
            return None
        chosen = set(members)
        return [name for user, name in self.naming.members.items() if user in chosen]


def _nearness(far: Place | None, near: Place) -> float:
    """Return which part of the way to the top is left from one place to another that is nearer; else 1.

    >>> _nearness(Place(9, 3.0), Place(3, 4.0)), _nearness(Place(9, 3.0), Place(3, 3.0))
    (0.3333333333333333, 1.0)
    """
    if near.rank > FIRST_FILMS or (far and near.score - far.score < _LEAST):
        return 1.0
    return near.rank / (far.rank if far else MOST_FILMS + 1)


def _nearest(nearness: dict[int, float]) -> list[int]:
    """Return those that are near enough, the nearest first."""
    near = (film for film, part in nearness.items() if part <= _NEARER)
    return sorted(near, key=lambda film: nearness[film])
