"""Stored rankings, read back for people and for files."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.store.film_order import film_order
from letterboxd_scraper.store.films import links
from letterboxd_scraper.store.members.cohorts import Cohort, find_member_of
from letterboxd_scraper.store.schema import JSON, UTCDateTime, film_rankings, films
from letterboxd_scraper.store.schema import cohort_film_stats as stats
from ranking.choices.filters import EVERY_FILM, Choices, Tell, conditions, ignore
from ranking.compute import with_ranks
from ranking.facts import Facts
from ranking.marks import marks
from ranking.strategies import STRATEGIES
from ranking.strategies.base import Strategy

# The marks of so many films are counted film by film; for more, those of all films together are faster.
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class RankingEntry:
    """A film's place: ``mean`` in stars, ``low`` and ``high`` bound the score's 90 % interval.

    ``letterboxd`` is Letterboxd's average. ``liked``, ``favorites`` and ``wanted`` count the members of the
    circle who gave the film a heart, have it among the favourites on their profile, and on their watchlist.
    """

    rank: int
    title: str
    year: int | None
    score: float
    low: float | None
    high: float | None
    watchers: int
    mean: float | None
    slug: str | None
    parameters: dict[str, float]
    link: str
    computed_at: datetime
    letterboxd: float | None
    liked: int
    favorites: int
    wanted: int


_ENTRY_FIELDS = tuple(field.name for field in fields(RankingEntry))


@dataclass(frozen=True, slots=True)
class RankedFilm:
    """One film of a ranking; ``mean`` is the circle's own, in stars, None if nobody's rating is left.

    ``low`` and ``high`` bound the score's 90 % interval, for strategies that have one. ``letterboxd`` is
    Letterboxd's average, None where it is not known. ``address`` is that of `links`. ``liked``, ``favorites``
    and ``wanted`` are those of `marks`.
    """

    film_id: int
    rank: int
    title: str
    year: int | None
    slug: str | None
    address: str | None
    score: float
    low: float | None
    high: float | None
    watchers: int
    mean: float | None
    letterboxd: float | None
    parameters: dict[str, Any]
    computed_at: datetime
    liked: int = 0
    favorites: int = 0
    wanted: int = 0

    def link(self, base_url: str) -> str:
        """Return where people find the film; "" where nothing is known that leads to it."""
        return links.link(self.address, base_url)

    def entry(self, base_url: str) -> RankingEntry:
        """Return what exports and the server write of it: all but our id, with its `link`."""
        return RankingEntry(**self.fields(base_url))

    def fields(self, base_url: str) -> dict[str, Any]:
        """Return the fields of the film's `entry`, without a copy of each value: rankings are long."""
        return {
            name: self.link(base_url) if name == "link" else getattr(self, name) for name in _ENTRY_FIELDS
        }


def ranking(
    connection: sa.Connection,
    cohort: Cohort,
    strategy: str,
    *,
    limit: int | None = None,
    offset: int = 0,
    min_score: float | None = None,
    choices: Choices = EVERY_FILM,
    tell: Tell = ignore,
) -> list[RankedFilm]:
    """Return those films of the cohort's ranking that fit the ``choices``, best first, with their own ranks.

    ``tell`` gets lines for the user. Raises InputError if the ranking was never computed, and
    UnknownName for a choice that names nothing.
    """
    query = _fitting(connection, cohort, strategy, min_score, choices, tell)
    page = query.order_by(query.selected_columns.rank).limit(limit).offset(offset or None)
    rows = connection.execute(page).all()
    absent = None if choices.without is None else find_member_of(connection, cohort, choices.without)
    marked = _marks(connection, cohort, absent, [row.film_id for row in rows])
    return [RankedFilm(*tuple[Any, ...]((*row, *marked.get(row.film_id, (0, 0, 0))))) for row in rows]


def _marks(
    connection: sa.Connection, cohort: Cohort, absent: int | None, ids: Sequence[int]
) -> dict[int, tuple[int, int, int]]:
    """Return (liked, favorites, wanted) by film; one that is absent has none.

    Not joined with the ranking: of one that was just stored, PostgreSQL does not know how long it is.
    """
    query = sa.select(marks(cohort.id, without=absent, among=ids if len(ids) <= _PAGE else None))
    return {film: (liked, favorites, wanted) for film, liked, favorites, wanted in connection.execute(query)}


def count(
    connection: sa.Connection,
    cohort: Cohort,
    strategy: str,
    *,
    min_score: float | None = None,
    choices: Choices = EVERY_FILM,
) -> int:
    """Return how many films `ranking` would return without a limit. Raises what it does."""
    fitting = _fitting(connection, cohort, strategy, min_score, choices, ignore).subquery()
    return connection.scalar(sa.select(sa.func.count()).select_from(fitting)) or 0


def film_ids(
    connection: sa.Connection,
    cohort: Cohort,
    strategy: str,
    *,
    min_score: float | None = None,
    choices: Choices = EVERY_FILM,
    tell: Tell = ignore,
) -> list[int]:
    """Return the ids of all films that `ranking` would return without a limit, best first."""
    query = _fitting(connection, cohort, strategy, min_score, choices, tell)
    c = query.selected_columns
    return list(connection.scalars(query.with_only_columns(c.film_id).order_by(c.rank)))


def wanted_film_ids(
    connection: sa.Connection,
    cohort: Cohort,
    strategy: str,
    least: int,
    at: datetime,
    *,
    min_score: float | None = None,
    choices: Choices = EVERY_FILM,
    tell: Tell = ignore,
) -> list[int]:
    """Return the ids of the films on the watchlists of ``least`` members, those that most want to see first.

    Of those that as many want, the best by the ranking come first, and last what nobody has rated, which
    no ranking has. Raises what `ranking` does.
    """
    absent = None if choices.without is None else find_member_of(connection, cohort, choices.without)
    ranked = _ranked(connection, cohort, strategy, choices.without, tell)
    votes = Facts(cohort.id, at, without=absent).films
    marked = marks(cohort.id, without=absent)
    watchers = sa.func.coalesce(votes.c.votes, 0)
    query = (
        sa.select(films.c.id)
        .join(marked, marked.c.film_id == films.c.id)
        .outerjoin(ranked, ranked.c.film_id == films.c.id)
        .outerjoin(votes, votes.c.film_id == films.c.id)
        .where(marked.c.wanted >= least, conditions(connection, cohort.id, choices, watchers, tell))
        .order_by(
            marked.c.wanted.desc(),
            ranked.c.rank.is_(None),
            ranked.c.rank,
            *film_order(connection.dialect.name),
        )
    )
    if min_score is not None:
        query = query.where(ranked.c.score >= min_score)
    return list(connection.scalars(query))


def _fitting(
    connection: sa.Connection,
    cohort: Cohort,
    strategy: str,
    min_score: float | None,
    choices: Choices,
    tell: Tell,
) -> sa.Select[Any]:
    """Return the query of the films that fit, its columns in the order of `RankedFilm`."""
    c = _ranked(connection, cohort, strategy, choices.without, tell).c
    film = (c.film_id, c.rank, films.c.title, films.c.release_year, films.c.slug, links.ADDRESS)
    numbers = (c.score, c.low, c.high, c.watchers, c.mean, films.c.letterboxd_weighted_average)
    query = sa.select(*film, *numbers, c.params, c.computed_at)
    query = query.join(films, films.c.id == c.film_id).where(
        conditions(connection, cohort.id, choices, c.watchers, tell)
    )
    return query if min_score is None else query.where(c.score >= min_score)


def _ranked(
    connection: sa.Connection, cohort: Cohort, strategy: str, without: str | None, tell: Tell
) -> sa.Subquery:
    """Return the whole ranking: film_id, rank, score, low, high, watchers, mean, params, computed_at."""
    own = sa.and_(film_rankings.c.cohort_id == cohort.id, film_rankings.c.strategy == strategy)
    made = sa.select(film_rankings.c.params, film_rankings.c.computed_at).where(own).limit(1)
    first = connection.execute(made).first()
    if first is None:
        how = f"run `letterboxd rank compute --cohort {cohort.label} --strategy {strategy}`"
        raise InputError(f"no {strategy} ranking of cohort {cohort.label!r} yet: {how}")
    if without is None:
        return _stored(own)
    # The same parameters and the same moment: only the member makes the difference.
    facts = Facts(cohort.id, first.computed_at, without=find_member_of(connection, cohort, without))
    tell(f"ranked anew without {without}: what is stored stays as it is")
    return _recomputed(connection, facts, STRATEGIES[strategy], first.params)


def _stored(own: sa.ColumnElement[bool]) -> sa.Subquery:
    r = film_rankings.c
    same = (stats.c.cohort_id == r.cohort_id) & (stats.c.film_id == r.film_id)
    watchers = sa.func.coalesce(stats.c.watchers, 0).label("watchers")
    columns = (
        r.film_id,
        r.rank,
        r.score,
        r.score_low.label("low"),
        r.score_high.label("high"),
        watchers,
        stats.c.avg_rating.label("mean"),
        r.params,
        r.computed_at,
    )
    return sa.select(*columns).outerjoin_from(film_rankings, stats, same).where(own).subquery("ranked")


def _recomputed(
    connection: sa.Connection, facts: Facts, strategy: Strategy, stored: dict[str, Any]
) -> sa.Subquery:
    parameters = strategy.settle(stored)
    ranked = with_ranks(strategy.query(connection, facts, parameters), connection.dialect.name).c
    film = facts.films.c
    return (
        sa.select(
            ranked.film_id,
            ranked.rank,
            ranked.score,
            ranked.score_low.label("low"),
            ranked.score_high.label("high"),
            film.votes.label("watchers"),
            film.mean,
            sa.literal(parameters, JSON).label("params"),
            sa.literal(facts.now, UTCDateTime).label("computed_at"),
        )
        .join(facts.films, film.film_id == ranked.film_id)
        .subquery("ranked")
    )
