"""`refresh stats`: what is counted per cohort and film, `cohort_film_stats` and the cohorts' histograms."""

import json
from collections.abc import Collection
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
    cohorts,
    film_histograms,
    ratings,
)

# What is among the marks when all films are to be counted; on PostgreSQL they always are.
_ALL_FILMS = 0
# To count film by film, SQLite looks up rating by rating: so many times slower than to read them all.
_SLOWER = 4


def refresh(engine: sa.Engine, at: datetime) -> int | None:
    """Bring the statistics and histograms of all cohorts up to date, in one transaction.

    Returns the number of rows of `cohort_film_stats`, one for each cohort and film; None if no rating
    and no membership has changed since the last time, so that nothing was done. On SQLite only the films
    that these changes are about are counted, unless they have most of the ratings. Readers see the old
    statistics or the new ones, never a mixture.
    """
    return transact(engine, _refresh, at)


def _refresh(connection: sa.Connection, at: datetime) -> int | None:
    # First the marks go, then what they stand for is counted: a change that comes in between is
    # counted as well, and its mark is left for the next time.
    marks = set(connection.scalars(changed_facts.delete().returning(changed_facts.c.id)))
    if not marks:
        return None
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("REFRESH MATERIALIZED VIEW CONCURRENTLY cohort_film_stats"))
        _replace(connection, film_histograms, _histograms_of(levels_query().subquery("levels"), at))
    elif _ALL_FILMS in marks or _is_much(connection, marks):
        _count_on_sqlite(connection, None, at)
    else:
        _count_on_sqlite(connection, marks, at)
    if not _note_moment(connection, at):
        marked = sa.exists().where(changed_facts.c.id == _ALL_FILMS)
        again = sa.select(sa.literal(_ALL_FILMS)).where(~marked)
        connection.execute(changed_facts.insert().from_select(["id"], again))
    return connection.scalar(sa.select(sa.func.count()).select_from(cohort_film_stats)) or 0


def _note_moment(connection: sa.Connection, at: datetime) -> bool:
    """Note of the cohorts when they were counted; say whether that was possible of all.

    Who imports for a cohort on PostgreSQL keeps its row until all is stored: that may take longer than
    anybody waits for a lock.
    """
    free = sa.select(cohorts.c.id).with_for_update(skip_locked=True, key_share=True)
    noted = connection.execute(cohorts.update().where(cohorts.c.id.in_(free)).values(counted_at=at))
    return noted.rowcount == connection.scalar(sa.select(sa.func.count()).select_from(cohorts))


def _is_much(connection: sa.Connection, films: Collection[int]) -> bool:
    """Say whether so many ratings are of these films that to count all takes no longer."""
    stats = cohort_film_stats.c
    watchers = sa.func.sum(stats.watchers)
    of_films = sa.func.coalesce(watchers.filter(_is_of(films, stats.film_id)), 0)
    return bool(connection.scalar(sa.select(of_films * _SLOWER >= sa.func.coalesce(watchers, 0))))


def _count_on_sqlite(connection: sa.Connection, films: Collection[int] | None, at: datetime) -> None:
    """Count some films (ids), or all: once for the statistics and the histograms."""
    query = levels_query().where(_is_of(films, ratings.c.film_id))
    counted = query.into("counted_levels", temporary=True)
    connection.execute(counted)
    _replace(connection, cohort_film_stats, statistics_of(counted.table), films)
    _replace(connection, film_histograms, _histograms_of(counted.table, at), films)
    connection.execute(sa.text("DROP TABLE temp.counted_levels"))


def _replace(
    connection: sa.Connection, table: sa.Table, query: sa.Select[Any], films: Collection[int] | None = None
) -> None:
    """Replace the cohorts' rows of some films (ids), or of all, by those of a query."""
    of_cohorts = table.c.cohort_id.is_not(None)
    connection.execute(table.delete().where(of_cohorts, _is_of(films, table.c.film_id)))
    names = [column.name for column in query.selected_columns]
    connection.execute(table.insert().from_select(names, query))


def _is_of(films: Collection[int] | None, column: sa.Column[int]) -> sa.ColumnElement[bool]:
    """The condition that a column has one of these ids, or that there are none to choose."""
    if films is None:
        return sa.true()
    ids = sa.func.json_each(sa.literal(json.dumps(sorted(films)))).table_valued("value")
    return column.in_(sa.select(ids.c.value))


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
