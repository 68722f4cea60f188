"""What a spider starts with, and what it may ask while it reads: plain values from the database or a test."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from letterboxd_scraper.items.films import Director, Film, TmdbDetails, TmdbLink
from letterboxd_scraper.items.members import Listing, Profile

# Returns the keys of the films that are stored as being on a member's listing: numbers, else slugs.
StoredFilms = Callable[[str, Listing], Awaitable[frozenset[int | str]]]


# Lets a member go by the name of a profile to which their address leads; returns False if it is not theirs.
FollowToNewName = Callable[[str, Profile], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Bookmark:
    """How far an earlier run, which this one goes on with, has read a listing.

    ``total`` is what the site says it holds; of a listing that is ``finished``, how many films it has.
    ``films``, or ``people``, are those read so far, and ``liked`` counts the liked ones among the films.
    """

    page: int
    finished: bool
    total: int | None = None
    films: tuple[Film, ...] = ()
    people: tuple[str, ...] = ()
    liked: int = 0


@dataclass(frozen=True, slots=True)
class MemberStart:
    """One member to be read in full. ``likes`` is None where no count was seen lately.

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


# Returns all that is stored of a member's films.
StoredRows = Callable[[str], Awaitable[tuple[Stored, ...]]]


class Reason(StrEnum):
    """Why a delta crawl reads a member."""

    MOVED = "a count has moved"
    FAILED = "they could not be read whole the last time"
    UNCOUNTED = "no listing shows their counts"
    AUDIT = "an audit is due"


@dataclass(frozen=True, slots=True)
class DeltaStart:
    """One member to be brought up to date.

    ``films`` and ``likes`` are the counts that a following page shows now, None where none does;
    ``crawled_films`` and ``crawled_likes`` are those as of the crawl before, which was at ``read_at``.
    Of the seed the watched, unrated films are stored as well. ``cut``: an earlier crawl found that the site
    does not show all that they have rated. ``bookmarks`` tell what an interrupted run, which this one goes on
    with, has read of them not long ago.
    """

    name: str
    reason: Reason
    films: int | None = None
    likes: int | None = None
    crawled_films: int | None = None
    crawled_likes: int | None = None
    read_at: datetime | None = None
    is_seed: bool = False
    cut: bool = False
    bookmarks: dict[Listing, Bookmark] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FeedStart:
    """One member whose feed is to be asked for, and what is stored of it since it was ``read_at`` last.

    ``marks`` holds the mark of each entry by the entry's number. All but the name is empty where the member's
    whole listing was read since then: every entry counts as new.
    """

    name: str
    etag: str | None = None
    last_modified: str | None = None
    marks: dict[str, str] = field(default_factory=dict)
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Provenance:
    """When a fact was read, and in which run; None for an import, which is no run."""

    at: datetime
    run: int | None = None


@dataclass(frozen=True, slots=True)
class FilmStart:
    """One film about which something is to be read, and what is stored of it.

    ``page``: its page is read, and TMDB asked; ``refresh``: TMDB alone is asked, by the stored ``link``;
    ``histogram``: its page of ratings is read; ``resolve``: the pages of its ``directors`` alone are read,
    those whom the site has a page for, and TMDB perhaps no number. ``unrated``: its page said that nobody on
    the site has rated it.

    Of a film that has neither slug nor number the slug is another name, and ``path`` leads to its page by
    what else is known of it, "" if nothing does; ``stored`` is the database's number of it. ``search``: TMDB
    is asked where it has the film, by its ``imdb_id``, else by title and year; ``guessed``: so it was before.
    """

    film: Film
    page: bool = True
    refresh: bool = False
    histogram: bool = False
    resolve: bool = False
    unrated: bool = False
    link: TmdbLink | None = None
    directors: tuple[Director, ...] = ()
    search: bool = False
    guessed: bool = False
    imdb_id: str | None = None
    path: str = ""
    stored: int | None = None


# Returns what TMDB has of a film. Raises TmdbNotFound, TmdbUnavailable and TmdbRefused.
Details = Callable[[TmdbLink], Awaitable[TmdbDetails]]
# Returns where TMDB has a film that is to be searched for, if just one is meant. Raises what `Details` does.
Search = Callable[[FilmStart], Awaitable[TmdbLink | None]]
# Returns which of the directors with these slugs are stored with their number on TMDB.
KnownDirectors = Callable[[tuple[str, ...]], Awaitable[frozenset[str]]]
