"""Tables of results: whole rows in a pipe; at a terminal what fits, with words that are never broken."""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len, set_cell_size

from letterboxd_scraper.terminal.columns import GAP, Column, Fit, layout
from letterboxd_scraper.terminal.harmless import harmless
from letterboxd_scraper.terminal.paragraphs import fitted, width_of

if TYPE_CHECKING:
    from rich.console import Console

# A pipe has no width: there, a row of a table is a line.
_WIDTH_OF_A_PIPE = 10**6
_INDENT = 4


def print_table(
    columns: Sequence[Column | str], rows: Sequence[Sequence[Any]], title: str | None, links: Sequence[str]
) -> list[str]:
    """Print a table; ``links`` lead to the film of each row, and are "" where nothing does.

    A terminal that shows colours makes links of the films' titles; elsewhere they are a column. Columns in
    which nothing stands are not shown to people. Returns the labels of those for which there is no room.
    """
    room = width_of(sys.stdout)
    if room and rows:
        places = [n for n in range(len(columns)) if any(row[n] not in (None, "") for row in rows)]
        columns, rows = [columns[n] for n in places], [[row[n] for n in places] for row in rows]
    console = _with_colours() if room or os.environ.get("FORCE_COLOR") else None
    if links and console is None:
        columns = [*columns, Column("link", importance=-2)]
        rows = [(*row, link) for row, link in zip(rows, links, strict=True)]
        links = ()
    table = _Table([Column(c) if isinstance(c, str) else c for c in columns], rows, room)
    if title:
        _write(fitted(harmless(title), table.room))
    for cells in table.beside([column.label for column in table.columns]):
        _print(cells, console, bold=True)
    for texts, link in zip(table.texts, links or [""] * len(rows), strict=True):
        for cells in table.beside(texts):
            _print(cells, console, linked=table.film, link=harmless(link))
        for line in table.below(texts):
            _write(line)
    return [table.columns[place].label for place in table.layout.left_out]


class _Table:
    """The texts of a table, and how they fit into a ``room`` of so many cells; without one, into a pipe."""

    def __init__(self, columns: list[Column], rows: Sequence[Sequence[Any]], room: int | None) -> None:
        self.columns, self.room = columns, room or _WIDTH_OF_A_PIPE
        self.texts = [
            [column.write(value, for_people=bool(room)) for column, value in zip(columns, row, strict=True)]
            for row in rows
        ]
        by_column = [[texts[place] for texts in self.texts] for place in range(len(columns))]
        widths = [
            max(map(cell_len, (column.label, *texts)))
            for column, texts in zip(columns, by_column, strict=True)
        ]
        words = [max(map(cell_len, " ".join(texts).split()), default=0) for texts in by_column]
        self.layout = layout(columns, widths, words, self.room)
        self.on_the_right = [
            column.right or _are_numbers(row[place] for row in rows) for place, column in enumerate(columns)
        ]
        # By its place among those that stand beside each other.
        self.film = next((n for n, place in enumerate(self.layout.beside) if columns[place].film), None)

    def beside(self, texts: Sequence[str]) -> Iterator[list[str]]:
        """Yield the lines of a row, each a list of cells; all but the last are as wide as their columns."""
        cells = [self._lines(place, texts[place]) for place in self.layout.beside]
        for line in zip_longest(*cells, fillvalue=""):
            padded = [self._padded(place, text) for place, text in zip(self.layout.beside, line, strict=True)]
            while padded and not padded[-1].strip():
                padded.pop()
            yield [*padded[:-1], padded[-1].rstrip()] if padded else []

    def below(self, texts: Sequence[str]) -> Iterator[str]:
        """Yield the lines of a row's texts that stand below it."""
        for place, column in enumerate(self.columns):
            is_below = place in self.layout.below or (
                place in self.layout.beside and not self._fits(place, texts[place])
            )
            if is_below and texts[place]:
                for line in fitted(f"{column.label}: {texts[place]}", self.room - _INDENT).split("\n"):
                    yield " " * _INDENT + line

    def _fits(self, place: int, text: str) -> bool:
        """Say whether a text has room in its column; all but addresses can be made to fit."""
        is_address = self.columns[place].fit is Fit.ADDRESS
        return not is_address or cell_len(text) <= self.layout.beside[place]

    def _lines(self, place: int, text: str) -> list[str]:
        width = self.layout.beside[place]
        if not self._fits(place, text):
            return [""]
        if cell_len(text) <= width:
            return [text]
        if self.columns[place].fit is Fit.PROSE:
            return fitted(text, width).split("\n")
        return [set_cell_size(text, width - 1).rstrip() + "…"]

    def _padded(self, place: int, text: str) -> str:
        blanks = " " * (self.layout.beside[place] - cell_len(text))
        return blanks + text if self.on_the_right[place] else text + blanks


def _are_numbers(values: Iterable[Any]) -> bool:
    present = [value for value in values if value is not None]
    return bool(present) and all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in present
    )


def _with_colours() -> "Console | None":
    # A fiftieth of a second that only a terminal needs.
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False)
    return console if console.color_system else None


def _print(
    cells: list[str],
    console: "Console | None",
    *,
    bold: bool = False,
    linked: int | None = None,
    link: str = "",
) -> None:
    gap = " " * GAP
    if console is None:
        _write(gap.join(cells))
        return
    from rich.style import Style
    from rich.text import Text

    line = Text(style="bold" if bold else "")
    for place, cell in enumerate(cells):
        text = cell.rstrip()
        line.append(gap * bool(place))
        line.append(text, Style(link=link) if place == linked and link else None)
        line.append(" " * (len(cell) - len(text)))
    console.print(line, soft_wrap=True)


def _write(line: str) -> None:
    sys.stdout.write(f"{line}\n")
