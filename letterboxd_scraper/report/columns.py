"""Films as the page's scripts read them: column by column, short."""

import base64
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from letterboxd_scraper.report.films import FilmTable, ReportFilm
from letterboxd_scraper.report.raters import seen
from letterboxd_scraper.report.texts import clean

# That of the number 0: the first that JSON writes as it is, but for one.
FIRST_LETTER = 35
Column = Callable[[ReportFilm], Any]


def as_columns(table: FilmTable, members: int) -> dict[str, list[Any]]:
    """Return what the table shows of the films, column by column: lists of one value a film.

    ``seen`` are bits in base64, the member in the first place being the highest bit of the first byte.
    Numbers are rounded to what is shown.
    """
    place_of = {language: place for place, language in enumerate(table.languages)}
    values: dict[str, Column] = {
        "rank": lambda film: film.ranked.rank,
        "title": lambda film: clean(film.ranked.title),
        "year": lambda film: film.ranked.year,
        "slug": lambda film: film.ranked.slug,
        # The page itself makes that of a slug.
        "link": lambda film: None if film.ranked.slug else film.ranked.address,
        "score": lambda film: _short(film.ranked.score, 3),
        "low": lambda film: _short(film.ranked.low, 2),
        "high": lambda film: _short(film.ranked.high, 2),
        "watchers": lambda film: film.ranked.watchers,
        "mean": lambda film: _short(film.ranked.mean, 2),
        "average": lambda film: _short(film.average, 2),
        "minutes": lambda film: film.runtime,
        "language": lambda film: place_of.get(film.language or ""),
        "discovery": lambda film: film.discovery,
        "liked": lambda film: film.ranked.liked or None,
        "favorites": lambda film: film.ranked.favorites or None,
        "wanted": lambda film: film.ranked.wanted or None,
        "genres": lambda film: film.genres,
        "directors": lambda film: film.directors,
        "seen": lambda film: _bits(seen(film.marks), members),
        "poster": lambda film: film.poster,
    }
    return columns(table, values)


def columns(table: FilmTable, values: Mapping[str, Column]) -> dict[str, list[Any]]:
    """Return the columns of which something is known: by name a list of one value a film."""
    lists = {name: [value(film) for film in table.films] for name, value in values.items()}
    return {name: values for name, values in lists.items() if any(value is not None for value in values)}


def _short(number: float | None, places: int) -> float | None:
    return None if number is None else round(number, places)


def letters(numbers: Iterable[int]) -> str:
    """Write whole numbers, from 0 on, as one letter each: less than a byte each once they are compressed.

    >>> letters([0, 1, 10])
    '#$-'
    """
    return "".join(map(chr, (number + FIRST_LETTER for number in numbers)))


def numbers(text: str) -> list[int]:
    """Return the numbers of `letters`."""
    return [ord(letter) - FIRST_LETTER for letter in text]


def _bits(places: Iterable[int], size: int) -> str:
    """Write a set of places below ``size`` as bits.

    >>> _bits({0, 9}, 12)
    'gEA='
    """
    bits = bytearray((size + 7) // 8)
    for place in places:
        bits[place // 8] |= 128 >> place % 8
    return base64.b64encode(bits).decode("ascii")
