"""How old what a report shows is."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from letterboxd_scraper.report.films import FilmTable, Span, span
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.status import freshness


@dataclass(frozen=True, slots=True)
class Age:
    """When something was found out, from first to last, None if never; ``remark`` says how much."""

    what: str
    span: Span | None
    remark: str = ""


def of_report(connection: sa.Connection, cohort: Cohort, films: FilmTable) -> list[Age]:
    """Return the ages of the members' ratings, the ranking and what is known of the films."""
    members = freshness.of_members(connection, cohort)
    full = [member.full for member in members if member.full]
    latest = max((member.delta for member in members if member.delta), default=None)
    statuses = [member.status for member in members]
    read = [
        Age("Members read in full", span(full), _read(len(full), statuses)),
        Age("Changes last read", (latest, latest) if latest else None),
    ]
    of_site = [Age("Letterboxd's histograms read", films.histograms)]
    if not full and latest is None:
        told = [member.as_of for member in members if member.as_of]
        read, of_site = [Age("Members' own files made", span(told), _read(len(told), statuses))], []
    return [
        *read,
        Age("Ranking computed", (films.computed_at, films.computed_at)),
        Age("TMDB asked about films", films.tmdb),
        *of_site,
    ]


def _read(done: int, statuses: Sequence[str]) -> str:
    parts = [f"{done} of {len(statuses)}"]
    parts += [f"{statuses.count(status)} {status}" for status in ("private", "gone") if status in statuses]
    return ", ".join(parts)
