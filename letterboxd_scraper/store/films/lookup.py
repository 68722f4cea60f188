"""Films as people and lists name them, looked up among those that are stored."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper import urls
from letterboxd_scraper.errors import InputError, UnknownName
from letterboxd_scraper.store.film_order import film_order
from letterboxd_scraper.store.films import links
from letterboxd_scraper.store.films.told import LID, SLUG
from letterboxd_scraper.store.names import folded, similar, unknown
from letterboxd_scraper.store.schema import film_names, films
from letterboxd_scraper.store.upsert import as_list, in_list
from letterboxd_scraper.words import counted

# A look-up names so many films at most: databases limit the parameters of a statement.
_AT_ONCE = 5000
# So many films of one title are listed.
_LISTED = 10
_f = films.c
# What tells two films apart whatever their titles, by the fields of a reference.
_NAMES = {LID: _f.letterboxd_lid, "number": _f.letterboxd_film_id, SLUG: _f.slug, "imdb": _f.imdb_id}
_COLUMNS = (*_NAMES.values(), _f.id, _f.title, _f.release_year, _f.tmdb_id, _f.tmdb_media_type)


@dataclass(frozen=True, slots=True)
class Reference:
    """What is said of a film: its slug, the code of its short address, its number, its title and year.

    ``tmdb`` is its kind and number there, ``imdb`` its number there.
    """

    slug: str | None = None
    lid: str | None = None
    number: int | None = None
    title: str | None = None
    year: int | None = None
    tmdb: tuple[str, int] | None = None
    imdb: str | None = None


def reference(text: str) -> Reference:
    """Read a slug or an address of a film.

    >>> reference("https://letterboxd.com/film/alien/?x") == reference("alien") == Reference(slug="alien")
    True
    >>> reference("https://boxd.it/2awY").lid, reference("film:51899").number
    ('2awY', 51899)
    >>> reference("www.themoviedb.org/movie/348-alien").tmdb, reference("letterboxd.com/tmdb/348").tmdb
    (('movie', 348), ('movie', 348))
    >>> reference("https://letterboxd.com/imdb/tt0078748/").imdb, reference("tt0078748").imdb
    ('tt0078748', 'tt0078748')
    """
    text = text.strip()
    if short := re.search(r"\bboxd\.it/(\w+)", text):
        return Reference(lid=short[1])
    if tmdb := re.search(r"\b(?:themoviedb\.org/(movie|tv)|letterboxd\.com/tmdb)/(\d{1,9})", text, re.ASCII):
        return Reference(tmdb=(tmdb[1] or "movie", int(tmdb[2])))
    imdb = re.fullmatch(
        r"(?:.*\b(?:imdb\.com/.*title|letterboxd\.com/imdb)/)?(tt\d{6,10})(?:[/?#].*)?", text, re.ASCII
    )
    if imdb:
        return Reference(imdb=imdb[1])
    if address := re.search(r"(?:^|/)film/([^/?#\s]+)", text):
        text = address[1]
    if number := re.fullmatch(r"film:(\d{1,9})", text, re.ASCII):
        return Reference(slug=text, number=int(number[1]))
    return Reference(slug=text.lower())


def in_words(film: Reference) -> str:
    """Say which film is meant.

    >>> in_words(Reference(lid="2awY", title="Alien", year=1979)), in_words(Reference(slug="alien"))
    ('Alien (1979)', 'alien')
    """
    if film.title:
        return f"{film.title} ({film.year or 'no year'})"
    return str(film.slug or (film.lid and f"boxd.it/{film.lid}") or film.imdb or film.tmdb)


def match(connection: sa.Connection, references: Sequence[Reference]) -> list[int | None]:
    """Return the stored film's id for each reference; None where there is none, or more than one.

    By code, number, slug, or TMDB's or IMDb's number; where these are unknown, by title and year, but not
    those of a film whose code, number or slug is another.
    """
    by_name = {
        field: _rows(connection, column, {getattr(film, field) for film in references})
        for field, column in _NAMES.items()
    }
    by_tmdb = defaultdict(list)
    for row in _rows(connection, _f.tmdb_id, {film.tmdb[1] for film in references if film.tmdb}):
        by_tmdb[row.tmdb_media_type, row.tmdb_id].append(row)
    by_title = defaultdict(list)
    for row in _rows(connection, _f.title, {film.title for film in references}):
        by_title[row.title, row.release_year].append(row)
    named = {
        (field, row._mapping[_NAMES[field].name]): row for field, rows in by_name.items() for row in rows
    }
    for field in (SLUG, LID):
        gone = {key for film in references if (key := getattr(film, field)) and (field, key) not in named}
        named |= {(field, key): row for key, row in _former(connection, field, gone).items()}

    def of(film: Reference) -> int | None:
        for field in _NAMES:
            value = getattr(film, field)
            if value is not None and (row := named.get((field, value))) is not None:
                return int(row.id)
        alike = by_tmdb[film.tmdb] if film.tmdb else []
        alike = alike or [row for row in by_title[film.title, film.year] if not _is_another(row, film)]
        return int(alike[0].id) if len(alike) == 1 else None

    return [of(film) for film in references]


def find_film(connection: sa.Connection, text: str, *, base_url: str = urls.SITE) -> int:
    """Return the id of the film that a person means: by slug, address, code, or a title that fits one film.

    Raises UnknownName, with the titles that are spelt alike, and InputError with the films that a title fits,
    where these are several.
    """
    named = reference(text)
    (film,) = match(connection, [named])
    if film is None and re.fullmatch(r"\w+", text.strip(), re.ASCII):
        (film,) = match(connection, [Reference(lid=text.strip())])
    is_title = named.slug is not None and text.strip() != named.slug and "/" not in text
    if film is not None and not is_title:
        return film
    (titled,) = _of_titles(connection, [text])
    if film is not None and len(titled) < 2:  # a slug in capitals, such as that of the one film of this title
        return film
    if len(titled) > 1:
        listed = "; ".join(_row_in_words(row, base_url) for row in titled[:_LISTED])
        raise InputError(f"{text!r} fits {counted(len(titled), 'film')}, name one by its address: {listed}")
    if not titled:
        raise _unknown_film(connection, text.strip())
    return int(titled[0].id)


def _unknown_film(connection: sa.Connection, text: str) -> UnknownName:
    """Return the error that names titles, or else slugs, that are spelt alike."""
    titles, slugs = (set(connection.scalars(sa.select(name))) - {None} for name in (_f.title, _f.slug))
    return unknown("film", text, slugs if similar(text, slugs) and not similar(text, titles) else titles)


def _row_in_words(row: Any, base_url: str) -> str:
    return f"{row.title} ({row.release_year or 'no year'}) {links.link(row.address, base_url)}".rstrip()


def match_titles(connection: sa.Connection, texts: Sequence[str]) -> list[int | None]:
    """Return the film that each title fits, as people write it; None where it fits none, or more than one."""
    titled = _of_titles(connection, texts) if texts else []
    return [int(rows[0].id) if len(rows) == 1 else None for rows in titled]


def _of_titles(connection: sa.Connection, texts: Sequence[str]) -> list[list[Any]]:
    """Return for each title the films that have it, in any case; a year in brackets may follow it."""
    query = sa.select(_f.id, _f.title, _f.release_year, links.ADDRESS)
    query = query.order_by(_f.release_year, *film_order(connection.dialect.name))
    named = [re.fullmatch(r"(.+?)(?:\s*\((\d{4})\))?", text.strip(), re.ASCII | re.DOTALL) for text in texts]
    titles = [folded(parts[1]) if parts else "" for parts in named]
    years = [int(parts[2]) if parts and parts[2] else None for parts in named]
    sought = set(titles)
    bearers = defaultdict(list)
    for row in connection.execute(query):
        if (title := folded(row.title)) in sought:
            bearers[title].append(row)
    return [
        [row for row in bearers[title] if year is None or row.release_year == year]
        for title, year in zip(titles, years, strict=True)
    ]


def _is_another(row: Any, film: Reference) -> bool:
    """Say whether both are named in one way, and differ in that."""
    tmdb = (row.tmdb_media_type, row.tmdb_id) if row.tmdb_id else None
    names = [(getattr(row, column.name), getattr(film, field)) for field, column in _NAMES.items()]
    names.append((tmdb, film.tmdb))
    return any(mine is not None and theirs is not None and mine != theirs for mine, theirs in names)


def _rows(connection: sa.Connection, column: sa.Column[Any], values: Iterable[Any]) -> list[Any]:
    """Return the films with one of these values, of which None is none."""
    query = sa.select(*_COLUMNS)
    keys = sorted(set(values) - {None})
    return [
        row
        for start in range(0, len(keys), _AT_ONCE)
        for row in connection.execute(query.where(column.in_(keys[start : start + _AT_ONCE])))
    ]


def _former(connection: sa.Connection, kind: str, keys: Collection[str]) -> dict[str, Any]:
    """Return the films that have had these slugs or codes, or of which one that had it became part."""
    named = film_names.c
    query = sa.select(*_COLUMNS, named.key).join(film_names, named.film_id == _f.id)
    query = query.where(named.kind == kind, in_list(connection.dialect.name, named.key))
    return {row.key: row for row in connection.execute(query, as_list(keys))} if keys else {}
