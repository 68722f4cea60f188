"""Rows of CSV files, however spreadsheets and browsers left them: separators, encodings, odd rows."""

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from typing import Self, TypeVar

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.imports.files import File
from letterboxd_scraper.items.members import STARS
from letterboxd_scraper.items.texts import storable
from letterboxd_scraper.words import counted

Read = TypeVar("Read")

_SEPARATORS = ",;\t|"
_YEAR = re.compile(r"([12]\d{3})(?:\.0*)?", re.ASCII)
# A time behind the day is one of that day.
_DAY = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[T ]\d{2}:\d{2}[\d:.]*(?: ?(?:Z|UTC|[+-]\d{2}:?\d{2}))?)?", re.ASCII
)
_STARS = re.compile(r"(\d)(?:[.,]([05])?0*)?", re.ASCII)


class OddCell(ValueError):
    """A row says what cannot be true; the message says what the row "has"."""


class Table:
    """A CSV file. ``name``: what sentences about its rows call it. ``columns``: as they are written."""

    def __init__(self, text: str, name: str = "", path: str = "") -> None:
        self.name = name
        self._path = path
        lines = io.StringIO(text, newline="")
        self._number, self.separator = _preamble(lines)
        self._reader = csv.reader(lines, delimiter=self.separator, strict=True)
        self.columns = tuple(column.strip() for column in self._head())
        self._places = {column.casefold(): place for place, column in reversed([*enumerate(self.columns)])}

    @classmethod
    def of(cls, file: File, name: str, fallback: str | None = None) -> Self:
        """Read a file, if not in UTF-8, in the ``fallback`` encoding. Raises InputError if it cannot be."""
        return cls(decoded(file.read(), file.path, fallback), name, file.path)

    def has(self, *columns: str) -> bool:
        """Say whether there are columns of these names, in whatever case."""
        return all(column.casefold() in self._places for column in columns)

    def read(
        self, row: Callable[..., Read], *columns: str, optional: Sequence[str] = ()
    ) -> tuple[list[Read], list[str]]:
        """Call ``row`` with the cells of these columns, row by row; return what comes back, and the odd rows.

        A cell is "" where an ``optional`` column is missing. A row that raises OddCell, or is cut short, is
        left out: it becomes a sentence. Raises InputError where another column is missing, or where more
        than one row, and more than a third, are odd: then the file is not what it seems.
        """
        if missing := [column for column in columns if not self.has(column)]:
            raise InputError(f"{self._path} has no column {missing[0]!r}")
        places = [self._places.get(column.casefold()) for column in (*columns, *optional)]
        done: list[Read] = []
        odd: list[str] = []
        for number, cells in self._rows(odd):
            try:
                done.append(row(*["" if place is None else cells[place].strip() for place in places]))
            except OddCell as reason:
                odd.append(f"{self.name}, row {number} has {reason}")
            except IndexError:
                odd.append(f"{self.name}, row {number} is cut short")
        if len(odd) > 1 and len(odd) > len(done) / 2:
            first = odd[0].removeprefix(f"{self.name}, ")
            so_many = (
                f"{len(odd):,} of {counted(len(odd) + len(done), 'row')} are like that: nothing is taken"
            )
            raise InputError(f"{self._path}: {first}; {so_many}")
        return done, odd

    def _rows(self, odd: list[str]) -> Iterator[tuple[int, list[str]]]:
        """Yield the rows with their numbers, counted as a spreadsheet counts them."""
        number, line = self._number, self._reader.line_num
        while True:
            try:
                for cells in self._reader:
                    number, line = number + 1, self._reader.line_num
                    if cells:
                        yield number, cells
                return
            except csv.Error as error:
                if self._reader.line_num > line + 1:
                    # An open quotation mark: who knows how many rows it has swallowed.
                    raise InputError(f"{self._path} is no table from row {number + 1} on: {error}") from None
                number, line = number + 1, self._reader.line_num
                odd.append(f"{self.name}, row {number} is cut short, or has a quotation mark too many")

    def _head(self) -> list[str]:
        try:
            for cells in self._reader:
                self._number += 1
                if cells:
                    return cells
        except csv.Error:
            pass
        return []


def _preamble(lines: io.StringIO) -> tuple[int, str]:
    """Return how many lines stand before the head, and the separator, by those that say it or by the head."""
    first = lines.readline()
    if told := re.fullmatch(r'"?sep=(.)"?\s*', first, re.IGNORECASE):
        return 1, told[1]
    lines.seek(0)
    return 0, max(_SEPARATORS, key=first.count)


def decoded(body: bytes, name: str, fallback: str | None = None) -> str:
    """Return a text in UTF-8, or in what spreadsheets call Unicode; else in the ``fallback``.

    Raises InputError if it is in none of these.
    """
    for encoding in (_encoding(body), fallback):
        try:
            if encoding:
                return storable(body.decode(encoding))
        except UnicodeDecodeError:
            continue
    raise InputError(f"{name} is not written in UTF-8: take it as it was downloaded, or save it as CSV UTF-8")


def _encoding(body: bytes) -> str:
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    # Every head begins with a letter of ASCII.
    return {b"\0": "utf-16-le"}.get(body[1:2]) or {b"\0": "utf-16-be"}.get(body[:1]) or "utf-8-sig"


def columns_of(head: bytes) -> tuple[str, ...]:
    """Return the columns of a CSV file that begins so."""
    return Table(head.decode(_encoding(head), "ignore")).columns


# The same days, years and stars stand in a file again and again.


@lru_cache(10_000)
def day(text: str) -> date:
    """Read a day such as 2026-01-31, maybe with a time behind. Raises OddCell."""
    written = _DAY.fullmatch(text)
    if written is None:
        raise OddCell(f"the date {text!r}: a spreadsheet may have changed it")
    try:
        return date.fromisoformat(written[1])
    except ValueError:
        raise OddCell(f"the date {text!r}, which does not exist") from None


@lru_cache(1000)
def year(text: str) -> int | None:
    """Read a year, None if there is none. Raises OddCell.

    >>> year("1955"), year("1955.0"), year("")
    (1955, 1955, None)
    """
    written = _YEAR.fullmatch(text)
    if text and written is None:
        raise OddCell(f"the year {text!r}")
    return int(written[1]) if written else None


@lru_cache(1000)
def stars(text: str) -> float:
    """Read stars, from 0.5 to 5 in halves, with a point or a comma. Raises OddCell."""
    written = _STARS.fullmatch(text)
    if written and (value := float(f"{written[1]}.{written[2] or 0}")) in STARS:
        return value
    raise OddCell(f"a rating of {text!r}")
