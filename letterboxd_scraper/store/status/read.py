"""Reading how it stands; nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

import sqlalchemy as sa

from letterboxd_scraper.config import DEFAULT_STRATEGY, Config
from letterboxd_scraper.items.tasks import Reason
from letterboxd_scraper.store.due import delta_crawl
from letterboxd_scraper.store.films.enrichment import Wanted
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.schema import changed_facts, cohort_members, scrape_failures, scrape_runs, users
from letterboxd_scraper.store.status import films, freshness, rankings, runs
from letterboxd_scraper.store.status.model import CohortStatus, DueMembers, LastRun, Members, Status


@dataclass(frozen=True, slots=True)
class Rules:
    """What is due: days between audits, what enrichment asks for; and how long a run may show no life."""

    audit_days: int
    silence: timedelta
    wanted: Wanted

    @classmethod
    def of(cls, settings: Config, at: datetime) -> Self:
        wanted = Wanted(
            at,
            tmdb_before=at - timedelta(days=settings.TMDB_REFRESH_DAYS),
            histograms_before=at - timedelta(days=settings.HISTOGRAM_REFRESH_DAYS),
            tmdb=bool(settings.TMDB_API_KEY.get_secret_value()),
        )
        return cls(settings.DELTA_AUDIT_DAYS, timedelta(seconds=2 * settings.LEASE_SECONDS), wanted)


def read(connection: sa.Connection, cohorts: Sequence[Cohort], rules: Rules) -> Status:
    """Return how it stands with these cohorts, and what runs now."""
    counted = connection.execute(sa.select(changed_facts.c.id).limit(1)).first() is None
    last = runs.last_runs(connection, rules.silence)
    still_open = sa.select(sa.func.count()).where(scrape_failures.c.resolved_at.is_(None))
    return Status(
        at=rules.wanted.at,
        cohorts=tuple(
            _cohort(connection, cohort, rules, last.get(cohort.label, ()), counted=counted)
            for cohort in cohorts
        ),
        running=runs.running(connection, rules.silence),
        failures=connection.scalar(still_open) or 0,
    )


def _cohort(
    connection: sa.Connection, cohort: Cohort, rules: Rules, last: tuple[LastRun, ...], *, counted: bool
) -> CohortStatus:
    return CohortStatus(
        cohort=cohort.label,
        members=_members(connection, cohort),
        films=films.count(connection, cohort, rules.wanted, counted=counted),
        due=_due(connection, cohort, rules),
        failures=_failures(connection, cohort),
        rankings=rankings.stored(connection, cohort, counted=counted),
        runs=last,
    )


def _members(connection: sa.Connection, cohort: Cohort) -> Members:
    states = (
        sa.select(users.c.status, sa.func.count())
        .join(cohort_members, cohort_members.c.user_id == users.c.id)
        .where(cohort_members.c.cohort_id == cohort.id)
        .group_by(users.c.status)
    )
    number = {status: count for status, count in connection.execute(states)}
    fresh = freshness.of_cohort(connection, cohort, DEFAULT_STRATEGY)
    return Members(
        ok=number.get("ok", 0),
        private=number.get("private", 0),
        gone=number.get("gone", 0),
        read=fresh.read,
        never_read=fresh.members - fresh.read,
        oldest=fresh.oldest,
        newest=fresh.newest,
    )


def _due(connection: sa.Connection, cohort: Cohort, rules: Rules) -> DueMembers:
    when = delta_crawl.When(rules.wanted.at)
    night = delta_crawl.cohort_night(connection, cohort, when, audit_days=rules.audit_days)
    audits = sum(start.reason is Reason.AUDIT for start in night.starts)
    return DueMembers(len(night.starts) + len(night.full), audits)


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
