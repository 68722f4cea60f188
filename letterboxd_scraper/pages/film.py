"""A film's page: which film it is, where TMDB and IMDb have it, and what else the page tells of it."""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from parsel import Selector

from letterboxd_scraper.errors import LayoutChanged
from letterboxd_scraper.items.films import Director, Film, FilmPage, TmdbLink
from letterboxd_scraper.items.texts import storable
from letterboxd_scraper.pages.numbers import parse_count
from letterboxd_scraper.pages.tiles import film_identity, title_and_year

CONTAINER = "script[type='application/ld+json'], p.text-footer"
_NUMBER = re.compile(r"film:([1-9]\d{0,8})\b")
_ON_TMDB = re.compile(
    r"//(?:www\.)?themoviedb\.org/(movie|tv)/(\d{1,9})(?:[^/]*)(?:/season/(\d{1,5})(?:/episode/(\d{1,5}))?)?(?:[/?#]|$)"
)
_ON_IMDB = re.compile(r"imdb\.com/title/(tt\d{1,12})\b")
_RUNTIME = re.compile(r"([\d,]+)\s*min")
_SLUG = re.compile(r"/film/([^\s/]{1,500})/?$")
_DIRECTOR = re.compile(r"/director/([^\s/]{1,500})/?$")
_DIRECTORS = ".credits a.contributor, .production-masthead a, #tab-crew a, #tab-panel-crew a"
_GENRES = "#tab-genres a[href^='/films/genre/'], #tab-panel-genres a[href^='/films/genre/']"
_CDATA = re.compile(r"/\*\s*(?:<!\[CDATA\[|\]\]>)\s*\*/")


def parse_film_page(page: Selector) -> FilmPage:
    """Read a film's page. Raises LayoutChanged where it does not say which film it is of."""
    data = _linked_data(page)
    if not data and not page.css("p.text-footer"):
        raise LayoutChanged("a film's page with nothing that is known of film pages on it")
    rated = _mapping(data.get("aggregateRating"))
    return FilmPage(
        film=_film(page, data),
        link=parse_tmdb_link(page),
        link_is_sure=_button(page) is not None,
        imdb_id=page.css("p.text-footer a::attr(href)").re_first(_ON_IMDB),
        runtime_minutes=parse_runtime(page),
        poster_url=_text(data.get("image")),
        overview=_meta(page, "og:description"),
        genres=_genres(page, data),
        directors=_directors(page, data),
        average=_average(rated.get("ratingValue")),
        ratings=parse_count(str(rated.get("ratingCount") or "")),
    )


def parse_number(page: Selector) -> int | None:
    """Return the film's number: not any on the page, for related films have theirs there, too."""
    places = (
        "[data-report-url^='/ajax/film:']::attr(data-report-url)",
        "#backdrop::attr(data-production-uid)",
    )
    found = next(filter(None, (page.css(place).re_first(_NUMBER) for place in places)), None)
    return int(found) if found else None


def parse_tmdb_link(page: Selector) -> TmdbLink | None:
    """Return where TMDB has the film: as the button below the text says, else the body, which may lie."""
    if button := _button(page):
        return button
    body = page.css("body")
    return _link(body.xpath("@data-tmdb-type").get(), body.xpath("@data-tmdb-id").get(""))


def _button(page: Selector) -> TmdbLink | None:
    for href in page.css("p.text-footer a::attr(href)").getall():
        if found := _ON_TMDB.search(href):
            kind, number, season, episode = found.groups()
            return _link(kind, number, season, episode)
    return None


def parse_runtime(page: Selector) -> int | None:
    """Return the minutes that the line below the text gives; for a series those of all its parts."""
    found = _RUNTIME.search(page.css("p.text-footer").xpath("string()").get(""))
    return parse_count(found[1]) or None if found else None


def _link(
    kind: str | None, number: str, season: str | None = None, episode: str | None = None
) -> TmdbLink | None:
    if not re.fullmatch(r"[1-9]\d{0,8}", number):
        return None
    parts = tuple(None if part is None else int(part) for part in (season, episode))
    if kind == "movie":
        return TmdbLink("movie", int(number))
    return TmdbLink("tv", int(number), *parts) if kind == "tv" else None


def _film(page: Selector, data: Mapping[str, Any]) -> Film:
    address = _meta(page, "og:url") or ""
    slug = _SLUG.search(_path(address))
    if not slug:
        raise LayoutChanged(f"a film's page without its own address: {address!r}")
    name = _meta(page, "og:title") or ""
    if not name:
        raise LayoutChanged(f"the page of {slug[1]!r} has no title")
    title, year = title_and_year(name)
    number = parse_number(page)
    return Film(slug[1], title, year or _year(page, data), number, _lid(page, number))


def _year(page: Selector, data: Mapping[str, Any]) -> int | None:
    shown = page.css(".releasedate a, small.number a").xpath("string()").get("").strip()
    events = data.get("releasedEvent")
    first = _mapping(events[0]) if isinstance(events, list) and events else {}
    for text in (shown, str(first.get("startDate") or "")[:4]):
        if re.fullmatch(r"\d{4}", text):
            return int(text)
    return None


def _lid(page: Selector, number: int | None) -> str | None:
    for text in page.css("[data-postered-identifier]::attr(data-postered-identifier)").getall():
        found, lid = film_identity(text)
        if number is not None and found == number:
            return lid
    return None


def _genres(page: Selector, data: Mapping[str, Any]) -> tuple[str, ...]:
    shown = [" ".join(link.xpath("string()").get("").split()) for link in page.css(_GENRES)]
    given = data.get("genre")
    listed = [given] if isinstance(given, str) else given if isinstance(given, list) else []
    names = shown or [name for name in listed if isinstance(name, str)]
    return tuple(dict.fromkeys(name for name in names if name))


def _directors(page: Selector, data: Mapping[str, Any]) -> tuple[Director, ...]:
    """Return all directors: the head of the page shows but two of them."""
    found: dict[str, Director] = {}
    people = data.get("director")
    for person in people if isinstance(people, list) else [people]:
        _add(found, str(_mapping(person).get("sameAs") or ""), _text(_mapping(person).get("name")))
    for link in page.css(_DIRECTORS):
        _add(found, link.xpath("@href").get(""), link.xpath("string()").get())
    return tuple(found.values())


def _add(found: dict[str, Director], href: str, name: str | None) -> None:
    slug = _DIRECTOR.search(storable(_path(href)))
    name = " ".join(storable(name or "").split())
    if slug and name:
        found.setdefault(slug[1], Director(name, slug[1]))


def _linked_data(page: Selector) -> Mapping[str, Any]:
    """Return the page's JSON-LD; a page without one has its facts elsewhere."""
    for script in page.xpath("//script[@type='application/ld+json']/text()").getall():
        try:
            data = json.loads(_CDATA.sub("", script), strict=False)
        except (ValueError, RecursionError):
            raise LayoutChanged("the film's JSON-LD cannot be read") from None
        if _mapping(data).get("@type") == "Movie":
            return _mapping(data)
    return {}


def _average(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return round(float(value), 2) if is_number and 0.5 <= value <= 5 else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return storable(value).strip() or None if isinstance(value, str) else None


def _meta(page: Selector, name: str) -> str | None:
    return _text(page.xpath("//meta[@property=$name]/@content", name=name).get())


def _path(href: str) -> str:
    try:
        return urlsplit(href).path
    except ValueError:
        return ""
