"""Which film does an address name? In archives of all years, and in what people copy from their browser."""

import re

from letterboxd_scraper import urls
from letterboxd_scraper.items.limits import LARGEST_INTEGER
from letterboxd_scraper.items.sources import NamedFilm

_HOST = r"(?:https?://)?(?:www\.|m\.)?"
_CODE = re.compile(r"https?://boxd\.it/([0-9A-Za-z]{1,16})", re.ASCII)


def _form(form: str) -> re.Pattern[str]:
    return re.compile(rf"{_HOST}{form}/?(?:[?#].*)?", re.ASCII | re.IGNORECASE)


_CODES = _form(r"boxd\.it/(?P<lid>[0-9a-z]{1,16})")
_ENTRIES = _form(r"letterboxd\.com/(?P<member>[0-9a-z_-]+)/film/(?P<slug>[0-9a-z_-]+)(?P<number>/\d{1,4})?")
_FILMS = [
    _CODES,
    _form(r"letterboxd\.com/film/(?P<slug>[0-9a-z_-]+)"),
    _ENTRIES,
    _form(r"letterboxd\.com/film/film:(?P<film_id>\d{1,10})"),
    _form(r"letterboxd\.com/tmdb/(?P<tmdb_id>\d{1,10})"),
    _form(r"themoviedb\.org/(?P<tmdb_kind>movie|tv)/(?P<tmdb_id>\d{1,10})(?:-[^/?#]*)?(?:/[a-z_/]*)?"),
    _form(r"(?:letterboxd\.com/imdb|imdb\.com/(?:[a-z-]+/)?title)/(?P<imdb_id>tt\d{6,10})(?:/[a-z_/]*)?"),
]


def film_at(link: str, title: str = "", year: int | None = None) -> NamedFilm | None:
    """Return the film that an address names, with this title and year; None if it is no film's.

    >>> film_at("https://letterboxd.com/film/ordet/?x=1", "Ordet", 1955).slug, film_at("boxd.it/aB1").lid
    ('ordet', 'aB1')
    >>> film_at("https://www.themoviedb.org/movie/48035-ordet").tmdb_id, film_at("https://letterboxd.com/dave/")
    (48035, None)
    """
    if code := _CODE.fullmatch(link):
        return NamedFilm(title, year, code[1])
    for form in _FILMS:
        if address := form.fullmatch(link):
            return _film(address.groupdict(), title, year)
    return None


def _film(names: dict[str, str], title: str, year: int | None) -> NamedFilm | None:
    film_id, tmdb_id = (int(names.get(name, 0)) or None for name in ("film_id", "tmdb_id"))
    if max(film_id or 0, tmdb_id or 0) > LARGEST_INTEGER:
        return None
    slug, imdb_id, kind = (names.get(name, "").lower() or None for name in ("slug", "imdb_id", "tmdb_kind"))
    kind = (kind or "movie") if tmdb_id else None
    return NamedFilm(title, year, names.get("lid"), slug, film_id, imdb_id, tmdb_id, kind)


def entry_at(link: str) -> tuple[str, str | None, str | None] | None:
    """Return a diary entry's address, its member and its film's slug; None if the address is no entry's.

    A short one tells neither the member nor the film.

    >>> entry_at("http://boxd.it/gH4/"), entry_at("https://letterboxd.com/Dave/film/ordet/1/?x=1")
    (('https://boxd.it/gH4', None, None), ('https://letterboxd.com/dave/film/ordet/1/', 'dave', 'ordet'))
    """
    if code := _CODE.fullmatch(link) or _CODES.fullmatch(link):
        return f"https://boxd.it/{code[1]}", None, None
    if entry := _ENTRIES.fullmatch(link):
        member, slug, number = entry["member"].lower(), entry["slug"].lower(), entry["number"] or ""
        return f"{urls.SITE}/{member}/film/{slug}{number}/", member, slug
    return None
