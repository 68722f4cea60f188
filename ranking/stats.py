"""`refresh stats`: what is counted per cohort and film, `cohort_film_stats` and the cohorts' histograms."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.store.engine import writing
from letterboxd_scraper.store.schema import (
    changed_facts,
    cohort_film_stats,
    film_histograms,
    histograms_query,
    statistics_query,
)


def refresh(engine: sa.Engine, at: datetime) -> int | None:
    """Bring the statistics and histograms of all cohorts up to date, in one transaction.

    Returns the number of rows of `cohort_film_stats`, one for each cohort and film; None if no rating
    and no membership has changed since the last time, so that nothing was done. Readers see the old
    statistics or the new ones, never a mixture.
    """
    with writing(engine) as connection:
        # First the marks go, then what they stand for is counted: a change that comes in between is
        # counted as well, and its mark is left for the next time.
        if not connection.execute(changed_facts.delete()).rowcount:
            return None
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("REFRESH MATERIALIZED VIEW CONCURRENTLY cohort_film_stats"))
        else:
            connection.execute(cohort_film_stats.delete())
            _fill(connection, cohort_film_stats, statistics_query())
        connection.execute(film_histograms.delete().where(film_histograms.c.cohort_id.is_not(None)))
        _fill(connection, film_histograms, histograms_query(at))
        return connection.scalar(sa.select(sa.func.count()).select_from(cohort_film_stats)) or 0


def _fill(connection: sa.Connection, table: sa.Table, query: sa.Select[Any]) -> None:
    names = [column.name for column in query.selected_columns]
    connection.execute(table.insert().from_select(names, query))
