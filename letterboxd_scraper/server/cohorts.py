"""Cohorts, their members, and how old what is known of them is."""

from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Query

from letterboxd_scraper.server import models, served
from letterboxd_scraper.server.problems import documented
from letterboxd_scraper.server.rankings import stored_rankings
from letterboxd_scraper.server.served import Served, Shown
from letterboxd_scraper.store.engine import read_transaction
from letterboxd_scraper.store.schema import changed_facts, cohort_members, ratings, scrape_runs, users


def routes(serving: Served) -> APIRouter:
    router = APIRouter(prefix="/api/v1/cohorts", tags=["cohorts"])

    @router.get("")
    def list_cohorts() -> models.Cohorts:
        """List the cohorts."""
        with read_transaction(serving.engine) as connection:
            found = served.every(connection, serving)
            return models.Cohorts(cohorts=[_cohort(connection, shown) for shown in found])

    @router.get("/{cohort}", responses=documented(404))
    def show_cohort(cohort: models.Word) -> models.Cohort:
        """Show one cohort."""
        with read_transaction(serving.engine) as connection:
            return _cohort(connection, served.find(connection, serving, cohort))

    @router.get("/{cohort}/members", responses=documented(404))
    def list_members(cohort: models.Word, paging: Annotated[models.Paging, Query()]) -> models.Members:
        """List a cohort's members; without names they are numbers."""
        with read_transaction(serving.engine) as connection:
            shown = served.find(connection, serving, cohort)
            members = _members(connection, serving, shown)
        part = members[paging.offset : paging.offset + paging.limit]
        return models.Members(
            cohort=shown.reference,
            members=part,
            total=len(members),
            limit=paging.limit,
            offset=paging.offset,
        )

    @router.get("/{cohort}/freshness", responses=documented(404))
    def show_freshness(cohort: models.Word) -> models.Freshness:
        """Tell how old what is known of a cohort is."""
        with read_transaction(serving.engine) as connection:
            return _freshness(connection, serving, served.find(connection, serving, cohort))

    return router


def _cohort(connection: sa.Connection, shown: Shown) -> models.Cohort:
    return models.Cohort(
        cohort=shown.reference,
        label=shown.label,
        members=shown.cohort.size,
        # Of a cohort that was not changed since, it is the moment that keys the members' numbers.
        updated_at=shown.cohort.updated_at.replace(microsecond=0),
        rankings=[each.strategy for each in stored_rankings(connection, shown.cohort)],
    )


def _members(connection: sa.Connection, serving: Served, shown: Shown) -> list[models.Member]:
    """Return the members in the order of their names, or of their numbers."""
    rated = sa.select(sa.func.count(), sa.func.avg(sa.cast(ratings.c.rating, sa.Double)), ratings.c.user_id)
    own = rated.where(ratings.c.rating.is_not(None)).group_by(ratings.c.user_id)
    of_cohort = sa.select(cohort_members.c.user_id).where(cohort_members.c.cohort_id == shown.cohort.id)
    counted = {
        user: (count, mean)
        for count, mean, user in connection.execute(own.where(ratings.c.user_id.in_(of_cohort)))
    }
    rows = {row.id: row for row in connection.execute(_people(shown))}
    return [
        _member(rows[user], reference, shown, serving, *counted.get(user, (0, None)))
        for reference, user in shown.members.items()
    ]


def _people(shown: Shown) -> sa.Select[Any]:
    u = users.c
    columns = (u.id, u.status, u.last_full_scrape_at, u.last_incremental_scrape_at, cohort_members.c.depth)
    query = sa.select(*columns).join(cohort_members, cohort_members.c.user_id == u.id)
    return query.where(cohort_members.c.cohort_id == shown.cohort.id)


def _member(
    row: Any, reference: str, shown: Shown, serving: Served, count: int, mean: float | None
) -> models.Member:
    profile = shown.naming.profiles.get(row.id)
    return models.Member(
        member=reference,
        name=shown.naming.members[row.id],
        profile=f"{serving.base_url}/{profile}/" if profile else None,
        depth=row.depth,
        status=row.status,
        ratings=count,
        mean=mean,
        read_in_full_at=row.last_full_scrape_at,
        changes_read_at=row.last_incremental_scrape_at,
    )


def _freshness(connection: sa.Connection, serving: Served, shown: Shown) -> models.Freshness:
    now = serving.now
    people = connection.execute(_people(shown)).all()
    full = [row.last_full_scrape_at for row in people if row.last_full_scrape_at]
    changes = [row.last_incremental_scrape_at for row in people if row.last_incremental_scrape_at]
    count, changed = connection.execute(
        sa.select(sa.func.count(), sa.func.max(ratings.c.updated_at))
        .join(cohort_members, cohort_members.c.user_id == ratings.c.user_id)
        .where(cohort_members.c.cohort_id == shown.cohort.id, ratings.c.rating.is_not(None))
    ).one()
    ages = [
        models.RankingAge(
            strategy=each.strategy,
            computed_at=each.computed_at,
            age_seconds=(now - each.computed_at).total_seconds(),
        )
        for each in stored_rankings(connection, shown.cohort)
    ]
    return models.Freshness(
        cohort=shown.reference,
        at=now,
        members=len(people),
        members_read_in_full=len(full),
        oldest_full_reading_at=min(full, default=None),
        newest_full_reading_at=max(full, default=None),
        changes_read_at=max(changes, default=None),
        ratings=count,
        ratings_changed_at=changed,
        statistics_current=connection.execute(sa.select(changed_facts.c.id).limit(1)).first() is None,
        rankings=ages,
        runs=_runs(connection, shown),
    )


def _runs(connection: sa.Connection, shown: Shown) -> list[models.Run]:
    r = scrape_runs.c
    latest = sa.select(sa.func.max(r.id)).where(r.cohort == shown.cohort.label).group_by(r.type)
    query = sa.select(r.type, r.status, r.started_at, r.finished_at, r.requests)
    found = connection.execute(query.where(r.id.in_(latest)).order_by(r.started_at.desc(), r.type))
    return [models.Run.model_validate(row._asdict()) for row in found]
