"""A ranking as a page for people: one table, without scripts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from letterboxd_scraper.templating import ONE_FILE, templates
from letterboxd_scraper.words import counted
from ranking.marks import marks_in_words
from ranking.results import RankedFilm
from ranking.strategies import STRATEGIES


@dataclass(frozen=True, slots=True)
class Heading:
    """What a page says of its ranking: its title, what the circle is called, and the page's own styles.

    ``styles`` stand before those of the table, and may be empty; ``at`` is when the page is made.
    """

    title: str
    circle: str
    at: datetime
    styles: str = ""


def as_html(films: Sequence[RankedFilm], strategy: str, base_url: str, heading: Heading) -> str:
    """Return a ranking as an HTML document that needs nothing else, and fetches nothing."""
    environment = templates("ranking.exports")
    environment.filters["day"] = _day
    environment.globals["marks"] = marks_in_words
    page = environment.get_template("ranking.html")
    return page.render(
        policy=ONE_FILE,
        films=films,
        counted=counted(len(films), "film"),
        strategy=STRATEGIES[strategy],
        heading=heading,
        base_url=base_url,
        has_averages=any(film.letterboxd is not None for film in films),
    )


def _day(moment: datetime) -> str:
    """Write a day for people.

    >>> _day(datetime(2026, 11, 3))
    '3 November 2026'
    """
    return f"{moment.day} {moment:%B %Y}"
