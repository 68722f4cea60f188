"""A ranking as an HTML table."""

from collections.abc import Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined

from letterboxd_scraper.words import counted
from ranking.results import RankedFilm


def as_html(films: Sequence[RankedFilm], strategy: str, base_url: str) -> str:
    """Return a ranking as an HTML document with one table, without scripts or styles."""
    environment = Environment(
        loader=PackageLoader("ranking.exports"), autoescape=True, undefined=StrictUndefined
    )
    template = environment.get_template("ranking.html")
    values = {"films": films, "counted": counted(len(films), "film")}
    return template.render(values, strategy=strategy, base_url=base_url) + "\n"
