"""What do the columns of a table hold? Only those are taken whose names leave no doubt."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# The columns of the CSV that Letterboxd imports, as it writes them.
IMPORT_FILE = (
    "LetterboxdURI", "tmdbID", "imdbID", "Title", "Year", "Directors", "Rating", "Rating10", "WatchedDate",
    "Rewatch", "Tags", "Review",
)  # fmt: skip
# No other table has these.
_ONLY_IMPORT_FILE = {"LetterboxdURI", "tmdbID", "imdbID", "Rating10", "WatchedDate"}

# How they are called elsewhere, in small letters, without blanks and signs; the first that is there counts.
NAMES = {
    "title": ("title", "name", "film", "movie", "filmtitle", "movietitle", "filmname", "moviename"),
    "year": ("year", "releaseyear", "yearofrelease", "yearreleased", "filmyear", "movieyear", "releasedyear"),
    "tmdb": ("tmdbid", "tmdb", "themoviedbid", "themoviedb", "tmdbmovieid", "idtmdb", "idstmdb"),
    "imdb": ("imdbid", "imdb", "const", "tconst", "imdbconst", "idimdb", "idsimdb"),
    "link": (
        "letterboxduri", "letterboxdurl", "letterboxdlink", "url", "uri", "link", "filmurl", "movieurl",
        "imdburl", "imdblink", "tmdburl", "tmdblink",
    ),
    "slug": ("letterboxdslug", "slug", "filmslug"),
    "kind": ("titletype", "mediatype", "tmdbtype", "type", "itemtype"),
    "rated": ("daterated", "ratedat", "ratedon", "rateddate", "ratingdate", "dateofrating"),
    "watched": (
        "watcheddate", "datewatched", "watchedat", "watchedon", "lastwatched", "lastwatchedat", "watchdate",
        "viewingdate", "dateseen", "seenat", "date",
    ),
}  # fmt: skip
_RATING_WORDS = {"rating", "ratings", "score", "stars", "star", "vote", "points"}
# What may stand beside such a word in the name of a column that holds a person's own rating.
_BESIDE = {
    "my",
    "your",
    "user",
    "own",
    "personal",
    "out",
    "of",
    "from",
    "on",
    "in",
    "to",
    "0",
    "0.5",
    "1",
    "max",
}
_SCALES = {"5": 5, "10": 10, "100": 100, "%": 100}


@dataclass(frozen=True, slots=True)
class TableColumns:
    """A table's columns by what they hold. ``ratings``: with their best rating, None if that is not said."""

    columns: Mapping[str, str]
    ratings: tuple[tuple[str, int | None], ...]
    of_import_file: bool = False

    @property
    def names_films(self) -> bool:
        """Whether a row says which film it is about: a title does so with a year alone."""
        return (
            bool(self.columns.keys() & {"tmdb", "imdb", "link", "slug"})
            or {"title", "year"} <= self.columns.keys()
        )

    @property
    def says_when_watched(self) -> bool:
        """Whether a day is surely one of a viewing."""
        return self.columns.get("watched", "date").casefold() != "date"

    @property
    def tells_ratings(self) -> bool:
        """Whether there is anything to take in: ratings or, in a file for Letterboxd's import, viewings."""
        return bool(self.ratings) or (self.of_import_file and "watched" in self.columns)


def table_columns(columns: Sequence[str]) -> TableColumns:
    """Return what the columns of a table hold."""
    written: dict[str, str] = {}
    for column in columns:
        written.setdefault(re.sub(r"[\W_]+", "", column.casefold()), column)
    held = {
        meaning: written[name]
        for meaning, names in NAMES.items()
        if (name := next((name for name in names if name in written), None))
    }
    of_import_file = bool(_ONLY_IMPORT_FILE & set(columns)) or set(columns) <= set(IMPORT_FILE)
    ratings = []
    for column in columns:
        scale = rating_scale(column)
        if scale is not None:
            ratings.append((column, scale or (5 if of_import_file and column == "Rating" else None)))
    return TableColumns(held, tuple(ratings), of_import_file)


def rating_scale(column: str) -> int | None:
    """Return the best rating that a column's name says, 0 if it says none; None if it holds no ratings.

    >>> [rating_scale(name) for name in ("Rating10", "My rating (0.5–5)", "Score / 100", "Stars")]
    [10, 5, 100, 0]
    >>> [rating_scale(name) for name in ("IMDb Rating", "Average rating", "10")]
    [None, None, None]
    """
    words = re.findall(r"[a-z]+|\d+(?:\.\d+)?|%", column.casefold())
    scale = _SCALES.get(words[-1], 0) if words else 0
    others = words[:-1] if scale else words
    return scale if _RATING_WORDS & set(others) and set(others) <= _RATING_WORDS | _BESIDE else None
