"""The page for files in a real Chromium without scripts; `test_club_in_browser.py` has it with them."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from letterboxd_scraper.server import running
from tests.imports.test_reading import write
from tests.report.windows import serving, somebody
from tests.server.dropped import FIVE
from tests.server.dropped import Page as Server


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """The address of a server that takes files."""
    app = Server(f"sqlite:///{tmp_path / 'letterboxd.db'}").app
    with running.listen("127.0.0.1", 0) as listening, serving(app, listening):
        yield running.address_of(listening)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with somebody(browser, scripts=False) as page:
        yield page


def test_five_files_become_a_circle(served: str, page: Page, tmp_path: Path) -> None:
    folder = write(tmp_path / "downloads", {**dict(FIVE), "bill.pdf": "%PDF-1.7"})
    page.goto(f"{served}drop")
    chooser = page.get_by_label("Files, several at once")
    chooser.set_input_files(folder / "bill.pdf")
    page.get_by_role("button", name="Look at them").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing of it can be taken in")
    chooser.set_input_files([folder / name for name, _ in FIVE])
    page.get_by_role("button", name="Look at them").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What these files would change")
    page.get_by_label("Whose is it?").fill("ida")
    page.get_by_role("button", name="Show what changes with these names").click()
    expect(page.get_by_role("row", name=re.compile("^ida 1 new rating"))).to_be_visible()
    page.get_by_role("button", name="Take them in").click()
    page.wait_for_url("**/cohorts/friends/report")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.goto(f"{served}drop")
    page.get_by_role("button", name="Take it back, for friends").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Drop files")
    expect(page.get_by_role("button", name="Take it back, for friends")).to_have_count(0)
