"""What is new in a circle: the values that forms are made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class NewsFilm:
    """A film; ``expected``: stars that the member asked for would give it, ``seen``: whether they have.

    Both are None where the news are for nobody, ``expected`` also of a film that nobody in the circle has
    rated.
    """

    slug: str | None
    title: str
    year: int | None
    link: str
    expected: float | None
    seen: bool | None


@dataclass(frozen=True, slots=True)
class LovedFilm(NewsFilm):
    """A film that ``lovers`` members love now and did not then; ``rank`` is today's, ``members`` their names.

    To love is to give four stars or more, a heart, or a place among the favourites.
    """

    lovers: int
    rank: int | None
    members: list[str] | None


@dataclass(frozen=True, slots=True)
class MovedFilm(NewsFilm):
    """A film that stands elsewhere: ``rank`` now and ``before``; None beyond the first thousand."""

    rank: int | None
    before: int | None
    score: float | None
    score_before: float | None


@dataclass(frozen=True, slots=True)
class FirstRated(NewsFilm):
    """A film on the member's watchlist that others of the circle have rated, all of them since then."""

    stars: list[float]
    members: list[str] | None


@dataclass(frozen=True, slots=True)
class News:
    """What has changed in a circle between a ranking of then, ``compared_with``, and now, ``at``.

    ``since`` was asked for: then is the last kept ranking before it, or the first one after it where there is
    none. Newly ``loved`` are films that at least two members love now and did not love then. ``risen`` are
    those among the first hundred now that have come at least a third nearer to the top, with a score that is
    higher by a hundredth at least; ``fallen`` those that were as much nearer, and higher, then.
    ``first_rated`` is None where the news are for nobody, or their watchlist is not known.

    What a member said is new if it was first seen since then and is not dated before (the day before counts:
    days are in zones); an undated rating of a member who was read for the first time is not. ``joined`` and
    ``left`` count members; their names are None unless they were asked for.
    """

    circle: str
    strategy: str
    since: datetime
    compared_with: datetime
    at: datetime
    for_member: str | None
    loved: list[LovedFilm]
    risen: list[MovedFilm]
    fallen: list[MovedFilm]
    first_rated: list[FirstRated] | None
    joined: int
    left: int
    joined_members: list[str] | None
    left_members: list[str] | None
    remarks: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether nothing has changed."""
        films = (self.loved, self.risen, self.fallen, self.first_rated)
        return not (any(films) or self.joined or self.left)


@dataclass(frozen=True)
class Reader:
    """A member (id) by name; ``expected`` are stars by film (id), ``seen`` what they rated or watched."""

    user: int
    name: str
    expected: Mapping[int, float]
    seen: frozenset[int]
