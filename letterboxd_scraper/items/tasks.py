"""What a spider is told when it starts, and when it reads: plain data, from the database or a test."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from letterboxd_scraper.items.films import Director, Film, TmdbDetails, TmdbLink
from letterboxd_scraper.items.members import Listing

# Asks what is stored of a member's listing, as sets of film numbers and slugs together.
StoredFilms = Callable[[str, Listing], Awaitable[frozenset[int | str]]]


@dataclass(frozen=True, slots=True)
class Bookmark:
    """How far a listing was read by an earlier run whose work this one carries on."""

    page: int
    finished: bool
    total: int | None = None
    films: tuple[Film, ...] = ()
    people: tuple[str, ...] = ()
    liked: int = 0


@dataclass(frozen=True, slots=True)
class MemberStart:
    """One member to be crawled. ``likes`` is None where no count is known that is still fresh.

    ``films`` is the count of watched films that was seen together with ``likes``.
    """

    name: str
    is_seed: bool = False
    films: int | None = None
    likes: int | None = None
    bookmarks: dict[Listing, Bookmark] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored ``since`` then of one film of a member; ``stars`` is None for one that is not rated."""

    film: Film
    stars: float | None = None
    liked: bool = False
    since: datetime | None = None


# Asks for all that is stored of a member.
StoredRows = Callable[[str], Awaitable[tuple[Stored, ...]]]


class Reason(StrEnum):
    """Why a member's pages are read tonight."""

    MOVED = "a count has moved"
    FAILED = "they could not be read whole the last time"
    UNCOUNTED = "no listing shows their counts"
    AUDIT = "an audit is due"


@dataclass(frozen=True, slots=True)
class DeltaStart:
    """One member to be brought up to date.

    ``films`` and ``likes`` are the counts that a following page shows now, None where none does;
    ``crawled_films`` and ``crawled_likes`` are those as of the crawl before, which was at ``read_at``.
    Of the seed the watched films are known as well.
    """

    name: str
    reason: Reason
    films: int | None = None
    likes: int | None = None
    crawled_films: int | None = None
    crawled_likes: int | None = None
    read_at: datetime | None = None
    is_seed: bool = False


@dataclass(frozen=True, slots=True)
class FeedStart:
    """One member whose feed is to be asked for, and what is known of it since it was ``read_at`` last.

    ``known`` are the marks of its entries by their numbers. Nothing is known where the member's whole
    listing was read since: what the feed has says more of it then.
    """

    name: str
    etag: str | None = None
    last_modified: str | None = None
    known: dict[str, str] = field(default_factory=dict)
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Provenance:
    """When a fact was read, and in which run; None for an import, which is no run."""

    at: datetime
    run: int | None = None


@dataclass(frozen=True, slots=True)
class FilmStart:
    """One film about which something is to be found out, and what is known of it.

    ``page``: its page is to be read, and TMDB asked; ``refresh``: TMDB alone, of which the ``link`` is known;
    ``resolve``: the pages of its ``directors`` alone, of those whom the site knows, and TMDB may not.
    """

    film: Film
    page: bool = True
    refresh: bool = False
    histogram: bool = False
    resolve: bool = False
    link: TmdbLink | None = None
    directors: tuple[Director, ...] = ()


# Asks TMDB for what it knows of a film. Raises TmdbNotFound, TmdbUnavailable and TmdbRefused.
Details = Callable[[TmdbLink], Awaitable[TmdbDetails]]
# Asks which of the directors with these slugs are stored with their number on TMDB.
KnownDirectors = Callable[[tuple[str, ...]], Awaitable[frozenset[str]]]
