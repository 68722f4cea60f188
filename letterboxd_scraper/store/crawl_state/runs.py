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
# What programs, and the list of runs, are told of one.
TOLD = ("id", "type", "cohort", "member", "status", "requests", "started_at", "finished_at", "notes")
# The spiders that read what members rated and liked.
_OF_RATINGS = frozenset({"profile", "when_rated", "rss"})
# How runs end that have done all they were to do; others are carried on.
_DONE = ("finished", "failures")
# A lock of PostgreSQL, for as long as a run begins; SQLite has one writer at a time anyway.
_BEGINNING = 5_215_028

# With every page: a statement costs more to build than to send.
_ADD_CHANGES = (
    scrape_runs.update()
    .where(scrape_runs.c.id == sa.bindparam("run"), scrape_runs.c.rows_changed.is_not(None))
    .values(rows_changed=scrape_runs.c.rows_changed + sa.bindparam("rows"))
)


@dataclass(frozen=True, slots=True)
class Work:
    """What a run is to do: a spider, its ``kind``, on a cohort (or a ``shard`` of it), or on one member.

    ``options`` are what it reads beside what it always reads.
    """

    kind: str
    cohort: str | None = None
    member: str | None = None
    shard: str | None = None
    options: str = ""


def begin(
    connection: sa.Connection,
    work: Work,
    at: datetime,
    *,
    anew: bool = False,
    job: str | None = None,
    node: str | None = None,
    silence: timedelta | None = None,
) -> tuple[int, int | None]:
    """Open a run; return its number and, if it carries on what earlier ones have begun, the first of these.

    Earlier ones that were to do the same and have shown no life for so much ``silence`` were interrupted.

    It carries on the last run of the same kind on the same cohort (and shard) or member, unless that ended by
    itself, is too old or had other options, or ``anew`` is asked for. ``job`` is Scrapyd's name for the run,
    ``node`` the machine.
    """
    runs = scrape_runs.c
    if connection.dialect.name == "postgresql":
        # Of two that begin at the same moment the second has to see the first.
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_BEGINNING)))
    if silence is not None:
        silent = sa.not_(has_shown_life(connection, silence))
        ended = scrape_runs.update().where(*_same(work), runs.status == "running", silent)
        connection.execute(ended.values(status="interrupted", finished_at=at))
    last = _last(connection, work)
    first, began = None, at
    if last and _can_go_on(last, work.options, at) and not anew:
        first, began = last.work_run, last.work_began_at
    row: dict[str, Any] = {"type": work.kind, "cohort": work.cohort, "member": work.member}
    row |= {"shard": work.shard, "options": work.options, "job": job, "node": node}
    row |= {"started_at": at, "work_began_at": began, "seen_at": database_time(connection)}
    row |= {"rows_changed": 0 if work.kind in _OF_RATINGS else None}
    run: int = connection.execute(scrape_runs.insert().values(row).returning(runs.id)).scalar_one()
    _update(connection, run, work_run=first or run)
    return run, first


def began(connection: sa.Connection, run: int) -> datetime | None:
    """Return when a run began; None where it is not stored any more."""
    return connection.scalar(sa.select(scrape_runs.c.started_at).where(scrape_runs.c.id == run))


def has_shown_life(connection: sa.Connection, silence: timedelta) -> sa.ColumnElement[bool]:
    """The condition that a run has shown life within so long; not in the future: the clock was set back."""
    now = database_time(connection)
    return sa.func.coalesce(scrape_runs.c.seen_at.between(now - silence, now + silence), sa.false())


def is_superseded(connection: sa.Connection, run: int, silence: timedelta) -> bool:
    """Say whether another run was to do the same while this one showed no life, for so much ``silence``.

    If not, nobody can take it for dead before this transaction ends.
    """
    query = sa.select(scrape_runs, has_shown_life(connection, silence).label("is_alive"))
    # As strong as what an UPDATE takes: two that share a lock could not both change the row.
    row = connection.execute(query.where(scrape_runs.c.id == run).with_for_update(key_share=True)).first()
    if row is None or row.status == "interrupted" or row.is_alive:
        return row is not None and row.status == "interrupted"
    last = _last(connection, Work(row.type, row.cohort, row.member, row.shard))
    return bool(last.id != run)


def show_life(connection: sa.Connection, run: int, requests: int) -> None:
    """Note that a run is at work, and how many requests it has sent so far."""
    _update(connection, run, seen_at=database_time(connection), requests=requests)


def add_changes(connection: sa.Connection, run: int, rows: int) -> None:
    """Count ratings that were inserted, changed or removed in this transaction among those of a run."""
    connection.execute(_ADD_CHANGES, {"run": run, "rows": rows})


def finish(connection: sa.Connection, run: int, status: str, requests: int, at: datetime, notes: str) -> None:
    """Close a run with its ``status``, the number of requests it sent and one line of notes."""
    seen = database_time(connection)
    _update(connection, run, status=status, requests=requests, finished_at=at, notes=notes, seen_at=seen)


def _update(connection: sa.Connection, run: int, **values: Any) -> None:
    connection.execute(scrape_runs.update().where(scrape_runs.c.id == run).values(values))


def _last(connection: sa.Connection, work: Work) -> Any:
    query = sa.select(scrape_runs).where(*_same(work))
    return connection.execute(query.order_by(scrape_runs.c.id.desc()).limit(1)).first()


def _same(work: Work) -> list[Any]:
    """Return the conditions that a run is of this kind, on just this, whatever its options."""
    values = {"type": work.kind, "cohort": work.cohort, "member": work.member, "shard": work.shard}
    return [scrape_runs.c[name].is_not_distinct_from(value) for name, value in values.items()]


def _can_go_on(last: Any, options: str, at: datetime) -> bool:
    is_recent = at - last.work_began_at <= CARRY_ON_WITHIN
    return last.status not in _DONE and last.options == options and is_recent


def that_read_as_much(work: Any) -> sa.Select[int]:
    """Select the runs since ``work`` (its first run's number) that were to read the same of a member."""
    first = scrape_runs.alias()
    same = first.c.options == scrape_runs.c.options
    return sa.select(scrape_runs.c.id).join(first, same).where(first.c.id == work, scrape_runs.c.id >= work)


def members_done(connection: sa.Connection, cohort_id: int, label: str) -> tuple[int, int]:
    """Return how many of a cohort's members the latest `profile` work has read, and how many there are.

    Where that was on a shard, it is the latest work on each. Members who are gone or private cannot be read
    and count as done.
    """
    done_by = [
        (shard, set(connection.scalars(that_read_as_much(work))))
        for shard, work in _latest_works(connection, label)
    ]
    query = (
        sa.select(users.c.letterboxd_username, users.c.status, users.c.last_full_scrape_run)
        .join(cohort_members, users.c.id == cohort_members.c.user_id)
        .where(cohort_members.c.cohort_id == cohort_id)
    )
    rows = connection.execute(query).all()
    done = sum(
        status != "ok" or any(run in runs and (shard is None or shard.holds(name)) for shard, runs in done_by)
        for name, status, run in rows
    )
    return done, len(rows)


def _latest_works(connection: sa.Connection, label: str) -> list[tuple[Shard | None, int]]:
    """Return the first run of the latest `profile` work on a cohort, or on each of its shards."""
    runs = scrape_runs.c
    query = sa.select(runs.shard, runs.work_run).where(runs.type == "profile", runs.cohort == label)
    rows = connection.execute(query.order_by(runs.id.desc())).all()
    if not rows or rows[0].shard is None:
        return [(None, row.work_run) for row in rows[:1]]
    latest: dict[Shard, int] = {}
    for row in rows:
        if row.shard is not None:
            latest.setdefault(Shard.read(row.shard), row.work_run)
    count = next(iter(latest)).count
    return [(shard, work) for shard, work in latest.items() if shard.count == count]


def has_unfinished(connection: sa.Connection, kind: str, label: str, at: datetime) -> bool:
    """Say whether the last run of this kind on a whole cohort was interrupted and can be carried on."""
    last = _last(connection, Work(kind, label))
    return last is not None and _can_go_on(last, "", at)


def has_fresh_counts(connection: sa.Connection, label: str, since: datetime) -> bool:
    """Say whether `follow_graph` read a cohort's counts since that moment, and nobody was read by them yet.

    Counts that were seen before the members were read say nothing of what has changed since.
    """
    runs = scrape_runs.c
    query = sa.select(scrape_runs).where(runs.cohort == label, runs.status.in_(_DONE))
    last = connection.execute(query.order_by(runs.id.desc()).limit(1)).first()
    if last is None or (last.type, last.status) != ("follow_graph", "finished"):
        return False
    return bool(last.finished_at >= since)


def notes_of_latest(connection: sa.Connection, kind: str, label: str | None) -> str | None:
    """Return the line of notes of the last run of this kind on a whole cohort."""
    run = latest(connection, kind, label)
    return connection.scalar(sa.select(scrape_runs.c.notes).where(scrape_runs.c.id == run))


def told(connection: sa.Connection, kind: str, label: str | None) -> dict[str, Any] | None:
    """Return what is told of the last run of this kind on a whole cohort, by the names TOLD."""
    query = sa.select(*(scrape_runs.c[name] for name in TOLD))
    row = connection.execute(query.where(scrape_runs.c.id == latest(connection, kind, label))).first()
    return dict(row._mapping) if row else None


def latest(connection: sa.Connection, kind: str, label: str | None) -> int | None:
    """Return the number of the last run of this kind on a whole cohort: runs on its shards do not count."""
    runs = scrape_runs.c
    same = (runs.type == kind, runs.cohort.is_not_distinct_from(label), runs.shard.is_(None))
    run: int | None = connection.scalar(sa.select(sa.func.max(runs.id)).where(*same))
    return run
