"""Pictures of a year: how many ratings its months have, and its films' decades."""

from collections.abc import Sequence
from dataclasses import dataclass

from letterboxd_scraper.report.year_words import MONTHS
from ranking.year.films import Group
from ranking.year.period import Month


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar: what it is of, how many ratings, and its length in percent of the longest."""

    name: str
    ratings: int
    length: float
    is_longest: bool


def months(rows: Sequence[Month]) -> list[Bar]:
    """Return a bar for each month."""
    return _bars([(MONTHS[row.month - 1], row.ratings) for row in rows])


def decades(rows: Sequence[Group]) -> list[tuple[Group, Bar]]:
    """Return a bar for each decade."""
    return list(zip(rows, _bars([(row.name, row.ratings) for row in rows]), strict=True))


def _bars(rows: Sequence[tuple[str, int]]) -> list[Bar]:
    most = max((count for _, count in rows), default=0) or 1
    return [Bar(name, count, 100 * count / most, count == most > 1) for name, count in rows]
