"""A film's rating histogram, a fragment: in the form since April 2026, and in the one before."""

import re

from parsel import Selector

from letterboxd_scraper.errors import LayoutChanged, WrongPage
from letterboxd_scraper.items.films import Histogram
from letterboxd_scraper.pages.bars import BARS, parse_bar
from letterboxd_scraper.pages.numbers import parse_count

_OF_FILM = re.compile(r"/film/([^\s/]+)/(?:ratings|fans)/")
_AVERAGE = re.compile(r"Weighted average of (\d(?:\.\d+)?) based on (\d.*)")
_FANS = re.compile(r"(\d[\d,]{0,12}(?:\.\d{1,3})?)\s{0,5}([KM]?)\s{0,5}fans?\b")
_TIMES = {"": 1, "K": 1_000, "M": 1_000_000}


def refuse_truncated(text: str) -> None:
    """Raise WrongPage if the fragment has no end: cut off, its average would seem not to be there."""
    if not text.rstrip().endswith(("</div>", "</section>")):
        raise WrongPage("the histogram is cut short: it has no end")


def parse_blank(text: str, *, unrated: bool) -> Histogram | None:
    """Return the ten zeros that an answer without a word is for an ``unrated`` film; None for other answers.

    Raises WrongPage for such an answer about a film of which its page does not say that nobody has rated it.
    """
    if text.strip():
        return None
    if not unrated:
        raise WrongPage("the histogram is blank, and the film's page does not say that it has no rating")
    return Histogram((0,) * 10)


def parse_histogram(page: Selector, slug: str) -> Histogram:
    """Read the histogram of film ``slug``. Raises LayoutChanged unless it has all ten levels, once each."""
    films = set(page.css("a::attr(href)").re(_OF_FILM))
    if films - {slug}:
        raise WrongPage(f"expected the histogram of {slug!r}, found one of {min(films - {slug})!r}")
    bars = [(bar, *parse_bar(bar)) for bar in page.css(BARS)]
    levels, counts = [], []
    for place, (bar, level, count) in enumerate(bars, start=1):
        # Until April 2026, a bar without a link and without text was a level without ratings.
        silent = bar.root.tag == "li" and not bar.css("a")
        levels.append(place if silent else level)
        if count is not None or silent:
            counts.append(count or 0)
    if levels != list(range(1, 11)) or len(counts) != 10 or not any(level for _, level, _ in bars):
        raise LayoutChanged(f"the histogram of {slug!r} has not each of the ten levels once, with its count")
    average, ratings = _average(page)
    if ratings is not None and ratings != sum(counts):
        raise LayoutChanged(
            f"the histogram of {slug!r} adds up to {sum(counts)}, not to the {ratings} that it says"
        )
    return Histogram(tuple(counts), average, _fans(page))


def _average(page: Selector) -> tuple[float | None, int | None]:
    """Return the weighted average and the number of ratings; a film with few ratings has no average."""
    for text in page.css(".averagerating, .average-rating a").xpath("@title | @data-original-title").getall():
        if match := _AVERAGE.search(text):
            return float(match[1]), parse_count(match[2])
    return None, None


def _fans(page: Selector) -> int | None:
    """Return the number of fans, which the site rounds: 75K."""
    text = page.css("a[href$='/fans/']").xpath("string()").get("")
    if (exact := parse_count(text)) is not None:
        return exact
    match = _FANS.search(text)
    return round(float(match[1].replace(",", "")) * _TIMES[match[2]]) if match else None
