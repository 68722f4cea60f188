"""What two members agree and disagree on, film by film."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa

from letterboxd_scraper.store.films import links
from letterboxd_scraper.store.schema import films, watched
from ranking.facts import with_watched_read
from ranking.taste.members import CircleTaste

# In standard deviations: what counts as a different opinion, and as love.
_CLEARLY = 0.5
_LOVES = 0.75
# A film: its id, title, year, slug and link.
_Named = tuple[int, str, int | None, str | None, str]


@dataclass(frozen=True, slots=True)
class Opinions:
    """What two members think of one film.

    ``stars`` and ``other_stars`` are as given, None where there is no rating; ``above`` and ``other_above``
    are the same above the member's own mean, in their own standard deviations. ``why`` says it in words.
    """

    film_id: int
    title: str
    year: int | None
    slug: str | None
    link: str
    stars: float | None
    other_stars: float | None
    above: float | None
    other_above: float | None
    why: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two members' films: those that speak most for their agreement, those against it, and what to see.

    ``to_see`` are films that the other loves and the first has neither rated nor watched; ``watched_known``
    says whether what the first has watched without rating it was ever read.
    """

    agreed: list[Opinions]
    disagreed: list[Opinions]
    to_see: list[Opinions]
    watched_known: bool


def compare(
    connection: sa.Connection, circle: CircleTaste, user: int, other: int, limit: int, base_url: str
) -> Comparison:
    """Return at most ``limit`` films of each kind.

    They agree on a film if both find it better, or both worse, than what they usually see, and that is more
    than they are apart; the stronger the weaker of the two opinions, the more. Of the other films, they
    disagree most where they are furthest apart.
    """
    one, two = _habits(circle, user), _habits(circle, other)
    shared = {film: _shared(one[film][1], two[film][1]) for film in one.keys() & two.keys()}
    apart = {film: abs(one[film][1] - two[film][1]) for film in shared}
    place = {film: number for number, film in enumerate(circle.film_ids)}
    agreed = sorted(
        (f for f in shared if shared[f] > apart[f]), key=lambda film: (-shared[film], place[film])
    )
    differ = (f for f in shared if apart[f] > max(shared[f], _CLEARLY))
    disagreed = sorted(differ, key=lambda film: (-apart[film], place[film]))
    seen = one.keys() | set(connection.scalars(sa.select(watched.c.film_id).where(watched.c.user_id == user)))
    watchers = dict(zip(circle.film_ids, np.bincount(circle.rated.films).tolist(), strict=True))
    loved = sorted(
        (film for film in two.keys() - seen if two[film][1] >= _LOVES),
        key=lambda film: (-two[film][1], -watchers[film], place[film]),
    )
    rows = _film_rows(connection, {*agreed[:limit], *disagreed[:limit], *loved[:limit]}, base_url)

    def opinions(film_ids: Sequence[int]) -> list[Opinions]:
        return [_opinions(rows[film], one.get(film), two.get(film)) for film in film_ids[:limit]]

    watched_known = bool(with_watched_read(connection, [user]))
    return Comparison(opinions(agreed), opinions(disagreed), opinions(loved), watched_known)


def _shared(habit: float, other: float) -> float:
    """Return how much of an opinion two share, in standard deviations; 0 if they think the opposite."""
    return min(abs(habit), abs(other)) if habit * other > 0 else 0.0


def _habits(circle: CircleTaste, user: int) -> dict[int, tuple[float, float]]:
    """Return a member's (stars, the same above their own mean in their standard deviations) by film id."""
    rated, own = circle.rated, circle.rated.members == circle.place(user)
    columns = (rated.films[own].tolist(), rated.stars[own].tolist(), rated.habit[own].tolist())
    return {circle.film_ids[film]: (stars, habit) for film, stars, habit in zip(*columns, strict=True)}


def _film_rows(connection: sa.Connection, film_ids: set[int], base_url: str) -> dict[int, _Named]:
    f = films.c
    query = sa.select(f.id, f.title, f.release_year, f.slug, links.ADDRESS).where(f.id.in_(film_ids))
    return {
        film: (film, title, year, slug, links.link(address, base_url))
        for film, title, year, slug, address in connection.execute(query)
    }


def _opinions(film: _Named, one: tuple[float, float] | None, two: tuple[float, float] | None) -> Opinions:
    stars, above = one or (None, None)
    other_stars, other_above = two or (None, None)
    why = _why(above, other_above)
    return Opinions(*film, stars, other_stars, above, other_above, why)


def _why(above: float | None, other: float | None) -> str:
    """Say in words what two habits have to do with each other.

    >>> _why(1.2, 0.9), _why(-0.4, 1.5), _why(None, 2.0)
    ('both above their average', 'one below, the other far above their average', 'far above their average')
    """
    words = [_place(habit) for habit in (above, other) if habit is not None]
    if len(words) == 1:
        return f"{words[0]} their average"
    if words[0] == words[1]:
        return f"both {words[0]} their average"
    return f"one {words[0]}, the other {words[1]} their average"


def _place(habit: float) -> str:
    if abs(habit) < 0.25:
        return "at"
    return ("far " if abs(habit) >= 1.5 else "") + ("above" if habit > 0 else "below")
