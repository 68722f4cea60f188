"""What the report looks like in a real Chromium: on a phone, in the dark, on paper; a large one is fast."""

import re
from pathlib import Path
from statistics import median
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, expect

from benchmarks import report_size
from benchmarks.report_circle import invented, load
from letterboxd_scraper.report.assets import styles
from letterboxd_scraper.report.html import environment
from letterboxd_scraper.store import migrate
from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.schema import film_genres, film_histograms, film_people, films
from tests.report.conftest import TITLES, Reader, made
from tests.report.films import film

pytestmark = pytest.mark.slow

PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_light_or_dark_as_the_reader_wants(reader: Reader, report: Path, scheme: Any) -> None:
    page = reader.open(report, color_scheme=scheme)

    def is_dark() -> bool:
        paper = str(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        return sum(map(int, re.findall(r"\d+", paper)[:3])) < 180

    assert is_dark() == (scheme == "dark")
    page.locator("#theme").click()
    assert is_dark() != (scheme == "dark")
    page.reload()  # the choice stays
    assert is_dark() != (scheme == "dark")


def test_charts_follow_the_theme(reader: Reader, report: Path) -> None:
    page = reader.open(report, pictures=True, color_scheme="light")
    page.locator("#films .name").first.click()
    for picture in (page.locator("svg.levels"), page.locator("#overview")):
        before = picture.screenshot()
        page.locator("#theme").click()
        assert picture.screenshot() != before


@pytest.mark.parametrize("width", [320, 640])
def test_a_narrow_screen_never_scrolls_sideways(reader: Reader, report: Path, width: int) -> None:
    """640 pixels are a screen of 1280 at twice its size."""
    page = reader.open(report, pictures=True, viewport={"width": width, "height": 740})
    expect(page.locator("#films .name").nth(4)).to_have_text(TITLES[4])
    page.locator("#me").select_option(label="member 3")
    expect(page.locator("#mine")).to_be_visible()
    page.locator("#films .name").nth(4).click()
    expect(page.locator(".details svg.levels")).to_be_visible()
    for summary in page.locator("summary").all():
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    wide = """width => [...document.querySelectorAll("body *")].filter(it => {
        const box = it.getBoundingClientRect();
        return box.right > width + 1 && box.width && !it.closest(".scroll, .skip, .shelf, .bar nav");
    }).map(it => it.outerHTML.slice(0, 80))"""
    assert page.evaluate(wide, width) == []


@pytest.mark.parametrize("width", [320, 390, 1200])
def test_no_word_of_a_usual_length_is_parted_on_a_poster_or_a_card(browser: Browser, width: int) -> None:
    titles = ["Koyaanisqatsi", "Extraordinary Stories", "Synecdoche, New York", "Aguirre", "Counterfeit"] * 2
    parts = environment().get_template("first.html").module
    films = [film(title, {0: 4.0, 1: 4.5}) for title in titles]
    card = {"heading": "You all love it", "why": ""}
    chosen = {kind: card | {"film": n} for n, kind in enumerate(("love", "fight", "unknown", "tonight"))}
    content = parts.shelf(films) + parts.cards(chosen, films)  # type: ignore[attr-defined]
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.set_content(f"<style>{styles()}</style><body>{content}")
    parted = """() => [...document.querySelectorAll(".name")].flatMap(name => {
        const range = document.createRange(), text = name.firstChild;
        return [...text.data.matchAll(/\\S+/g)].filter(word => {
            range.setStart(text, word.index), range.setEnd(text, word.index + word[0].length);
            return range.getClientRects().length > 1;
        }).map(word => word[0]);
    })"""
    assert page.evaluate(parted) == []
    page.close()


def test_a_phone_is_used_by_thumb(reader: Reader, report: Path) -> None:
    page = reader.open(report, **PHONE)
    expect(page.locator("#films thead")).to_be_hidden()
    expect(page.locator('#filters [name="genre"]')).to_be_hidden()
    page.get_by_text("Filters", exact=True).click()
    expect(page.locator('#filters [name="genre"]')).to_be_visible()
    page.get_by_role("button", name="Next").click()
    expect(page.locator("#page")).to_contain_text("Page 2")
    for button in page.locator("#pager button, #pager select").all():
        box = button.bounding_box()
        assert box
        assert min(box["height"], box["width"]) >= 44


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_nothing_shuts_anybody_out(reader: Reader, report: Path, width: int, scheme: Any) -> None:
    """Contrast, names, roles and order are as WCAG wants them, as far as axe can tell."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
    page = reader.open(report, pictures=True, color_scheme=scheme, viewport={"width": width, "height": 900})
    page.locator("#me").select_option(label="member 3")
    page.locator("#films .name").first.click()
    expect(page.locator(".details svg.levels")).to_be_visible()
    page.locator(".details summary").click()
    violations = axe.Axe().run(page).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in violations] == []


def test_posters_alone_are_asked_for_and_only_as_they_come_into_sight(
    reader: Reader, invented_circle: sa.Engine, folder: Path
) -> None:
    page = reader.open(
        made(invented_circle, folder, posters=True), pictures=True, viewport={"width": 1000, "height": 400}
    )
    page.wait_for_function("[...document.images].some(it => it.complete && it.naturalWidth)")
    assert {kind for kind, _ in reader.requests} == {"image"}
    assert all(url.startswith("https://a.ltrbxd.com/resized/film-poster/") for _, url in reader.requests)
    assert 0 < len(reader.requests) <= 40


def test_it_prints_the_best_fifty_on_three_pages_without_controls(reader: Reader, report: Path) -> None:
    page = reader.open(report, pictures=True, color_scheme="dark")
    whole = page.pdf(format="A4")
    page.emulate_media(media="print")
    for place in ("#filters", "#theme", "#pager", "#me", "#mine"):
        expect(page.locator(place)).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    page.evaluate("document.querySelector('.figures').remove(), document.querySelector('#about').remove()")
    page.evaluate("addEventListener('beforeprint', () => { window.rows = films.tBodies[0].rows.length })")
    films = page.pdf(format="A4")
    assert page.evaluate("window.rows") == 50
    assert pages_of(films) <= 3
    assert pages_of(films) < pages_of(whole) <= 9
    expect(page.locator("#films tbody tr")).to_have_count(25)  # as before


TWO_MEMBERS = "It takes two members: this circle has 1."


def pages_of(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def test_little_is_known_and_the_page_still_works(reader: Reader, folder: Path) -> None:
    engine = make_engine(f"sqlite:///{folder}/bare.db")
    migrate.upgrade(engine)
    load(engine, invented(members=1, count=3, rated_by_each=2))
    with engine.begin() as connection:
        for table in (film_genres, film_people, film_histograms):
            connection.execute(table.delete())
        connection.execute(films.update().values(letterboxd_weighted_average=None, release_year=None))
    page = reader.open(made(engine, folder), pictures=True)
    expect(page.locator("#filters")).to_be_hidden()  # there is nothing to choose
    page.locator("#films .name").first.click()
    expect(page.locator(".details svg.levels")).to_be_visible()
    # Of a circle of one nothing is advised that it cannot do.
    expect(page.locator(".figures .missing")).to_have_text(
        [TWO_MEMBERS, "It takes three ratings of a film: this circle has 1 member.", TWO_MEMBERS, TWO_MEMBERS]
    )
    expect(page.locator(".details .sentence")).to_have_text(re.compile("^You gave it"))
    engine.dispose()


def test_a_thousand_films_open_and_filter_at_once(browser: Browser, folder: Path) -> None:
    with report_size.circle(invented(members=20, count=1_000, rated_by_each=200)) as engine:
        built = report_size.build(engine, limit=1_000)
    file = folder / "large.html"
    file.write_text(built.page, encoding="utf-8")
    assert built.megabytes < 0.3
    page = report_size.open_page(browser, file)
    # Five times what it takes on an idle machine: other tests may run at the same time.
    assert report_size.opening_time(page) < 2_000
    report_size.wait_for_pictures(page)
    assert median(report_size.input_times(page)) < 100
    page.context.close()
