"""Cohorts, their members, and how old the data about them are."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Query, Request, Response

from letterboxd_scraper.server.paging import PartOfList, linked
from letterboxd_scraper.server.problems import documented
from letterboxd_scraper.server.queries import Paging, Word
from letterboxd_scraper.server.rankings import stored_rankings
from letterboxd_scraper.server.served import Served, ServedCohort, all_cohorts, reading_cohort
from letterboxd_scraper.store.engine import read_transaction
from letterboxd_scraper.store.schema import (
    changed_facts,
    cohort_film_stats,
    cohort_members,
    ratings,
    scrape_runs,
    users,
)
from letterboxd_scraper.store.status import freshness


@dataclass(frozen=True, slots=True)
class CohortEntry:
    """A circle. ``cohort`` is what it is asked for by, ``label`` what it is called.

    ``films`` are those that a member has rated. What is known of the ``members_read`` is as of ``oldest`` to
    ``newest``.
    """

    cohort: str
    label: str
    members: int
    members_read: int
    films: int
    oldest: datetime | None
    newest: datetime | None
    updated_at: datetime
    ranked_at: datetime | None
    rankings: list[str]


@dataclass(frozen=True, slots=True)
class CohortList:
    cohorts: list[CohortEntry]


@dataclass(frozen=True, slots=True)
class MemberEntry:
    """A member, called ``name``; ``unseen_by`` and ``rated_by`` take ``member``."""

    member: str
    name: str
    profile: str | None
    depth: int
    status: Literal["ok", "private", "gone"]
    ratings: int
    mean: float | None
    read_in_full_at: datetime | None
    changes_read_at: datetime | None


@dataclass(frozen=True, slots=True)
class MemberPage(PartOfList):
    """A part of the list of a cohort's members."""

    cohort: str
    members: list[MemberEntry]


@dataclass(frozen=True, slots=True)
class LatestRun:
    """The latest run of its type."""

    type: str
    status: Literal["running", "finished", "failures", "blocked", "failed", "interrupted"]
    started_at: datetime
    finished_at: datetime | None
    requests: int


@dataclass(frozen=True, slots=True)
class ComputedRanking:
    strategy: str
    computed_at: datetime
    age_seconds: float


@dataclass(frozen=True, slots=True)
class CohortFreshness:
    """How old what is known of a cohort is, as of ``at``.

    ``oldest_full_reading_at`` is of the member who waits longest; ``ratings_changed_at`` when a stored rating
    last changed. ``statistics_current`` is false while ratings or memberships have changed since the
    statistics of all cohorts were counted.
    """

    cohort: str
    at: datetime
    members: int
    members_read_in_full: int
    oldest_full_reading_at: datetime | None
    newest_full_reading_at: datetime | None
    changes_read_at: datetime | None
    ratings: int
    ratings_changed_at: datetime | None
    statistics_current: bool
    rankings: list[ComputedRanking]
    runs: list[LatestRun]


def routes(serving: Served) -> APIRouter:
    """Return the routes below /api/v1/cohorts that are about cohorts themselves."""
    router = APIRouter(prefix="/api/v1/cohorts", tags=["cohorts"])

    @router.get("")
    def list_cohorts() -> CohortList:
        """List the cohorts."""
        with read_transaction(serving.engine) as connection:
            return CohortList([_entry(connection, cohort) for cohort in all_cohorts(connection, serving)])

    @router.get("/{cohort}", responses=documented(404))
    def show_cohort(cohort: Word) -> CohortEntry:
        """Show one cohort."""
        with reading_cohort(serving, cohort) as (connection, circle):
            return _entry(connection, circle)

    @router.get("/{cohort}/members", responses=documented(404))
    def list_members(
        cohort: Word, paging: Annotated[Paging, Query()], request: Request, response: Response
    ) -> MemberPage:
        """List a cohort's members; without names they are numbers."""
        with reading_cohort(serving, cohort) as (connection, circle):
            members = _members(connection, serving, circle)
        part = members[paging.offset : paging.offset + paging.limit]
        page = MemberPage(len(members), paging.limit, paging.offset, None, None, circle.reference, part)
        return linked(page, request, response)

    @router.get("/{cohort}/freshness", responses=documented(404))
    def show_freshness(cohort: Word) -> CohortFreshness:
        """Tell how old what is known of a cohort is."""
        with reading_cohort(serving, cohort) as (connection, circle):
            return _freshness(connection, serving, circle)

    return router


def _entry(connection: sa.Connection, circle: ServedCohort) -> CohortEntry:
    ages = [age.as_of for age in freshness.of_members(connection, circle.cohort)]
    read = [as_of for as_of in ages if as_of]
    rankings = stored_rankings(connection, circle.cohort)
    rated = sa.select(sa.func.count()).where(cohort_film_stats.c.cohort_id == circle.cohort.id)
    return CohortEntry(
        cohort=circle.reference,
        label=circle.label,
        members=circle.cohort.size,
        members_read=len(read),
        films=connection.scalar(rated) or 0,
        oldest=min(read, default=None),
        newest=max(read, default=None),
        # Of a cohort that was not changed since, it is the moment that keys the members' numbers.
        updated_at=circle.cohort.updated_at.replace(microsecond=0),
        ranked_at=max((ranking.computed_at for ranking in rankings), default=None),
        rankings=[ranking.strategy for ranking in rankings],
    )


def _members(connection: sa.Connection, serving: Served, circle: ServedCohort) -> list[MemberEntry]:
    """Return the members in the order of their names, or of their numbers."""
    u, rated, of_cohort = users.c, ratings.c, cohort_members.c.cohort_id == circle.cohort.id
    counts = (
        sa.select(
            rated.user_id,
            sa.func.count(rated.rating).label("number"),
            sa.func.avg(sa.cast(rated.rating, sa.Double)).label("mean"),
        )
        .where(rated.user_id.in_(sa.select(cohort_members.c.user_id).where(of_cohort)))
        .group_by(rated.user_id)
        .subquery("counts")
    )
    query = (
        sa.select(u.id, u.status, u.last_full_scrape_at, u.last_incremental_scrape_at)
        .add_columns(cohort_members.c.depth, counts.c.number, counts.c.mean)
        .join(cohort_members, cohort_members.c.user_id == u.id)
        .outerjoin(counts, counts.c.user_id == u.id)
        .where(of_cohort)
    )
    rows = {row.id: row for row in connection.execute(query)}
    return [_member(rows[user], reference, circle, serving) for reference, user in circle.members.items()]


def _member(row: Any, reference: str, circle: ServedCohort, serving: Served) -> MemberEntry:
    profile = circle.naming.profiles.get(row.id)
    return MemberEntry(
        member=reference,
        name=circle.naming.members[row.id],
        profile=f"{serving.base_url}/{profile}/" if profile else None,
        depth=row.depth,
        status=row.status,
        ratings=row.number or 0,
        mean=row.mean,
        read_in_full_at=row.last_full_scrape_at,
        changes_read_at=row.last_incremental_scrape_at,
    )


def _freshness(connection: sa.Connection, serving: Served, circle: ServedCohort) -> CohortFreshness:
    now = serving.now
    ages = freshness.of_members(connection, circle.cohort)
    full = [age.full for age in ages if age.full]
    number, changed_at = connection.execute(
        sa.select(sa.func.count(), sa.func.max(ratings.c.updated_at))
        .join(cohort_members, cohort_members.c.user_id == ratings.c.user_id)
        .where(cohort_members.c.cohort_id == circle.cohort.id, ratings.c.rating.is_not(None))
    ).one()
    computed = [
        (ranking.strategy, ranking.computed_at) for ranking in stored_rankings(connection, circle.cohort)
    ]
    return CohortFreshness(
        cohort=circle.reference,
        at=now,
        members=len(ages),
        members_read_in_full=len(full),
        oldest_full_reading_at=min(full, default=None),
        newest_full_reading_at=max(full, default=None),
        changes_read_at=max((age.delta for age in ages if age.delta), default=None),
        ratings=number,
        ratings_changed_at=changed_at,
        statistics_current=connection.execute(sa.select(changed_facts.c.id).limit(1)).first() is None,
        rankings=[ComputedRanking(name, at, (now - at).total_seconds()) for name, at in computed],
        runs=_runs(connection, circle),
    )


def _runs(connection: sa.Connection, circle: ServedCohort) -> list[LatestRun]:
    r = scrape_runs.c
    latest = sa.select(sa.func.max(r.id)).where(r.cohort == circle.cohort.label).group_by(r.type)
    query = sa.select(r.type, r.status, r.started_at, r.finished_at, r.requests)
    rows = connection.execute(query.where(r.id.in_(latest)).order_by(r.started_at.desc(), r.type))
    return [LatestRun(*row) for row in rows]
