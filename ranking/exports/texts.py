"""A ranking as a text: CSV, JSON, an HTML table."""

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from ranking.results import RankedFilm

CSV_COLUMNS = (
    "rank",
    "title",
    "year",
    "slug",
    "score",
    "low",
    "high",
    "watchers",
    "mean",
    "parameters",
    "link",
)


def as_csv(found: Sequence[RankedFilm], base_url: str) -> str:
    """Return a ranking as CSV (RFC 4180) with the columns CSV_COLUMNS; numbers in full precision.

    A title that a spreadsheet would compute as a formula gets an apostrophe before it.
    """
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(CSV_COLUMNS)
    for film in found:
        numbers = (film.score, film.low, film.high, film.watchers, film.mean)
        parameters = json.dumps(film.parameters, sort_keys=True)
        writer.writerow(
            (film.rank, _as_text(film.title), film.year, film.slug, *numbers, parameters, film.link(base_url))
        )
    return file.getvalue()


def _as_text(title: str) -> str:
    # Everybody can write titles at TMDB, from where the site has them: also =HYPERLINK("…").
    return f"'{title}" if title.startswith(("=", "+", "-", "@", "\t", "\r")) else title


def as_json(found: Sequence[RankedFilm], base_url: str) -> str:
    """Return a ranking as a JSON list of objects with all that is known of each film's place in it."""
    return json.dumps([_fields(film, base_url) for film in found], default=str, indent=1) + "\n"


def as_html(found: Sequence[RankedFilm], strategy: str, base_url: str) -> str:
    """Return a ranking as an HTML document with one table, without scripts or styles."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("ranking.exports"), autoescape=True, undefined=StrictUndefined
    )
    template = environment.get_template("ranking.html")
    return template.render(films=found, strategy=strategy, base_url=base_url) + "\n"


def _fields(film: RankedFilm, base_url: str) -> dict[str, Any]:
    return {
        "rank": film.rank,
        "title": film.title,
        "year": film.year,
        "score": film.score,
        "low": film.low,
        "high": film.high,
        "watchers": film.watchers,
        "mean": film.mean,
        "slug": film.slug,
        "parameters": film.parameters,
        "link": film.link(base_url),
        "computed_at": film.computed_at,
    }
