"""How a run goes that another process, perhaps on another machine, is at: whether it still shows life."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.store.crawl_state.runs import CARRY_ON_WITHIN, has_shown_life
from letterboxd_scraper.store.schema import scrape_failures, scrape_runs


@dataclass(frozen=True, slots=True)
class RunState:
    """How a run goes, or went. ``is_alive``: it has not ended, and has lately shown life."""

    id: int
    job: str | None
    node: str | None
    shard: str | None
    status: str
    requests: int
    rows_changed: int | None
    notes: str | None
    failures: int
    is_alive: bool

    @property
    def has_ended(self) -> bool:
        """Whether it came to an end, or was noted as interrupted."""
        return self.status != "running"


def of_job(connection: sa.Connection, job: str, silence: timedelta) -> RunState | None:
    """Return how the run goes that is this job of Scrapyd's, the latest; None where there is none (yet).

    After so much ``silence`` a run that has not ended is taken for dead.
    """
    states = _states(connection, silence, scrape_runs.c.job == job)
    return states[-1] if states else None


def of_run(connection: sa.Connection, run: int, silence: timedelta) -> RunState | None:
    """Return how a run goes."""
    return next(iter(_states(connection, silence, scrape_runs.c.id == run)), None)


def alive(connection: sa.Connection, kind: str, cohort: str, silence: timedelta) -> list[RunState]:
    """Return the runs of this kind that are at work on a cohort."""
    same = (scrape_runs.c.type == kind, scrape_runs.c.cohort == cohort, scrape_runs.c.status == "running")
    return [state for state in _states(connection, silence, *same) if state.is_alive]


def shards_to_carry_on(connection: sa.Connection, kind: str, cohort: str, at: datetime) -> int | None:
    """Return in how many parts the last work of this kind was done, if a part of it can be carried on."""
    runs = scrape_runs.c
    recent = (runs.type == kind, runs.cohort == cohort, runs.work_began_at >= at - CARRY_ON_WITHIN)
    query = sa.select(runs.shard, runs.status).where(*recent, runs.shard.is_not(None))
    rows = connection.execute(query.order_by(runs.id.desc())).all()
    if not rows:
        return None
    parts = rows[0].shard.split("/")[1]
    latest: dict[str, str] = {}
    for shard, status in rows:
        if shard.endswith(f"/{parts}"):
            latest.setdefault(shard, status)
    return int(parts) if set(latest.values()) - {"finished", "failures"} else None


def _states(connection: sa.Connection, silence: timedelta, *conditions: Any) -> list[RunState]:
    """Return the states of the runs for which the ``conditions`` hold, the latest last."""
    runs = scrape_runs.c
    failures = sa.select(sa.func.count()).where(scrape_failures.c.run_id == runs.id).scalar_subquery()
    is_alive = sa.and_(runs.status == "running", has_shown_life(connection, silence))
    columns = (runs.id, runs.job, runs.node, runs.shard, runs.status, runs.requests, runs.rows_changed)
    query = sa.select(*columns, runs.notes, failures, sa.func.coalesce(is_alive, sa.false()))
    rows = connection.execute(query.where(*conditions).order_by(runs.id))
    return [RunState(*row) for row in rows]
