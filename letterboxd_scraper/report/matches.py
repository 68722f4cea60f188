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
    places = np.array([place_of[user] for user in circle.users], np.int32)
    rows, columns = circle.compared()
    agreement, low, high = circle.beliefs.bounds(rows, columns)
    one, other, overlap = places[rows], places[columns], circle.beliefs.overlap[rows, columns]
    del rows, columns  # of two million pairs, each column is a good part of the memory

    def pairs(numbers: Iterable[int]) -> list[Pair]:
        return [
            Pair(int(one[n]), int(other[n]), int(overlap[n]), *map(float, (agreement[n], low[n], high[n])))
            for n in numbers
        ]

    def first(count: int, values: Matrix) -> list[int]:
        """Return which pairs have the lowest finite values, in their order, by places where equal."""
        # To sort two million pairs would take longer than all else.
        most = np.partition(values, count - 1)[count - 1] if count < len(values) else np.inf
        among = np.flatnonzero((values <= most) & np.isfinite(values))
        in_order: list[int] = among[np.lexsort((other[among], one[among], values[among]))][:count].tolist()
        return in_order

    alike = pairs(first(_SHOWN, np.where(agreement > 0, -low, np.inf)))
    unlike = pairs(first(_SHOWN, np.where(agreement < 0, high, np.inf)))
    if len(one) <= MOST_PAIRS:
        return Matches(pairs(range(len(one))), alike, unlike)
    # Those that are left out are never made.
    yours = -1 if you is None else place_of.get(you, -1)
    mine = np.flatnonzero((one == yours) | (other == yours)).tolist()
    some = dict.fromkeys([*mine, *first(_EXTREMES, -low), *first(_EXTREMES, high)])
    return Matches(pairs(some), alike, unlike, complete=False)
