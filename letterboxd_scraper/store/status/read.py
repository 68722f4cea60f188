"""Reading how cohorts stand, and what runs; nothing is written."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

import sqlalchemy as sa

from letterboxd_scraper.config import Config
from letterboxd_scraper.items.tasks import Reason
from letterboxd_scraper.store.due import delta_crawl
from letterboxd_scraper.store.films.enrichment import EnrichmentOptions
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.schema import changed_facts, cohort_members, scrape_failures, scrape_runs, users
from letterboxd_scraper.store.status import films, freshness, rankings, runs
from letterboxd_scraper.store.status.model import CohortStatus, DueMembers, LastRun, MemberCounts, Status


@dataclass(frozen=True, slots=True)
class StatusQuery:
    """What counts as due: days between audits, what enrichment asks for; how long a run may show no life."""

    audit_days: int
    silence: timedelta
    enrichment: EnrichmentOptions

    @classmethod
    def of(cls, settings: Config, at: datetime) -> Self:
        """Return what these settings count as due at that moment."""
        enrichment = EnrichmentOptions.of(settings, at, is_crawled=False)
        return cls(settings.DELTA_AUDIT_DAYS, settings.silence, enrichment)


def read(connection: sa.Connection, chosen: Sequence[Cohort], query: StatusQuery) -> Status:
    """Return how these cohorts stand, and what runs now."""
    counted = connection.execute(sa.select(changed_facts.c.id).limit(1)).first() is None
    last = runs.last_runs(connection, query.silence)
    still_open = sa.select(sa.func.count()).where(scrape_failures.c.resolved_at.is_(None))
    return Status(
        at=query.enrichment.at,
        cohorts=tuple(
            _cohort(connection, cohort, query, last.get(cohort.label, ()), counted=counted)
            for cohort in chosen
        ),
        running=runs.running(connection, query.silence),
        failures=connection.scalar(still_open) or 0,
    )


def _cohort(
    connection: sa.Connection, cohort: Cohort, query: StatusQuery, last: tuple[LastRun, ...], *, counted: bool
) -> CohortStatus:
    may_read = query.enrichment.pages or cohorts.is_crawled(connection, cohort)
    enrichment = replace(query.enrichment, pages=may_read)
    return CohortStatus(
        cohort=cohort.label,
        members=_members(connection, cohort),
        films=films.count(connection, cohort, enrichment, counted=counted),
        # Nothing is due of a circle that files alone tell of, where the site may not be read.
        due=_due(connection, cohort, query) if may_read else DueMembers(0, 0),
        failures=_failures(connection, cohort),
        rankings=rankings.stored(connection, cohort, counted=counted),
        runs=last,
    )


def _members(connection: sa.Connection, cohort: Cohort) -> MemberCounts:
    ages = freshness.of_members(connection, cohort)
    number = Counter(age.status for age in ages)
    read = [age.as_of for age in ages if age.status == "ok" and age.as_of]
    return MemberCounts(
        ok=number["ok"],
        private=number["private"],
        gone=number["gone"],
        read=len(read),
        never_read=number["ok"] - len(read),
        oldest=min(read, default=None),
        newest=max(read, default=None),
    )


def _due(connection: sa.Connection, cohort: Cohort, query: StatusQuery) -> DueMembers:
    due = delta_crawl.of_cohort(connection, cohort, query.enrichment.at, audit_days=query.audit_days)
    audits = sum(start.reason is Reason.AUDIT for start in due.delta)
    return DueMembers(len(due.delta) + len(due.full), audits)


def _failures(connection: sa.Connection, cohort: Cohort) -> int:
    """Return how many failures are open that a run on the cohort had, or that are of one of its members."""
    failed = scrape_failures.c
    ran = sa.select(scrape_runs.c.id).where(scrape_runs.c.cohort == cohort.label)
    names = (
        sa.select(users.c.letterboxd_username)
        .join(cohort_members, cohort_members.c.user_id == users.c.id)
        .where(cohort_members.c.cohort_id == cohort.id)
    )
    query = sa.select(sa.func.count()).where(
        failed.resolved_at.is_(None), sa.or_(failed.run_id.in_(ran), failed.member.in_(names))
    )
    return connection.scalar(query) or 0
