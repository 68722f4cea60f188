"""What one source (an export archive, saved pages) tells of one member as of one moment."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

# As of when that counts which has no dates: before the site was opened, so that all else is newer.
UNDATED = datetime(2011, 1, 1, tzinfo=UTC)


def as_of_in_words(as_of: datetime) -> str:
    """Say as of when a source is true.

    >>> as_of_in_words(datetime(2026, 1, 21)), as_of_in_words(UNDATED)
    ('as of 2026-01-21', 'without dates')
    """
    return f"as of {as_of:%Y-%m-%d}" if is_dated(as_of) else "without dates"


def is_dated(as_of: datetime) -> bool:
    """Whether a source has dates, or was said to be of a day."""
    return as_of.date() != UNDATED.date()


class Service(StrEnum):
    """Where a person keeps what a source tells."""

    LETTERBOXD = "letterboxd"
    IMDB = "imdb"
    TRAKT = "trakt"
    # Any other: a table of films and stars.
    TABLE = "table"


class NamedBy(StrEnum):
    """By what a film got its title and year: each is outranked by those that follow."""

    # Somebody's favourite, of which only the code is known.
    LINK = "link"
    # Another service's file: titles there are often translations.
    SERVICE = "service"
    # A member's own archive.
    FILE = "file"
    # A page of the site, read or saved.
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class Naming:
    """What names films, and as of when; what is ``live`` was read from the site itself just now."""

    by: NamedBy
    as_of: datetime
    live: bool = False

    @classmethod
    def of_page(cls, at: datetime) -> "Naming":
        """Return how a page names films that was read from the site at this moment."""
        return cls(NamedBy.PAGE, at, live=True)


@dataclass(frozen=True, slots=True)
class NamedFilm:
    """A film as a source names it.

    Archives know a code, those made before 2020 a slug; pages of 2020 know no code; other services know the
    numbers of IMDb ("tt0050083") and TMDB, where ``tmdb_kind`` is "movie" or "tv".
    """

    title: str
    year: int | None = None
    lid: str | None = None
    slug: str | None = None
    film_id: int | None = None
    imdb_id: str | None = None
    tmdb_id: int | None = None
    tmdb_kind: str | None = None


@dataclass(frozen=True, slots=True)
class RatedFilm:
    """A film with its stars, and the day on which that rating was set; None where the source does not say."""

    film: NamedFilm
    stars: float
    day: date | None = None


@dataclass(frozen=True, slots=True)
class DatedFilm:
    """A film on a list, and the day on which it came there; None where the source does not say."""

    film: NamedFilm
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Viewed:
    """One viewing in a diary, with its stars."""

    film: NamedFilm
    day: date
    stars: float | None
    url: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A source's parts: None where it does not tell a part. In a ``complete`` snapshot every other is whole.

    ``links`` lead to the newest diary entry of a film; ``viewings`` are those of a diary, the newest first.
    ``lid`` is the member's code, where the source gives it. Nothing of another ``service`` is ever complete:
    it proves nothing to have gone. ``of_pages``: it was read from pages of the site, not from a file.
    """

    member: str
    as_of: datetime
    source: str
    ratings: tuple[RatedFilm, ...] | None = None
    likes: tuple[NamedFilm, ...] | None = None
    favourites: tuple[NamedFilm, ...] | None = None
    watched: tuple[DatedFilm, ...] | None = None
    watchlist: tuple[DatedFilm, ...] | None = None
    links: tuple[tuple[NamedFilm, str], ...] = ()
    viewings: tuple[Viewed, ...] = ()
    complete: bool = True
    lid: str | None = None
    service: Service = Service.LETTERBOXD
    of_pages: bool = False

    @property
    def naming(self) -> Naming:
        """How it names films."""
        if self.of_pages:
            return Naming(NamedBy.PAGE, self.as_of)
        of_site = self.service is Service.LETTERBOXD
        return Naming(NamedBy.FILE if of_site else NamedBy.SERVICE, self.as_of)
