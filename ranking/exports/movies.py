"""Lists of films for programs that keep a library, such as Radarr and Kometa: films that TMDB has alone."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import sqlalchemy as sa

from letterboxd_scraper.errors import ListUnsure
from letterboxd_scraper.store.schema import films
from letterboxd_scraper.words import counted
from ranking.sql import is_among

USUAL_LIMIT, MOST = 100, 5000
# So many films are looked up at once.
_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Movie:
    """A film under the names that programs have for it: ``id`` is TMDB's number, ``imdb_id`` as tt0078748."""

    id: int
    imdb_id: str | None
    title: str
    release_year: str | None


@dataclass(frozen=True, slots=True)
class MovieList:
    """Films, in order, and how many were passed over before the last.

    These are ``series``, and ``unnumbered`` films of which no number at TMDB is known.
    """

    movies: list[Movie]
    series: int
    unnumbered: int

    @property
    def passed_over(self) -> str:
        """Say how many are missing from the list; "" where none is.

        >>> MovieList([], series=1, unnumbered=2).passed_over
        'passed over: 1 series, 2 films of which no number at TMDB is known'
        """
        words = {
            counted(self.series, "series", "series"): self.series,
            f"{counted(self.unnumbered, 'film')} of which no number at TMDB is known": self.unnumbered,
        }
        missing = ", ".join(text for text, number in words.items() if number)
        return f"passed over: {missing}" if missing else ""


def movies_of(
    connection: sa.Connection, ids: Sequence[int], limit: int, remarks: Sequence[str] = ()
) -> MovieList:
    """Return the first films of these (ids, in order) that are films at TMDB, each once.

    Raises ListUnsure where there is none: a program that gets an empty list removes all that it had from
    it. ``remarks`` say what the choice of the films could not know.
    """
    numbered: dict[int, Movie] = {}
    series = unnumbered = 0
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        rows = {row.id: row for row in connection.execute(_query(some))}
        for row in (rows[film] for film in some if film in rows):
            if row.tmdb_media_type == "tv":
                series += 1
            elif row.tmdb_id is None or row.tmdb_media_type != "movie" or row.tmdb_not_found:
                unnumbered += 1
            else:
                year = None if row.release_year is None else str(row.release_year)
                numbered.setdefault(row.tmdb_id, Movie(row.tmdb_id, row.imdb_id, row.title, year))
            if len(numbered) == limit:
                return MovieList(list(numbered.values()), series, unnumbered)
    movies = MovieList(list(numbered.values()), series, unnumbered)
    if not movies.movies:
        raise ListUnsure(_why_empty(movies, remarks))
    return movies


def _query(ids: Sequence[int]) -> sa.Select[tuple[int, int, str, bool, str, str, int]]:
    f = films.c
    columns = (f.id, f.tmdb_id, f.tmdb_media_type, f.tmdb_not_found, f.imdb_id, f.title, f.release_year)
    return sa.select(*columns).where(is_among(f.id, ids))


def _why_empty(movies: MovieList, remarks: Sequence[str]) -> str:
    if movies.unnumbered:
        return (
            f"no film that fits has a number at TMDB ({movies.passed_over}): `letterboxd enrich` finds them"
        )
    what = f"nothing that fits is a film ({movies.passed_over})" if movies.series else "no film fits"
    return f"{'; '.join([what, *remarks])}: choose less narrowly"


def as_radarr(movies: Sequence[Movie]) -> str:
    """Return the films as the JSON list that Radarr takes, of its kinds Custom Lists and StevenLu Custom."""
    return json.dumps([asdict(movie) for movie in movies], indent=1, ensure_ascii=False) + "\n"


def as_kometa(movies: Sequence[Movie], collection: str) -> str:
    """Return the films as a collection file of Kometa's, in YAML, with one collection of this name.

    Kometa keeps the collection the same as the file. It orders films given by their numbers in its own way.
    """
    # What is JSON is YAML, too.
    name = json.dumps(_on_one_line(collection), ensure_ascii=False)
    lines = ["collections:", f"  {name}:", "    sync_mode: sync", "    tmdb_movie:"]
    for movie in movies:
        title = f"{movie.title} ({movie.release_year})" if movie.release_year else movie.title
        lines.append(f"      - {movie.id}  # {_on_one_line(title)}")
    return "\n".join(lines) + "\n"


def _on_one_line(text: str) -> str:
    """Return a text without line ends, and other signs that YAML takes for some."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
