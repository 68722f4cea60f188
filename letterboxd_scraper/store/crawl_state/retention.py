"""What the log of runs and failures, the history of rankings and invitations no longer need to keep."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.store import ranking_history
from letterboxd_scraper.store.schema import (
    invitations,
    own_pages,
    scrape_failures,
    scrape_runs,
    user_scrape_state,
    users,
)
from letterboxd_scraper.words import counted

FOR_EVER = 0


@dataclass(frozen=True, slots=True)
class Tidied:
    """How many ended runs, resolved failures, rankings of the past and invitations were removed."""

    runs: int
    failures: int
    rankings: int = 0
    invitations: int = 0

    def __bool__(self) -> bool:
        """Say whether it is any."""
        return bool(self.runs or self.failures or self.rankings or self.invitations)

    def in_words(self, done: str = "removed") -> str:
        """Say it in one line.

        >>> Tidied(1, 20).in_words(), Tidied(0, 0).in_words()
        ('1 old run and 20 resolved failures removed', 'nothing is old enough to be removed')
        >>> Tidied(0, 0, 3).in_words()
        '0 old runs, 0 resolved failures and 3 former rankings removed'
        """
        if not self:
            return "nothing is old enough to be removed"
        *others, last = [
            counted(self.runs, "old run"),
            counted(self.failures, "resolved failure"),
            *([counted(self.rankings, "former ranking")] if self.rankings else []),
            *([counted(self.invitations, "old invitation")] if self.invitations else []),
        ]
        return f"{', '.join(others)} and {last} {done}"


def tidy(
    connection: sa.Connection, now: datetime, keep_runs_days: float, keep_failures_days: float
) -> Tidied:
    """Remove runs that ended, and failures that were made good, longer ago than so many days; 0: none.

    So do invitations that ended as long ago as such failures, and by which nobody is in a circle.
    Rankings of the past are thinned (see `ranking_history.thin`).
    A run that anything else refers to stays, and so does the last of each spider on each cohort or member:
    it tells when that was read, and what can be carried on.
    """
    failures = runs = invited = 0
    if keep_failures_days != FOR_EVER:
        before = now - timedelta(days=keep_failures_days)
        old = scrape_failures.c.resolved_at < before
        failures = connection.execute(scrape_failures.delete().where(old)).rowcount
        invited = connection.execute(invitations.delete().where(*_in_vain(before))).rowcount
    if keep_runs_days != FOR_EVER:
        going = _to_go(now - timedelta(days=keep_runs_days))
        runs = connection.execute(scrape_runs.delete().where(scrape_runs.c.id.in_(going))).rowcount
    return Tidied(runs, failures, ranking_history.thin(connection, now), invited)


def _in_vain(before: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the conditions of invitations that ended before a moment, and by which nobody came."""
    i = invitations.c
    used = sa.select(own_pages.c.invitation_id).where(own_pages.c.invitation_id.is_not(None))
    return sa.or_(i.expires_at < before, i.revoked_at < before), i.id.not_in(used)


def _to_go(before: datetime) -> sa.Select[Any]:
    runs = scrape_runs.c
    ended = runs.finished_at < before  # none, where it has not
    needless = sa.select(runs.id).where(ended, runs.id.not_in(_referred_to())).subquery()
    # The first run of the work that a kept one has carried on.
    works = sa.select(runs.work_run).where(
        runs.work_run.is_not(None), runs.id.not_in(sa.select(needless.c.id))
    )
    return sa.select(needless.c.id).where(needless.c.id.not_in(works))


def _referred_to() -> sa.CompoundSelect[Any]:
    runs, failed, state = scrape_runs.c, scrape_failures.c, user_scrape_state.c
    latest = sa.select(sa.func.max(runs.id)).group_by(runs.type, runs.cohort, runs.member, runs.shard)
    still_open = sa.select(failed.run_id).where(failed.run_id.is_not(None), failed.resolved_at.is_(None))
    read_by = sa.select(users.c.last_full_scrape_run).where(users.c.last_full_scrape_run.is_not(None))
    saved_by = sa.select(state.run).where(state.run.is_not(None))
    return sa.union(latest, still_open, read_by, saved_by)
