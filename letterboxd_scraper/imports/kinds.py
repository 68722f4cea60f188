"""What kind of file is this? Its content says so; its name counts only where contents are alike."""

import re
from enum import StrEnum

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.imports.columns import table_columns
from letterboxd_scraper.imports.csv_rows import columns_of
from letterboxd_scraper.imports.files import File, is_zip


class Kind(StrEnum):
    """What ratings are kept in, in the words that people are told; the last ones are known, but not taken."""

    ARCHIVE = "Letterboxd archive"
    PAGES = "saved pages"
    IMDB_RATINGS = "IMDb ratings"
    IMDB_LIST = "IMDb list"
    TRAKT = "Trakt export"
    IMPORT_FILE = "Letterboxd import file"
    UNMATCHED = "films that could not be matched"
    TABLE = "table of ratings"

    LIST = "Letterboxd list"
    OWN = "export of this program"
    CRITICKER = "Criticker export"
    FEED = "Letterboxd feed"
    ONE_FILE_PAGE = "page saved as one file"


# What is not taken in, and what to do instead.
HINTS = {
    Kind.LIST: "a list of Letterboxd, which says nothing of ratings: `rank show --in-list FILE` takes it",
    Kind.OWN: "a ranking that this program has written: it holds no member's ratings",
    Kind.CRITICKER: "Criticker's scores are on each person's own scale: write stars of your own beside them, "
    "in a table with the columns Title, Year, Rating",
    Kind.FEED: "a feed of Letterboxd: `letterboxd watch` reads feeds",
    Kind.ONE_FILE_PAGE: "a page saved as a single MHTML file: save it as HTML",
}

# So much of a page says whose it is.
_PAGE_HEAD = 65_536
_CRITICKER = ({"score", "film name"}, {"rating", "film"}, {"rating", "title"}, {"score", "title"})
_ARCHIVE_FILM = {"date", "name", "year", "letterboxd uri"}
_ARCHIVE_PROFILES = ({"date joined", "username"}, {"username", "favorite films"})
_ARCHIVE_OTHER = ({"date", "content"}, {"date", "content", "comment"})
_LIST = {"date", "name", "tags", "url", "description"}
_RANKING = {"rank", "title", "slug", "score", "watchers"}
_UNMATCHED = {"member", "service", "reason", "letterboxduri"}


def kind_of(file: File) -> Kind | None:
    """Return a file's kind, None if it is of none that is known. Raises InputError if it cannot be read."""
    head = file.head()
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text.startswith(b"<"):
        return _of_markup(file, head.lower())
    if text.startswith((b"[", b"{")):
        return Kind.TRAKT if b'"trakt"' in head else None
    if b"multipart/related" in head.lower() and b"letterboxd" in head.lower():
        return Kind.ONE_FILE_PAGE
    if is_zip(head):
        return None
    columns = columns_of(head)
    names = {column.casefold() for column in columns}
    # Any text may speak of the site.
    if b"criticker.com" in head.lower() and any(needed <= names for needed in _CRITICKER):
        return Kind.CRITICKER
    return _of_columns(columns)


def _of_markup(file: File, head: bytes) -> Kind | None:
    if b"<html" in head or b"<!doctype html" in head:
        page = file.head(_PAGE_HEAD)
        is_the_sites = b"letterboxd" in page.lower() and re.search(rb"data-owner=|og:url", page)
        return Kind.PAGES if is_the_sites or b"<title>Just a moment" in page else None
    if b"criticker" in head or b"<recentratings" in head:
        return Kind.CRITICKER
    return Kind.FEED if b"<rss" in head and b"letterboxd" in head else None


def _of_columns(columns: tuple[str, ...]) -> Kind | None:
    names = {column.casefold() for column in columns}
    if columns and re.fullmatch(r"letterboxd list export v\d+", columns[0], re.IGNORECASE):
        return Kind.LIST
    for kind, heads in _HEADS:
        if any(head <= names for head in heads):
            return kind
    if names in _ARCHIVE_OTHER:
        return Kind.ARCHIVE
    table = table_columns(columns)
    if not (table.names_films and table.tells_ratings):
        return None
    return Kind.IMPORT_FILE if table.of_import_file else Kind.TABLE


_HEADS = (
    (Kind.LIST, (_LIST,)),
    (Kind.ARCHIVE, (_ARCHIVE_FILM, *_ARCHIVE_PROFILES)),
    (Kind.IMDB_RATINGS, ({"const", "you rated"},)),
    (Kind.IMDB_LIST, ({"const", "position", "created"},)),
    (Kind.IMDB_RATINGS, ({"const", "your rating"},)),
    (Kind.OWN, (_RANKING,)),
    (Kind.UNMATCHED, (_UNMATCHED,)),
)


# How files begin that are none of ours.
_SIGNS = {
    b"<": "a page or a file of another site",
    b"{": "a JSON file, but no export of Trakt",
    b"[": "a JSON file, but no export of Trakt",
    b"%PDF": "a PDF file",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"SQLite format 3": "an SQLite database",
    b"PK": "a zip archive",
}


def in_words(file: File) -> str:
    """Return what is seen in a file that is of no known kind."""
    try:
        head = file.head()
    except InputError as error:
        return str(error)
    for sign, words in _SIGNS.items():
        if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(sign):
            return words
    columns = columns_of(head)
    if not columns:
        return "an empty file"
    if not all(column.isprintable() for column in columns):
        return "a file that is no text"
    return "a text, and no table of films" if len(columns) == 1 else _table_in_words(columns)


def _table_in_words(columns: tuple[str, ...]) -> str:
    table = table_columns(columns)
    named = ", ".join(map(repr, columns[:6])) + (", …" if len(columns) > 6 else "")
    if not table.names_films:
        return (
            f"a table that names no films (by link, TMDB, IMDb, or title and year): its columns are {named}"
        )
    return f"a table of films without a member's own ratings: its columns are {named}"
