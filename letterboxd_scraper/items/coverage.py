"""Which fields of what pages show are filled as a rule, and how often they were."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from letterboxd_scraper.items.films import FilmFacts
from letterboxd_scraper.items.members import (
    RATED,
    DiaryPage,
    FeedNews,
    FeedPage,
    FilmsPage,
    Listing,
    PeoplePage,
    Profile,
)

# A parser's name, and one of the fields that it reads.
Field = tuple[str, str]

_FILM = ("film_id", "lid", "year")
# What members do at their own discretion (ratings in a diary, favourites) says nothing of a parser.
FIELDS: dict[str, tuple[str, ...]] = {
    "rated films": (*_FILM, "stars"),
    "likes": (*_FILM, "liked"),
    "watched films": _FILM,
    "diary": _FILM,
    "feed": ("year", "watched", "liked", "tmdb_id"),
    "people": ("display_name", "avatar_url", "films", "likes"),
    "profile": ("display_name", "avatar_url", "lid", "films", "following", "followers", "ratings"),
    "film": (
        *_FILM, "link", "imdb_id", "runtime_minutes", "poster_url", "overview", "genres", "directors",
        "average", "ratings", "original_language",
    ),
}  # fmt: skip
_LIKES = frozenset({Listing.LIKES, Listing.UNRATED_LIKES})
# The values of a field that is not filled.
_EMPTY, _NO_MARK = (None, "", ()), (False,)


@dataclass(frozen=True, slots=True)
class Counts:
    """Of so many ``entries`` a field was ``filled`` in so many."""

    entries: int = 0
    filled: int = 0

    @property
    def missing(self) -> int:
        """In how many it was not."""
        return self.entries - self.filled

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.entries + other.entries, self.filled + other.filled)


def counts_of(item: Any) -> Iterator[tuple[Field, Counts]]:
    """Yield how often each field is filled in the entries of one item; nothing for items without any."""
    parser, entries = _entries(item)
    if not entries:
        return
    of_a_film = hasattr(entries[0], "film")
    for field in FIELDS[parser]:
        name = f"film.{field}" if of_a_film and field in _FILM else field
        values = list(map(attrgetter(name), entries))
        # A tile has a mark for a like; a feed says of each entry whether it is one.
        empty = _NO_MARK if (parser, field) == ("likes", "liked") else _EMPTY
        yield (parser, field), Counts(len(values), len(values) - sum(map(values.count, empty)))


def _entries(item: Any) -> tuple[str, Sequence[Any]]:
    match item:
        case FilmsPage(listing=listing):
            likes_or_watched = "likes" if listing in _LIKES else "watched films"
            return "rated films" if listing in RATED else likes_or_watched, item.tiles
        case PeoplePage():
            return "people", item.people
        case DiaryPage():
            return "diary", item.entries
        case FeedNews() | FeedPage():
            return "feed", item.entries
        case Profile():
            return "profile", [item]
        case FilmFacts(page=page) if page:
            return "film", [page]
    return "", ()
