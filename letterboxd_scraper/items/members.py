"""What pages say of members: facts, frozen, one item per fetched page.

An item says what a page showed and where that page stands in the crawl; it knows neither
HTML nor tables. Names: `member` is a lower-case user name as in links, `stars` is 0.5 … 5.0.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Literal

from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.texts import in_short


class Listing(StrEnum):
    """A member's listings; the values are the names under which their bookmarks are kept."""

    PROFILE = "profile"
    FOLLOWING = "following"
    FOLLOWERS = "followers"
    RATED = "rated"
    UNRATED_LIKES = "unrated_likes"
    UNRATED_WATCHED = "unrated_watched"
    # Liked films, newest like first; rated films, newest rating first, which robots.txt forbids.
    LIKES = "likes"
    RATED_BY_DATE = "rated_by_date"
    DIARY = "diary"
    WATCHLIST = "watchlist"
    FEED = "feed"
    # The films rated with just so many stars.
    RATED_0_5 = "rated_0.5"
    RATED_1_0 = "rated_1.0"
    RATED_1_5 = "rated_1.5"
    RATED_2_0 = "rated_2.0"
    RATED_2_5 = "rated_2.5"
    RATED_3_0 = "rated_3.0"
    RATED_3_5 = "rated_3.5"
    RATED_4_0 = "rated_4.0"
    RATED_4_5 = "rated_4.5"
    RATED_5_0 = "rated_5.0"


STARS = tuple(halves / 2 for halves in range(1, 11))
# The listing of each number of stars, and back.
LEVELS = {stars: Listing(f"rated_{stars}") for stars in STARS}
STARS_OF = {listing: stars for stars, listing in LEVELS.items()}
# The listings of rated films alone.
RATED = frozenset({Listing.RATED, Listing.RATED_BY_DATE, *STARS_OF})


@dataclass(frozen=True, slots=True)
class Tile:
    """One film on a member's grid; ``stars`` is None where the member gave no rating."""

    film: Film
    stars: float | None = None
    liked: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """One row of a following or followers page; a count that is not shown is None."""

    member: str
    display_name: str | None = None
    avatar_url: str | None = None
    films: int | None = None
    likes: int | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """A member's profile page. ``histogram`` holds ten counts, half a star to five stars.

    ``films`` counts the watched films. ``histogram`` and ``ratings`` (its total) are None where
    the page shows no readable histogram: that means unknown, never zero.
    """

    member: str
    display_name: str | None
    avatar_url: str | None
    lid: str | None
    films: int | None
    following: int | None
    followers: int | None
    favourites: tuple[Film, ...]
    ratings: int | None
    histogram: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class FilmsPage:
    """One page of a member's film listing, saved together with its place in the crawl.

    ``number`` is 0 for a listing that the counts prove to be empty, so that no page was fetched.
    ``total`` is what the site says the listing holds, if it says so. ``complete`` stands on the
    last page of a listing that is proved complete: it names every film of the listing, and what
    is stored of this listing and is not among them has gone, unless it was stored after
    ``begun``, when the listing's first page was read.
    """

    member: str
    listing: Listing
    number: int
    tiles: tuple[Tile, ...]
    last: bool
    total: int | None = None
    complete: tuple[Film, ...] | None = None
    begun: datetime | None = None


@dataclass(frozen=True, slots=True)
class UnreadEntry:
    """An entry of a diary or a feed that could not be read, beside others that could: which, and why."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"the entry {self.name or 'without a name'} is left out: {self.reason}"


@dataclass(frozen=True, slots=True)
class DiaryEntry:
    """One viewing in a member's diary; ``stars`` is None where it was logged without a rating.

    ``url`` is where the entry is read; a page gives it without the host.
    """

    viewing_id: int
    film: Film
    date: date
    stars: float | None
    liked: bool
    rewatch: bool
    review: bool
    url: str


@dataclass(frozen=True, slots=True)
class DiaryPage:
    """One page of a member's diary, the newest viewing first, with its place in the crawl.

    What is not in a diary has not gone: it proves nothing by its end.
    """

    member: str
    number: int
    entries: tuple[DiaryEntry, ...]
    last: bool
    unread: tuple[UnreadEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """A viewing in a member's feed, which numbers no films; ``liked`` is None where it says nothing.

    ``watched`` is None for a review without a day: it is known when it was published.
    ``tmdb_id`` is the number of a movie or a series on TMDB, as ``tmdb_kind`` says; None where there is none.
    """

    guid: str
    film: Film
    watched: date | None
    published: datetime
    stars: float | None
    liked: bool | None
    url: str
    tmdb_kind: Literal["movie", "tv"] | None = None
    tmdb_id: int | None = None

    @property
    def number(self) -> str:
        """The viewing's number, which stays the same when the entry becomes a review."""
        return self.guid.rpartition("-")[2]

    @property
    def mark(self) -> str:
        """What the member can change of an entry, while it keeps its number: day, stars and like."""
        return f"{self.watched} {self.stars} {self.liked}"


@dataclass(frozen=True, slots=True)
class FeedPage:
    """What a member's feed says of their ratings: one entry a film."""

    member: str
    entries: tuple[FeedEntry, ...]


@dataclass(frozen=True, slots=True)
class FeedNews:
    """A member's feed, the entry published last first, with what a later request for it may name.

    ``read_before`` holds the guids of the entries that an earlier request for the feed showed just so. One
    that was edited since then counts as published at the time of that request, if not later. ``unread`` are
    those that could not be read.
    """

    member: str
    entries: tuple[FeedEntry, ...]
    read_before: tuple[str, ...] = ()
    etag: str | None = None
    last_modified: str | None = None
    unread: tuple[UnreadEntry, ...] = ()

    @property
    def new(self) -> tuple[FeedEntry, ...]:
        """The entries that are new or were edited."""
        read_before = set(self.read_before)
        return tuple(entry for entry in self.entries if entry.guid not in read_before)


@dataclass(frozen=True, slots=True)
class FeedUnchanged:
    """The site says that a member's feed is what it was when it was read last."""

    member: str


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """One page of whom ``owner`` follows (or who follows them), with its place in the crawl.

    ``whole`` is False where people were left out, because they do not belong to the cohort. ``total`` is how
    many people the page says there are, if it says so.
    """

    owner: str
    listing: Listing
    number: int
    people: tuple[Person, ...]
    last: bool
    whole: bool = True
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Membership:
    """Who belongs to a cohort, after all its listings were read: (member, depth) pairs.

    ``complete`` is False when a listing could not be read whole; then nobody is dropped.
    """

    cohort: str
    seed: str
    members: tuple[tuple[str, int], ...]
    complete: bool
    definition: dict[str, Any]


@dataclass(frozen=True, slots=True)
class MemberStatus:
    """A member who cannot be read: ``gone`` (no such page any more) or ``private``, as a ``listing`` says."""

    member: str
    status: str
    listing: Listing = Listing.PROFILE


@dataclass(frozen=True, slots=True)
class MemberRead:
    """A member's crawl has ended; it counts as complete if all ``listings`` were saved whole."""

    member: str
    listings: tuple[Listing, ...]
    films: int | None
    likes: int | None


@dataclass(frozen=True, slots=True)
class Changes:
    """How many of a member's films are new, say something else now, or say nothing any more."""

    added: int = 0
    changed: int = 0
    removed: int = 0

    def __add__(self, other: "Changes") -> "Changes":
        return Changes(self.added + other.added, self.changed + other.changed, self.removed + other.removed)

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


@dataclass(frozen=True, slots=True)
class MemberRefreshed:
    """A member's delta crawl has ended, and all that was read agrees.

    ``films`` and ``likes`` are the counts as of now; None where they are not known. By now ``histogram``
    films (with half a star, one, … five) and ``liked`` ones must be stored; else ``url`` is to be read again.
    ``whole``: the site shows all that is rated, so that nothing more can be.
    """

    member: str
    films: int | None
    likes: int | None
    histogram: tuple[int, ...]
    liked: int
    url: str
    changes: Changes = Changes()
    whole: bool = True


# The stage of a failure to read more of a listing than the site shows: nobody need try again.
BEYOND = "beyond_last_page"


@dataclass(frozen=True, slots=True)
class Failure:
    """A page or a listing that could not be read, after all retries; kept for the record."""

    stage: str
    url: str
    error: str
    member: str | None = None
    film: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "error", in_short(self.error))
