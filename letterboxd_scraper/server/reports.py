"""The report as a page, cached until what it shows changes."""

import gzip
import threading
import time
from dataclasses import dataclass, field
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict

from letterboxd_scraper.config import DEFAULT_STRATEGY
from letterboxd_scraper.report import Options, render
from letterboxd_scraper.server.conditional import tag_of
from letterboxd_scraper.server.problems import documented
from letterboxd_scraper.server.queries import Word
from letterboxd_scraper.server.rankings import refuse_unranked, stored_rankings
from letterboxd_scraper.server.served import Served, ServedCohort, find_cohort
from letterboxd_scraper.server.state import state_of
from letterboxd_scraper.store.engine import read_transaction
from letterboxd_scraper.store.sqlite_file import STAMP, Stamp

# The page itself names the scripts that it allows; both policies hold.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# While a crawl changes the data all the time, at most this share of one processor goes into rendering.
_SHARE = 0.2
_KEPT = 16
_COMPRESSION = 6
# Which file is the database, the cohort's id, the strategy.
_Key = tuple[tuple[int, int] | None, int, str]


class ReportQuery(BaseModel):
    """What a report shows."""

    model_config = ConfigDict(extra="forbid")

    strategy: Word | None = None


@dataclass(frozen=True, slots=True)
class CachedPage:
    """A page as made, of data in this ``state``; times are of the monotonic clock, in seconds."""

    compressed: bytes
    tag: str
    state: str
    made_at: float
    took: float

    @property
    def rests(self) -> bool:
        """Whether it is too early to make it again."""
        return time.monotonic() < self.made_at + self.took / _SHARE


@dataclass
class ReportCache:
    """Pages that were made. One is made at a time; who asks meanwhile gets the old one, if there is one."""

    serving: Served
    _pages: dict[_Key, CachedPage] = field(default_factory=dict)
    _making: threading.Lock = field(default_factory=threading.Lock)

    def page(self, connection: sa.Connection, circle: ServedCohort, strategy: str) -> CachedPage:
        """Return the page; it is made only if what it shows has changed, and not all the time."""
        file: Stamp | None = connection.info.get(STAMP)
        key = (file and file.identity, circle.cohort.id, strategy)
        cached = self._pages.get(key)
        if cached and (cached.rests or self._making.locked() or cached.state == _state(connection, circle)):
            return cached
        with self._making:
            latest = self._pages.get(key)
            if latest is not None and latest is not cached:  # made by another thread while this one waited
                return latest
            return self._keep(key, self._make(connection, circle, strategy))

    def _make(self, connection: sa.Connection, circle: ServedCohort, strategy: str) -> CachedPage:
        serving, begun = self.serving, time.monotonic()
        options = Options(
            at=serving.now,
            strategy=strategy,
            names=serving.names,
            base_url=serving.base_url,
            pages=serving.may_read_pages,
            ways=(("/", "All circles"),),
        )
        state = _state(connection, circle)
        html = render(connection, circle.cohort, options)
        page = html.encode()
        now = time.monotonic()
        return CachedPage(gzip.compress(page, _COMPRESSION), tag_of(page), state, now, now - begun)

    def _keep(self, key: _Key, page: CachedPage) -> CachedPage:
        self._pages.pop(key, None)
        self._pages[key] = page
        while len(self._pages) > _KEPT:
            del self._pages[next(iter(self._pages))]
        return page


def _state(connection: sa.Connection, circle: ServedCohort) -> str:
    """Return what changes whenever the report may: a restored file may hold all the moments of before."""
    return f"{connection.info.get(STAMP)} {state_of(connection, circle)}"


def routes(serving: Served) -> APIRouter:
    """Return the routes of the pages."""
    router = APIRouter(tags=["pages"])
    reports = ReportCache(serving)

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
        """Show what a cohort thinks, as `letterboxd report` writes it."""
        with read_transaction(serving.engine) as connection:
            circle = find_cohort(connection, serving, cohort)
            strategy = query.strategy or _usual(connection, circle)
            refuse_unranked(connection, circle, strategy)
            page = reports.page(connection, circle, strategy)
        headers = {"ETag": page.tag, "Content-Security-Policy": _POLICY, "Vary": "Accept-Encoding"}
        if "gzip" in accept_encoding:
            return HTMLResponse(page.compressed, headers=headers | {"Content-Encoding": "gzip"})
        return HTMLResponse(gzip.decompress(page.compressed), headers=headers)

    return router


def _usual(connection: sa.Connection, circle: ServedCohort) -> str:
    names = [ranking.strategy for ranking in stored_rankings(connection, circle.cohort)]
    return DEFAULT_STRATEGY if DEFAULT_STRATEGY in names or not names else names[0]
