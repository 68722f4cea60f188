"""A film's page: which film it is, where TMDB and IMDb have it, and what else the page tells of it."""

import json
import re
from collections.abc import Mapping
from typing import Any

from parsel import Selector

from letterboxd_scraper.errors import LayoutChanged
from letterboxd_scraper.items.films import Director, Film, FilmPage, TmdbLink
from letterboxd_scraper.items.texts import storable
from letterboxd_scraper.languages import code_of
from letterboxd_scraper.pages.head import meta, path_of
from letterboxd_scraper.pages.numbers import parse_count
from letterboxd_scraper.pages.tiles import film_identity, title_and_year

CONTAINER = "script[type='application/ld+json'], p.text-footer"
_NUMBER = re.compile(r"film:([1-9]\d{0,8})\b")
_ON_TMDB = re.compile(
    r"//(?:www\.)?themoviedb\.org/(movie|tv)/(\d{1,9})(?:[^/]*)(?:/season/(\d{1,5})(?:/episode/(\d{1,5}))?)?(?:[/?#]|$)"
)
_ON_IMDB = re.compile(r"imdb\.com/title/(tt\d{1,12})\b")
_RUNTIME = re.compile(r"(\d[^a-zA-Z]{0,30})mins?\b")
_SLUG = re.compile(r"/film/([^\s/]{1,500})/?$")
_DIRECTOR = re.compile(r"/director/([^\s/]{1,500})/?$")
_DIRECTORS = ".credits a.contributor, .production-masthead a, #tab-crew a, #tab-panel-crew a"
_GENRES = "#tab-genres a[href^='/films/genre/'], #tab-panel-genres a[href^='/films/genre/']"
# Where several are spoken, the primary one stands under a heading of its own.
_LANGUAGES = (
    "(//div[@id='tab-details' or @id='tab-panel-details']//h3"
    "[normalize-space()='Language' or normalize-space()='Primary Language'])[1]"
    "/following-sibling::*[1]//a[starts-with(@href, '/films/language/')]"
)
_CDATA = re.compile(r"/\*\s*(?:<!\[CDATA\[|\]\]>)\s*\*/")

# Parsed, it takes up to twenty-four times as much of memory; the site's have some thousands.
_LONGEST_JSON = 1_000_000

# What JSON-LD tells of films, and of nothing else that is described on their pages.
_OF_MOVIES = frozenset({"director", "genre", "aggregateRating", "releasedEvent", "countryOfOrigin", "actors"})
# The page's JSON-LD: https://schema.org/Movie.
_Movie = Mapping[str, Any]


def parse_film_page(page: Selector) -> FilmPage:
    """Read a film's page. Raises LayoutChanged where it does not say which film it is of."""
    movie = _json_ld(page)
    if not movie and not page.css("p.text-footer"):
        raise LayoutChanged("a film's page with nothing that is known of film pages on it")
    rating = _mapping(movie.get("aggregateRating"))
    return FilmPage(
        film=_film(page, movie),
        link=parse_tmdb_link(page),
        link_is_sure=_button(page) is not None,
        imdb_id=page.css("p.text-footer a::attr(href)").re_first(_ON_IMDB),
        runtime_minutes=parse_runtime(page),
        poster_url=_text(movie.get("image")),
        overview=_text(meta(page, "og:description")),
        genres=_genres(page, movie),
        directors=_directors(page, movie),
        average=_average(rating.get("ratingValue")),
        ratings=_count(rating.get("ratingCount")),
        original_language=_language(page),
    )


def parse_number(page: Selector) -> int | None:
    """Return the film's number; None where the page does not say. Related films have theirs elsewhere."""
    places = (
        "[data-report-url^='/ajax/film:']::attr(data-report-url)",
        "#backdrop::attr(data-production-uid)",
    )
    numbers = (page.css(place).re_first(_NUMBER) for place in places)
    return next((int(number) for number in numbers if number), None)


def parse_tmdb_link(page: Selector) -> TmdbLink | None:
    """Return where TMDB has the film: by the button below the text, else by the body, which may be wrong."""
    body = page.css("body").attrib
    return _button(page) or _link(body.get("data-tmdb-type"), body.get("data-tmdb-id", ""))


def _button(page: Selector) -> TmdbLink | None:
    for href in page.css("p.text-footer a::attr(href)").getall():
        if match := _ON_TMDB.search(href):
            return _link(*match.groups())
    return None


def _link(
    kind: str | None, number: str, season: str | None = None, episode: str | None = None
) -> TmdbLink | None:
    if not re.fullmatch(r"[1-9]\d{0,8}", number):
        return None
    if kind == "movie":
        return TmdbLink("movie", int(number))
    parts = tuple(None if part is None else int(part) for part in (season, episode))
    return TmdbLink("tv", int(number), *parts) if kind == "tv" else None


def parse_runtime(page: Selector) -> int | None:
    """Return the minutes that the line below the text gives; for a series those of all its parts."""
    match = _RUNTIME.search(page.css("p.text-footer").xpath("string()").get(""))
    return parse_count(match[1]) or None if match else None


def _film(page: Selector, movie: _Movie) -> Film:
    address = _text(meta(page, "og:url")) or ""
    slug = _SLUG.search(path_of(address))
    if not slug:
        raise LayoutChanged(f"a film's page without its own address: {address!r}")
    name = _text(meta(page, "og:title"))
    if not name:
        raise LayoutChanged(f"the page of {slug[1]!r} has no title")
    title, year = title_and_year(name)
    number = parse_number(page)
    return Film(slug[1], title, year or _year(page, movie), number, _lid(page, number))


def _year(page: Selector, movie: _Movie) -> int | None:
    header = page.css(".releasedate a, small.number a").xpath("string()").get("").strip()
    events = movie.get("releasedEvent")
    first = _mapping(events[0]) if isinstance(events, list) and events else {}
    years = (header, str(first.get("startDate") or "")[:4])
    return next((int(year) for year in years if re.fullmatch(r"\d{4}", year)), None)


def _lid(page: Selector, number: int | None) -> str | None:
    for text in page.css("[data-postered-identifier]::attr(data-postered-identifier)").getall():
        film_id, lid = film_identity(text)
        if number is not None and film_id == number:
            return lid
    return None


def _genres(page: Selector, movie: _Movie) -> tuple[str, ...]:
    names = [" ".join(link.xpath("string()").get("").split()) for link in page.css(_GENRES)]
    names = names or [name for name in _list(movie.get("genre")) if isinstance(name, str)]
    return tuple(dict.fromkeys(name for name in names if name))


def _language(page: Selector) -> str | None:
    """Return the code of the language that the film was made in; None where that is not one language."""
    names = [link.xpath("string()").get("") for link in page.xpath(_LANGUAGES)]
    return code_of(names[0]) if len(names) == 1 else None


def _directors(page: Selector, movie: _Movie) -> tuple[Director, ...]:
    """Return all directors: the head of the page shows but two of them."""
    people = [_mapping(person) for person in _list(movie.get("director"))]
    credits = [(str(person.get("sameAs") or ""), _text(person.get("name"))) for person in people]
    credits += [(link.attrib.get("href", ""), link.xpath("string()").get()) for link in page.css(_DIRECTORS)]
    directors: dict[str, Director] = {}
    for href, text in credits:
        slug = _DIRECTOR.search(storable(path_of(href)))
        name = " ".join(storable(text or "").split())
        if slug and name:
            directors.setdefault(slug[1], Director(name, slug[1]))
    return tuple(directors.values())


def _json_ld(page: Selector) -> _Movie:
    """Return the page's JSON-LD; {} where there is none, for then the facts are elsewhere on the page.

    It is told by what it says of a film, whatever the word for its type: there may be others on the page.
    """
    movie: _Movie = {}
    for script in page.xpath("//script[@type='application/ld+json']/text()").getall():
        if len(script) > _LONGEST_JSON:
            raise LayoutChanged(f"the film's JSON-LD of {len(script):,} letters is not read")
        try:
            value = json.loads(_CDATA.sub("", script), strict=False)
        except (ValueError, RecursionError):
            raise LayoutChanged("the film's JSON-LD cannot be read") from None
        for part in _parts(value):
            if _is_about_film(part) > _is_about_film(movie):
                movie = part
    return movie


def _is_about_film(part: _Movie) -> int:
    """Return how much speaks for it: 0 for what is about something else."""
    return len(_OF_MOVIES & part.keys()) + (part.get("@type") == "Movie")


def _parts(value: Any) -> list[_Movie]:
    """Return what one script tells of: one thing, a list of them, or a graph."""
    things = _mapping(value).get("@graph", value)
    return [_mapping(thing) for thing in _list(things)]


def _average(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return round(float(value), 2) if is_number and 0.5 <= value <= 5 else None


def _count(value: Any) -> int | None:
    whole = isinstance(value, float) and value.is_integer()
    return parse_count(str(int(value) if whole else value))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str | None:
    return storable(value).strip() or None if isinstance(value, str) else None
