"""Whose taste is like whose: pairs of members, by their places in the list of members."""

from collections.abc import Sequence
from dataclasses import dataclass

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
    place = {user: number for number, user in enumerate(members)}
    pairs = [
        Pair(place[m.one], place[m.other], m.overlap, m.agreement, m.low, m.high)
        for m in taste.of_cohort(connection, cohort)
        if m.one in place and m.other in place
    ]
    by_low = sorted(pairs, key=lambda pair: (-pair.low, pair.one, pair.other))
    by_high = sorted(pairs, key=lambda pair: (pair.high, pair.one, pair.other))
    alike = [pair for pair in by_low if pair.agreement > 0][:_SHOWN]
    unlike = [pair for pair in by_high if pair.agreement < 0][:_SHOWN]
    if len(pairs) <= MOST_PAIRS:
        return Matches(pairs, alike, unlike)
    mine = [pair for pair in pairs if you is not None and place.get(you) in (pair.one, pair.other)]
    some = dict.fromkeys([*mine, *by_low[:_EXTREMES], *by_high[:_EXTREMES]])
    return Matches(list(some), alike, unlike, complete=False)
