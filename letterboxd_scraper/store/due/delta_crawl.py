"""Who is to be read tonight, and who is not, because nothing that the site shows of them has moved."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from letterboxd_scraper.arguments import Shard
from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.tasks import DeltaStart, MemberStart, Reason, Stored
from letterboxd_scraper.store.crawl_state import failures
from letterboxd_scraper.store.due import full_crawl
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.schema import cohort_members, films, ratings, users

Audit = Literal["auto", "all", "none"]
# An interrupted night that is carried on later than this is another night: who was read in it is read again.
_SAME_NIGHT = timedelta(hours=12)
# Who was read in so large a part of the time between two audits needs none yet.
_TOO_SOON = 1 / 3


@dataclass(frozen=True, slots=True)
class Night:
    """Who is read: ``full`` were never read before; ``skipped`` is how many the gate keeps out."""

    starts: tuple[DeltaStart, ...]
    full: tuple[MemberStart, ...]
    skipped: int


@dataclass(frozen=True, slots=True)
class When:
    """The moment of a refresh, and the run whose interrupted work it carries on, with when that began."""

    at: datetime
    work: int | None = None
    since: datetime | None = None


def cohort_night(
    connection: sa.Connection,
    cohort: Cohort,
    when: When,
    audit: Audit = "auto",
    audit_days: int = 30,
    shard: Shard | None = None,
) -> Night:
    """Return who of a cohort, or of a part of it, is to be read: audits are on the same days in both."""
    query = (
        sa.select(users)
        .join(cohort_members, cohort_members.c.user_id == users.c.id)
        .where(cohort_members.c.cohort_id == cohort.id)
        .order_by(cohort_members.c.depth, users.c.letterboxd_username)
    )
    rows = connection.execute(query).all()
    audits = {"none": set(), "all": {row.id for row in rows}, "auto": _due(rows, when.at, audit_days)}
    mine = full_crawl.in_shard(rows, shard)
    return _night(connection, mine, when, audits[audit], cohort.seed, listed=cohort.seed is not None)


def member_night(connection: sa.Connection, name: str, when: When, audit: Audit = "auto") -> Night:
    """Return how one member is to be read; not at all if their counts were seen again and have not moved."""
    rows = connection.execute(sa.select(users).where(users.c.letterboxd_username == name)).all()
    due = {row.id for row in rows} if audit == "all" else set()
    return _night(connection, rows, when, due, None, listed=False)


def was_read_since(connection: sa.Connection, name: str, moment: datetime) -> bool:
    """Say whether a member was read after that moment; a member who is not stored any more counts as read."""
    row = connection.execute(sa.select(users).where(users.c.letterboxd_username == name)).first()
    return row is None or _last_read(row) > moment


def stored_rows(connection: sa.Connection, member: str) -> tuple[Stored, ...]:
    """Return all that is stored of a member's films."""
    query = (
        sa.select(films, ratings.c.rating, ratings.c.liked, ratings.c.updated_at)
        .join(ratings, ratings.c.film_id == films.c.id)
        .join(users, users.c.id == ratings.c.user_id)
        .where(users.c.letterboxd_username == member)
    )
    rows = connection.execute(query)
    return tuple(Stored(_film(row), row.rating, bool(row.liked), row.updated_at) for row in rows)


def _film(row: Any) -> Film:
    # A film known from an archive alone has no slug; no page can show this one.
    slug = row.slug or f"film-row:{row.id}"
    return Film(slug, row.title, row.release_year, row.letterboxd_film_id, row.letterboxd_lid)


def _night(
    connection: sa.Connection,
    rows: Sequence[Any],
    when: When,
    due: set[int],
    seed: str | None,
    *,
    listed: bool,
) -> Night:
    known = [row for row in rows if row.last_full_scrape_at is not None and row.status == "ok"]
    known_ids = {row.id for row in known}
    # Who is gone or private is asked after now and then.
    new = [
        row for row in rows if row.id not in known_ids and (row.status == "ok" or row.id in due or not listed)
    ]
    starts, failed = [], failures.to_be_read_again(connection)
    for row in known:
        reason = _reason(row, due, counted=listed and row.letterboxd_username != seed)
        if row.letterboxd_username in failed and reason in (None, Reason.AUDIT):
            reason = Reason.FAILED
        again = reason in (Reason.MOVED, Reason.FAILED)
        if reason and (again or not _was_read_tonight(row, when)):
            starts.append(_start(row, reason, is_seed=row.letterboxd_username == seed))
    full = tuple(full_crawl.starts_of(connection, new, when.work, when.at, seed))
    return Night(tuple(starts), full, len(rows) - len(starts) - len(full))


def _was_read_tonight(row: Any, when: When) -> bool:
    """Say whether the work that is carried on has read a member, and not so long ago."""
    read = _last_read(row)
    return when.since is not None and read > when.since and when.at - read < _SAME_NIGHT


def _start(row: Any, reason: Reason, *, is_seed: bool) -> DeltaStart:
    counted = reason is not Reason.UNCOUNTED
    return DeltaStart(
        row.letterboxd_username,
        reason,
        films=row.films_count if counted else None,
        likes=row.likes_count if counted else None,
        crawled_films=row.crawled_films_count,
        crawled_likes=row.crawled_likes_count,
        read_at=_last_read(row),
        is_seed=is_seed,
    )


def _reason(row: Any, due: set[int], *, counted: bool) -> Reason | None:
    """Return why a member is to be read; ``counted``: the cohort's own listing shows their counts."""
    # Seen at the same moment: a simulation's clock stands still, so nobody knows which came first.
    fresh = row.counts_seen_at is not None and row.counts_seen_at >= _last_read(row)
    # Without a moment, the cohort's own listing did not show their counts when it was read last.
    if not fresh and (not counted or row.counts_seen_at is None):
        return Reason.UNCOUNTED
    if fresh:
        pairs = ((row.films_count, row.crawled_films_count), (row.likes_count, row.crawled_likes_count))
        if any(now is not None and now != then for now, then in pairs):
            return Reason.MOVED
    return Reason.AUDIT if row.id in due else None


def _last_read(row: Any) -> datetime:
    full: datetime = row.last_full_scrape_at
    return max(full, row.last_incremental_scrape_at or full)


def _due(rows: Sequence[Any], at: datetime, days: int) -> set[int]:
    """Return the ids of those whose audit is due: once in ``days`` days, on a day that their name gives.

    The members in the order of a hash of their names share the days evenly.
    """
    order = sorted(rows, key=lambda row: hashlib.sha256(row.letterboxd_username.encode()).digest())
    today = at.toordinal()
    return {
        row.id for place, row in enumerate(order) if _is_due(row, today, place * days // len(order), days)
    }


def _is_due(row: Any, today: int, slot: int, days: int) -> bool:
    latest = today - (today - slot) % days
    if row.status != "ok":
        asked: datetime | None = row.last_incremental_scrape_at
        return asked is None or latest > asked.toordinal()
    if row.last_full_scrape_at is None:
        return latest == today
    return latest - _last_read(row).toordinal() >= max(1, days * _TOO_SOON)
