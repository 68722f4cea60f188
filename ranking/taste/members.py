"""Who agrees with whom: the members of a circle, pair by pair."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import sqlalchemy as sa

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.store.members.cohorts import Cohort, find_member_of
from letterboxd_scraper.store.members.users import names_of
from letterboxd_scraper.store.schema import cohort_members, ratings
from ranking.strategies.circle_ratings import Ratings, read_rows
from ranking.taste.agreement import (
    LEAST_OVERLAP,
    Agreements,
    Places,
    Rated,
    in_own_measure,
    of_circle,
)


@dataclass(frozen=True, slots=True)
class Match:
    """How much two members (user ids, ``one`` before ``other`` by name) agree.

    ``overlap`` is the number of films that both have rated. ``agreement`` is the correlation (−1 … 1) of
    what they think of films, each in their own measure, as far as it can be told; ``low`` and ``high``
    bound its 90 % interval. ``usual`` is what two such members would agree by the circle's average, and by
    how much each of them agrees with everybody: a pair with few films in common is believed to be near
    it. See `ranking.taste.agreement` for the formulas.
    """

    one: int
    other: int
    overlap: int
    agreement: float
    low: float
    high: float
    usual: float


@dataclass(frozen=True)
class CircleTaste:
    """All ratings of a circle's members, and how much each pair of them agrees.

    ``users``, by name, and ``film_ids``, in the order of films, say which user and film a number in ``rated``
    and ``beliefs`` stands for.
    """

    users: list[int]
    rated: Rated
    film_ids: list[int]
    beliefs: Agreements

    def compared(self, least: int = LEAST_OVERLAP) -> tuple[Places, Places]:
        """Return the places of all pairs with at least so many films in common: of the one, of the other."""
        rows, columns = np.nonzero(np.triu(self.beliefs.overlap >= least, 1))
        return rows, columns

    def matches(self, least: int = LEAST_OVERLAP) -> list[Match]:
        """Return all pairs with at least so many films in common."""
        return self._matches(*self.compared(least))

    def of_member(self, user: int, least: int = LEAST_OVERLAP) -> list[Match]:
        """Return the pairs that the member is one of, most alike first."""
        place = self.place(user)
        others = np.nonzero(self.beliefs.overlap[place] >= least)[0]
        others = others[others != place]
        matches = self._matches(np.minimum(others, place), np.maximum(others, place))
        return sorted(matches, key=lambda m: (-m.agreement, self.place(m.one), self.place(m.other)))

    def pair(self, user: int, other: int) -> Match:
        """Return how much two members agree, though they may have no film in common."""
        first, second = sorted((self.place(user), self.place(other)))
        return self._matches(np.array([first]), np.array([second]))[0]

    def place(self, user: int) -> int:
        """Return the number of a user in the matrices."""
        return self._places[user]

    @cached_property
    def _places(self) -> dict[int, int]:
        return {user: place for place, user in enumerate(self.users)}

    def _matches(self, rows: Places, columns: Places) -> list[Match]:
        pairs = zip(
            rows.tolist(),
            columns.tolist(),
            self.beliefs.overlap[rows, columns].astype(int).tolist(),
            *(numbers.tolist() for numbers in self.beliefs.bounds(rows, columns)),
            np.tanh(self.beliefs.model.belief(rows, columns).usual).tolist(),
            strict=True,
        )
        return [Match(self.users[one], self.users[other], *rest) for one, other, *rest in pairs]


def read(connection: sa.Connection, cohort: Cohort | None) -> CircleTaste:
    """Return how much the members of a cohort, or for None all stored ones, agree.

    Who has no rating is in no pair.
    """
    r = ratings.c
    query = sa.select(r.user_id, r.film_id, r.rating.label("stars")).where(r.rating.is_not(None))
    if cohort is not None:
        query = query.join(cohort_members, cohort_members.c.user_id == r.user_id)
        query = query.where(cohort_members.c.cohort_id == cohort.id)
    return of_ratings(read_rows(connection, query.subquery("circle_ratings")))


def of_ratings(stored: Ratings) -> CircleTaste:
    """Return how much the members agree whose ratings these are."""
    members = np.repeat(np.arange(len(stored.member_ids)), stored.by_member)
    rated = in_own_measure(members, stored.film, stored.half_stars * np.float64(0.5))
    return CircleTaste(stored.member_ids.tolist(), rated, stored.film_ids.tolist(), of_circle(rated))


def member_names(connection: sa.Connection, circle: CircleTaste) -> dict[int, str]:
    """Return the names on the site of the circle's members, by user id."""
    return names_of(connection, circle.users)


def find_member(connection: sa.Connection, circle: CircleTaste, cohort: Cohort | None, name: str) -> int:
    """Return the id of one of the circle's members by name.

    Raises UnknownName, with similar names, and InputError for a member who has not rated any film.
    """
    user = find_member_of(connection, cohort, name)
    if user not in circle.users:
        raise InputError(
            f"no rating of {name} is stored: `letterboxd scrape --member {name}` reads what they rated, and "
            "`letterboxd import` takes it from their archive"
        )
    return user
