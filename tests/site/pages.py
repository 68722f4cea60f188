"""Which page belongs to which address: patterns of paths, and what answers them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from . import chrome, refusals
from .catalogue import catalogue
from .cinema import details
from .diary import diary_page
from .director_page import director_page
from .directors import PEOPLE
from .feed import feed, is_unchanged, validators
from .film_page import film_page
from .grids import Listing, grid_page, newest_first
from .histogram import rating_histogram, ratings_summary
from .people import people_page
from .profile import profile_page
from .records import Link
from .world import Film, Member, World

HTML = "text/html;charset=UTF-8"
TEXT = "text/plain;charset=UTF-8"
FEED = "application/rss+xml;charset=UTF-8"

ROBOTS = """\
# Robots of the imitation site: the rules of the real one, under our own comments.

# Crawlers that collect for language models stay out altogether.
User-agent: GPTBot
Disallow: /

User-agent: ClaudeBot
Disallow: /

User-agent: CCBot
Disallow: /

User-agent: Bytespider
Disallow: /

# Everybody else: no sorted, filtered or "this week" pages.
User-agent: *
Disallow: /*/by/*                     # other orders
Disallow: /*/popular/this/*           # what is popular
Disallow: /*/on/*                     # by service
Disallow: /*/tag/*                    # by tag
Disallow: /*/genre/*                  # by genre
Disallow: /*/country/*                # by country
Disallow: /*/language/*               # by language
Disallow: /*/decade/*                 # by decade
Disallow: /films/year/*               # by year
Disallow: /films/*/year/*             # by year
Disallow: /films/*/size/large/*       # with large posters
Disallow: /*/friends/*                # by friends
"""


@dataclass(frozen=True)
class Delivery:
    """How an answer goes out: after ``seconds`` (None is never), as other bytes, with an end of its own."""

    seconds: float | None = 0
    raw: bytes | None = None  # instead of the body
    length: int | None = None  # instead of the true one in Content-Length
    # silent: nothing is sent; drip: the body, or all of it, byte by byte, so many seconds apart; endless:
    # headers, promises of an answer (status 100), or a body without a length, for ever.
    ending: Literal[
        "keep-alive",
        "close",
        "silent",
        "reset",
        "drip-body",
        "drip",
        "endless-head",
        "endless-interim",
        "endless-body",
    ] = "keep-alive"


AT_ONCE = Delivery()


@dataclass(frozen=True)
class Answer:
    """What goes back to the client; ``fault`` is the kind of fault that spoiled it."""

    status: int
    body: str
    kind: str = HTML
    headers: tuple[tuple[str, str], ...] = ()
    fault: str | None = None
    delivery: Delivery = AT_ONCE


@dataclass(frozen=True)
class Place:
    """The parts of an address that was recognised; a part that is missing is None."""

    path: str
    level: str | None = None
    sort: str | None = None
    number: int = 1


def answer(world: World, path: str) -> Answer:
    """Return the page at ``path``: 200, a 301 to its proper address, 403 for private, 404 for unknown."""
    if path == "/robots.txt":
        return Answer(200, ROBOTS, TEXT)
    with world.lock:
        proper = _proper_path(world, path)
        if proper != path:
            return Answer(301, "", HTML, (("Location", proper),))
        for place, text in FILM_ROUTES:
            if match := place.fullmatch(path):
                body = text(world, match[1])
                return Answer(200, body) if body else _not_found()
        for pattern, page in ROUTES:
            if match := pattern.fullmatch(path):
                return _member_page(world, path, match.groupdict(), page)
    return _not_found()


def profile(world: World, member: Member, place: Place) -> Answer:
    """The profile, which names the member's short id in its headers too."""
    headers = (("x-letterboxd-type", "Member"), ("x-letterboxd-identifier", member.lid))
    return Answer(200, profile_page(world, member), HTML, headers)


def following(world: World, member: Member, place: Place) -> Answer:
    """Whom a member follows."""
    return Answer(200, people_page(world, member, "following", place.number))


def followers(world: World, member: Member, place: Place) -> Answer:
    """Who follows a member."""
    return Answer(200, people_page(world, member, "followers", place.number))


def films(world: World, member: Member, place: Place) -> Answer:
    """A member's watched films, or those of a level of ratings, by release or by date of rating."""
    slugs = [slug for slug in member.watched if _fits(member, slug, place.level)]
    films = newest_first(world, slugs)
    if place.sort == "rated-date":
        rank = {slug: when for when, slug in enumerate(member.ratings)}
        films.sort(key=lambda film: rank.get(film.slug, -1), reverse=True)
    return _grid(member, "films", films, place)


def likes(world: World, member: Member, place: Place) -> Answer:
    """The films a member likes, newest like first."""
    slugs = [slug for slug in reversed(member.likes) if _fits(member, slug, place.level)]
    return _grid(member, "likes", [world.films[slug] for slug in slugs], place)


def diary(world: World, member: Member, place: Place) -> Answer:
    """A member's diary, newest viewing first."""
    return Answer(200, diary_page(world, member, place.number))


def rss(world: World, member: Member, place: Place) -> Answer:
    """A member's feed, unless the client has it already."""
    text = feed(world, member)
    headers = validators(member, text)
    if is_unchanged(headers):
        return Answer(304, "", FEED, headers)
    return Answer(200, text, FEED, headers)


def film(world: World, slug: str) -> str | None:
    """A film's page."""
    return film_page(world, world.films[slug]) if slug in world.films else None


def director(world: World, slug: str) -> str | None:
    """The page of somebody who directs."""
    return director_page(world, PEOPLE[slug]) if slug in PEOPLE else None


def histogram(world: World, slug: str) -> str | None:
    """How everybody rates a film."""
    return rating_histogram(world.films[slug]) if slug in world.films else None


def summary(world: World, slug: str) -> str | None:
    """The same as it was before April 2026."""
    return ratings_summary(world.films[slug]) if slug in world.films else None


Page = Callable[[World, Member, Place], Answer]
Text = Callable[[World, str], str | None]

_MEMBER = r"/(?P<member>[a-z0-9_]+)"
_LEVEL = r"(?:/rated/(?P<level>none|(?:\d?\.5|[1-5])(?:-(?:\d?\.5|[1-5]))?))?"
_SORT = r"(?:/by/(?P<sort>rated-date))?"
_PAGE = r"(?:/page/(?P<number>[1-9]\d{0,4}))?/"

ROUTES: tuple[tuple[re.Pattern[str], Page], ...] = (
    (re.compile(f"{_MEMBER}/"), profile),
    (re.compile(f"{_MEMBER}/following{_PAGE}"), following),
    (re.compile(f"{_MEMBER}/followers{_PAGE}"), followers),
    (re.compile(f"{_MEMBER}/films{_LEVEL}{_SORT}{_PAGE}"), films),
    (re.compile(f"{_MEMBER}/likes/films{_LEVEL}{_PAGE}"), likes),
    (re.compile(f"{_MEMBER}/diary/films{_PAGE}"), diary),
    (re.compile(f"{_MEMBER}/rss/"), rss),
)

FILM_ROUTES: tuple[tuple[re.Pattern[str], Text], ...] = (
    (re.compile(r"/film/([^/]+)/"), film),
    (re.compile(r"/director/([^/]+)/"), director),
    (re.compile(r"/csi/film/([^/]+)/rating-histogram/"), histogram),
    (re.compile(r"/csi/film/([^/]+)/ratings-summary/"), summary),
)
_ELSEWHERE = re.compile(r"/(tmdb|imdb)/(\d{1,9}|tt\d{1,12})/")
_FILM = re.compile(r"((?:/csi)?/film/)([^/]+)(|/.*)")


def _member_page(world: World, path: str, parts: dict[str, str | None], page: Page) -> Answer:
    member = world.members.get(parts["member"] or "")
    if member is None or member.state == "gone":
        return _not_found()
    if member.state == "private":
        return Answer(403, chrome.message("Private", "This profile is private."))
    number = int(parts.get("number") or 1)
    return page(world, member, Place(path, parts.get("level"), parts.get("sort"), number))


def _grid(member: Member, kind: str, films: list[Film], place: Place) -> Answer:
    first = re.sub(r"page/\d+/$", "", place.path)
    sentence = f"and rated them {place.level}" if place.level else ""
    return Answer(200, grid_page(Listing(member, kind, first, films, sentence), place.number))


def _fits(member: Member, slug: str, level: str | None) -> bool:
    """Tell whether a film's rating is within a level such as ``3.5``, ``.5-5`` or ``none``."""
    stars = member.ratings.get(slug)
    if level is None or level == "none":
        return level is None or stars is None
    lowest, _, highest = level.partition("-")
    return stars is not None and float(lowest) <= stars <= float(highest or lowest)


def _proper_path(world: World, path: str) -> str:
    """Return the address a path stands for: small letters, present names, a slash at the end."""
    first, *rest = path.strip("/").split("/")
    if match := _ELSEWHERE.fullmatch(path):
        slug = _slug_by_number(world, match[1], match[2])
        return f"/film/{slug}/" if slug else path
    if match := _FILM.fullmatch(path):
        slug = _present_slug(world, match[2])
        return f"{match[1]}{slug}{match[3] or '/'}" if slug else path
    name = first.lower()
    if name not in world.members:
        name = world.redirects.get(name, name)
    proper = "/".join(["", name, *rest, ""])
    is_there = name in world.members and any(pattern.fullmatch(proper) for pattern, _ in ROUTES)
    return proper if is_there else path


def _present_slug(world: World, named: str) -> str | None:
    """Return the slug of the film that is, or was, at a slug or has a number such as ``film:7``."""
    if named in world.films:
        return named
    if number := re.fullmatch(r"film:(\d{1,9})", named):
        numbered = world.film_numbered(int(number[1]))
        return numbered.slug if numbered else None
    return world.redirects.get(named)


def _slug_by_number(world: World, service: str, number: str) -> str | None:
    """Return the slug of the film that has a number of TMDB's movies or of IMDb."""
    if service == "tmdb":
        film = catalogue(world).by_link.get(Link("movie", int(number))) if number.isdecimal() else None
        return film.slug if film else None
    return next((film.slug for film in world.films.values() if details(film).imdb_id == number), None)


def _not_found() -> Answer:
    return Answer(404, refusals.not_found())
