"""Which rankings are stored, and whether they are older than what they rank."""

from datetime import datetime

import sqlalchemy as sa

from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.schema import (
    UTCDateTime,
    cohort_members,
    film_histograms,
    film_rankings,
    ratings,
    scrape_runs,
)
from letterboxd_scraper.store.status.model import Ranking


def stored(connection: sa.Connection, cohort: Cohort, *, counted: bool) -> tuple[Ranking, ...]:
    """Return a cohort's rankings. ``counted``: nothing has changed since its statistics were made."""
    r = film_rankings.c
    computed = sa.func.min(r.computed_at, type_=UTCDateTime)
    query = sa.select(r.strategy, computed).where(r.cohort_id == cohort.id).group_by(r.strategy)
    rows = connection.execute(query.order_by(r.strategy)).all()
    counted_at = _counted_at(connection, cohort) if rows else None
    # Most rankings are as new as what was counted for them, and nothing more is to be looked at.
    outdated = {
        at: not (counted and counted_at is not None and at >= counted_at)
        and _has_changed(connection, cohort, at)
        for at in {at for _, at in rows}
    }
    return tuple(Ranking(strategy, at, outdated[at]) for strategy, at in rows)


def _counted_at(connection: sa.Connection, cohort: Cohort) -> datetime | None:
    h = film_histograms.c
    query = sa.select(h.computed_at).where(h.cohort_id == cohort.id).limit(1)
    return connection.scalar(query)


def _has_changed(connection: sa.Connection, cohort: Cohort, since: datetime) -> bool:
    """Say whether a rating of a member, or who the members are, has changed since then."""
    m, r, runs = cohort_members.c, ratings.c, scrape_runs.c
    here = m.cohort_id == cohort.id
    rated = (
        sa.select(r.user_id).join(cohort_members, m.user_id == r.user_id).where(here, r.updated_at > since)
    )
    joined = sa.select(m.user_id).where(here, m.followed_at > since)
    # What was removed has left no row to look at.
    ran = sa.select(runs.id).where(
        runs.cohort == cohort.label, runs.finished_at > since, runs.rows_changed > 0
    )
    return any(connection.execute(query.limit(1)).first() is not None for query in (joined, ran, rated))
