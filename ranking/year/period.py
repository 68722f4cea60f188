"""Which of a circle's ratings are of a year, and how many have no date that would tell.

A rating is of the year in which it was made, whatever the film's own year; years begin and end in UTC. It is
*dated* where a diary, a feed or a file tells its day. One without a day, but made between two crawls, is
*placed* in a year where all of that interval lies in it: it counts for the year, and for no month. Of the
others that may be of the year, it is said how many they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import sqlalchemy as sa

from letterboxd_scraper.errors import UnknownName
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.schema import cohort_members, ratings
from ranking.strategies.circle import usual_min_votes

_r = ratings.c
_FEWEST, _FEWEST_FOR_SPREAD = 2, 3
# Years can be asked for from this one on.
FIRST_YEAR, LAST_YEAR = 1900, 9999


@dataclass(frozen=True, slots=True)
class Period:
    """A year, and whose ratings are looked at."""

    cohort_id: int
    year: int

    @property
    def begins(self) -> datetime:
        """The year's first moment."""
        return datetime(self.year, 1, 1, tzinfo=UTC)

    @property
    def ends(self) -> datetime:
        """The first moment of the year after."""
        return datetime(self.year + 1, 1, 1, tzinfo=UTC)

    @property
    def of_circle(self) -> sa.ColumnElement[bool]:
        """The condition that a row of ``ratings`` is a rating of a member's."""
        members = sa.select(cohort_members.c.user_id).where(cohort_members.c.cohort_id == self.cohort_id)
        return _r.user_id.in_(members) & _r.rating.is_not(None)

    @property
    def dated(self) -> sa.ColumnElement[bool]:
        """The condition that a rating has a day, and this is of the year."""
        return (_r.rated_at >= self.begins) & (_r.rated_at < self.ends)

    @property
    def placed(self) -> sa.ColumnElement[bool]:
        """The condition that a rating has no day, and was made between two crawls of the year."""
        return _r.rated_at.is_(None) & (_r.seen_after >= self.begins) & (_r.first_seen_at < self.ends)

    @property
    def rated(self) -> sa.ColumnElement[bool]:
        """The condition that a rating is of the year."""
        return self.dated | self.placed

    @property
    def perhaps(self) -> sa.ColumnElement[bool]:
        """The condition that a rating has no day, and may be of the year or of another."""
        after_it = (_r.first_seen_at >= self.ends) & (_r.seen_after < self.ends)
        open_interval = _r.seen_after.is_(None) | (_r.seen_after < self.begins) | after_it
        return _r.rated_at.is_(None) & (_r.first_seen_at >= self.begins) & open_interval


def period(cohort: Cohort, year: int, now: datetime) -> Period:
    """Return a year of a cohort. Raises UnknownName for one that has not begun ``now``."""
    if year > now.year:
        raise UnknownName(f"{year} has not begun: it is {now.year}")
    return Period(cohort.id, year)


@dataclass(frozen=True, slots=True)
class Basis:
    """On how much the figures of a year rest.

    ``ratings`` are of the year: the ``dated`` ones and those that are ``placed`` by crawls; ``raters`` of the
    circle's ``members`` have made them. Of all the circle's ratings, of whatever year, ``undated`` have no
    day; of these, ``perhaps`` may be of the year, too, and are not counted.
    """

    members: int
    raters: int
    ratings: int
    dated: int
    placed: int
    undated: int
    perhaps: int

    @property
    def min_votes(self) -> int:
        """How many ratings of the year a film needs, by how many rate, as in `circle`: one is not all."""
        return max(usual_min_votes(self.raters), min(_FEWEST, self.members))

    @property
    def min_votes_fought(self) -> int:
        """How many it needs for a spread that says something."""
        return max(_FEWEST, min(_FEWEST_FOR_SPREAD, self.members), self.min_votes)


def read_basis(connection: sa.Connection, cohort: Cohort, period: Period) -> Basis:
    """Return what the figures of a year rest on."""

    def number(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.count(sa.case((condition, 1)))

    raters = sa.func.count(sa.case((period.rated, _r.user_id)).distinct())
    conditions = (period.dated, period.placed, _r.rated_at.is_(None), period.perhaps)
    query = sa.select(raters, *map(number, conditions)).where(period.of_circle)
    counts: list[int] = list(connection.execute(query).one())
    counted, dated, placed, undated, perhaps = counts
    return Basis(cohort.size, counted, dated + placed, dated, placed, undated, perhaps)


@dataclass(frozen=True, slots=True)
class Month:
    """A month, 1 to 12, and how many dated ratings it has."""

    month: int
    ratings: int


@dataclass(frozen=True, slots=True)
class Day:
    """A day, and how many dated ratings it has."""

    day: date
    ratings: int


def read_days(connection: sa.Connection, period: Period, *conditions: sa.ColumnElement[bool]) -> list[Day]:
    """Return the days of the year that have ratings, in their order."""
    query = sa.select(_r.rated_at, sa.func.count()).where(period.of_circle, period.dated, *conditions)
    # A file of another service tells moments, not days.
    days: dict[date, int] = {}
    for moment, number in connection.execute(query.group_by(_r.rated_at).order_by(_r.rated_at)):
        days[moment.date()] = days.get(moment.date(), 0) + number
    return [Day(day, number) for day, number in days.items()]


def by_month(days: Sequence[Day]) -> list[Month]:
    """Return all twelve months.

    >>> [month.ratings for month in by_month([Day(date(2026, 1, 31), 2), Day(date(2026, 12, 1), 1)])]
    [2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    """
    counts = [0] * 12
    for day in days:
        counts[day.day.month - 1] += day.ratings
    return [Month(number, count) for number, count in enumerate(counts, start=1)]


def busiest(days: Sequence[Day]) -> Day | None:
    """Return the day with the most ratings, the first of equal ones; None without any."""
    return max(days, key=lambda day: day.ratings, default=None)


@dataclass(frozen=True, slots=True)
class YearOfRatings:
    """A year, and how many dated ratings the circle has of it."""

    year: int
    dated: int


def read_years(connection: sa.Connection, cohort: Cohort) -> list[YearOfRatings]:
    """Return the years of which the circle has dated ratings, the latest first; none before FIRST_YEAR.

    Files may tell of any day: one that is centuries off makes one year more, and not all between.
    """
    first = Period(cohort.id, FIRST_YEAR)
    on_postgresql = connection.dialect.name == "postgresql"
    moment = sa.func.timezone("UTC", _r.rated_at) if on_postgresql else _r.rated_at
    query = sa.select(sa.extract("year", moment).label("year"), sa.func.count())
    query = query.where(first.of_circle, _r.rated_at >= first.begins).group_by("year")
    counts = {int(year): number for year, number in connection.execute(query)}
    return [YearOfRatings(year, counts[year]) for year in sorted(counts, reverse=True)]
