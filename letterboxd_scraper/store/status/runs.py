"""Which runs are at work, and how the last ones ended."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.store.crawl_state.runs import has_shown_life
from letterboxd_scraper.store.schema import scrape_failures, scrape_runs
from letterboxd_scraper.store.status.model import LastRun, Running

DIED = "died"
# How a run may have ended. Of several shards, the first of these that one of them has is that of all.
STATES = ("failed", DIED, "blocked", "interrupted", "failures", "finished")


def running(connection: sa.Connection, silence: timedelta) -> tuple[Running, ...]:
    """Return the runs that are at work; one that showed no life for so long is not."""
    r = scrape_runs.c
    columns = (r.type, r.cohort, r.member, r.node, r.shard, r.job, r.started_at, r.seen_at, r.requests)
    alive = (r.status == "running", has_shown_life(connection, silence))
    rows = connection.execute(sa.select(*columns).where(*alive).order_by(r.id))
    return tuple(Running(*row) for row in rows)


def last_runs(connection: sa.Connection, silence: timedelta) -> dict[str, tuple[LastRun, ...]]:
    """Return by cohort how the last run of each spider went that is over; a cohort's spiders by name."""
    r, failed = scrape_runs.c, scrape_failures.c
    over = sa.or_(r.status != "running", sa.not_(has_shown_life(connection, silence)))
    latest = (
        sa.select(sa.func.max(r.id))
        .where(r.cohort.is_not(None), r.member.is_(None), over)
        .group_by(r.type, r.cohort, r.shard)
    )
    failures = sa.select(sa.func.count()).where(failed.run_id == r.id).scalar_subquery()
    query = sa.select(scrape_runs, failures.label("failures")).where(r.id.in_(latest)).order_by(r.id)
    rows: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for row in connection.execute(query):
        rows[row.cohort][row.type].append(row)
    return {
        cohort: tuple(_together(by_spider[spider]) for spider in sorted(by_spider))
        for cohort, by_spider in rows.items()
    }


def _together(rows: Sequence[Any]) -> LastRun:
    """Return the runs of one spider as one: those of as many shards as the latest was one of."""
    latest = rows[-1]
    parts = [row for row in rows if _shards(row) == _shards(latest)]
    changed = [row.rows_changed for row in parts if row.rows_changed is not None]
    ended: list[datetime] = [row.finished_at for row in parts if row.finished_at is not None]
    states = {DIED if row.status == "running" else row.status for row in parts}
    return LastRun(
        spider=latest.type,
        status=next(state for state in STATES if state in states),
        shards=len(parts),
        started_at=min(row.started_at for row in parts),
        finished_at=max(ended) if len(ended) == len(parts) else None,
        requests=sum(row.requests for row in parts),
        rows_changed=sum(changed) if changed else None,
        failures=sum(row.failures for row in parts),
    )


def _shards(row: Any) -> str:
    """Return of how many shards a run read one: of ``2/3`` 3, of none the empty text."""
    return (row.shard or "").rpartition("/")[2]
