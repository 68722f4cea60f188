"""Films as people and files name them, looked up among those that are stored."""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.errors import InputError, refusal
from letterboxd_scraper.store.schema import films

# A look-up names so many films at most: databases limit the parameters of a statement.
_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class Reference:
    """What is said of a film: its slug, the code of its short address, its number, its title and year."""

    slug: str | None = None
    lid: str | None = None
    number: int | None = None
    title: str | None = None
    year: int | None = None


def reference(text: str) -> Reference:
    """Read a slug or an address of a film.

    >>> reference("https://letterboxd.com/film/alien/") == reference("alien") == Reference(slug="alien")
    True
    >>> reference("https://boxd.it/2awY").lid, reference("film:51899").number
    ('2awY', 51899)
    """
    text = text.strip()
    if short := re.search(r"\bboxd\.it/(\w+)", text):
        return Reference(lid=short[1])
    if address := re.search(r"(?:^|/)film/([^/?#\s]+)", text):
        text = address[1]
    if number := re.fullmatch(r"film:(\d{1,9})", text, re.ASCII):
        return Reference(slug=text, number=int(number[1]))
    return Reference(slug=text.lower())


def match(connection: sa.Connection, references: Sequence[Reference]) -> list[int | None]:
    """Return the stored film's id for each reference; None where there is none, or more than one.

    By code, number or slug; where these are unknown, by title and year.
    """
    by_lid = _ids(connection, films.c.letterboxd_lid, {film.lid for film in references})
    by_number = _ids(connection, films.c.letterboxd_film_id, {film.number for film in references})
    by_slug = _ids(connection, films.c.slug, {film.slug for film in references})
    by_title = _ids_by_title(connection, {film.title for film in references})
    return [
        by_lid.get(film.lid)
        or by_number.get(film.number)
        or by_slug.get(film.slug)
        or by_title.get((film.title, film.year))
        for film in references
    ]


def _ids(connection: sa.Connection, column: sa.Column[Any], values: set[Any]) -> dict[Any, int]:
    query = sa.select(column, films.c.id)
    return {value: film for value, film in _looked_up(connection, query, column, values)}


def _ids_by_title(connection: sa.Connection, titles: set[str | None]) -> dict[Any, int]:
    query = sa.select(films.c.title, films.c.release_year, films.c.id)
    ids = defaultdict(list)
    for title, year, film in _looked_up(connection, query, films.c.title, titles):
        ids[title, year].append(film)
    return {named: alike[0] for named, alike in ids.items() if len(alike) == 1}


def _looked_up(
    connection: sa.Connection, query: sa.Select[Any], column: sa.Column[Any], values: set[Any]
) -> Iterable[Any]:
    """Yield the query's rows with one of these values, of which None is none."""
    keys = sorted(values - {None})
    for start in range(0, len(keys), _AT_ONCE):
        yield from connection.execute(query.where(column.in_(keys[start : start + _AT_ONCE])))


_ADDRESSES = ("letterboxd uri", "letterboxduri", "url")
_TITLES = ("name", "title")


def read_list(file: Path) -> list[Reference]:
    """Return the films named in a file: slugs or addresses, one a line, or a table with a header.

    A table is a CSV file, such as a list that was exported from Letterboxd. Raises InputError.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
        records = [record for record in csv.reader(io.StringIO(text)) if any(record)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"cannot read the list {file}: {refusal(error)}") from None
    header = _header(records)
    if header is None:
        lines = (line.split("#")[0].strip() for line in text.splitlines())
        return [reference(line) for line in lines if line]
    names = [cell.strip().lower() for cell in records[header]]
    return [_of_row(dict(zip(names, record, strict=False))) for record in records[header + 1 :]]


def _header(records: Sequence[Sequence[str]]) -> int | None:
    """Return the index of the record that names the columns of a table of films; None if there is none."""
    headers = [index for index, record in enumerate(records) if _is_header(record, index)]
    # An exported list begins with a table about itself: its address is no film's.
    of_films = [index for index in headers if records[index][0].strip().lower() == "position"]
    return next(iter(of_films or headers), None)


def _is_header(record: Sequence[str], index: int) -> bool:
    cells = {cell.strip().lower() for cell in record}
    if record[0].startswith("#"):
        return False
    if cells & set(_ADDRESSES):
        return index == 0 or len(record) > 1
    return "year" in cells and bool(cells & set(_TITLES))


def _of_row(row: Mapping[str, str]) -> Reference:
    # "link" is what our own exports call it.
    address = next((row[name] for name in (*_ADDRESSES, "link") if row.get(name)), None)
    title = next((row[name] for name in _TITLES if row.get(name)), None)
    year = row.get("year", "").strip()
    film = reference(address) if address else Reference()
    return replace(film, title=title, year=int(year) if re.fullmatch(r"\d{4}", year, re.ASCII) else None)
