"""The report as a page, cached until what it shows changes."""

from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from letterboxd_scraper.config import DEFAULT_STRATEGY
from letterboxd_scraper.report import Options, render
from letterboxd_scraper.server.filters import segment
from letterboxd_scraper.server.kept import Kept
from letterboxd_scraper.server.made_page import MadePage
from letterboxd_scraper.server.paging import linked
from letterboxd_scraper.server.problems import documented
from letterboxd_scraper.server.queries import RankingQuery, Word
from letterboxd_scraper.server.rankings import (
    RankingPage,
    ranking_page,
    refuse_unranked,
    stored_rankings,
)
from letterboxd_scraper.server.served import Served, ServedCohort, all_cohorts, reading_cohort
from letterboxd_scraper.server.state import CohortKey, key_of, state_of
from letterboxd_scraper.store.engine import read_transaction

# The page itself names the scripts that it allows; both policies hold.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_KEPT, _PREPARED = 16, 3


class ReportQuery(BaseModel):
    """What a report shows."""

    model_config = ConfigDict(extra="forbid")

    strategy: Word | None = None


class ReportFilmsQuery(RankingQuery):
    """Which films of a report's ranking to return."""

    strategy: Word | None = Field(
        None, description="The ranking; if left out, the one that the report shows."
    )


class Reports:
    """The reports' pages, made when they are asked for and what they show has changed."""

    def __init__(self, serving: Served) -> None:
        self._serving = serving
        self._pages: Kept[tuple[CohortKey, str], MadePage] = Kept(_KEPT)

    def page(self, connection: sa.Connection, circle: ServedCohort, strategy: str) -> MadePage:
        """Return the page."""
        return self._pages.get(
            (key_of(connection, circle), strategy),
            lambda: state_of(connection, circle),
            lambda: self._make(connection, circle, strategy),
        )

    def prepare(self) -> None:
        """Make the first cohorts' pages before anybody asks for them."""
        with read_transaction(self._serving.engine) as connection:
            circles = all_cohorts(connection, self._serving)
            ranked = [circle for circle in circles if stored_rankings(connection, circle.cohort)]
            for circle in ranked[:_PREPARED]:
                self.page(connection, circle, _usual(connection, circle))

    def _make(self, connection: sa.Connection, circle: ServedCohort, strategy: str) -> MadePage:
        serving = self._serving
        liked = f"/cohorts/{segment(circle.reference)}/recommendations"
        options = Options(
            at=serving.now,
            strategy=strategy,
            names=circle.names,
            base_url=serving.base_url,
            pages=serving.may_read_pages,
            ways=(("/", "All circles"), (liked, "What would I like?")),
        )
        return MadePage.of(render(connection, circle.cohort, options))


def routes(serving: Served, reports: Reports | None = None) -> APIRouter:
    """Return the routes of the pages."""
    router = APIRouter(tags=["pages"])
    reports = reports or Reports(serving)

    @router.get(
        "/cohorts/{cohort}/report",
        response_class=HTMLResponse,
        responses=documented(404),
    )
    def report(
        cohort: Word,
        query: Annotated[ReportQuery, Query()],
        accept_encoding: Annotated[str, Header(include_in_schema=False)] = "",
    ) -> Response:
        """Show what a cohort thinks, as `letterboxd report` writes it; its films are at /api/v1, too."""
        with reading_cohort(serving, cohort) as (connection, circle):
            strategy = query.strategy or _usual(connection, circle)
            refuse_unranked(connection, circle, strategy)
            page = reports.page(connection, circle, strategy)
        return page.answer(accept_encoding, _POLICY)

    @router.get("/api/v1/cohorts/{cohort}/report", responses=documented(404))
    def list_report_films(
        cohort: Word, query: Annotated[ReportFilmsQuery, Query()], request: Request, response: Response
    ) -> RankingPage:
        """List the films of a cohort's report, best first."""
        with reading_cohort(serving, cohort) as (connection, circle):
            strategy = query.strategy or _usual(connection, circle)
            refuse_unranked(connection, circle, strategy)
            page = ranking_page(connection, serving, circle, strategy, query)
        return linked(page, request, response)

    return router


def _usual(connection: sa.Connection, circle: ServedCohort) -> str:
    names = [ranking.strategy for ranking in stored_rankings(connection, circle.cohort)]
    return DEFAULT_STRATEGY if DEFAULT_STRATEGY in names or not names else names[0]
