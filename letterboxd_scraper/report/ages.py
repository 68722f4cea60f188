"""How old what a report shows is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from letterboxd_scraper.report.films import Films
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.schema import cohort_members, users

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Age:
    """When something was found out, from first to last, None if never; ``remark`` says how much."""

    what: str
    span: Span | None
    remark: str = ""


def of_report(connection: sa.Connection, cohort: Cohort, found: Films) -> list[Age]:
    """Return the ages of the members' ratings, the ranking and what is known of the films."""
    u = users.c
    query = (
        sa.select(u.last_full_scrape_at, u.last_incremental_scrape_at, u.status)
        .join(cohort_members, cohort_members.c.user_id == u.id)
        .where(cohort_members.c.cohort_id == cohort.id)
    )
    rows = connection.execute(query).all()
    full = [row[0] for row in rows if row[0]]
    latest = max((row[1] for row in rows if row[1]), default=None)
    return [
        Age("Members read in full", _span(full), _read(len(full), [row[2] for row in rows])),
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
