"""Films as the page's scripts read them: column by column, short."""

import base64
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from letterboxd_scraper.report.films import FilmTable, ReportFilm
from letterboxd_scraper.report.texts import clean

Column = Callable[[ReportFilm], Any]


def as_columns(table: FilmTable, members: int) -> dict[str, list[Any]]:
    """Return what the table shows of the films, column by column: lists of one value a film.

    ``seen`` are bits in base64, the member in the first place being the highest bit of the first byte.
    Numbers are rounded to what is shown.
    """
    columns: dict[str, Column] = {
        "rank": lambda film: film.ranked.rank,
        "title": lambda film: clean(film.ranked.title),
        "year": lambda film: film.ranked.year,
        "slug": lambda film: film.ranked.slug,
        # The page itself makes that of a slug.
        "link": lambda film: None if film.ranked.slug else film.ranked.address,
        "score": lambda film: _short(film.ranked.score, 4),
        "low": lambda film: _short(film.ranked.low, 3),
        "high": lambda film: _short(film.ranked.high, 3),
        "watchers": lambda film: film.ranked.watchers,
        "mean": lambda film: _short(film.ranked.mean, 3),
        "average": lambda film: _short(film.average, 2),
        "genres": lambda film: film.genres,
        "directors": lambda film: film.directors,
        "seen": lambda film: _bits(film.seen, members),
        "poster": lambda film: film.poster,
    }
    return _columns(table, columns)


def as_details(table: FilmTable) -> dict[str, list[Any]]:
    """Return what is shown of a film when it is opened, in the same way."""
    columns: dict[str, Column] = {
        "why": lambda film: film.why,
        "runtime": lambda film: film.runtime,
        "spread": lambda film: _short(film.spread, 2),
        "circle": lambda film: film.circle,
        "site": lambda film: film.site,
    }
    return _columns(table, columns)


def _columns(table: FilmTable, columns: Mapping[str, Column]) -> dict[str, list[Any]]:
    """Return the columns of which something is known."""
    lists = {name: [value(film) for film in table.films] for name, value in columns.items()}
    return {name: values for name, values in lists.items() if any(value is not None for value in values)}


def _short(number: float | None, places: int) -> float | None:
    return None if number is None else round(number, places)


def _bits(places: Iterable[int], size: int) -> str:
    """Write a set of places below ``size`` as bits.

    >>> _bits({0, 9}, 12)
    'gEA='
    """
    bits = bytearray((size + 7) // 8)
    for place in places:
        bits[place // 8] |= 128 >> place % 8
    return base64.b64encode(bits).decode("ascii")
