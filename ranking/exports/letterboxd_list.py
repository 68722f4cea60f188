"""A ranking as the CSV that Letterboxd imports into a list."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from letterboxd_scraper.store.films.credits import director_names
from letterboxd_scraper.store.schema import film_people, films
from letterboxd_scraper.words import counted
from ranking.exports.texts import as_text
from ranking.results import RankedFilm

# Letterboxd tries these in this order. Ratings and days are left out on purpose: they would be logged.
COLUMNS = ("LetterboxdURI", "tmdbID", "imdbID", "Title", "Year", "Directors", "Review")
# Letterboxd takes a megabyte; whether it counts 1000 or 1024 of each, nobody has written down.
MOST_BYTES = 900_000
# Keeps a spreadsheet from computing a title. An apostrophe would be a part of the title that Letterboxd looks
# for; blanks around it are none.
_MARK = " "
# So many films are looked up at once: databases limit the parameters of a statement.
_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells Letterboxd which film is meant: None, or empty, where it is not stored."""

    lid: str | None = None
    tmdb_id: int | None = None
    imdb_id: str | None = None
    directors: tuple[str, ...] = ()


def identities(connection: sa.Connection, ranked: Sequence[RankedFilm]) -> dict[int, Identity]:
    """Return by film id what identifies the films of a ranking elsewhere."""
    ids = [film.film_id for film in ranked]
    identity = {}
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        directors = _directors(connection, some)
        # The importer reads the number as a film's: a series' would match some other film, as a guess may.
        is_films = sa.and_(films.c.tmdb_media_type == "movie", ~films.c.tmdb_guessed)
        number = sa.case((is_films, films.c.tmdb_id))
        query = sa.select(films.c.id, films.c.letterboxd_lid, number, films.c.imdb_id)
        for film, lid, tmdb_id, imdb_id in connection.execute(query.where(films.c.id.in_(some))):
            identity[film] = Identity(lid, tmdb_id, imdb_id, tuple(directors.get(film, ())))
    return identity


def _directors(connection: sa.Connection, ids: Sequence[int]) -> dict[int, list[str]]:
    names: dict[int, list[str]] = {}
    for film, name in connection.execute(director_names().where(film_people.c.film_id.in_(ids))):
        names.setdefault(film, []).append(name)
    return names


def as_import(ranked: Sequence[RankedFilm], identity: Mapping[int, Identity]) -> list[str]:
    """Return a ranking as one CSV or, where it would be too large for Letterboxd, as several.

    The film's note says its score, its ratings and their mean.
    """
    head = _line(COLUMNS)
    texts, size = [head], len(head.encode())
    for film in ranked:
        line = _line(_row(film, identity.get(film.film_id, Identity())))
        if size + len(line.encode()) > MOST_BYTES:
            texts.append(head)
            size = len(head.encode())
        texts[-1] += line
        size += len(line.encode())
    return texts


def _row(film: RankedFilm, identity: Identity) -> Iterable[str]:
    address = f"https://boxd.it/{identity.lid}" if identity.lid else ""
    note = f"{film.score:.2f}"
    if film.mean is not None:
        note += f" from {counted(film.watchers, 'rating')} with a mean of {film.mean:.2f}"
    numbers = (str(identity.tmdb_id or ""), identity.imdb_id or "")
    title, directors = (as_text(text, _MARK) for text in (film.title, ", ".join(identity.directors)))
    return address, *numbers, title, str(film.year or ""), directors, note


def _line(cells: Iterable[str]) -> str:
    # How the importer wants a straight quote escaped is not sure, so there is none.
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator="\n").writerow(cell.replace('"', "”") for cell in cells)
    return file.getvalue()
