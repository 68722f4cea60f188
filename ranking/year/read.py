"""A circle's year, put together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from letterboxd_scraper.store.members.cohorts import Cohort
from ranking.year import films
from ranking.year.films import Chosen, FilmOfYear, Group
from ranking.year.firsts import Firsts, read_firsts
from ranking.year.own import OwnYear, read_own
from ranking.year.period import (
    Basis,
    Day,
    Month,
    YearOfRatings,
    busiest,
    by_month,
    period,
    read_basis,
    read_days,
    read_years,
)


@dataclass(frozen=True, slots=True)
class CircleYear:
    """What a circle rated in a year, ``at`` some moment; the year may not be over then.

    ``films`` are all that were rated, in the order of films; ``mean`` is that of all ratings, in stars.
    ``months`` and ``day``, the one with the most ratings, are of dated ratings alone. ``own`` is the year of
    one member, where one was asked for. ``other_years``, the latest first, is empty unless no rating is
    dated.
    """

    year: int
    at: datetime
    basis: Basis
    films: Sequence[FilmOfYear]
    mean: float | None
    most_rated: FilmOfYear | None
    loved: Sequence[Chosen]
    fought: Sequence[Chosen]
    discovered: Sequence[Chosen]
    months: Sequence[Month]
    day: Day | None
    decades: Sequence[Group]
    directors: Sequence[Group]
    firsts: Firsts
    own: OwnYear | None
    other_years: Sequence[YearOfRatings]

    @property
    def is_over(self) -> bool:
        """Whether all of the year has passed."""
        return self.at.year > self.year

    @property
    def minutes(self) -> int:
        """The length of all films that were rated, as often as they were, as far as lengths are known."""
        return sum((film.minutes or 0) * film.ratings for film in self.films)

    @property
    def with_minutes(self) -> int:
        """How many of the ratings are of films whose length is known."""
        return sum(film.ratings for film in self.films if film.minutes)


def read_year(
    connection: sa.Connection,
    cohort: Cohort,
    members: Sequence[int],
    year: int,
    at: datetime,
    own: int | None = None,
) -> CircleYear:
    """Return a circle's year; ``members`` are user ids, in the order in which to list those who are equal.

    ``own`` is the member whose own year is part of it.

    Raises UnknownName for a year that has not begun.
    """
    of_year = period(cohort, year, at)
    basis = read_basis(connection, cohort, of_year)
    rated = films.read_films(connection, of_year)
    days = read_days(connection, of_year)
    firsts = read_firsts(connection, of_year, rated, members)
    return CircleYear(
        year=year,
        at=at,
        basis=basis,
        films=rated,
        mean=films.mean_of(rated),
        most_rated=films.most_rated(rated, basis.min_votes),
        loved=films.loved(rated, basis.min_votes),
        fought=films.fought(rated, basis.min_votes_fought),
        discovered=films.discovered(rated, basis.min_votes),
        months=by_month(days),
        day=busiest(days),
        decades=films.decades(rated),
        directors=films.read_directors(connection, rated),
        firsts=firsts,
        own=None if own is None else read_own(connection, of_year, own, rated, firsts, cohort.size),
        other_years=[] if basis.dated else read_years(connection, cohort),
    )
