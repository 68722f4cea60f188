"""A circle's year: as a page, and as every figure of it for programs; made when what it tells has changed."""

from dataclasses import dataclass, fields, replace
from typing import Annotated
from urllib.parse import quote

import sqlalchemy as sa
from fastapi import APIRouter, Header, Path, Query, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from letterboxd_scraper.report.year import YearOptions, page, read
from letterboxd_scraper.server.kept import Kept
from letterboxd_scraper.server.made_page import MadePage
from letterboxd_scraper.server.problems import documented
from letterboxd_scraper.server.queries import Word
from letterboxd_scraper.server.served import ATTRIBUTION, Served, ServedCohort, reading_cohort, user_names
from letterboxd_scraper.server.state import CohortKey, key_of, state_of
from letterboxd_scraper.templating import ONE_FILE
from ranking.year.period import FIRST_YEAR, LAST_YEAR, YearOfRatings, read_years
from ranking.year.told import ToldYear

# The page itself names the one style that it allows; both policies hold.
_POLICY = f"{ONE_FILE}; frame-ancestors 'none'"
_KEPT = 16

YearNumber = Annotated[int, Path(ge=FIRST_YEAR, le=LAST_YEAR)]


class YearQuery(BaseModel):
    """What is told of a year."""

    model_config = ConfigDict(extra="forbid")

    member: Word | None = Field(None, description="Whose own year is told, too.")


@dataclass(frozen=True, slots=True)
class CohortYear(ToldYear):
    """Every figure of a year."""

    attribution: str = ATTRIBUTION


@dataclass(frozen=True, slots=True)
class YearsOfCohort:
    """The years of which a cohort has ratings with a date, the latest first."""

    cohort: str
    years: list[YearOfRatings]


@dataclass(frozen=True, slots=True)
class _MadeYear:
    figures: CohortYear
    page: MadePage


class _Years:
    """The years that were asked for."""

    def __init__(self, serving: Served) -> None:
        self._serving = serving
        self._made: Kept[tuple[CohortKey, int, str | None, int], _MadeYear] = Kept(_KEPT)

    def year(
        self, connection: sa.Connection, circle: ServedCohort, year: int, member: str | None
    ) -> _MadeYear:
        """Return a year; ``member`` is how the one is asked for whose own year is part of it."""
        # A year that ends while nothing is written is no longer one so far.
        return self._made.get(
            (key_of(connection, circle), year, member, self._serving.now.year),
            lambda: state_of(connection, circle),
            lambda: self._make(connection, circle, year, member),
        )

    def _make(
        self, connection: sa.Connection, circle: ServedCohort, year: int, member: str | None
    ) -> _MadeYear:
        serving = self._serving
        own = user_names(connection, circle, [member]) if member else ()
        options = YearOptions(
            year=year,
            at=serving.now,
            member=next(iter(own), None),
            names=circle.names,
            base_url=serving.base_url,
            pages=serving.may_read_pages,
            ways=(("/", "All circles"), (f"/cohorts/{quote(circle.reference, safe='')}", circle.label)),
        )
        of_circle = read(connection, circle.cohort, options)
        asked_by = {user: reference for reference, user in circle.members.items()}
        told = replace(of_circle, named=replace(of_circle.named, members=asked_by)).told()
        values = {field.name: getattr(told, field.name) for field in fields(told)}
        figures = CohortYear(**values | {"cohort": circle.reference})
        return _MadeYear(figures, MadePage.of(page(of_circle)))


def routes(serving: Served) -> APIRouter:
    """Return the routes of years."""
    router = APIRouter(tags=["years"])
    years = _Years(serving)

    @router.get("/cohorts/{cohort}/year/{year}", response_class=HTMLResponse, responses=documented(404))
    def year_page(
        cohort: Word,
        year: YearNumber,
        query: Annotated[YearQuery, Query()],
        accept_encoding: Annotated[str, Header(include_in_schema=False)] = "",
    ) -> Response:
        """Show what a cohort rated in a year, as `letterboxd year` writes it."""
        with reading_cohort(serving, cohort) as (connection, circle):
            made = years.year(connection, circle, year, query.member)
        return made.page.answer(accept_encoding, _POLICY)

    @router.get("/api/v1/cohorts/{cohort}/year/{year}", responses=documented(404))
    def show_year(cohort: Word, year: YearNumber, query: Annotated[YearQuery, Query()]) -> CohortYear:
        """Tell what a cohort rated in a year, and on how many dated ratings that rests."""
        with reading_cohort(serving, cohort) as (connection, circle):
            return years.year(connection, circle, year, query.member).figures

    @router.get("/api/v1/cohorts/{cohort}/years", responses=documented(404))
    def list_years(cohort: Word) -> YearsOfCohort:
        """List the years of which a cohort has ratings with a date."""
        with reading_cohort(serving, cohort) as (connection, circle):
            return YearsOfCohort(circle.reference, read_years(connection, circle.cohort))

    return router
