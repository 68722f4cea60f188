"""`letterboxd plan`: what the next refresh of a cohort takes, before anything is sent."""

import math
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
import typer

from letterboxd_scraper.cli import estimate
from letterboxd_scraper.cli.rank_options import CohortOption
from letterboxd_scraper.items.tasks import Reason
from letterboxd_scraper.store.crawl_state import robots
from letterboxd_scraper.store.due.delta_crawl import MembersDue, of_cohort
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.terminal.chosen import cohort_in
from letterboxd_scraper.terminal.columns import count, prose
from letterboxd_scraper.terminal.session import Session
from letterboxd_scraper.words import counted

PEOPLE_PER_PAGE = 25


class Cost(NamedTuple):
    """A part of the next refresh: how many members it concerns, and its requests."""

    what: str
    members: int
    least: int
    most: int
    why: str


def plan(context: typer.Context, cohort: CohortOption = None) -> None:
    """Say what the next refresh takes, and why. Nothing is sent.

    \b
    Examples:
      letterboxd plan --cohort friends
      letterboxd plan --cohort friends --json
    """
    session: Session = context.obj
    at = session.config.now()
    with session.reading() as connection:
        circle = cohort_in(connection, session, cohort)
        due = of_cohort(connection, circle, at, audit_days=session.config.DELTA_AUDIT_DAYS)
        members = {row.member: row for row in cohorts.members(connection, circle)}
    first = _robots(session.read_only, session.config.LETTERBOXD_BASE_URL, at)
    costs = [first, _circle(circle), *_members(due, members)]
    columns = ("what", count("members"), count("least"), count("most"), prose("why"))
    session.show(columns, [cost for cost in costs if cost.members or cost.most])
    least, most = sum(cost.least for cost in costs), sum(cost.most for cost in costs)
    delay = session.config.DOWNLOAD_DELAY
    session.say(
        f"{circle.label}: at least {counted(least, 'request')}, {estimate.minutes(least, delay)}; "
        f"at most {most:,}, {estimate.minutes(most, delay)}, at one each {delay:g} s. "
        f"Now: letterboxd scrape --cohort {circle.label}"
    )


def _robots(engine: sa.Engine, base_url: str, at: datetime) -> Cost:
    request = int(robots.recall(engine, f"{base_url}/robots.txt", at - robots.READ_EVERY) is None)
    return Cost("robots.txt", 0, request, request, "it is read once a day")


def _circle(cohort: Cohort) -> Cost:
    if cohort.seed is None:
        return Cost("who belongs to it", 0, 0, 0, "a list of names")
    pages = max(1, math.ceil((cohort.size - 1) / PEOPLE_PER_PAGE))
    why = "with everybody's counts of films and likes"
    if cohort.definition.get("depth", 1) > 1:
        return Cost("who belongs to it", cohort.size, 1, pages + cohort.size, f"{why}; the far ones weekly")
    return Cost("who belongs to it", cohort.size, pages, pages, why)


def _members(due: MembersDue, members: dict[str, Any]) -> list[Cost]:
    costs: list[Cost] = []
    for reason, what, least in (
        (Reason.UNCOUNTED, "on no listing", 2),
        (Reason.MOVED, "changed", 1),
        (Reason.FAILED, "to be read again", 1),
        (Reason.AUDIT, "audits", 1),
    ):
        names = [start.name for start in due.delta if start.reason is reason]
        most = sum(estimate.most_of_delta(members[name]) for name in names)
        costs.append(Cost(what, len(names), least * len(names), most, reason.value))
    new = [members[start.name] for start in due.full]
    costs.append(Cost("new", len(new), 2 * len(new), estimate.most_requests(new), "never read before"))
    named = {start.name for start in due.delta} | {start.name for start in due.full}
    rest = [row for name, row in members.items() if name not in named and row.status == "ok"]
    most = sum(estimate.most_of_delta(row) for row in rest)
    costs.append(Cost("the others", len(rest), 0, most, "read if a count has moved by then"))
    return costs
