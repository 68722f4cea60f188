"""Which rankings are stored, and whether they are older than what they rank."""

from datetime import datetime

import sqlalchemy as sa

from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.schema import (
    UTCDateTime,
    cohort_members,
    cohorts,
    film_rankings,
    ratings,
    scrape_runs,
)
from letterboxd_scraper.store.status.model import RankingAge


def stored(connection: sa.Connection, cohort: Cohort, *, counted: bool) -> tuple[RankingAge, ...]:
    """Return a cohort's rankings. ``counted``: nothing has changed since its statistics were made."""
    r = film_rankings.c
    computed = sa.func.min(r.computed_at, type_=UTCDateTime)
    query = sa.select(r.strategy, computed).where(r.cohort_id == cohort.id).group_by(r.strategy)
    rows = connection.execute(query.order_by(r.strategy)).all()
    # Most rankings are as new as what was counted for them, and nothing more is to be looked at.
    current_since = None
    if rows and counted:
        current_since = connection.scalar(sa.select(cohorts.c.counted_at).where(cohorts.c.id == cohort.id))
    outdated = {
        at: (current_since is None or at < current_since) and _has_changed(connection, cohort, at)
        for at in {at for _, at in rows}
    }
    return tuple(RankingAge(strategy, at, outdated[at]) for strategy, at in rows)


def _has_changed(connection: sa.Connection, cohort: Cohort, since: datetime) -> bool:
    """Say whether a rating of a member, or who the members are, has changed since then."""
    m, r, runs = cohort_members.c, ratings.c, scrape_runs.c
    of_cohort = m.cohort_id == cohort.id
    joined = sa.select(m.user_id).where(of_cohort, m.followed_at > since)
    # What was removed has left no row to look at.
    ran = sa.select(runs.id).where(
        runs.cohort == cohort.label, runs.finished_at > since, runs.rows_changed > 0
    )
    rated = sa.select(r.user_id).join(cohort_members, m.user_id == r.user_id)
    rated = rated.where(of_cohort, r.updated_at > since)
    return any(connection.execute(query.limit(1)).first() is not None for query in (joined, ran, rated))
