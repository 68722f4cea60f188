"""How old what a report shows is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from letterboxd_scraper.report.films import Films
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.status.freshness import of_members

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Age:
    """When something was found out, from first to last, None if never; ``remark`` says how much."""

    what: str
    span: Span | None
    remark: str = ""


def of_report(connection: sa.Connection, cohort: Cohort, found: Films) -> list[Age]:
    """Return the ages of the members' ratings, the ranking and what is known of the films."""
    members = of_members(connection, cohort)
    full = [age.full for age in members if age.full]
    latest = max((age.delta for age in members if age.delta), default=None)
    return [
        Age("Members read in full", _span(full), _read(len(full), [age.status for age in members])),
        Age("Changes last read", (latest, latest) if latest else None),
        Age("Ranking computed", (found.computed_at, found.computed_at)),
        Age("TMDB asked about films", found.tmdb),
        Age("Letterboxd's histograms read", found.histograms),
    ]


def _read(done: int, statuses: Sequence[str]) -> str:
    parts = [f"{done} of {len(statuses)}"]
    parts += [f"{statuses.count(kind)} {kind}" for kind in ("private", "gone") if kind in statuses]
    return ", ".join(parts)


def _span(moments: Sequence[datetime]) -> Span | None:
    return (min(moments), max(moments)) if moments else None
