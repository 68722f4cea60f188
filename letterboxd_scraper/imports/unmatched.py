"""The CSV of what could not be matched: a person fills in its last column, and it is read again."""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from letterboxd_scraper.arguments import OneMember
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.imports import csv_rows
from letterboxd_scraper.imports.contents import Contents, Options
from letterboxd_scraper.imports.csv_rows import OddCell, Table
from letterboxd_scraper.imports.files import File
from letterboxd_scraper.imports.film_links import film_at
from letterboxd_scraper.imports.table import film_in
from letterboxd_scraper.imports.told import Told
from letterboxd_scraper.items.sources import DatedFilm, NamedFilm, RatedFilm, Service
from letterboxd_scraper.store.members import sources
from letterboxd_scraper.words import counted

COLUMNS = (
    "Member", "Service", "Title", "Year", "imdbID", "tmdbID", "Rating", "WatchedDate", "Source", "Reason",
    "LetterboxdURI",
)  # fmt: skip
# Keeps a spreadsheet from computing a title; read, blanks around a cell are none.
_MARK = " "
_NO_FILM = "no film, or several, of this title and year"
_FORMULAS = ("=", "+", "-", "@")


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A rating, or a watched film without stars, whose film is not known; ``reason`` says why, for people."""

    member: str
    service: Service
    film: NamedFilm
    stars: float | None
    day: date | None
    source: str
    reason: str


def as_csv(rows: Iterable[Unmatched]) -> str:
    """Return a CSV whose last column is empty."""
    text = io.StringIO(newline="")
    text.write("\ufeff")  # without this mark spreadsheets take it for something else than UTF-8
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(map(_cells, rows))
    return text.getvalue()


def of_stored(rows: Iterable[sources.Unmatched]) -> str:
    """Return the CSV of what the store could not match."""
    return as_csv(Unmatched(*row[:-1], reason=_NO_FILM) for row in rows)


def _cells(row: Unmatched) -> list[str]:
    film = row.film
    tmdb = f"tv/{film.tmdb_id}" if film.tmdb_kind == "tv" else film.tmdb_id
    stars = "" if row.stars is None else f"{row.stars:g}"
    cells = (
        row.member, row.service, film.title, film.year, film.imdb_id, tmdb, stars, row.day, row.source,
        row.reason, "",
    )  # fmt: skip
    texts = ["" if cell is None else str(cell) for cell in cells]
    return [_MARK + text if text.startswith(_FORMULAS) else text for text in texts]


def read_unmatched(file: File, options: Options) -> Contents:
    """Read the rows whose last column was filled in, as what the services they come from told.

    It takes an address, a code or a slug of Letterboxd, or an address of TMDB or IMDb. Raises InputError, in
    one line, if it cannot be such a file.
    """
    told: dict[tuple[str, Service], Told] = defaultdict(Told)
    empty = 0

    def take_in(
        owner: str,
        service: str,
        title: str,
        year: str,
        imdb: str,
        tmdb: str,
        rating: str,
        day: str,
        link: str,
    ) -> None:
        nonlocal empty
        if not link:
            empty += 1
            return
        film = film_in({"title": title, "year": year, "imdb": imdb, "tmdb": tmdb})
        film = _with_identity(film, link)
        part = told[_member(owner), _service(service)]
        stars = csv_rows.stars(rating) if rating else None
        if stars is None:
            part.watched.append(DatedFilm(film, part.day(day)))
        else:
            part.ratings.append(RatedFilm(film, stars, part.day(day)))

    names = [name for name in COLUMNS if name not in ("Source", "Reason")]
    _, odd = Table.of(file, file.name).read(take_in, *names)
    read = [part.contents(*key, file.name, options) for key, part in sorted(told.items())]
    notes = [note for contents in read for note in contents.notes]
    if empty:
        notes.append(f"{counted(empty, 'film')} without LetterboxdURI so far, left unmatched")
    snapshots = tuple(snapshot for contents in read for snapshot in contents.snapshots)
    return Contents(snapshots, left_out=tuple(odd), notes=tuple(notes))


def _member(name: str) -> str:
    try:
        return OneMember.read({"member": name}).member
    except InputError:
        raise OddCell(f"the member {name!r}, who can be none") from None


def _service(name: str) -> Service:
    try:
        return Service(name.lower())
    except ValueError:
        raise OddCell(f"the service {name!r}, which is none of {', '.join(Service)}") from None


def _with_identity(film: NamedFilm, text: str) -> NamedFilm:
    """Return a film as a person says which one it is. Raises OddCell if that is not clear."""
    if named := film_at(text):
        names = ("lid", "slug", "film_id", "imdb_id", "tmdb_id", "tmdb_kind")
        return replace(film, **{name: value for name in names if (value := getattr(named, name))})
    if re.fullmatch(r"tt\d{6,10}", text, re.ASCII):
        return replace(film, imdb_id=text)
    if re.fullmatch(r"[0-9A-Za-z]{1,8}", text, re.ASCII) and text != text.lower():
        return replace(film, lid=text)
    # In small letters, "a5fa" may be either, and "se7en", too.
    if re.fullmatch(r"[0-9a-z_-]+", text, re.ASCII) and not re.fullmatch(r"(?=.*\d)(?=.*[a-z])\w{1,5}", text):
        return replace(film, slug=text)
    raise OddCell(
        f"the LetterboxdURI {text!r}: write an address, such as boxd.it/CODE or letterboxd.com/film/NAME"
    )
