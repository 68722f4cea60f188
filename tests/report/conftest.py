"""What tests of reports in Chromium share: a circle, its report, and a reader who notes what goes wrong."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, Route, expect

from benchmarks import report_size
from benchmarks.circles import NOW
from benchmarks.report_circle import invented, load
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.report import Options, render
from letterboxd_scraper.store import migrate
from letterboxd_scraper.store.engine import make_engine, read_transaction
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.schema import film_rankings, films
from tests.report.test_report import HOSTILE, scripts_data

# Titles of the best films: one that means harm, of other writing, of signs, and one that no line holds.
TITLES = [
    HOSTILE[0],
    "سینما پارادیزو",
    "千と千尋の神隠し",
    "👩‍👩‍👧 🎬",
    "Llanfair" + "pwllgwyngyll" * 6 + "o",
]
# In milliseconds: so long a page is waited for, on a machine that does other things as well.
_PATIENCE = 30_000
PIXEL = bytes.fromhex(
    "47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b"
)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    try:
        opened = report_size.launched()
        browser = opened.__enter__()
    except InputError as error:
        if os.environ.get("BROWSER_REQUIRED"):
            pytest.fail(f"BROWSER_REQUIRED is set, but: {error}")
        pytest.skip(f"no browser to test with: {error}")
    expect.set_options(timeout=_PATIENCE)
    yield browser
    opened.__exit__(None, None, None)


@pytest.fixture(scope="package")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("report")


@pytest.fixture(scope="package")
def invented_circle(folder: Path) -> Iterator[sa.Engine]:
    """A circle of twelve members; the best films have TITLES."""
    engine = make_engine(f"sqlite:///{folder}/circle.db")
    migrate.upgrade(engine)
    load(engine, invented(members=12, count=400, rated_by_each=150))
    with engine.begin() as connection:
        for rank, title in enumerate(TITLES, 1):
            film = sa.select(film_rankings.c.film_id).where(film_rankings.c.rank == rank)
            connection.execute(films.update().where(films.c.id.in_(film)).values(title=title))
    yield engine
    engine.dispose()


def made(engine: sa.Engine, folder: Path, **options: Any) -> Path:
    """Write a report to a file."""
    with read_transaction(engine) as connection:
        text = render(connection, cohorts.find(connection, "1"), Options(at=NOW, **options))
    file = folder / f"{len(list(folder.iterdir()))}.html"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture(scope="package")
def report(invented_circle: sa.Engine, folder: Path) -> Path:
    return made(invented_circle, folder)


@pytest.fixture(scope="package")
def data(report: Path) -> dict[str, Any]:
    return scripts_data(report.read_text(encoding="utf-8"))


@dataclass
class Reader:
    """Opens reports, and notes what must not happen: errors, warnings, requests."""

    browser: Browser
    told: list[str] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)

    def open(
        self, file: Path, *, pictures: bool = False, until: str = "#films tbody tr", **context: Any
    ) -> Page:
        """Open a page and wait until it shows what ``until`` selects."""
        page = self.browser.new_context(**context).new_page()
        page.on("console", lambda message: self.told.append(message.text))
        page.on("pageerror", lambda error: self.told.append(str(error)))
        page.route(re.compile("^(?!file:|data:)"), self._answer)
        page.goto(file.as_uri())
        page.wait_for_selector(until)
        if pictures:
            report_size.wait_for_pictures(page)
        return page

    def _answer(self, route: Route) -> None:
        self.requests.append((route.request.resource_type, route.request.url))
        route.fulfill(body=PIXEL, content_type="image/gif")


@pytest.fixture
def reader(browser: Browser) -> Iterator[Reader]:
    reader = Reader(browser)
    yield reader
    for context in browser.contexts:
        context.close()
    assert reader.told == []
