"""The columns of a table: what they are called, how their values are written, and which of them fit.

A command names its columns with the most important ones first. Where a terminal is too narrow for all of
them, prose goes below its row, then titles end in "…", then columns are left out: the least important, and
of those that are equally important the last.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any

from rich.cells import cell_len

from letterboxd_scraper.terminal.harmless import harmless

GAP = 2
# Shorter than that, a title is not known again, and prose is not read well.
LEAST_TITLE = 20
LEAST_PROSE = 24


class Fit(Enum):
    """What becomes of a column's texts where the terminal is narrow."""

    WHOLE = auto()
    SHORTENED = auto()  # they end in "…"
    PROSE = auto()  # they go on over several lines, beside the others or below them
    ADDRESS = auto()  # those for which there is no room go below their row, and are never broken


@dataclass(frozen=True, slots=True)
class Column:
    """A column: ``name`` is what --json calls it, ``heading`` what stands above it (as a rule its name).

    Numbers that are not whole get so many ``digits`` after the point, all of them a sign if ``signed``; those
    of a count are ``grouped`` by thousands where people read them. Numbers stand on the ``right``, whatever
    this says. A ``film`` leads to where it is found.
    """

    name: str
    heading: str = ""
    fit: Fit = Fit.WHOLE
    digits: int = 3
    signed: bool = False
    grouped: bool = False
    right: bool = False
    film: bool = False
    importance: int = 0

    @property
    def label(self) -> str:
        """What stands above the column."""
        return self.heading or self.name

    def write(self, value: Any, *, for_people: bool) -> str:
        """Return a value as it stands in a table; nothing for what is not known."""
        sign, comma = "+" * self.signed, "," * (self.grouped and for_people)
        match value:
            case None:
                return ""
            case bool():
                return "yes" if value else "no"
            case float():
                return f"{value:{sign}{comma}.{self.digits}f}"
            case int():
                return f"{value:{sign}{comma}d}"
            case datetime():
                return f"{value:%Y-%m-%d %H:%M}" if for_people else f"{value:%Y-%m-%d %H:%M:%S}"
        return harmless(str(value))


def film(name: str = "title") -> Column:
    """Return a column of films' titles."""
    return Column(name, fit=Fit.SHORTENED, film=True)


def prose(name: str, heading: str = "") -> Column:
    """Return a column of sentences."""
    return Column(name, heading, Fit.PROSE)


def address(name: str, heading: str = "") -> Column:
    """Return a column of addresses and paths."""
    return Column(name, heading, Fit.ADDRESS)


def count(name: str, heading: str = "") -> Column:
    """Return a column of counts."""
    return Column(name, heading, grouped=True)


def stars(name: str, heading: str = "", *, signed: bool = False) -> Column:
    """Return a column of means of stars, or of differences between them."""
    return Column(name, heading, digits=2, signed=signed)


def moment(name: str, heading: str) -> Column:
    """Return a column of moments; its heading says that they are UTC."""
    return Column(name, f"{heading} (UTC)")


@dataclass(frozen=True, slots=True)
class Layout:
    """Where columns go, by their places: ``beside`` each other with their widths, ``below``, or nowhere.

    An address that is longer than its column goes ``below``, too.
    """

    beside: Mapping[int, int]
    below: Sequence[int] = ()
    left_out: Sequence[int] = ()


def layout(columns: Sequence[Column], widths: Sequence[int], words: Sequence[int], room: int) -> Layout:
    """Return how columns of these ``widths`` fit into a ``room``; ``words`` are those of their longest words.

    The first column is never left out, whatever the room.
    """
    beside = dict(enumerate(widths))
    if _total(beside) <= room:
        return Layout(beside)
    below = [place for place, column in enumerate(columns) if column.fit in (Fit.PROSE, Fit.ADDRESS)]
    least = {
        place: min(width, LEAST_TITLE) if columns[place].fit is Fit.SHORTENED else width
        for place, width in enumerate(widths)
        if place not in below
    }
    left_out = []
    while _total(least) > room and len(least) > 1:
        place = min(list(least)[1:], key=lambda place: (columns[place].importance, -place))
        del least[place]
        left_out.append(place)
    beside = {place: widths[place] for place in least}
    for place in beside:
        beside[place] = max(least[place], beside[place] - max(0, _total(beside) - room))
    if below:
        place, left = below[0], room - _total(beside) - GAP
        least_beside = cell_len(columns[place].label)
        if columns[place].fit is Fit.PROSE:
            least_beside = max(least_beside, words[place], min(LEAST_PROSE, widths[place] // 2))
        if left >= least_beside:
            beside[below.pop(0)] = left
    return Layout(dict(sorted(beside.items())), below, sorted(left_out))


def _total(widths: Mapping[int, int]) -> int:
    return sum(widths.values()) + GAP * (len(widths) - 1)
