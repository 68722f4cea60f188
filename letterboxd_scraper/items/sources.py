"""What one source tells of one member as of one moment: an export archive, pages saved in a browser."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class NamedFilm:
    """A film as a source names it. Archives know no slug and no number, pages of 2020 no code."""

    title: str
    year: int | None = None
    lid: str | None = None
    slug: str | None = None
    film_id: int | None = None


@dataclass(frozen=True, slots=True)
class RatedFilm:
    """A film with its stars, and the day on which that rating was set; None where nobody says."""

    film: NamedFilm
    stars: float
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Viewed:
    """One viewing in a diary, with the stars that were given then."""

    film: NamedFilm
    day: date
    stars: float | None
    url: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A part that the source does not tell is None; one that it tells, it tells whole, if it is ``complete``.

    ``links`` lead to the newest diary entry of a film; ``viewings`` are those of a diary, the newest first.
    ``lid`` is the member's code, where the source gives it.
    """

    member: str
    as_of: datetime
    source: str
    ratings: tuple[RatedFilm, ...] | None = None
    likes: tuple[NamedFilm, ...] | None = None
    favourites: tuple[NamedFilm, ...] | None = None
    watched: tuple[NamedFilm, ...] | None = None
    watchlist: tuple[NamedFilm, ...] | None = None
    links: tuple[tuple[NamedFilm, str], ...] = ()
    viewings: tuple[Viewed, ...] = ()
    complete: bool = True
    lid: str | None = None
