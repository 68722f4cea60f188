"""Recommended films with all that there is to say of them, for tables, files and the server."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa

from letterboxd_scraper.store.films import links
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.schema import cohort_members, films, ratings, watchlist
from ranking.marks import marks
from ranking.recommend.columns import GROUPS
from ranking.recommend.films import OrderedFilms
from ranking.recommend.personal import PARTS
from ranking.sql import is_among
from ranking.strategies.circle_ratings import Floats

# What a rule makes of several members' stars, less their mean.
BY_RULE = "rule"
_NOTHING = 1e-9
# The habit moves all films alike, and bounds only cut off: neither is a reason for one film.
_REASONS = slice(1, len(GROUPS))
# What moves a film less is no reason to name.
LEAST_STARS = 0.05


@dataclass(frozen=True, slots=True)
class Reason:
    """By how many ``stars`` a part of the model (one of PARTS, or BY_RULE) moves what is expected."""

    part: str
    stars: float


@dataclass(frozen=True, slots=True)
class Recommended:
    """A film, and what the ``members`` would give it, by name.

    Of one member ``expected`` is that, with the 90 % interval of a rating; of several the rule's value,
    without one. ``circle`` is what the circle says; with the ``reasons``, largest first, it adds up to
    ``expected``. ``why`` is for each member the part that says most for or against this film, beside the
    habit, which moves all films alike. ``on_watchlists``: of which of these members. ``minutes`` is its
    length. ``ratings`` are those of the circle, by name, best first; None where raters are not named.
    """

    rank: int
    slug: str | None
    title: str
    year: int | None
    link: str
    expected: float
    low: float | None
    high: float | None
    circle: float
    letterboxd: float | None
    watchers: int
    reasons: list[Reason]
    members: dict[str, float]
    why: dict[str, Reason | None]
    liked: int
    favorites: int
    wanted: int
    on_watchlists: list[str]
    minutes: int | None
    ratings: dict[str, float] | None


def read_films(
    connection: sa.Connection,
    cohort: Cohort,
    ordered: OrderedFilms,
    base_url: str,
    *,
    limit: int | None = None,
    offset: int = 0,
    named: Mapping[int, str] | None = None,
) -> list[Recommended]:
    """Return a part of the ordered films; ``named`` are the circle's members by id, if raters are named.

    A film that is no longer stored is left out: the order may be older than the data.
    """
    last = len(ordered) if limit is None else min(offset + limit, len(ordered))
    places = range(offset, last)
    ids = [int(film) for film in ordered.film_ids[offset:last]]
    rows = _rows(connection, cohort, ordered, ids)
    wanting = _on_watchlists(connection, ordered.members, ids)
    ratings_of = {} if named is None else _ratings(connection, cohort, ordered, ids, named)
    return [
        _recommended(
            ordered,
            place,
            rows[film],
            link=links.link(rows[film].address, base_url),
            on_watchlists=[name for name in ordered.members if name in wanting[film]],
            ratings=None if named is None else ratings_of.get(film, {}),
        )
        for place, film in zip(places, ids, strict=True)
        if film in rows
    ]


def what_differs(ordered: OrderedFilms, limit: int) -> list[dict[str, Reason]]:
    """Return for each of the first films what sets it apart from the others of these, for each member.

    That is the part that is farthest from its mean over these films. Who comes first differs most; a member
    to whom the film is like the others is left out, and so are parts that are not worth naming themselves.
    """
    parts = ordered.parts[:limit, :, _REASONS]
    apart = np.abs(parts - parts.mean(0, keepdims=True)) if len(parts) else parts
    apart = np.where((np.abs(parts) >= LEAST_STARS) & (apart >= LEAST_STARS), apart, 0.0)
    names = list(ordered.members)
    return [
        {
            names[member]: _reason(
                int(of_film[member].argmax()) + _REASONS.start, ordered.parts[film, member]
            )
            for member in np.argsort(-of_film.max(1), kind="stable").tolist()
            if of_film[member].any()
        }
        for film, of_film in enumerate(apart)
    ]


def _reason(part: int, parts: Floats) -> Reason:
    return Reason(PARTS[part], float(parts[part]))


def _rows(
    connection: sa.Connection, cohort: Cohort, ordered: OrderedFilms, ids: Sequence[int]
) -> dict[int, Any]:
    """Return by id what is stored of films."""
    marked = marks(cohort.id, without=ordered.without, among=ids)
    counts = (sa.func.coalesce(marked.c[name], 0).label(name) for name in ("liked", "favorites", "wanted"))
    columns = (films.c.id, films.c.slug, films.c.title, films.c.release_year, films.c.runtime_minutes)
    query = sa.select(*columns, links.ADDRESS, films.c.letterboxd_weighted_average, *counts)
    query = query.outerjoin_from(films, marked, marked.c.film_id == films.c.id)
    return {row.id: row for row in connection.execute(query.where(is_among(films.c.id, ids)))}


def _on_watchlists(
    connection: sa.Connection, members: Mapping[str, int], ids: Sequence[int]
) -> defaultdict[int, set[str]]:
    """Return by film who of the members has it on their watchlist."""
    name_of = {user: name for name, user in members.items()}
    w, wanting = watchlist.c, defaultdict[int, set[str]](set)
    query = sa.select(w.film_id, w.user_id).where(w.user_id.in_(name_of), is_among(w.film_id, ids))
    for film, user in connection.execute(query):
        wanting[film].add(name_of[user])
    return wanting


def _ratings(
    connection: sa.Connection,
    cohort: Cohort,
    ordered: OrderedFilms,
    ids: Sequence[int],
    named: Mapping[int, str],
) -> dict[int, dict[str, float]]:
    """Return by film who of the circle gave it what, the best ratings first, equal ones by name."""
    r, m = ratings.c, cohort_members.c
    query = sa.select(r.film_id, r.user_id, r.rating).join(cohort_members, m.user_id == r.user_id)
    query = query.where(m.cohort_id == cohort.id, r.rating.is_not(None), is_among(r.film_id, ids))
    of_film = defaultdict[int, list[tuple[float, str]]](list)
    for film, user, stars in connection.execute(query):
        if user != ordered.without:
            of_film[film].append((-stars, named[user]))
    return {film: {name: -stars for stars, name in sorted(pairs)} for film, pairs in of_film.items()}


def _recommended(
    ordered: OrderedFilms,
    place: int,
    row: Any,
    *,
    link: str,
    on_watchlists: list[str],
    ratings: dict[str, float] | None,
) -> Recommended:
    value, circle = float(ordered.value[place]), float(ordered.circle[place])
    parts = ordered.parts[place].mean(0)
    reasons = [Reason(part, stars) for part, stars in zip(PARTS, parts.tolist(), strict=True)]
    reasons.append(Reason(BY_RULE, value - circle - float(parts.sum())))
    average = row.letterboxd_weighted_average
    return Recommended(
        rank=place + 1,
        slug=row.slug,
        title=row.title,
        year=row.release_year,
        link=link,
        expected=value,
        low=None if ordered.low is None else float(ordered.low[place]),
        high=None if ordered.high is None else float(ordered.high[place]),
        circle=circle,
        letterboxd=None if average is None else float(average),
        watchers=int(ordered.watchers[place]),
        reasons=sorted(
            (reason for reason in reasons if abs(reason.stars) > _NOTHING), key=lambda r: -abs(r.stars)
        ),
        members=dict(zip(ordered.members, ordered.expected[place].tolist(), strict=True)),
        why={
            name: _largest(of_member)
            for name, of_member in zip(ordered.members, ordered.parts[place], strict=True)
        },
        liked=row.liked,
        favorites=row.favorites,
        wanted=row.wanted,
        on_watchlists=on_watchlists,
        minutes=row.runtime_minutes,
        ratings=ratings,
    )


def _largest(parts: Floats) -> Reason | None:
    """Return the part that moves a film most for a member, of those that are reasons; None for nothing."""
    part = int(np.abs(parts[_REASONS]).argmax()) + _REASONS.start
    return _reason(part, parts) if abs(parts[part]) > _NOTHING else None
