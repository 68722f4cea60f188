"""Sentences at a terminal: none is broken within a word, or within a command that somebody may copy."""

import os
import re
import textwrap
from typing import TextIO

from letterboxd_scraper.terminal.harmless import harmless_lines

# What is typed as it stands: between backticks, or a command's words.
TYPED = re.compile(r"`[^`\n]*`|\b(?:letterboxd|loginctl|python -m \w+|scrapy|systemctl) [^;,()\n]*")
# Stands for the blanks within it: no text has this sign, which is of Unicode's for private use.
_BLANK = "\ue000"
_LABEL = re.compile(r" *(?:\S+ {2,})?")


def width_of(stream: TextIO) -> int | None:
    """Return how many columns the terminal has that a stream is; None for a pipe, and where nobody knows.

    The variable COLUMNS, which a user may set, goes before what the terminal says.
    """
    if not stream.isatty():
        return None
    if (said := os.environ.get("COLUMNS", "")).isdecimal() and int(said):
        return int(said)
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except (OSError, ValueError):  # it is none, whatever it says of itself
        return None


def for_stream(text: str, stream: TextIO) -> str:
    """Return lines as a stream is to get them: harmless, and fitted into the terminal if it is one."""
    width = width_of(stream)
    text = harmless_lines(text)
    return text if width is None else fitted(text, width)


def fitted(text: str, width: int) -> str:
    """Return a text's lines, those that are too long broken at blanks; longer words stay whole.

    Where a line begins with a word and two blanks or more, the others are indented as what follows these.

    >>> print(fitted("films     338 of which 58 are known in full", 30))
    films     338 of which 58 are
              known in full
    >>> print(fitted("ranked; now: letterboxd rank show --cohort marla", 30))
    ranked; now:
    letterboxd rank show --cohort marla
    """
    return "\n".join(_fitted_line(line, width) for line in text.split("\n"))


def _fitted_line(line: str, width: int) -> str:
    if len(line) <= width:
        return line
    label = _LABEL.match(line)
    indent = label.end() if label and label.end() < width // 2 else 0
    whole = TYPED.sub(lambda typed: typed[0].rstrip().replace(" ", _BLANK) + _ending(typed[0]), line[indent:])
    lines = textwrap.wrap(whole, max(1, width - indent), break_long_words=False, break_on_hyphens=False)
    return line[:indent] + f"\n{' ' * indent}".join(lines).replace(_BLANK, " ")


def _ending(text: str) -> str:
    return " " * (len(text) - len(text.rstrip()))
