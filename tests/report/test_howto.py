"""The page for friends in a real Chromium: on a phone, in the dark, on paper."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from letterboxd_scraper.report import howto
from tests.report.test_report_looks import pages_of

HOSTILE = '<svg onload="alert(1)">'


@pytest.fixture
def read(browser: Browser, tmp_path: Path) -> Iterator[Any]:
    """Open the page; nothing is told, and nothing asked for."""
    told: list[str] = []

    def opened(text: str, **context: Any) -> Page:
        file = tmp_path / "howto.html"
        file.write_text(text, encoding="utf-8")
        page = browser.new_context(**context).new_page()
        page.on("console", lambda message: told.append(message.text))
        page.on("request", lambda request: told.append(request.url))
        page.goto(file.as_uri())
        told.remove(file.as_uri())
        return page

    yield opened
    for context in browser.contexts:
        context.close()
    assert [line for line in told if not line.startswith("data:")] == []


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (360, "dark")])
def test_it_is_read_by_everybody(read: Any, width: int, scheme: Any) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
    page = read(
        howto.page("monday", "ida@example.org"), color_scheme=scheme, viewport={"width": width, "height": 800}
    )
    expect(page.get_by_role("heading", level=1)).to_have_text("Your films, for monday")
    drawings = page.get_by_role("img")
    expect(drawings).to_have_count(len(howto.DRAWINGS))
    for drawing in drawings.all():
        assert len(drawing.get_attribute("alt") or "") > 40
        assert drawing.evaluate("it => it.complete && it.naturalWidth") == 320
    assert page.evaluate("document.documentElement.scrollWidth") == width
    violations = axe.Axe().run(page).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in violations] == []


@pytest.mark.slow
def test_it_fits_on_one_sheet(read: Any) -> None:
    page = read(howto.page("a-circle-with-quite-a-long-name-for-sunday", "the-organiser@mail.example.org"))
    assert pages_of(page.pdf(format="A4")) == 1


def test_it_runs_nothing_and_what_is_written_into_it_is_text() -> None:
    text = howto.page(contact=HOSTILE)
    assert "<script" not in text
    assert "<svg" not in text
    assert "&lt;svg onload" in text
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy
    assert "script-src" not in policy[1]
    assert {"default-src &#39;none&#39;", "img-src data:"} <= set(policy[1].split("; "))
    assert not re.search(r"https?://(?!www.w3.org)", text)


@pytest.mark.parametrize("name", howto.DRAWINGS)
def test_drawings_are_pictures_and_nothing_else(name: str) -> None:
    drawing = (Path(howto.__file__).parent / "drawings" / f"{name}.svg").read_text(encoding="utf-8")
    tags = set(re.findall(r"<(\w+)", drawing))
    assert tags <= {"svg", "g", "rect", "circle", "path", "text"}
    assert 'viewBox="0 0 320 200"' in drawing
    assert len(drawing) < 3_000
