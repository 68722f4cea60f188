"""Any CSV whose columns say which films and what ratings: Letterboxd's import file, and others."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.imports import csv_rows
from letterboxd_scraper.imports.columns import TableColumns, rating_scale, table_columns
from letterboxd_scraper.imports.contents import Contents, Options
from letterboxd_scraper.imports.csv_rows import OddCell, Table
from letterboxd_scraper.imports.files import File
from letterboxd_scraper.imports.film_links import film_at
from letterboxd_scraper.imports.imdb import no_film
from letterboxd_scraper.imports.told import Told
from letterboxd_scraper.items.limits import LARGEST_INTEGER
from letterboxd_scraper.items.sources import DatedFilm, NamedFilm, RatedFilm, Service
from letterboxd_scraper.words import counted

_NUMBER = re.compile(r"(\d{1,3}(?:[.,]\d{1,4})?)(?: ?/ ?(\d{1,3})| ?%)?", re.ASCII)
_SLUG = re.compile(r"(?:/?film/)?([0-9a-z_-]+)/?", re.ASCII)
_IMDB = re.compile(r"tt\d{6,10}", re.ASCII)
_TMDB = re.compile(r"(?:(movie|tv)/)?(\d{1,10})(?:\.0)?", re.ASCII)
_SERIES = {"tv", "show", "series", "tvshow", "tvseries", "tvminiseries", "miniseries"}


def read_table(file: File, options: Options) -> Contents:
    """Read a table. Raises InputError, in one line, if it contradicts itself, or does not say its scale.

    In Letterboxd's import file every film has been watched, which Letterboxd takes it for, too; in another,
    those that have a day of a viewing.
    """
    member = options.owner(file.path)
    table = Table.of(file, file.name)
    columns = table_columns(table.columns)
    scales = _scales(file.path, columns, options.scale)
    told = Told()
    rounded = 0

    def take_in(*cells: str) -> None:
        nonlocal rounded
        row = dict(zip(columns.columns, cells, strict=False))
        if what := no_film(row.get("kind", "")):
            told.passed_over[what] += 1
            return
        film = film_in(row)
        value, is_exact = _last(zip(cells[len(columns.columns) :], scales.values(), strict=True))
        rounded += not is_exact
        watched = told.day(row.get("watched", ""))
        if value is not None:
            told.ratings.append(RatedFilm(film, value, told.day(row.get("rated", "")) or watched))
        if columns.of_import_file or (watched and columns.says_when_watched):
            told.watched.append(DatedFilm(film, watched))
        elif value is None:
            told.passed_over["films without a rating"] += 1

    _, told.left_out = table.read(take_in, *columns.columns.values(), *scales)
    contents = told.contents(member, Service.TABLE, file.name, options)
    if not rounded:
        return contents
    note = (
        f"{counted(rounded, 'rating')} between two half stars: the nearest counts, of two as near the higher"
    )
    return replace(contents, notes=(*contents.notes, note))


def _scales(path: str, columns: TableColumns, scale: int | None) -> dict[str, int]:
    """Return the columns of ratings with their best rating, where their names are silent as a person says."""
    scales = {}
    for column, said in columns.ratings:
        best = rating_scale(column) or scale or said
        if best is None:
            raise InputError(
                f"{path}: the column {column!r} does not say its scale: call it {f'{column} / 10'!r}, or "
                "whatever is the best, or give --scale 5, 10 or 100"
            )
        scales[column] = best
    return scales


def _last(ratings: Iterable[tuple[str, int]]) -> tuple[float | None, bool]:
    """Return the stars of the last of a row's ratings, and whether they are exact; None for a row without."""
    stars: tuple[float | None, bool] = None, True
    for text, scale in ratings:
        if (value := stars_on(text, scale))[0] is not None:
            stars = value
    return stars


def stars_on(text: str, scale: int) -> tuple[float | None, bool]:
    """Return a rating as stars, and whether it is exact: else it is the nearest half star, of two the higher.

    None for no rating, which is also written as 0. Raises OddCell.

    >>> stars_on("9", 10), stars_on("75", 100), stars_on("0", 10), stars_on("1", 100)
    ((4.5, True), (4.0, False), (None, True), (0.5, False))
    """
    if not text:
        return None, True
    written = _NUMBER.fullmatch(text)
    value = float(written[1].replace(",", ".")) if written else -1
    hint = ": is it another one, --scale 10 or 100?" if scale == 5 else ""
    if written is None or value > scale or written[2] not in (None, str(scale)):
        raise OddCell(f"a rating of {text!r} on a scale of {scale}{hint}")
    halves = value * 10 / scale
    return (max(1, int(halves + 0.5)) / 2 if value else None), halves == int(halves)


def film_in(row: Mapping[str, str]) -> NamedFilm:
    """Return the film of a row with a title, year, link, slug, imdb, tmdb, kind. Raises OddCell."""
    title, year = row.get("title", ""), csv_rows.year(row.get("year", ""))
    film = film_at(row.get("link", ""), title, year) or NamedFilm(title, year)
    slug, imdb = _SLUG.fullmatch(row.get("slug", "").lower()), _matching(_IMDB, row, "imdb")
    film = replace(
        film,
        slug=film.slug or (slug[1] if slug else None),
        imdb_id=film.imdb_id or (imdb[0] if imdb else None),
    )
    if (tmdb := _matching(_TMDB, row, "tmdb")) and not film.tmdb_id and 0 < int(tmdb[2]) <= LARGEST_INTEGER:
        is_series = re.sub(r"[\W_]", "", row.get("kind", "").casefold()) in _SERIES
        film = replace(film, tmdb_id=int(tmdb[2]), tmdb_kind=tmdb[1] or ("tv" if is_series else "movie"))
    if film == NamedFilm("", year):
        raise OddCell("nothing that names a film")
    return film


def _matching(form: re.Pattern[str], row: Mapping[str, str], name: str) -> re.Match[str] | None:
    """Return what a cell says, None if it is empty. Raises OddCell."""
    if not (text := row.get(name, "").lower()):
        return None
    if written := form.fullmatch(text):
        return written
    raise OddCell(f"{text!r}, which is no number of {name.upper()}")
