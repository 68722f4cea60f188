"""Fonts for pictures: the one that comes along, and where it lacks letters, those of the machine.

A font draws what it lacks as boxes. Here a text gets a font that has its letters, or none.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import fontpkg
from PIL import ImageFont, features
from PIL.ImageFont import FreeTypeFont, Layout

# Latin, Greek and Cyrillic letters, in the report's manner.
FAMILY = "Source Serif 4"
# Of Linux, macOS, and Windows as WSL sees it.
FOLDERS = (
    "~/.local/share/fonts",
    "~/.fonts",
    "/usr/local/share/fonts",
    "/usr/share/fonts",
    "~/Library/Fonts",
    "/Library/Fonts",
    "/System/Library/Fonts",
    "/mnt/c/Windows/Fonts",
)
_KINDS = (".ttf", ".otf", ".ttc")
# Other styles than the usual one, and fonts that have a box for every letter.
_UNFIT = ("bold", "italic", "oblique", "light", "thin", "black", "mono", "condensed", "lastresort", "blank")
# Stands for no letter, so that a font draws what it draws for those that it lacks.
_NO_LETTER = "\U0010ffff"
_SIZE = 16
# The axes of FAMILY: how bold, and for which size its letters are drawn.
_LEAST_OPTICAL, _MOST_OPTICAL = 8, 60


@dataclass(frozen=True, slots=True)
class Lettering:
    """A text that can be drawn, and the font's file; ``without`` are the signs that were left out."""

    text: str
    file: Path
    without: str = ""

    def font(self, size: int, weight: int) -> FreeTypeFont:
        """Return the font in this size, in pixels; the one that comes along is as bold as ``weight``."""
        font = ImageFont.truetype(self.file, size)
        if self.file == own_font():
            font.set_variation_by_axes([weight, min(max(size, _LEAST_OPTICAL), _MOST_OPTICAL)])
        return font


def own_font() -> Path:
    """Return the file of the font that comes along."""
    return Path(fontpkg.path(FAMILY))


def lettering(text: str, folders: Sequence[str] = FOLDERS) -> Lettering | None:
    """Return a text with a font that has its letters: of the folders' where that of our own lacks some.

    A sign that is no letter, such as an emoji, is left out where no font has it. Returns None where a letter
    would be missing, or where letters could not be joined as their script wants it.
    """
    text = unicodedata.normalize("NFC", " ".join(text.split()))
    if needs_joining(text) and not features.check("raqm"):
        return None
    best: tuple[str, Path] | None = None
    for file in _files(tuple(folders)):
        lacking = _lacking(file, text)
        if lacking is None or any(unicodedata.category(sign)[0] in "LN" for sign in lacking):
            continue
        if best is None or len(lacking) < len(best[0]):
            best = lacking, file
        if not lacking:
            break
    if best is None:
        return None
    lacking, file = best
    if lacking:  # what joined them joins nothing
        text = "".join(
            sign for sign in text if sign not in lacking and (sign == " " or not _is_invisible(sign))
        )
    kept = " ".join(text.split())
    return Lettering(kept, file, lacking) if kept else None


def needs_joining(text: str) -> bool:
    """Say whether a text is more than one letter after the other from the left.

    >>> needs_joining("Amélie"), needs_joining("映画"), needs_joining("وجدة"), needs_joining("हिन्दी")
    (False, False, True, True)
    """
    return any(
        unicodedata.bidirectional(sign) in ("R", "AL") or unicodedata.category(sign) in ("Mn", "Mc")
        for sign in text
    )


def _files(folders: tuple[str, ...]) -> Iterator[Path]:
    yield own_font()
    yield from _of_machine(folders)


@lru_cache(maxsize=2)
def _of_machine(folders: tuple[str, ...]) -> list[Path]:
    """Return the machine's fonts of the usual style, those with serifs first."""
    files = {
        file
        for folder in folders
        for file in Path(folder).expanduser().rglob("*")
        if file.suffix.lower() in _KINDS and not any(word in file.name.lower() for word in _UNFIT)
    }
    return sorted(files, key=lambda file: ("serif" not in file.name.lower(), file.name, file))


def _lacking(file: Path, text: str) -> str | None:
    """Return the signs of a text that a font lacks; None where it cannot be read at this size."""
    try:
        font = _plain(file)
        lack = _drawn(font, _NO_LETTER)
        signs = dict.fromkeys(sign for sign in text if not _is_invisible(sign))
        return "".join(sign for sign in signs if _drawn(font, sign) == lack)
    except OSError:
        return None


@lru_cache(maxsize=64)
def _plain(file: Path) -> FreeTypeFont:
    # One sign, one glyph: what is joined, or put together of several, is not asked for.
    return ImageFont.truetype(file, _SIZE, layout_engine=Layout.BASIC)


def _drawn(font: FreeTypeFont, sign: str) -> tuple[tuple[int, int], bytes]:
    mask = font.getmask(sign)
    return mask.size, bytes(mask)


def _is_invisible(sign: str) -> bool:
    """Say whether a sign only says how others are drawn: blanks, joiners, choices of a variant."""
    return unicodedata.category(sign) in ("Zs", "Cf", "Cc") or "\ufe00" <= sign <= "\ufe0f"
