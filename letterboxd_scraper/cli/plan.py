"""`letterboxd plan`: what the next refresh of a cohort takes, before anything is sent."""

import math
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.session import Session

if TYPE_CHECKING:
    from datetime import datetime

    import sqlalchemy as sa

    from letterboxd_scraper.store.due.delta_crawl import MembersDue
    from letterboxd_scraper.store.members.cohorts import Cohort

PEOPLE_PER_PAGE = 25


class Part(NamedTuple):
    """A part of the next refresh: how many members it concerns, and its requests."""

    what: str
    members: int
    least: int
    most: int
    why: str


def plan(
    context: typer.Context,
    cohort: Annotated[str, options.cohort()],
) -> None:
    """Say what the next refresh takes, and why. Nothing is sent.

    \b
    Examples:
      letterboxd plan --cohort friends
      letterboxd plan --cohort friends --json
    """
    from letterboxd_scraper.cli import estimate
    from letterboxd_scraper.store.due.delta_crawl import of_cohort
    from letterboxd_scraper.store.engine import read_transaction
    from letterboxd_scraper.store.members import cohorts

    session: Session = context.obj
    at = session.config.now()
    engine = session.store()
    with read_transaction(engine) as connection:
        found = cohorts.find(connection, cohort)
        due = of_cohort(connection, found, at, audit_days=session.config.DELTA_AUDIT_DAYS)
        members = {row.member: row for row in cohorts.members(connection, found)}
    first = _robots(engine, session.config.LETTERBOXD_BASE_URL, at)
    parts = [first, _circle(found), *_members(due, members)]
    session.show(Part._fields, [part for part in parts if part.members or part.most])
    least, most = sum(part.least for part in parts), sum(part.most for part in parts)
    delay = session.config.DOWNLOAD_DELAY
    session.say(
        f"{found.label}: at least {least} requests, {estimate.minutes(least, delay)}; at most {most}, "
        f"{estimate.minutes(most, delay)}, at one each {delay:g} s. "
        f"Now: letterboxd scrape --cohort {found.label}"
    )


def _robots(engine: "sa.Engine", base_url: str, at: "datetime") -> Part:
    from letterboxd_scraper.store.crawl_state import robots

    known = robots.recall(engine, f"{base_url}/robots.txt", at - robots.READ_EVERY) is not None
    return Part("robots.txt", 0, int(not known), int(not known), "it is read once a day")


def _circle(cohort: "Cohort") -> Part:
    if cohort.seed is None:
        return Part("who belongs to it", 0, 0, 0, "a list of names")
    pages = max(1, math.ceil((cohort.size - 1) / PEOPLE_PER_PAGE))
    why = "with everybody's counts of films and likes"
    if cohort.definition.get("depth", 1) > 1:
        return Part("who belongs to it", cohort.size, 1, pages + cohort.size, f"{why}; the far ones weekly")
    return Part("who belongs to it", cohort.size, pages, pages, why)


def _members(due: "MembersDue", members: dict[str, Any]) -> list[Part]:
    from letterboxd_scraper.cli import estimate
    from letterboxd_scraper.items.tasks import Reason

    parts: list[Part] = []
    for reason, what, least in (
        (Reason.UNCOUNTED, "on no listing", 2),
        (Reason.MOVED, "changed", 1),
        (Reason.FAILED, "to be read again", 1),
        (Reason.AUDIT, "audits", 1),
    ):
        names = [start.name for start in due.delta if start.reason is reason]
        most = sum(estimate.most_of_delta(members[name]) for name in names)
        parts.append(Part(what, len(names), least * len(names), most, reason.value))
    new = [members[start.name] for start in due.full]
    parts.append(Part("new", len(new), 2 * len(new), estimate.most_requests(new), "never read before"))
    here = {start.name for start in due.delta} | {start.name for start in due.full}
    rest = [row for name, row in members.items() if name not in here and row.status == "ok"]
    most = sum(estimate.most_of_delta(row) for row in rest)
    parts.append(Part("the others", len(rest), 0, most, "read if a count has moved by then"))
    return parts
