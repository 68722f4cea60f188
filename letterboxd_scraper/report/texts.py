"""Texts from the site, made fit for a page."""

import re
import unicodedata

# Marks that turn the direction of what follows them, beyond the end of the text they stand in.
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")
# So many letters stand beside each other on a poster.
_USUAL_WORD = 9
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def clean(text: str) -> str:
    """Return a text without control characters, marks that turn the direction, and halves of letters.

    >>> clean("a\\x00b\\u202ec")
    'a\ufffdbc'
    """
    return _CONTROLS.sub("\ufffd", _TURNING.sub("", text))


def columns_of(text: str) -> int:
    """Return how many letters wide a text is; those of East Asia are two.

    >>> columns_of("film"), columns_of("映画")
    (4, 4)
    """
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def has_long_word(text: str) -> bool:
    """Whether a word is too long for a poster in letters of the usual size. Those of East Asia can be parted.

    >>> has_long_word("Synecdoche, New York"), has_long_word("Spider-Man 2"), has_long_word("映画" * 9)
    (True, False, False)
    """
    words = re.split(r"[\s\-–—/]+", text)
    return any(len(word) > _USUAL_WORD and columns_of(word) == len(word) for word in words)


def shortened(text: str, most: int) -> str:
    """Return a text that is at most so many letters wide; what is cut off leaves a sign.

    >>> shortened("A Clockwork Orange", 12)
    'A Clockwork…'
    """
    if columns_of(text) <= most:
        return text
    while columns_of(text) >= most:
        text = text[:-1]
    return text.rstrip() + "…"
