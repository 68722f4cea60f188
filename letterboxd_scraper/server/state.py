"""In which state the data are: what was made of them is kept until that changes."""

from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.server.served import ServedCohort
from letterboxd_scraper.store.schema import (
    cohort_members,
    cohorts,
    film_rankings,
    films,
    member_sources,
    opt_outs,
    ratings,
    scrape_runs,
    users,
    watched,
    watchlist,
)
from letterboxd_scraper.store.sqlite_file import STAMP, Stamp

# What changes with whatever others commit: on SQLite for each connection, on PostgreSQL for all.
_VERSIONS = {"sqlite": "PRAGMA data_version", "postgresql": "SELECT CAST(pg_current_snapshot() AS text)"}
_LATEST = "states of cohorts"
# Which file is the database, where it is one, the cohort's id, and whether its members are named.
CohortKey = tuple[tuple[int, int] | None, int, bool]


def key_of(connection: sa.Connection, circle: ServedCohort) -> CohortKey:
    """Return what tells a cohort from all others, also from those of a file that had the same name.

    To whom its members are named it is another than to others.
    """
    file: Stamp | None = connection.info.get(STAMP)
    return file and file.identity, circle.cohort.id, circle.names


def state_of(connection: sa.Connection, circle: ServedCohort) -> str:
    """Return a text that changes whenever anything does that is shown of the cohort.

    While nothing at all is written, the connection knows it from the last time.
    """
    version = connection.scalar(sa.text(_VERSIONS[connection.dialect.name]))
    latest: dict[int, tuple[Any, str]] = connection.info.setdefault(_LATEST, {})
    before, state = latest.get(circle.cohort.id, (None, ""))
    if version != before:
        state = _read(connection, circle)
        latest[circle.cohort.id] = version, state
    return state


def _read(connection: sa.Connection, circle: ServedCohort) -> str:
    cohort = circle.cohort.id
    of_cohort = cohort_members.c.cohort_id == cohort
    count, most = sa.func.count, sa.func.max
    of_members = sa.select(cohort_members.c.user_id).where(of_cohort)
    r = film_rankings.c
    queries: list[Any] = [
        sa.select(count(), most(ratings.c.updated_at)).where(ratings.c.user_id.in_(of_members)),
        sa.select(count()).where(watched.c.user_id.in_(of_members)),
        sa.select(count()).where(watchlist.c.user_id.in_(of_members)),
        # A list may have one film for another, and be as long as before.
        sa.select(count(), most(member_sources.c.id)).where(member_sources.c.user_id.in_(of_members)),
        sa.select(count(), most(cohort_members.c.followed_at)).where(of_cohort),
        sa.select(cohort_members.c.user_id, cohort_members.c.shows_name)
        .where(of_cohort, cohort_members.c.shows_name.is_not(None))
        .order_by(cohort_members.c.user_id),
        sa.select(r.strategy, count(), most(r.computed_at))
        .where(r.cohort_id == cohort)
        .group_by(r.strategy)
        .order_by(r.strategy),
        sa.select(cohorts.c.counted_at).where(cohorts.c.id == cohort),
        sa.select(count(), most(films.c.tmdb_synced_at), most(films.c.histogram_synced_at)),
        sa.select(most(scrape_runs.c.id), most(scrape_runs.c.finished_at)),
        sa.select(most(users.c.last_full_scrape_at), most(users.c.last_incremental_scrape_at)).where(
            users.c.id.in_(of_members)
        ),
        sa.select(count()).select_from(opt_outs),
    ]
    rows = [tuple(row) for query in queries for row in connection.execute(query)]
    # A restored file may hold all the moments of before.
    return repr((connection.info.get(STAMP), circle.cohort.label, circle.cohort.updated_at, rows))
