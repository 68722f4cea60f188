"""An imitation of TMDB's API, under ``/3/`` of the site: details of movies, series, seasons and episodes."""

import json
import re
from collections.abc import Mapping
from contextvars import ContextVar
from urllib.parse import parse_qsl

from .catalogue import catalogue
from .cinema import details, series_record
from .pages import Answer
from .records import Link, Record
from .world import World

PREFIXES = ("/3/movie/", "/3/tv/")  # any other path under /3/ may be a member's
JSON = "application/json;charset=utf-8"
# TMDB's numbers for what is wrong, the statuses that go with them, and its words.
NOT_FOUND = (404, 34, "The resource you requested could not be found.")
NO_KEY = (401, 7, "Invalid API key: You must be granted a valid key.")
TOO_MANY = (400, 27, "Too many append to response objects: The maximum number of remote calls is 20.")

# What else the request being answered has: a site makes its answers from a method and a path alone.
QUERY: ContextVar[str] = ContextVar("query", default="")
AUTHORIZATION: ContextVar[str] = ContextVar("authorization", default="")

_DETAILS = re.compile(r"/3/(movie|tv)/(\d{1,12})(?:/season/(\d{1,5})(?:/episode/(\d{1,5}))?)?/?")


def answer(world: World, path: str, key: str) -> Answer:
    """Return the record at ``path``, with its credits if the query wants them appended."""
    asked = dict(parse_qsl(QUERY.get()))
    if asked.get("api_key") != key and AUTHORIZATION.get() != f"Bearer {key}":
        return _error(*NO_KEY)
    appended = asked.get("append_to_response", "").split(",")
    if len(appended) > 20:
        return _error(*TOO_MANY)
    found = _DETAILS.fullmatch(path)
    record = _find(world, found) if found else None
    if record is None:
        return _error(*NOT_FOUND)
    shown = {name: value for name, value in record.items() if name != "credits" or "credits" in appended}
    return Answer(200, json.dumps(shown, ensure_ascii=False), JSON)


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
