"""Signs of life: how a run goes that another process, perhaps on another machine, is at."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.store.crawl_state.runs import CARRY_ON_WITHIN
from letterboxd_scraper.store.engine import database_time
from letterboxd_scraper.store.schema import scrape_failures, scrape_runs

_COLUMNS = ("id", "job", "node", "shard", "status", "requests", "rows_changed", "notes", "seen_at")


@dataclass(frozen=True, slots=True)
class Sign:
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
        return self.status != "running"


def of_job(connection: sa.Connection, job: str, silence: timedelta) -> Sign | None:
    """Return how the run goes that is this job of Scrapyd's; None where there is none (yet).

    After so much ``silence`` a run that has not ended is taken for dead.
    """
    found = _signs(connection, silence, scrape_runs.c.job == job)
    return found[-1] if found else None


def of_run(connection: sa.Connection, run: int, silence: timedelta) -> Sign | None:
    """Return how a run goes."""
    found = _signs(connection, silence, scrape_runs.c.id == run)
    return found[-1] if found else None


def alive(connection: sa.Connection, kind: str, cohort: str, silence: timedelta) -> list[Sign]:
    """Return the runs of this kind that are at work on a cohort."""
    here = (scrape_runs.c.type == kind, scrape_runs.c.cohort == cohort, scrape_runs.c.status == "running")
    return [sign for sign in _signs(connection, silence, *here) if sign.is_alive]


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


def _signs(connection: sa.Connection, silence: timedelta, *conditions: Any) -> list[Sign]:
    failed = scrape_failures.c
    failures = sa.select(sa.func.count()).where(failed.run_id == scrape_runs.c.id).scalar_subquery()
    columns = [scrape_runs.c[name] for name in _COLUMNS]
    query = sa.select(*columns, failures.label("failures")).where(*conditions).order_by(scrape_runs.c.id)
    rows = connection.execute(query).mappings().all()
    earliest = database_time(connection) - silence if rows else None
    return [_sign(dict(row), earliest) for row in rows]


def _sign(row: dict[str, Any], earliest: datetime | None) -> Sign:
    seen = row.pop("seen_at")
    is_alive = row["status"] == "running" and seen is not None and seen >= earliest
    return Sign(**row, is_alive=is_alive)
