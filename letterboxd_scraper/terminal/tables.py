"""Tables of results; those of films lead to where people find these."""

import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.style import Style
from rich.table import Table
from rich.text import Text

from letterboxd_scraper.terminal.harmless import harmless

# A pipe has no width: there, a row of a table is a line.
_WIDTH_OF_A_PIPE = 400
# The columns of films.
_TITLES = ("title", "film")


def print_table(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], title: str | None, links: Sequence[str]
) -> None:
    """Print a table; ``links`` lead to the film of each row, and are "" where nothing does.

    A terminal that shows colours makes links of the films' titles; elsewhere they are a column.
    """
    width = None if sys.stdout.isatty() else _WIDTH_OF_A_PIPE
    console = Console(highlight=False, markup=False, emoji=False, width=width)
    is_plain = console.color_system is None
    if links and is_plain:
        columns, rows = (*columns, "link"), [(*row, link) for row, link in zip(rows, links, strict=True)]
    heading = harmless(title) if title else None
    table = Table(title=heading, title_justify="left", box=None, header_style="bold", pad_edge=False)
    for column, sample in zip(columns, rows[0] if rows else columns, strict=True):
        is_number = isinstance(sample, int | float) and not isinstance(sample, bool)
        table.add_column(column, justify="right" if is_number else "left", overflow="fold")
    linked = None if is_plain else next((n for n, name in enumerate(columns) if name in _TITLES), None)
    for row, link in zip(rows, links or [""] * len(rows), strict=True):
        cells: list[str | Text] = [_cell(value) for value in row]
        if linked is not None and link:
            cells[linked] = Text(str(cells[linked]), Style(link=harmless(link)))
        table.add_row(*cells)
    console.print(table)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if isinstance(value, float) else harmless(str(value))
