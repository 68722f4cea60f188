"""`refresh stats`: bringing `cohort_film_stats` up to date."""

import sqlalchemy as sa

from letterboxd_scraper.store.engine import writing
from letterboxd_scraper.store.schema import cohort_film_stats, statistics_query


def refresh(engine: sa.Engine) -> int:
    """Bring the statistics of all cohorts up to date; return the number of their rows.

    Readers see the old or the new statistics, never a mixture.
    """
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("REFRESH MATERIALIZED VIEW CONCURRENTLY cohort_film_stats"))
        else:
            connection.execute(cohort_film_stats.delete())
            query = statistics_query()
            names = [column.name for column in query.selected_columns]
            connection.execute(cohort_film_stats.insert().from_select(names, query))
        return connection.scalar(sa.select(sa.func.count()).select_from(cohort_film_stats)) or 0
