"""Numbers as the site writes them."""

import re

from letterboxd_scraper.items.limits import LARGEST_INTEGER

# What may stand between thousands: a mark, or a blank of any width.
_SEPARATOR = r"[,.'’]|[^\S\n\r\t]"
_NUMBER = re.compile(
    rf"(?P<exact>\d{{1,3}}(?:(?P<separator>{_SEPARATOR})\d{{3}}(?!\d))(?:(?P=separator)\d{{3}}(?!\d))*|\d+)"
    # What follows it in a number that is rounded, or written in a way that is not known.
    r"(?P<rest>[.,'’]?\d|\s*[KkMmBb](?![^\W\d_])|\+)?"
)


def parse_count(text: str | None) -> int | None:
    """Read the first whole number; None, unknown, where there is none that is exact and can be stored.

    >>> parse_count("2,770\\xa0followers"), parse_count("following 14"), parse_count("No ★ ratings")
    (2770, 14, None)
    >>> parse_count("1\\u202f871"), parse_count("1.871"), parse_count("1.2K"), parse_count("46K fans")
    (1871, 1871, None, None)
    """
    match = _NUMBER.search(text or "")
    if match is None or match["rest"]:
        return None
    # A number is cut off before it is read: Python refuses thousands of digits.
    count = int(re.sub(_SEPARATOR, "", match["exact"])[:20])
    return count if count <= LARGEST_INTEGER else None
