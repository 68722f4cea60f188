"""An imitation of TMDB's API, under ``/3/`` of the site.

Details of movies, series, seasons and episodes, and what finds them: searches by title, numbers of IMDb.
"""

import json
import re
import unicodedata
from collections.abc import Mapping
from contextvars import ContextVar
from urllib.parse import parse_qsl

from .catalogue import catalogue
from .cinema import details, series_record
from .pages import Answer
from .records import Link, Record
from .world import World

PREFIXES = (
    "/3/movie/",
    "/3/tv/",
    "/3/search/movie",
    "/3/find/",
)  # any other path under /3/ may be a member's
JSON = "application/json;charset=utf-8"
# TMDB's numbers for what is wrong, the statuses that go with them, and its words.
NOT_FOUND = (404, 34, "The resource you requested could not be found.")
NO_KEY = (401, 7, "Invalid API key: You must be granted a valid key.")
NO_PAGE = (400, 22, "Invalid page: Pages start at 1 and max at 500. They are expected to be an integer.")
TOO_MANY = (400, 27, "Too many append to response objects: The maximum number of remote calls is 20.")

# What else the request being answered has: a site makes its answers from a method and a path alone.
QUERY: ContextVar[str] = ContextVar("query", default="")
AUTHORIZATION: ContextVar[str] = ContextVar("authorization", default="")

HITS_PER_PAGE = 20
_LONGEST_LIST = 500
_FIND = re.compile(r"/3/find/(\w+)")
_DETAILS = re.compile(r"/3/(movie|tv)/(\d{1,12})(?:/season/(\d{1,5})(?:/episode/(\d{1,5}))?)?/?")


def answer(world: World, path: str, key: str) -> Answer:
    """Return the record at ``path``, with its credits if the query wants them appended."""
    asked = dict(parse_qsl(QUERY.get()))
    if asked.get("api_key") != key and AUTHORIZATION.get() != f"Bearer {key}":
        return _error(*NO_KEY)
    if path == "/3/search/movie":
        return _search(world, asked)
    if by_imdb := _FIND.fullmatch(path):
        return _by_imdb(world, by_imdb[1], asked)
    appended = asked.get("append_to_response", "").split(",")
    if len(appended) > 20:
        return _error(*TOO_MANY)
    match = _DETAILS.fullmatch(path)
    record = _find(world, match) if match else None
    if record is None:
        return _error(*NOT_FOUND)
    fields = {name: value for name, value in record.items() if name != "credits" or "credits" in appended}
    return _answer(fields)


def _answer(body: Mapping[str, object]) -> Answer:
    return Answer(200, json.dumps(body, ensure_ascii=False), JSON)


def _search(world: World, asked: Mapping[str, str]) -> Answer:
    """Return the movies in whose titles all the words of the query are, page by page."""
    page = int(asked.get("page", 1))
    if not 1 <= page <= _LONGEST_LIST:
        return _error(*NO_PAGE)
    year, words = asked.get("primary_release_year"), _words(asked.get("query", ""))
    hits = [
        hit
        for link, film in catalogue(world).by_link.items()
        if link.kind == "movie" and (record := details(film).tmdb) and words
        if words <= _words(record["title"]) | _words(record["original_title"])
        if year in (None, (hit := as_hit(link, record))["release_date"][:4])
    ]
    first = (page - 1) * HITS_PER_PAGE
    on_page, pages = hits[first : first + HITS_PER_PAGE], -(-len(hits) // HITS_PER_PAGE)
    return _answer({"page": page, "results": on_page, "total_pages": pages, "total_results": len(hits)})


def _words(text: str) -> set[str]:
    letters = unicodedata.normalize("NFKD", text.casefold())
    return set(re.findall(r"\w+", "".join(c for c in letters if not unicodedata.combining(c))))


def _by_imdb(world: World, number: str, asked: Mapping[str, str]) -> Answer:
    """Return what has a number of IMDb's: five lists, most of them always empty here."""
    lists: dict[str, list[Record]] = {
        f"{kind}_results": [] for kind in ("movie", "person", "tv", "tv_episode", "tv_season")
    }
    for link, film in catalogue(world).by_link.items():
        record = details(film)
        if record.tmdb and record.imdb_id == number and link.season is None:
            hit = as_hit(link, record.tmdb) | {"media_type": link.kind}
            lists[f"{link.kind}_results"].append(hit)
    return _answer(lists if asked.get("external_source") == "imdb_id" else {kind: [] for kind in lists})


def as_hit(link: Link, record: Record) -> Record:
    """Return a record as it stands in a list."""
    of_movies = ("original_title", "release_date", "title", "video")
    of_both = ("adult", "backdrop_path", "original_language", "overview", "popularity", "poster_path")
    of_series = ("first_air_date", "name", "origin_country", "original_name")
    own = of_movies if link.kind == "movie" else of_series
    fields = {name: record[name] for name in (*of_both, *own, "vote_average", "vote_count") if name in record}
    return fields | {"genre_ids": [genre["id"] for genre in record.get("genres", ())], "id": link.id}


def _find(world: World, asked: re.Match[str]) -> Record | None:
    season, episode = (int(part) if part else None for part in asked.groups()[2:])
    link = Link(asked[1], int(asked[2]), season, episode)
    films = catalogue(world)
    if film := films.by_link.get(link):
        return details(film).tmdb
    whole = films.by_series.get(link.id) if link.kind == "tv" and season is None else None
    return series_record(whole) if whole else None


def _error(status: int, code: int, text: str) -> Answer:
    body: Mapping[str, object] = {"success": False, "status_code": code, "status_message": text}
    return Answer(status, json.dumps(body), JSON)
