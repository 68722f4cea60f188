"""A ranking as a text: CSV, JSON."""

import csv
import io
import json
from collections.abc import Sequence
from datetime import datetime

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
    "letterboxd",
    "liked",
    "favorites",
    "wanted",
)


def as_csv(films: Sequence[RankedFilm], base_url: str) -> str:
    """Return a ranking as CSV (RFC 4180) with the columns CSV_COLUMNS; numbers in full precision.

    A title that a spreadsheet would compute as a formula gets an apostrophe before it.
    """
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, CSV_COLUMNS, extrasaction="ignore")
    writer.writeheader()
    for film in films:
        texts = {"title": as_text(film.title), "parameters": json.dumps(film.parameters, sort_keys=True)}
        writer.writerow(film.fields(base_url) | texts)
    return file.getvalue()


def as_text(text: str, mark: str = "'") -> str:
    """Return a text with a mark before it where a spreadsheet would compute it as a formula.

    Everybody can edit titles and names at TMDB, from where the site has them: also to =HYPERLINK("…").
    """
    return mark + text if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def as_json(films: Sequence[RankedFilm], base_url: str) -> str:
    """Return a ranking as a JSON list of objects with all that is known of each film's place in it."""
    return json.dumps([film.fields(base_url) for film in films], default=datetime.isoformat, indent=1) + "\n"
