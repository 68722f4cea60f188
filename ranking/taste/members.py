"""Who agrees with whom: the members of a circle, pair by pair."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.store.members.cohorts import Cohort, find_member_of
from letterboxd_scraper.store.members.users import names_of
from letterboxd_scraper.store.schema import cohort_members, ratings
from ranking.taste.agreement import LEAST_OVERLAP, Agreements, Rated, in_own_measure, of_circle


@dataclass(frozen=True, slots=True)
class Match:
    """How much two members (user ids, ``one`` < ``other``) agree.

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


@dataclass(frozen=True, slots=True)
class CircleTaste:
    """All ratings of a circle's members, and how much each pair of them agrees.

    ``users`` and ``film_ids`` say which user and film a number in ``rated`` and ``beliefs`` stands for.
    """

    users: list[int]
    rated: Rated
    film_ids: list[int]
    beliefs: Agreements
    widening: float

    def matches(self, least: int = LEAST_OVERLAP) -> list[Match]:
        """Return all pairs with at least so many films in common."""
        rows, columns = np.nonzero(np.triu(self.beliefs.overlap >= least, 1))
        return self._matches(rows, columns)

    def of_member(self, user: int, least: int = LEAST_OVERLAP) -> list[Match]:
        """Return the pairs that the member is one of, most alike first."""
        place = self.place(user)
        others = np.nonzero(self.beliefs.overlap[place] >= least)[0]
        others = others[others != place]
        matches = self._matches(np.minimum(others, place), np.maximum(others, place))
        return sorted(matches, key=lambda match: (-match.agreement, match.one, match.other))

    def pair(self, user: int, other: int) -> Match:
        """Return how much two members agree, though they may have no film in common."""
        first, second = sorted((self.place(user), self.place(other)))
        return self._matches(np.array([first]), np.array([second]))[0]

    def place(self, user: int) -> int:
        """Return the number of a user in the matrices."""
        return self.users.index(user)

    def _matches(self, rows: Any, columns: Any) -> list[Match]:
        agreement, low, high = self.beliefs.bounds(self.widening)
        numbers = (agreement, low, high, np.tanh(self.beliefs.usual))
        pairs = zip(
            rows.tolist(),
            columns.tolist(),
            self.beliefs.overlap[rows, columns].astype(int).tolist(),
            *(matrix[rows, columns].tolist() for matrix in numbers),
            strict=True,
        )
        return [Match(self.users[one], self.users[other], *rest) for one, other, *rest in pairs]


def of_cohort(connection: sa.Connection, cohort: Cohort | None) -> list[Match]:
    """Return all pairs of the cohort's members with enough films in common to tell.

    None stands for all stored members. Who has no rating is in no pair.
    """
    return read(connection, cohort).matches()


def read(connection: sa.Connection, cohort: Cohort | None) -> CircleTaste:
    """Return how much the members of a cohort, or for None all stored ones, agree."""
    query = sa.select(ratings.c.user_id, ratings.c.film_id, ratings.c.rating)
    query = query.where(ratings.c.rating.is_not(None))
    if cohort is not None:
        query = query.join(cohort_members, cohort_members.c.user_id == ratings.c.user_id)
        query = query.where(cohort_members.c.cohort_id == cohort.id)
    rows = np.array([tuple(row) for row in connection.execute(query)], float).reshape(-1, 3)
    user_ids, members = np.unique(rows[:, 0].astype(int), return_inverse=True)
    film_ids, films = np.unique(rows[:, 1].astype(int), return_inverse=True)
    rated = in_own_measure(members, films, rows[:, 2])
    return CircleTaste(user_ids.tolist(), rated, film_ids.tolist(), *of_circle(rated))


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
            f"no rating of {name} is stored: `letterboxd scrape --user {name}` reads what they rated"
        )
    return user
