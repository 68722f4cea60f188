"""Whose taste is like whose: pairs of members, by their places in the list of members."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa

from letterboxd_scraper.store.members.cohorts import Cohort
from ranking.taste import members as taste

# Of more pairs, only those of the reader and the most alike and unlike are part of the page.
MOST_PAIRS = 12_000
_EXTREMES = 1_000
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Pair:
    """Two members: in how many ratings they ``overlap``, and their ``agreement`` (−1…1) within low…high."""

    one: int
    other: int
    overlap: int
    agreement: float
    low: float
    high: float

    def as_list(self) -> list[float]:
        """Return the pair as the page has it: two members, films in common, agreement and its interval."""
        rounded = (round(number, 3) for number in (self.agreement, self.low, self.high))
        return [self.one, self.other, self.overlap, *rounded]


@dataclass(frozen=True, slots=True)
class Matches:
    """All pairs, and those that are certainly most alike and most unlike.

    ``complete`` says whether every pair that has been compared is among ``pairs``.
    """

    pairs: Sequence[Pair]
    alike: Sequence[Pair]
    unlike: Sequence[Pair]
    complete: bool = True


def of_cohort(connection: sa.Connection, cohort: Cohort, members: Sequence[int], you: int | None) -> Matches:
    """Return the matches between ``members`` (user ids); ``you`` is the reader's id.

    Alike are those whose agreement is high even at the lower end of its interval, and unlike those
    where it is low even at the upper end: few films in common make no extremes.
    """
    circle = taste.read(connection, cohort)
    place_of = {user: number for number, user in enumerate(members)}
    places = np.array([place_of[user] for user in circle.users], np.int64)
    rows, columns = circle.compared()
    one, other, overlap = places[rows], places[columns], circle.beliefs.overlap[rows, columns]
    agreement, low, high = (matrix[rows, columns] for matrix in circle.bounds())

    def pairs(numbers: Iterable[int]) -> list[Pair]:
        return [
            Pair(int(one[n]), int(other[n]), int(overlap[n]), *map(float, (agreement[n], low[n], high[n])))
            for n in numbers
        ]

    by_low, by_high = np.lexsort((other, one, -low)), np.lexsort((other, one, high))
    alike = pairs(by_low[agreement[by_low] > 0][:_SHOWN])
    unlike = pairs(by_high[agreement[by_high] < 0][:_SHOWN])
    if len(rows) <= MOST_PAIRS:
        return Matches(pairs(range(len(rows))), alike, unlike)
    # Of two million pairs, those that are left out are never made.
    yours = -1 if you is None else place_of.get(you, -1)
    mine = np.flatnonzero((one == yours) | (other == yours))
    some = dict.fromkeys(np.concatenate([mine, by_low[:_EXTREMES], by_high[:_EXTREMES]]).tolist())
    return Matches(pairs(some), alike, unlike, complete=False)
