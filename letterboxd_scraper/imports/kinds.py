"""What kind of file is this? Its content says so, never its name."""

from enum import StrEnum


class Kind(StrEnum):
    """What ratings are kept in, in the words that people are told."""

    ARCHIVE = "Letterboxd archive"
    PAGES = "saved pages"
    IMDB_RATINGS = "IMDb ratings"
    IMDB_LIST = "IMDb list"
    TRAKT = "Trakt export"
    IMPORT_FILE = "Letterboxd import file"
    UNMATCHED = "films that could not be matched"
    TABLE = "table of ratings"
