"""The CSV files that IMDb exports: ratings of all years, watchlists and other lists."""

import re
from datetime import datetime
from unicodedata import normalize

from letterboxd_scraper.imports import csv_rows
from letterboxd_scraper.imports.contents import Contents, Options
from letterboxd_scraper.imports.csv_rows import OddCell, Table
from letterboxd_scraper.imports.files import File
from letterboxd_scraper.imports.told import Told
from letterboxd_scraper.items.sources import DatedFilm, NamedFilm, RatedFilm, Service

# Until 2017 the ratings were called so, and the days on which they were given "created".
_COLUMNS = ("Your Rating", "You rated", "Date Rated", "Created", "Title", "Year", "Title Type")
_TITLE = re.compile(r"tt\d{6,10}", re.ASCII)

# `Title Type` speaks the member's language. What is none of these is taken: a new word may well mean films.
_NO_FILMS = {
    "podcasts": "podcast|подкаст|ポッドキャスト|팟캐스트|播客|पॉडकास्ट",
    "episodes of series": ".pis[oó]d|folge|odcinek|aflevering|avsnitt|bölüm|эпизод|серия|エピソード|에피소드"
    "|单集|單集|एपिसोड",
    # Not "Spielfilm", "spelfilm": films they are.
    "games": r"game|spiel(?!film)|spel(?!film)|juego|\bjeux?\b|gioco|jogo|\bgra\b|игра\b|oyun|ゲーム|게임"
    "|游戏|遊戲|गेम",
}


def no_film(title_type: str) -> str | None:
    """Return what a title is that is neither a film nor a whole series, None if it may be one.

    >>> no_film("tvEpisode"), no_film("Épisode TV"), no_film("TV Mini Series"), no_film("Spielfilm")
    ('episodes of series', 'episodes of series', None, None)
    """
    word = normalize("NFC", title_type).casefold()
    return next((what for what, words in _NO_FILMS.items() if re.search(words, word)), None)


def read_file(file: File, options: Options) -> Contents:
    """Read an export of ratings, or of a list: the ratings in it and, where it is called so, the watchlist.

    Raises InputError, in one line, if it cannot be one.
    """
    member = options.owner(file.path)
    is_watchlist = "watchlist" in file.name.lower()
    told = Told()
    table = Table.of(file, file.name, fallback="cp1252")
    # In a list, "created" is when a film came there; the old ones have the columns of ratings.
    dates_ratings = table.has("You rated") and not is_watchlist

    def take_in(
        const: str, rating: str, old_rating: str, rated: str, created: str, title: str, year: str, kind: str
    ) -> None:
        if what := "people" if const.startswith("nm") else no_film(kind):
            told.passed_over[what] += 1
            return
        if not _TITLE.fullmatch(const):
            raise OddCell(f"{const!r}, which is no film's number")
        film = NamedFilm(title, csv_rows.year(year), imdb_id=const)
        if stars := _stars(rating or old_rating):
            day = told.day(_date(rated or (created if dates_ratings else "")))
            told.ratings.append(RatedFilm(film, stars, day))
        if is_watchlist:
            told.watchlist.append(DatedFilm(film, told.day(_date(created))))
        elif not stars:
            told.passed_over["films without a rating"] += 1

    _, told.left_out = table.read(take_in, "Const", optional=_COLUMNS)
    return told.contents(member, Service.IMDB, file.name, options)


def _stars(rating: str) -> float | None:
    """Return the stars of a rating from 1 to 10, None if there is none."""
    if re.fullmatch(r"0?", rating):
        return None
    if re.fullmatch(r"(?:[1-9]|10)(?:[.,]0)?", rating, re.ASCII):
        return float(rating.replace(",", ".")) / 2
    raise OddCell(f"a rating of {rating!r}")


def _date(text: str) -> str:
    """Return a date as we write it, where it is written as in "Thu Mar 24 00:00:00 2011"."""
    try:
        return datetime.strptime(text, "%a %b %d %H:%M:%S %Y").date().isoformat()
    except ValueError:
        return text
