"""One person's ratings as the files of several services, for tests and benchmarks."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from tests.site.archive import packed


@dataclass(frozen=True)
class Rated:
    """A film that somebody rated on a day, with all its numbers; ``elsewhere`` is its title there."""

    title: str
    year: int
    lid: str
    imdb_id: str
    tmdb_id: int
    stars: float
    day: date
    elsewhere: str
    kind: str = "movie"


def archive(member: str, rated: Sequence[Rated]) -> bytes:
    """Return them as an archive of Letterboxd's."""
    head = ["Date", "Name", "Year", "Letterboxd URI"]
    films = [[film.day, film.title, film.year, f"https://boxd.it/{film.lid}"] for film in rated]
    marked = [[*row, f"{film.stars:g}"] for row, film in zip(films, rated, strict=True)]
    return packed(
        {
            "profile.csv": _table(["Username", "Favorite Films"], [[member, ""]]),
            "ratings.csv": _table([*head, "Rating"], marked),
            "watched.csv": _table(head, films),
        }
    )


def imdb(member: str, rated: Sequence[Rated]) -> bytes:
    """Return them as IMDb's ratings, which do not say whose they are."""
    kinds = {"movie": "Movie", "tv": "TV Series"}
    rows = [
        [film.imdb_id, int(film.stars * 2), film.day, film.elsewhere, kinds[film.kind], film.year]
        for film in rated
    ]
    head = ["Const", "Your Rating", "Date Rated", "Title", "Title Type", "Year"]
    return _table(head, rows).encode()


def trakt(member: str, rated: Sequence[Rated]) -> bytes:
    """Return them as Trakt's export."""
    files: dict[str, list[object]] = {"movie": [], "show": []}
    for film in rated:
        kind = "show" if film.kind == "tv" else "movie"
        ids = {"trakt": film.tmdb_id + 7, "slug": film.lid, "imdb": film.imdb_id, "tmdb": film.tmdb_id}
        files[kind].append(
            {
                "rated_at": f"{film.day}T00:00:00.000Z",
                "rating": int(film.stars * 2),
                "type": kind,
                kind: {"title": film.elsewhere, "year": film.year, "ids": ids},
            }
        )
    return packed({f"ratings-{kind}s.json": json.dumps(entries) for kind, entries in files.items()})


def import_file(member: str, rated: Sequence[Rated]) -> bytes:
    """Return them as the CSV that Letterboxd imports."""
    head = ["imdbID", "Title", "Year", "Rating10", "WatchedDate"]
    rows = [[film.imdb_id, film.elsewhere, film.year, int(film.stars * 2), film.day] for film in rated]
    return _table(head, rows).encode()


# By the name of a file of each kind.
SERVICES: Mapping[str, Callable[[str, Sequence[Rated]], bytes]] = {
    "archive.zip": archive,
    "imdb.csv": imdb,
    "trakt.zip": trakt,
    "import.csv": import_file,
}


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue()
