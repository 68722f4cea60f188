"""Numbers as the site writes them."""

import re


def parse_count(text: str | None) -> int | None:
    """Read the first whole number, thousands commas allowed; None where there is none.

    >>> parse_count("2,770\\xa0followers"), parse_count("following 14"), parse_count("No ★ ratings")
    (2770, 14, None)
    """
    found = re.search(r"\d{1,3}(?:,\d{3}){1,3}|\d{1,12}", text or "")
    return int(found[0].replace(",", "")) if found else None
