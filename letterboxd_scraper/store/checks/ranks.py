"""Stored rankings: ranks without gaps, scores that descend, films that somebody has rated."""

import sqlalchemy as sa

from letterboxd_scraper.store.checks.counted import is_counted
from letterboxd_scraper.store.checks.finding import Finding, of_query
from letterboxd_scraper.store.schema import cohort_film_stats as stats
from letterboxd_scraper.store.schema import cohorts, film_rankings, films

_ADVICE = "letterboxd rank compute --cohort LABEL --strategy STRATEGY"
# Ranks are by scores rounded to ten digits.
_EQUAL = 1e-9


def ranks(connection: sa.Connection) -> Finding:
    """Find rankings whose ranks are not 1, 2, 3 …"""
    r = film_rankings.c
    count = sa.func.count()
    first, last, distinct = sa.func.min(r.rank), sa.func.max(r.rank), sa.func.count(r.rank.distinct())
    query = (
        sa.select(
            cohorts.c.label.label("cohort"),
            r.strategy,
            count.label("films"),
            last.label("last_rank"),
        )
        .join_from(film_rankings, cohorts, cohorts.c.id == r.cohort_id)
        .group_by(cohorts.c.label, r.strategy)
        .having(sa.or_(first != 1, last != count, distinct != count))
    )
    return of_query(connection, "ranks are 1, 2, 3 … without gaps", query, _ADVICE)


def scores(connection: sa.Connection) -> Finding:
    """Find ranks whose score is higher than that of the rank before."""
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
    r = film_rankings.c
    same = sa.and_(stats.c.cohort_id == r.cohort_id, stats.c.film_id == r.film_id)
    query = (
        sa.select(
            cohorts.c.label.label("cohort"),
            r.strategy,
            sa.func.coalesce(films.c.slug, films.c.title).label("film"),
        )
        .join_from(film_rankings, cohorts, cohorts.c.id == r.cohort_id)
        .outerjoin(films, films.c.id == r.film_id)
        .outerjoin(stats, same)
        .where(stats.c.film_id.is_(None), r.computed_at >= cohorts.c.counted_at)
    )
    return of_query(connection, check, query, _ADVICE)
