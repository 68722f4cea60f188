"""Stored rankings: whether they are whole, and checksums by which two databases can be compared."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.store.checks.counted import is_counted
from letterboxd_scraper.store.checks.finding import Finding, of_query
from letterboxd_scraper.store.schema import cohort_film_stats as stats
from letterboxd_scraper.store.schema import cohorts, film_histograms, film_rankings, films

_ADVICE = "letterboxd rank compute --cohort LABEL --strategy STRATEGY"
# Ranks are by scores rounded to ten digits.
_EQUAL = 1e-9


@dataclass(frozen=True, slots=True)
class Checksum:
    """What stands for a whole ranking: every film's rank and score, rounded to ten digits."""

    cohort: str
    strategy: str
    films: int
    checksum: str


def ranks(connection: sa.Connection) -> Finding:
    r = film_rankings.c
    count, rank = sa.func.count(), sa.func
    wrong = sa.or_(rank.min(r.rank) != 1, rank.max(r.rank) != count, rank.count(r.rank.distinct()) != count)
    query = (
        sa.select(
            cohorts.c.label.label("cohort"),
            r.strategy,
            count.label("films"),
            rank.max(r.rank).label("last_rank"),
        )
        .join_from(film_rankings, cohorts, cohorts.c.id == r.cohort_id)
        .group_by(cohorts.c.label, r.strategy)
        .having(wrong)
    )
    return of_query(connection, "ranks are 1, 2, 3 … without gaps", query, _ADVICE)


def scores(connection: sa.Connection) -> Finding:
    r = film_rankings.c
    above = sa.func.lag(r.score).over(partition_by=(r.cohort_id, r.strategy), order_by=r.rank).label("above")
    ranked = sa.select(r.cohort_id, r.strategy, r.rank, r.score, above).subquery("ranked")
    query = (
        sa.select(cohorts.c.label.label("cohort"), ranked.c.strategy, ranked.c.rank)
        .join_from(ranked, cohorts, cohorts.c.id == ranked.c.cohort_id)
        .where(ranked.c.score > ranked.c.above + _EQUAL)
    )
    return of_query(connection, "scores descend with the ranks", query, _ADVICE)


def ranked_films(connection: sa.Connection) -> Finding:
    """Find ranked films that nobody has rated, in rankings made since all was counted."""
    check = "every ranked film has statistics"
    if not is_counted(connection):
        return Finding(check, remark="not compared: ratings have changed since the films were counted")
    r, h = film_rankings.c, film_histograms.c
    counted = sa.select(h.cohort_id, sa.func.max(h.computed_at).label("at")).group_by(h.cohort_id).subquery()
    same = sa.and_(stats.c.cohort_id == r.cohort_id, stats.c.film_id == r.film_id)
    query = (
        sa.select(
            cohorts.c.label.label("cohort"),
            r.strategy,
            sa.func.coalesce(films.c.slug, films.c.title).label("film"),
        )
        .join_from(film_rankings, cohorts, cohorts.c.id == r.cohort_id)
        .join(counted, counted.c.cohort_id == r.cohort_id)
        .outerjoin(films, films.c.id == r.film_id)
        .outerjoin(stats, same)
        .where(stats.c.film_id.is_(None), r.computed_at >= counted.c.at)
    )
    return of_query(connection, check, query, _ADVICE)


def checksums(connection: sa.Connection) -> list[Checksum]:
    """Return the checksum of every stored ranking, which no database's own numbering enters."""
    r = film_rankings.c
    query = (
        sa.select(
            cohorts.c.label,
            r.strategy,
            sa.func.coalesce(films.c.slug, films.c.letterboxd_lid, films.c.title),
            r.rank,
            r.score,
        )
        .join_from(film_rankings, cohorts, cohorts.c.id == r.cohort_id)
        .join(films, films.c.id == r.film_id)
        .order_by(cohorts.c.id, r.strategy, r.rank)
        .execution_options(yield_per=10_000)
    )
    rankings = groupby(connection.execute(query), key=itemgetter(0, 1))
    found = [_sum(cohort, strategy, rows) for (cohort, strategy), rows in rankings]
    return sorted(found, key=lambda each: (each.cohort, each.strategy))


def _sum(cohort: str, strategy: str, rows: Iterable[Any]) -> Checksum:
    digest, count = hashlib.sha256(), 0
    for *_, film, rank, score in rows:
        digest.update(_line(film, rank, score))
        count += 1
    return Checksum(cohort, strategy, count, digest.hexdigest())


def _line(film: str, rank: int, score: float) -> bytes:
    """Return a film's place as it enters a checksum; -0 is 0.

    >>> _line("ordet", 3, -1e-12)
    b'3 ordet 0.0000000000\\n'
    """
    return f"{rank} {film} {round(score, 10) + 0.0:.10f}\n".encode()
