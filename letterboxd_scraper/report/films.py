"""What a report tells of films: a few queries for all of them together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.items.members import STARS
from letterboxd_scraper.report.texts import clean
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.schema import (
    cohort_members,
    film_genres,
    film_histograms,
    film_people,
    film_rankings,
    films,
    genres,
    people,
    ratings,
    watched,
)
from ranking.facts import Facts
from ranking.results import RankedFilm, ranking
from ranking.strategies import STRATEGIES

_LEVELS = {str(stars): place for place, stars in enumerate(STARS)}
_DIRECTOR = "director"

Histogram = list[int]


@dataclass(frozen=True, slots=True)
class Labels:
    """Names that many films share: films refer to them by their place in ``names``."""

    names: list[str]
    of_film: Mapping[int, list[int]]


@dataclass(frozen=True, slots=True)
class Film:
    """One film of the report.

    ``circle`` and ``site`` are histograms of ten counts, half a star to five, None if not known;
    ``average`` is Letterboxd's. ``seen`` are the members who have seen it, by their places in the list.
    """

    ranked: RankedFilm
    why: str
    runtime: int | None
    poster: str | None
    average: float | None
    circle: Histogram | None
    site: Histogram | None
    seen: frozenset[int]
    genres: list[int]
    directors: list[int]

    @property
    def spread(self) -> float | None:
        """The standard deviation of the circle's ratings, in stars."""
        if not self.circle or not sum(self.circle):
            return None
        mean = sum(stars * count for stars, count in zip(STARS, self.circle, strict=True)) / sum(self.circle)
        squares = ((stars - mean) ** 2 * n for stars, n in zip(STARS, self.circle, strict=True))
        return float((sum(squares) / sum(self.circle)) ** 0.5)


@dataclass(frozen=True, slots=True)
class Films:
    """All films of the report, best first, and the names of what they refer to."""

    films: Sequence[Film]
    genres: list[str]
    directors: list[str]
    computed_at: datetime
    total: int
    tmdb: tuple[datetime, datetime] | None = None
    histograms: tuple[datetime, datetime] | None = None


def of_ranking(
    connection: sa.Connection,
    cohort: Cohort,
    strategy: str,
    limit: int,
    members: Sequence[int],
    *,
    posters: bool,
) -> Films:
    """Return the first ``limit`` films of a stored ranking; ``members`` are user ids.

    Raises InputError if the ranking was never computed.
    """
    ranked = ranking(connection, cohort, strategy, limit=limit)
    query = _Shown(connection, cohort, strategy, ranked[-1].rank)
    reasons = _reasons(connection, cohort, strategy, ranked)
    facts = query.facts()
    circle = query.histograms(film_histograms.c.cohort_id == cohort.id)
    site = query.histograms(film_histograms.c.cohort_id.is_(None))
    seen = query.seen({user: place for place, user in enumerate(members)})
    of_genre, by_director = query.genres(), query.directors()
    found = [
        Film(
            ranked=film,
            why=clean(reasons.get(film.film_id, "")),
            runtime=facts[film.film_id].runtime_minutes,
            poster=_safe(facts[film.film_id].poster_url) if posters else None,
            average=facts[film.film_id].letterboxd_weighted_average,
            circle=circle.get(film.film_id),
            site=site.get(film.film_id),
            seen=frozenset(seen.get(film.film_id, ())),
            genres=of_genre.of_film.get(film.film_id, []),
            directors=by_director.of_film.get(film.film_id, []),
        )
        for film in ranked
    ]
    rows = facts.values()
    return Films(
        found,
        of_genre.names,
        by_director.names,
        ranked[0].computed_at,
        query.total(),
        _span(row.tmdb_synced_at for row in rows),
        _span(row.histogram_synced_at for row in rows),
    )


def _reasons(
    connection: sa.Connection, cohort: Cohort, strategy: str, ranked: Sequence[RankedFilm]
) -> Mapping[int, str]:
    """Return why each film stands where it does, as the stored ranking was computed."""
    facts = Facts(cohort.id, ranked[0].computed_at)
    chosen = STRATEGIES[strategy]
    return chosen.reasons(connection, facts, chosen.settle(ranked[0].parameters))


@dataclass(frozen=True)
class _Shown:
    """Queries about the films of a ranking up to the rank ``last``."""

    connection: sa.Connection
    cohort: Cohort
    strategy: str
    last: int
    here: Any = field(init=False)

    def __post_init__(self) -> None:
        r = film_rankings.c
        here = sa.and_(r.cohort_id == self.cohort.id, r.strategy == self.strategy)
        object.__setattr__(self, "here", here)

    def _rows(self, film: sa.Column[Any], *columns: Any, where: Any = None) -> Iterable[Any]:
        """Select columns of a table whose column ``film`` is a film's id, for the films shown."""
        r = film_rankings.c
        query = sa.select(*columns).join(film_rankings, r.film_id == film)
        query = query.where(self.here, r.rank <= self.last)
        return self.connection.execute(query if where is None else query.where(where))

    def total(self) -> int:
        query = sa.select(sa.func.count()).select_from(film_rankings).where(self.here)
        return self.connection.scalar(query) or 0

    def facts(self) -> dict[int, Any]:
        c = films.c
        columns = (c.id, c.runtime_minutes, c.poster_url, c.letterboxd_weighted_average)
        rows = self._rows(c.id, *columns, c.tmdb_synced_at, c.histogram_synced_at)
        return {row.id: row for row in rows}

    def histograms(self, whose: sa.ColumnElement[bool]) -> dict[int, Histogram]:
        h = film_histograms.c
        found: dict[int, Histogram] = {}
        for film, label, count in self._rows(h.film_id, h.film_id, h.bucket_label, h.count, where=whose):
            found.setdefault(film, [0] * len(STARS))[_LEVELS[label]] = count
        return found

    def seen(self, places: Mapping[int, int]) -> dict[int, list[int]]:
        """Return who has seen each film, as `rank show --unseen-by` counts it: rated it or watched it."""
        found: dict[int, list[int]] = {}
        for table in (ratings, watched):
            c = table.c
            member = sa.select(cohort_members.c.user_id).where(cohort_members.c.cohort_id == self.cohort.id)
            proof = ratings.c.rating.is_not(None) if table is ratings else sa.true()
            where = sa.and_(c.user_id.in_(member), proof)
            for film, user in self._rows(c.film_id, c.film_id, c.user_id, where=where):
                found.setdefault(film, []).append(places[user])
        return found

    def genres(self) -> Labels:
        g = film_genres.c
        query = self._rows(g.film_id, g.film_id, g.genre_id)
        return _labels(query, self.connection.execute(sa.select(genres.c.id, genres.c.name)).all())

    def directors(self) -> Labels:
        p = film_people.c
        rows = self._rows(p.film_id, p.film_id, p.person_id, p.credit_order, p.id, where=p.role == _DIRECTOR)
        in_order = sorted(rows, key=lambda row: (row[2] is None, row[2], row[3]))
        links = [(film, person) for film, person, *_ in in_order]
        known = sa.select(people.c.id, people.c.name).where(
            people.c.id.in_(sa.select(p.person_id).where(p.role == _DIRECTOR))
        )
        return _labels(links, self.connection.execute(known).all())


def _labels(links: Iterable[Sequence[int]], known: Iterable[Any]) -> Labels:
    """Return the labels that are used, in alphabetical order; those of the same name are one."""
    names = {key: clean(name) for key, name in known}
    used = [(film, names[key]) for film, key in links]
    in_order = sorted({name for _, name in used}, key=lambda name: (name.casefold(), name))
    place = {name: number for number, name in enumerate(in_order)}
    of_film: dict[int, list[int]] = {}
    for film, name in used:
        theirs = of_film.setdefault(film, [])
        if place[name] not in theirs:
            theirs.append(place[name])
    return Labels(in_order, of_film)


def _span(moments: Iterable[datetime | None]) -> tuple[datetime, datetime] | None:
    known = [moment for moment in moments if moment]
    return (min(known), max(known)) if known else None


def _safe(url: str | None) -> str | None:
    return url if url and url.startswith("https://") else None
