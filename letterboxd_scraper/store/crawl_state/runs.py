"""The log of crawls: one row per run, and which earlier run's work a new one carries on."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.arguments import Shard
from letterboxd_scraper.store.engine import database_time
from letterboxd_scraper.store.schema import cohort_members, scrape_runs, users

# Work that began longer ago than this is not carried on: what it read is too old to build on.
CARRY_ON_WITHIN = timedelta(days=2)
# The spiders that read what members rated and liked.
_OF_RATINGS = frozenset({"profile", "when_rated", "rss"})

# With every page: a statement costs more to build than to send.
_ADD_CHANGES = (
    scrape_runs.update()
    .where(scrape_runs.c.id == sa.bindparam("run"), scrape_runs.c.rows_changed.is_not(None))
    .values(rows_changed=scrape_runs.c.rows_changed + sa.bindparam("rows"))
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run is at work: Scrapyd's name for it, the node, and which part of its cohort it reads."""

    job: str | None = None
    node: str | None = None
    shard: str | None = None


@dataclass(frozen=True, slots=True)
class RunRow:
    """How a run went, or how it goes."""

    id: int
    status: str
    requests: int
    rows_changed: int | None
    notes: str | None
    seen_at: datetime | None
    started_at: datetime
    finished_at: datetime | None


def begin(
    connection: sa.Connection,
    kind: str,
    cohort: str | None,
    member: str | None,
    at: datetime,
    options: str = "",
    *,
    anew: bool = False,
    place: Place = Place(),
) -> tuple[int, int | None]:
    """Open a run; return its number and, if it carries on an earlier one's work, that work's first run.

    The earlier one is the last run of the same kind on the same cohort (and shard) or member, unless it
    ended by itself, is too old or was to read something else (its ``options``), or ``anew`` is asked for.
    """
    runs = scrape_runs.c
    last = _last(connection, kind, cohort, member, place.shard)
    work, began = None, at
    if last and _can_go_on(last, options, at) and not anew:
        work, began = last.work_run, last.work_began_at
    what = {"type": kind, "cohort": cohort, "member": member, "options": options}
    where = {"job": place.job, "node": place.node, "shard": place.shard, "seen_at": database_time(connection)}
    changed = 0 if kind in _OF_RATINGS else None
    values = what | where | {"started_at": at, "work_began_at": began, "rows_changed": changed}
    run = connection.scalar(scrape_runs.insert().values(values).returning(runs.id))
    assert run is not None  # noqa: S101  (an INSERT … RETURNING returns its row)
    connection.execute(scrape_runs.update().where(runs.id == run).values(work_run=work or run))
    return run, work


def began(connection: sa.Connection, run: int) -> datetime | None:
    """Return when a run began."""
    return connection.scalar(sa.select(scrape_runs.c.started_at).where(scrape_runs.c.id == run))


def of_job(connection: sa.Connection, job: str) -> RunRow | None:
    """Return how the run went that is Scrapyd's ``job``; None where there is none (yet)."""
    columns = [scrape_runs.c[name] for name in RunRow.__dataclass_fields__]
    query = sa.select(*columns).where(scrape_runs.c.job == job).order_by(scrape_runs.c.id.desc()).limit(1)
    row = connection.execute(query).first()
    return RunRow(*row) if row else None


def show_life(connection: sa.Connection, run: int, requests: int) -> None:
    """Note that a run is at work, and how many requests it has sent so far."""
    values = {"seen_at": database_time(connection), "requests": requests}
    connection.execute(scrape_runs.update().where(scrape_runs.c.id == run).values(values))


def add_changes(connection: sa.Connection, run: int, rows: int) -> None:
    """Count ratings that were inserted, changed or removed in this transaction among those of a run."""
    connection.execute(_ADD_CHANGES, {"run": run, "rows": rows})


def _last(
    connection: sa.Connection, kind: str, cohort: str | None, member: str | None, shard: str | None = None
) -> Any:
    runs = scrape_runs.c
    same = {"type": kind, "cohort": cohort, "member": member, "shard": shard}
    query = sa.select(runs.status, runs.options, runs.work_run, runs.work_began_at)
    query = query.where(*(runs[name].is_not_distinct_from(value) for name, value in same.items()))
    return connection.execute(query.order_by(runs.id.desc()).limit(1)).first()


def _can_go_on(last: Any, options: str, at: datetime) -> bool:
    unfinished = last.status not in ("finished", "failures")
    return unfinished and last.options == options and at - last.work_began_at <= CARRY_ON_WITHIN


def that_read_as_much(work: Any) -> sa.Select[int]:
    """Select the runs since ``work`` (its first run's number) that were to read the same of a member."""
    first = scrape_runs.alias()
    same = first.c.options == scrape_runs.c.options
    return sa.select(scrape_runs.c.id).join(first, same).where(first.c.id == work, scrape_runs.c.id >= work)


def finish(connection: sa.Connection, run: int, status: str, requests: int, at: datetime, notes: str) -> None:
    """Close a run with its ``status``, the number of requests it sent and one line of notes."""
    values = {"status": status, "requests": requests, "finished_at": at, "notes": notes}
    values["seen_at"] = database_time(connection)
    connection.execute(scrape_runs.update().where(scrape_runs.c.id == run).values(values))


def members_done(connection: sa.Connection, cohort_id: int, label: str) -> tuple[int, int]:
    """Return how many of a cohort's members the latest `profile` work has read, and how many there are.

    Where that was on a shard, it is the latest work on each. Members who are gone or private cannot be read
    and count as done.
    """
    done_by = {
        shard: set(connection.scalars(that_read_as_much(work)))
        for shard, work in _latest_works(connection, label).items()
    }
    query = (
        sa.select(users.c.letterboxd_username, users.c.status, users.c.last_full_scrape_run)
        .join(cohort_members, users.c.id == cohort_members.c.user_id)
        .where(cohort_members.c.cohort_id == cohort_id)
    )
    rows = connection.execute(query).all()
    done = [
        row
        for row in rows
        if row.status != "ok"
        or any(row.last_full_scrape_run in runs for shard, runs in done_by.items() if _has(shard, row))
    ]
    return len(done), len(rows)


def _has(shard: Shard | None, row: Any) -> bool:
    return shard is None or shard.holds(row.letterboxd_username)


def _latest_works(connection: sa.Connection, label: str) -> dict[Shard | None, int]:
    """Return the first run of the latest `profile` work on a cohort, or on each of its shards."""
    runs = scrape_runs.c
    of_cohort = sa.and_(runs.type == "profile", runs.cohort == label)
    query = sa.select(runs.shard, runs.work_run).where(of_cohort)
    last = connection.execute(query.order_by(runs.id.desc()).limit(1)).first()
    if last is None:
        return {}
    if last.shard is None:
        return {None: last.work_run}
    count = Shard.read(last.shard).count
    shards = [Shard(number, count) for number in range(1, count + 1)]
    rows = connection.execute(query.where(runs.shard.in_(map(str, shards))).order_by(runs.id))
    return {Shard.read(row.shard): row.work_run for row in rows}


def has_unfinished(connection: sa.Connection, kind: str, label: str, at: datetime, options: str = "") -> bool:
    """Say whether the last run of this kind on a whole cohort was interrupted and can be carried on."""
    last = _last(connection, kind, label, None)
    return last is not None and _can_go_on(last, options, at)


def has_fresh_counts(connection: sa.Connection, label: str, moment: datetime) -> bool:
    """Say whether `follow_graph` read a cohort's counts after that moment, and nobody was read by them yet.

    Counts that were seen before the members were read say nothing of what has changed since.
    """
    runs = scrape_runs.c
    ended = sa.and_(runs.cohort == label, runs.status.in_(("finished", "failures")))
    query = sa.select(runs.type, runs.status, runs.finished_at).where(ended).order_by(runs.id.desc()).limit(1)
    last = connection.execute(query).first()
    if last is None or (last.type, last.status) != ("follow_graph", "finished"):
        return False
    return bool(last.finished_at >= moment)


def notes_of_latest(connection: sa.Connection, kind: str, label: str | None) -> str | None:
    """Return the line of notes of the last run of this kind on a whole cohort."""
    run = latest(connection, kind, label)
    return connection.scalar(sa.select(scrape_runs.c.notes).where(scrape_runs.c.id == run))


def latest(connection: sa.Connection, kind: str, label: str | None) -> int | None:
    """Return the number of the last run of this kind on a whole cohort: runs on its shards do not count."""
    runs = scrape_runs.c
    same = (runs.type == kind, runs.cohort.is_not_distinct_from(label), runs.shard.is_(None))
    query = sa.select(runs.id).where(*same).order_by(runs.id.desc()).limit(1)
    return connection.scalar(query)
