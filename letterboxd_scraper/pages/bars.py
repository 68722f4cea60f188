"""The bars of a rating histogram: a member's own on their profile, or everybody's for a film."""

import re

from parsel import Selector

from letterboxd_scraper.pages.numbers import parse_count

_LEVEL = re.compile(r"(half-★|★+½?|½)")
# Some bars are links, some are not; a list item in the older form, a column in the current one.
BARS = "li.rating-histogram-bar, .barcolumn"


def parse_bar(bar: Selector) -> tuple[int | None, int | None]:
    """Return a bar's level in half stars and its count: "17 ★★ ratings (5%)" is (4, 17).

    A part that the bar does not tell is None.
    """
    texts = bar.xpath(".//@title | .//@data-original-title | ./@title | ./@data-original-title").getall()
    sentence = next((text for text in [*texts, bar.xpath("string()").get("")] if text.strip()), "")
    level = _LEVEL.search(sentence)
    if not level:
        return None, None
    halves = 1 if level[1] == "half-★" else 2 * level[1].count("★") + level[1].count("½")
    before = sentence[: level.start()]
    return halves if halves <= 10 else None, 0 if before.strip() == "No" else parse_count(before)
