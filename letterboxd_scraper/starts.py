"""What a spider is told when it starts, and when it reads: plain data, from the database or a test."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from letterboxd_scraper.items import Film, Listing

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
class Visit:
    """When a page was read, and in which run."""

    at: datetime
    run: int | None = None
