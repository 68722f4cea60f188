"""One member's year within a circle."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from letterboxd_scraper.store.schema import ratings
from ranking.year.films import FilmOfYear
from ranking.year.firsts import Firsts
from ranking.year.period import Month, Period, by_month, read_days

# A member departs from others where so many of them, or all that there are, rated the film that year.
_OTHERS = 2


@dataclass(frozen=True, slots=True)
class OwnFilm:
    """A film that a member rated that year; ``others`` is the mean of its ``other_ratings``."""

    film: FilmOfYear
    stars: float
    liked: bool
    others: float | None
    other_ratings: int

    @property
    def above(self) -> float:
        """By how many stars the member is above the others; 0 without any."""
        return 0.0 if self.others is None else self.stars - self.others


@dataclass(frozen=True, slots=True)
class OwnYear:
    """The year of a member (a user's id): ratings, of which so many are ``dated``, and their mean in stars.

    ``best`` has their films by stars, then hearts, then the others' ratings; ``above`` is the film that they
    rated furthest above the others, ``below`` furthest below them. ``firsts``: with how many films they were
    first.
    """

    user: int
    ratings: int
    dated: int
    mean: float | None
    months: list[Month]
    best: Sequence[OwnFilm]
    above: OwnFilm | None
    below: OwnFilm | None
    firsts: int


def read_own(
    connection: sa.Connection,
    period: Period,
    user: int,
    rated: Sequence[FilmOfYear],
    firsts: Firsts,
    members: int,
) -> OwnYear:
    """Return a member's year."""
    r = ratings.c
    own = r.user_id == user
    query = sa.select(r.film_id, r.rating, r.liked, r.rated_at.is_not(None).label("with_day"))
    rows = {row.film_id: row for row in connection.execute(query.where(period.of_circle, period.rated, own))}
    films = [_own(film, rows[film.film_id]) for film in rated if film.film_id in rows]
    enough = max(1, min(_OTHERS, members - 1))
    compared = sorted(
        (one for one in films if one.other_ratings >= enough and one.above),
        key=lambda one: (-round(abs(one.above), 10), -one.other_ratings),
    )
    return OwnYear(
        user=user,
        ratings=len(films),
        dated=sum(bool(row.with_day) for row in rows.values()),
        mean=sum(one.stars for one in films) / len(films) if films else None,
        months=by_month(read_days(connection, period, own)),
        best=sorted(films, key=lambda one: (-one.stars, not one.liked, -one.other_ratings)),
        above=next((one for one in compared if one.above > 0), None),
        below=next((one for one in compared if one.above < 0), None),
        firsts=next((first.films for first in firsts.members if first.user == user), 0),
    )


def _own(film: FilmOfYear, row: sa.Row[tuple[int, float, bool, bool]]) -> OwnFilm:
    others = film.ratings - 1
    mean = (film.half_stars / 2 - row.rating) / others if others else None
    return OwnFilm(film, float(row.rating), bool(row.liked), mean, others)
