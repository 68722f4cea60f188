"""How help pages are laid out: no word is cut, however narrow the terminal.

Typer's own layout cuts long words, breaks the names of options at their hyphens, and leaves long examples to
the terminal, which cuts them wherever its line ends.
"""

import re
import textwrap
from collections.abc import Iterator, Sequence

import typer

# Narrower terminals get less room for the names of options, so that some is left for what is said of them.
_NARROW = 70
_NAMES, _FEW_NAMES = 30, 20


class HelpFormatter(typer.Context.formatter_class):  # type: ignore[misc, valid-type]
    """Writes paragraphs, tables of options and, as they are, the lines behind a `\\b`."""

    def write_text(self, text: str) -> None:
        """Write paragraphs, one under the other."""
        indent = " " * self.current_indent
        paragraphs = re.split(r"\n\s*\n", text.strip("\n"))
        self.write("\n\n".join("\n".join(self._lines(paragraph, indent)) for paragraph in paragraphs) + "\n")

    def write_dl(
        self, rows: Sequence[tuple[str, str]], col_max: int | None = None, col_spacing: int = 2
    ) -> None:
        """Write a table of names and what is said of them, which begins below a name that is too long."""
        most = col_max or (_NAMES if self.width >= _NARROW else _FEW_NAMES)
        column = max((len(name) for name, _ in rows if len(name) <= most), default=most) + col_spacing
        left, below = " " * self.current_indent, " " * (self.current_indent + column)
        for name, text in rows:
            first = f"{left}{name}"
            if len(name) > column - col_spacing:
                self.write(f"{first}\n")
                first = ""
            self.write("\n".join(_wrapped(text, self.width, f"{first:{len(below)}}", below)).rstrip() + "\n")

    def _lines(self, paragraph: str, indent: str) -> Iterator[str]:
        first, *others = paragraph.splitlines()
        if first.strip() != "\b":
            yield from _wrapped(" ".join(paragraph.split()), self.width, indent, indent)
            return
        for line in others:
            yield from example(f"{indent}{line}", self.width)


def example(line: str, width: int) -> Iterator[str]:
    r"""Yield a command, and what is remarked beside it, in lines of at most ``width``, still to be copied.

    >>> print(*example("  letterboxd sync --seed marla     from a name", 60), sep="\n")
      letterboxd sync --seed marla     from a name
    >>> print(*example("  letterboxd sync --seed marla --depth 2    of friends, too", 32), sep="\n")
      # of friends, too
      letterboxd sync --seed marla \
          --depth 2
    """
    if len(line) <= width:
        yield line
        return
    indent = line[: -len(line.lstrip())]
    command, *remarks = re.split(r"\s{3,}", line.strip())
    yield from _wrapped(" ".join(remarks), width, f"{indent}# ", f"{indent}# ")
    *lines, last = _wrapped(command, width - 2, indent, f"{indent}    ")
    yield from (f"{part} \\" for part in lines)
    yield last


def _wrapped(text: str, width: int, first: str, others: str) -> list[str]:
    wrapped = textwrap.TextWrapper(
        width,
        initial_indent=first,
        subsequent_indent=others,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return wrapped.wrap(text) or ([first] if first.strip() not in ("", "#") else [])


class Context(typer.Context):
    """A command's context, whose help pages are laid out so."""

    formatter_class = HelpFormatter
