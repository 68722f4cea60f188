"""Who was first: the members who rated a film before all others of the circle, and whom others followed.

A film is new to the circle in the year in which it got its first dated rating. Whoever rated it on that day
is first with it; several may be. Members who rated it on a later day of the same year follow. A film that
nobody follows makes nobody first, and neither does one with a rating without a day that may be as early.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.store.schema import UTCDateTime, ratings
from ranking.year.films import FilmOfYear
from ranking.year.period import Period


@dataclass(frozen=True, slots=True)
class First:
    """A member (a user's id) and the films that they were first with, which had so many ``followers``.

    ``most`` is the one that most members followed, ``most_followers`` of them; ``day`` is when it was rated.
    """

    user: int
    films: int
    followers: int
    most: FilmOfYear
    most_followers: int
    day: date


@dataclass(frozen=True, slots=True)
class Firsts:
    """Who was first, most films first; of ``unclear`` films it cannot be told.

    ``films`` are those of which it can be, ``dated`` the dated ratings of these films.
    """

    members: Sequence[First]
    films: int
    dated: int
    unclear: int


@dataclass(frozen=True, slots=True)
class _Beginning:
    """Who rated a film on its first day, and how many followed."""

    film: FilmOfYear
    day: date
    members: Sequence[int]
    followers: int


def read_firsts(
    connection: sa.Connection, period: Period, rated: Sequence[FilmOfYear], members: Sequence[int]
) -> Firsts:
    """Return who was first with the films of the year; equal ones stand as in ``members``, the circle's."""
    film_of = {film.film_id: film for film in rated}
    rows: dict[int, list[Any]] = defaultdict(list)
    for row in connection.execute(_new_to_circle(period)):
        rows[row.film_id].append(row)
    # In the order of films: of equal ones, all databases name the same.
    told = [_beginning(film_of[film], rows[film]) for film in film_of if film in rows]
    beginnings = [one for one in told if isinstance(one, _Beginning) and one.followers]
    return Firsts(
        _by_member(beginnings, members),
        len(beginnings),
        sum(len(one.members) + one.followers for one in beginnings),
        sum(one is None for one in told),
    )


def _new_to_circle(period: Period) -> sa.Select[Any]:
    """Return the query of the ratings of films whose first day lies in the year, up to the year's end."""
    r = ratings.c
    first, days = sa.func.min(r.rated_at, type_=UTCDateTime), sa.func.count(r.rated_at)
    new = sa.select(r.film_id).where(period.of_circle).group_by(r.film_id)
    new = new.having(first >= period.begins, first < period.ends, days > 1)
    until = sa.case((r.rated_at.is_not(None), r.rated_at < period.ends), else_=sa.true())
    query = sa.select(r.film_id, r.user_id, r.rated_at, r.seen_after, r.first_seen_at)
    return query.where(period.of_circle, r.film_id.in_(new), until)


def _beginning(film: FilmOfYear, rows: Sequence[Any]) -> _Beginning | bool | None:
    """Return how a film came to the circle; False where it was there before, None where that is not clear."""
    day_of = {row.user_id: row.rated_at.date() for row in rows if row.rated_at is not None}
    day = min(day_of.values())
    undated = [row for row in rows if row.rated_at is None]
    if any(row.first_seen_at.date() < day for row in undated):
        return False
    if all(rated == day for rated in day_of.values()):
        return False
    if any(row.seen_after is None or row.seen_after.date() <= day for row in undated):
        return None
    first = [user for user, rated in day_of.items() if rated == day]
    return _Beginning(film, day, first, len(day_of) - len(first))


def _by_member(beginnings: Sequence[_Beginning], members: Sequence[int]) -> list[First]:
    place_of = {user: place for place, user in enumerate(members)}
    of_member: dict[int, list[_Beginning]] = defaultdict(list)
    for one in beginnings:
        for user in one.members:
            of_member[user].append(one)
    firsts = []
    for user, theirs in of_member.items():
        most = max(theirs, key=lambda one: one.followers)
        followers = sum(one.followers for one in theirs)
        firsts.append(First(user, len(theirs), followers, most.film, most.followers, most.day))
    return sorted(firsts, key=lambda first: (-first.films, -first.followers, place_of[first.user]))
