"""`refresh stats`: what is counted per cohort and film, `cohort_film_stats` and the cohorts' histograms."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.items.members import STARS
from letterboxd_scraper.store.patience import transact
from letterboxd_scraper.store.schema import (
    UTCDateTime,
    changed_facts,
    cohort_film_stats,
    cohort_members,
    film_histograms,
    ratings,
)


def refresh(engine: sa.Engine, at: datetime) -> int | None:
    """Bring the statistics and histograms of all cohorts up to date, in one transaction.

    Returns the number of rows of `cohort_film_stats`, one for each cohort and film; None if no rating
    and no membership has changed since the last time, so that nothing was done. Readers see the old
    statistics or the new ones, never a mixture.
    """
    return transact(engine, _refresh, at)


def _refresh(connection: sa.Connection, at: datetime) -> int | None:
    # First the marks go, then what they stand for is counted: a change that comes in between is
    # counted as well, and its mark is left for the next time.
    if not connection.execute(changed_facts.delete()).rowcount:
        return None
    levels: sa.FromClause = levels_query().subquery("levels")
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("REFRESH MATERIALIZED VIEW CONCURRENTLY cohort_film_stats"))
    else:
        # SQLite sorts all ratings to count them: once for both.
        counted = levels_query().into("counted_levels", temporary=True)
        connection.execute(counted)
        levels = counted.table
        connection.execute(cohort_film_stats.delete())
        _fill(connection, cohort_film_stats, statistics_of(levels))
    connection.execute(film_histograms.delete().where(film_histograms.c.cohort_id.is_not(None)))
    _fill(connection, film_histograms, _histograms_of(levels, at))
    if connection.dialect.name == "sqlite":
        connection.execute(sa.text("DROP TABLE temp.counted_levels"))
    return connection.scalar(sa.select(sa.func.count()).select_from(cohort_film_stats)) or 0


def _fill(connection: sa.Connection, table: sa.Table, query: sa.Select[Any]) -> None:
    names = [column.name for column in query.selected_columns]
    connection.execute(table.insert().from_select(names, query))


def statistics_query() -> sa.Select[Any]:
    """Select the rows of `cohort_film_stats`: one per cohort and film with at least one rating."""
    stars = sa.cast(ratings.c.rating, sa.Double)
    return (
        sa.select(
            cohort_members.c.cohort_id,
            ratings.c.film_id,
            sa.cast(sa.func.count(), sa.Integer).label("watchers"),
            sa.func.avg(stars, type_=sa.Double).label("avg_rating"),
            sa.func.sum(stars, type_=sa.Double).label("rating_sum"),
            sa.func.min(ratings.c.rated_at, type_=UTCDateTime).label("first_rating_at"),
            sa.func.max(ratings.c.rated_at, type_=UTCDateTime).label("last_rating_at"),
        )
        .join(ratings, ratings.c.user_id == cohort_members.c.user_id)
        .where(ratings.c.rating.is_not(None))
        .group_by(cohort_members.c.cohort_id, ratings.c.film_id)
    )


def levels_query() -> sa.Select[Any]:
    """Select how many of each cohort's members gave a film so many stars, and the first and last day."""
    moments = [f(ratings.c.rated_at, type_=UTCDateTime) for f in (sa.func.min, sa.func.max)]
    key = (cohort_members.c.cohort_id, ratings.c.film_id, ratings.c.rating)
    return (
        sa.select(
            *key,
            sa.cast(sa.func.count(), sa.Integer).label("count"),
            *(moment.label(name) for moment, name in zip(moments, ("first", "last"), strict=True)),
        )
        .join(ratings, ratings.c.user_id == cohort_members.c.user_id)
        .where(ratings.c.rating.is_not(None))
        .group_by(*key)
    )


def statistics_of(levels: sa.FromClause) -> sa.Select[Any]:
    """Select the rows of `cohort_film_stats` from those of `levels_query`."""
    count = sa.func.sum(levels.c["count"])
    stars = sa.func.sum(sa.cast(levels.c.rating, sa.Double) * levels.c["count"], type_=sa.Double)
    return sa.select(
        levels.c.cohort_id,
        levels.c.film_id,
        sa.cast(count, sa.Integer).label("watchers"),
        (stars / count).label("avg_rating"),
        stars.label("rating_sum"),
        sa.func.min(levels.c.first, type_=UTCDateTime).label("first_rating_at"),
        sa.func.max(levels.c.last, type_=UTCDateTime).label("last_rating_at"),
    ).group_by(levels.c.cohort_id, levels.c.film_id)


def _histograms_of(levels: sa.FromClause, at: datetime) -> sa.Select[Any]:
    return sa.select(
        levels.c.cohort_id,
        levels.c.film_id,
        label_of(levels.c.rating).label("bucket_label"),
        levels.c["count"],
        sa.literal(at, UTCDateTime).label("computed_at"),
    )


def label_of(rating: sa.ColumnElement[float]) -> sa.Case[str]:
    """Return what a histogram calls the level of so many stars: `0.5` to `5.0`."""
    return sa.case({stars: str(stars) for stars in STARS}, value=rating)
