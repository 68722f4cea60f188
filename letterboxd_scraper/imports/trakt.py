"""The JSON files of Trakt's export: ratings of movies and series, movies watched, the watchlist."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from letterboxd_scraper.arguments import OneMember
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.imports.contents import Contents, Options
from letterboxd_scraper.imports.files import File
from letterboxd_scraper.imports.grouping import Group
from letterboxd_scraper.imports.told import Told
from letterboxd_scraper.items.limits import LARGEST_INTEGER
from letterboxd_scraper.items.sources import DatedFilm, NamedFilm, RatedFilm, Service
from letterboxd_scraper.items.texts import storable
from letterboxd_scraper.words import counted

# In bytes. Read, JSON can take thirty times as much memory; Trakt cuts long histories into several files.
MOST_BYTES = 20_000_000
# Trakt dates viewings so whose day nobody knows.
_UNKNOWN_YEAR = 1970
_IMDB = re.compile(r"tt\d{6,10}", re.ASCII)


class _OddEntry(ValueError):
    pass


def read_group(export: Group, options: Options) -> Contents:
    """Read the files of one export. Raises InputError, in one line, if they are none.

    Of series it takes the ratings of the whole, and nothing of their episodes and seasons.
    """
    told, owner = Told(), None
    for name, file in sorted(export.files.items()):
        body = _json(file)
        if isinstance(body, dict):
            owner = owner or _owner(body)
        elif isinstance(body, list):
            _take_in(told, name, file.path, body)
    # The names there are others than the site's: who says whose it is knows better.
    member = owner if owner and options.member is None else options.owner(export.path)
    return told.contents(member, Service.TRAKT, export.source, options)


def _json(file: File) -> Any:
    body = file.read()
    if len(body) > MOST_BYTES:
        raise InputError(f"{file.path}: more than {MOST_BYTES // 1_000_000} MB, which no file of Trakt's has")
    try:
        return json.loads(body)
    # RecursionError: lists in lists in lists.
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file.path}: not the JSON that Trakt writes: {error}") from None


def _owner(profile: Mapping[str, Any]) -> str | None:
    """Return the member's name in a profile, or in the settings around one; None if there is none."""
    user = _inner(profile, "user") or profile
    name = _inner(user, "ids").get("slug") or user.get("username")
    try:
        return OneMember.read({"member": name}).member if isinstance(name, str) else None
    except InputError:
        return None


def _inner(entry: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    inner = entry.get(name)
    return inner if isinstance(inner, dict) else {}


def _take_in(told: Told, name: str, path: str, entries: list[Any]) -> None:
    """Take in a file that is a list."""
    odd = []
    for number, entry in enumerate(entries, start=1):
        try:
            if isinstance(entry, dict):
                _take_in_entry(told, name, entry)
        except _OddEntry as reason:
            odd.append(f"{name}, entry {number} has {reason}")
    if len(odd) > 1 and len(odd) > len(entries) / 3:
        so_many = f"{len(odd):,} of {counted(len(entries), 'entry', 'entries')}"
        raise InputError(f"{path}: {odd[0]}; so it is with {so_many}: nothing is taken")
    told.left_out += odd


def _take_in_entry(told: Told, name: str, entry: Mapping[str, Any]) -> None:
    kind = _kind(entry)
    if kind in ("movie", "show"):
        _take_in_film(told, name, entry, kind)
    elif kind in ("episode", "season") and "rating" in entry:
        told.passed_over[f"ratings of {kind}s"] += 1


def _kind(entry: Mapping[str, Any]) -> str | None:
    """Return what an entry is about: of an episode, its series is named as well."""
    kinds = [str(entry.get("type")), "episode", "season", "movie", "show"]
    return next((kind for kind in kinds if isinstance(entry.get(kind), dict)), None)


def _take_in_film(told: Told, name: str, entry: Mapping[str, Any], kind: str) -> None:
    if "rating" in entry:
        film, moment, stars = _film(kind, entry[kind]), _moment(entry, "rated_at"), _stars(entry["rating"])
        told.ratings.append(RatedFilm(film, stars, moment and moment.date()))
    elif kind == "movie" and (when := _of(entry, "watched_at", "last_watched_at")):
        film, moment = _film(kind, entry[kind]), _moment(entry, when)
        if moment and moment.year <= _UNKNOWN_YEAR:
            moment = None
        told.watched.append(DatedFilm(film, moment and moment.date()))
    elif "listed_at" in entry and "watchlist" in name:  # other lists look the same
        film, moment = _film(kind, entry[kind]), _moment(entry, "listed_at")
        told.watchlist.append(DatedFilm(film, moment and moment.date()))
    else:
        return
    if moment is not None:
        told.see(moment)


def _of(entry: Mapping[str, Any], *names: str) -> str | None:
    return next((name for name in names if name in entry), None)


def _film(kind: str, film: Mapping[str, Any]) -> NamedFilm:
    ids, title, year = _inner(film, "ids"), film.get("title"), film.get("year")
    imdb_id, tmdb_id = ids.get("imdb"), ids.get("tmdb")
    named = NamedFilm(
        storable(title).strip() if isinstance(title, str) else "",
        year if isinstance(year, int) and 1000 <= year < 3000 else None,
        imdb_id=imdb_id
        if isinstance(imdb_id, str) and re.fullmatch(r"tt\d{6,10}", imdb_id, re.ASCII)
        else None,
        tmdb_id=tmdb_id if isinstance(tmdb_id, int) and 0 < tmdb_id <= LARGEST_INTEGER else None,
        tmdb_kind="tv" if kind == "show" else "movie",
    )
    if not (named.imdb_id or named.tmdb_id or named.title):
        raise _OddEntry(f"a {kind} without a name and numbers")
    return named


def _stars(rating: Any) -> float:
    if isinstance(rating, int) and 1 <= rating <= 10:
        return rating / 2
    raise _OddEntry(f"the rating {rating!r}, which is none from 1 to 10")


def _moment(entry: Mapping[str, Any], name: str) -> datetime | None:
    text = entry.get(name)
    try:
        moment = datetime.fromisoformat(text) if text else None
    except (TypeError, ValueError):
        raise _OddEntry(f"{name} {text!r}, which is no moment") from None
    return moment and (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
