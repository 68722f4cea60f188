"""Numbers as the site writes them."""

import re

from letterboxd_scraper.items.limits import LARGEST_INTEGER


def parse_count(text: str | None) -> int | None:
    """Read the first whole number, thousands commas allowed; None where there is none that can be stored.

    >>> parse_count("2,770\\xa0followers"), parse_count("following 14"), parse_count("No ★ ratings")
    (2770, 14, None)
    """
    match = re.search(r"\d{1,3}(?:,\d{3})+(?!\d)|\d+", text or "")
    # A number is cut off before it is read: Python refuses thousands of digits.
    count = int(match[0].replace(",", "")[:20]) if match else None
    return count if count is not None and count <= LARGEST_INTEGER else None
