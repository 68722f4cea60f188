"""Whose taste is like whose: pairs of members, by their places in the list of members."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ranking.strategies.circle_ratings import Ratings
from ranking.taste import members as taste
from ranking.taste.agreement import Matrix

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


def of_ratings(ratings: Ratings, members: Sequence[int], you: int | None) -> Matches:
    """Return the matches between ``members`` (user ids), whose ratings these are; ``you`` is the reader's id.

    Alike are those whose agreement is high even at the lower end of its interval, and unlike those
    where it is low even at the upper end: few films in common make no extremes.
    """
    circle = taste.of_ratings(ratings)
    place_of = {user: number for number, user in enumerate(members)}
    places = np.array([place_of[user] for user in circle.users], np.int64)
    rows, columns = circle.compared()
    agreement, low, high = circle.beliefs.bounds(rows, columns)
    overlap = circle.beliefs.overlap[rows, columns]
    one, other = places[rows], places[columns]
    every = np.arange(len(one))

    def pairs(numbers: Iterable[int]) -> list[Pair]:
        return [
            Pair(int(one[n]), int(other[n]), int(overlap[n]), *map(float, (agreement[n], low[n], high[n])))
            for n in numbers
        ]

    def first(count: int, values: Matrix, among: Matrix) -> Matrix:
        """Return which pairs among these have the lowest values, in their order, by places where equal."""
        if count < len(among):
            # To sort two million pairs would take longer than all else.
            among = among[values[among] <= np.partition(values[among], count - 1)[count - 1]]
        return among[np.lexsort((other[among], one[among], values[among]))][:count]

    alike = pairs(first(_SHOWN, -low, every[agreement > 0]))
    unlike = pairs(first(_SHOWN, high, every[agreement < 0]))
    if len(every) <= MOST_PAIRS:
        return Matches(pairs(every), alike, unlike)
    # Of two million pairs, those that are left out are never made.
    yours = -1 if you is None else place_of.get(you, -1)
    mine = np.flatnonzero((one == yours) | (other == yours))
    some = dict.fromkeys(
        np.concatenate([mine, first(_EXTREMES, -low, every), first(_EXTREMES, high, every)]).tolist()
    )
    return Matches(pairs(some), alike, unlike, complete=False)
