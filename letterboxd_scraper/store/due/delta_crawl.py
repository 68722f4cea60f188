"""Which members a delta crawl reads, and why: those whose counts have moved, and those whose audit is due."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from letterboxd_scraper.arguments import Shard
from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.sources import Service
from letterboxd_scraper.items.tasks import DeltaStart, MemberStart, Reason, Stored
from letterboxd_scraper.store.crawl_state import failures, runs
from letterboxd_scraper.store.due import full_crawl
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.schema import films, ratings, users

Audit = Literal["auto", "all", "none"]
# Interrupted work that is carried on later than this reads those again whom it has read already.
_READ_HOLDS_FOR = timedelta(hours=12)
# A member who was read within this part of the days between two audits is spared the next one.
_SPARED_FOR = 1 / 3
# In days. Who seems to have been read later than this was so by a clock that was wrong.
_CLOCKS_DIFFER = 2


@dataclass(frozen=True, slots=True)
class MembersDue:
    """Who is read: the ``delta`` ones again, the ``full`` ones for the first time; ``skipped`` are not."""

    delta: tuple[DeltaStart, ...]
    full: tuple[MemberStart, ...]
    skipped: int


def of_cohort(
    connection: sa.Connection,
    cohort: Cohort,
    at: datetime,
    work: int | None = None,
    *,
    audit: Audit = "auto",
    audit_days: int = 30,
    shard: Shard | None = None,
) -> MembersDue:
    """Return which members of a cohort, or of a ``shard`` of it, a refresh ``at`` that moment reads.

    ``work`` is the first run of the interrupted work that it carries on. A member is audited once in
    ``audit_days`` days, on the same day whatever the shard.
    """
    rows = cohorts.user_rows(connection, cohort)
    audits = {"none": set(), "all": {row.id for row in rows}, "auto": _audited(rows, at, audit_days)}
    in_shard = full_crawl.in_shard(rows, shard)
    return _due(connection, in_shard, at, work, audits[audit], cohort.seed, listed=cohort.seed is not None)


def of_member(
    connection: sa.Connection, name: str, at: datetime, work: int | None = None, audit: Audit = "auto"
) -> MembersDue:
    """Return how one member is to be read; not at all if their counts were seen again and have not moved."""
    rows = connection.execute(sa.select(users).where(users.c.letterboxd_username == name)).all()
    audits = {row.id for row in rows} if audit == "all" else set()
    return _due(connection, rows, at, work, audits, None, listed=False)


def was_read_since(connection: sa.Connection, name: str, moment: datetime) -> bool:
    """Say whether a member was read after that moment; a member who is not stored any more counts as read."""
    row = connection.execute(sa.select(users).where(users.c.letterboxd_username == name)).first()
    return row is None or _last_read(row) > moment


def stored_rows(connection: sa.Connection, member: str) -> tuple[Stored, ...]:
    """Return all that is stored of a member's films; what another service knows the site does not show."""
    query = (
        sa.select(films, ratings.c.rating, ratings.c.service, ratings.c.liked, ratings.c.updated_at)
        .join(ratings, ratings.c.film_id == films.c.id)
        .join(users, users.c.id == ratings.c.user_id)
        .where(users.c.letterboxd_username == member)
    )
    return tuple(
        Stored(_film(row), _on_site(row), row.liked, row.updated_at) for row in connection.execute(query)
    )


def _on_site(row: Any) -> float | None:
    stars: float | None = row.rating
    return stars if row.service == Service.LETTERBOXD else None


def _film(row: Any) -> Film:
    # A film that only an archive names has no slug, and no page shows this one.
    slug = row.slug or f"film-row:{row.id}"
    return Film(slug, row.title, row.release_year, row.letterboxd_film_id, row.letterboxd_lid)


def _due(
    connection: sa.Connection,
    rows: Sequence[Any],
    at: datetime,
    work: int | None,
    audits: set[int],
    seed: str | None,
    *,
    listed: bool,
) -> MembersDue:
    """Return which of these rows of ``users`` are read; ``listed``: their cohort's listings show counts."""
    began = runs.began(connection, work) if work is not None else None
    failed, cut = failures.to_be_read_again(connection), failures.beyond_last_page(connection)
    bookmarks = {}
    if work is not None:
        bookmarks = full_crawl.bookmarks_of(connection, [row.id for row in rows], work, at, lately=True)
    delta, full = [], []
    for row in rows:
        is_seed = row.letterboxd_username == seed
        if row.last_full_scrape_at is None or row.status != "ok":
            # A listed member who is gone or private is asked after when their audit is due.
            if row.status == "ok" or row.id in audits or not listed:
                full.append(row)
            continue
        reason = _reason(row, audits, listed=listed and not is_seed)
        if row.letterboxd_username in failed and reason in (None, Reason.AUDIT):
            reason = Reason.FAILED
        if reason in (Reason.MOVED, Reason.FAILED) or (reason and not _was_just_read(row, began, at)):
            start = _start(row, reason, is_seed=is_seed)
            is_cut = row.letterboxd_username in cut
            delta.append(replace(start, cut=is_cut, bookmarks=bookmarks.get(row.id, {})))
    starts = full_crawl.starts_of(connection, full, work, at, seed)
    return MembersDue(tuple(delta), tuple(starts), len(rows) - len(delta) - len(starts))


def _was_just_read(row: Any, began: datetime | None, at: datetime) -> bool:
    """Say whether the work that ``began`` then and is carried on has read a member, not long ago."""
    read = _last_read(row)
    return began is not None and read > began and at - read < _READ_HOLDS_FOR


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


def _reason(row: Any, audits: set[int], *, listed: bool) -> Reason | None:
    """Return why a member is to be read; ``listed``: the cohort's own listing shows their counts."""
    # Seen at the same moment: a simulation's clock stands still, so nobody knows which came first.
    fresh = row.counts_seen_at is not None and row.counts_seen_at >= _last_read(row)
    # Without a moment, the cohort's own listing did not show their counts when it was read last.
    if not fresh and (not listed or row.counts_seen_at is None):
        return Reason.UNCOUNTED
    if fresh:
        pairs = ((row.films_count, row.crawled_films_count), (row.likes_count, row.crawled_likes_count))
        if any(now is not None and now != then for now, then in pairs):
            return Reason.MOVED
    return Reason.AUDIT if row.id in audits else None


def _last_read(row: Any) -> datetime:
    full: datetime = row.last_full_scrape_at
    return max(full, row.last_incremental_scrape_at or full)


def _audited(rows: Sequence[Any], at: datetime, days: int) -> set[int]:
    """Return the ids of those whose audit is due: once in ``days`` days, on a day that their name gives.

    The members in the order of a hash of their names share the days evenly.
    """
    order = sorted(rows, key=lambda row: hashlib.sha256(row.letterboxd_username.encode()).digest())
    today = at.toordinal()
    return {
        row.id
        for place, row in enumerate(order)
        if _audit_is_due(row, days, today - (today - place * days // len(order)) % days, today)
    }


def _audit_is_due(row: Any, days: int, latest: int, today: int) -> bool:
    """Say whether a member was not read since the ``latest`` of their audit's days, today or before."""
    if row.status != "ok":
        asked: datetime | None = row.last_incremental_scrape_at
        return asked is None or not latest <= asked.toordinal() <= today + _CLOCKS_DIFFER
    if row.last_full_scrape_at is None:
        return False  # they are read in full, whatever the day
    read = _last_read(row).toordinal()
    return read > today + _CLOCKS_DIFFER or latest - read >= max(1, days * _SPARED_FOR)
