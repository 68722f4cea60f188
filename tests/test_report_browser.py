"""The report in a real Chromium: as a reader uses it, by mouse and by keyboard, on a phone, in the dark."""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
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
from letterboxd_scraper.store.schema import cohort_film_stats as stats
from letterboxd_scraper.store.schema import film_genres, film_histograms, film_people, film_rankings, films
from tests.test_report import HOSTILE, shown

pytestmark = pytest.mark.slow

PHONE = {"viewport": {"width": 360, "height": 740}}
PIXEL = bytes.fromhex(
    "47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    try:
        opened = report_size.launched()
        browser = opened.__enter__()
    except InputError as error:
        if os.environ.get("BROWSER_REQUIRED"):
            pytest.fail(f"BROWSER_REQUIRED is set, but: {error}")
        pytest.skip(f"no browser to test with: {error}")
    yield browser
    opened.__exit__(None, None, None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("report")


@pytest.fixture(scope="module")
def engine(folder: Path) -> Iterator[sa.Engine]:
    """A circle of twelve members; the best film has a title that means harm."""
    engine = make_engine(f"sqlite:///{folder}/circle.db")
    migrate.upgrade(engine)
    load(engine, invented(members=12, count=400, each=150))
    with engine.begin() as connection:
        best = sa.select(film_rankings.c.film_id).where(film_rankings.c.rank == 1)
        connection.execute(films.update().where(films.c.id.in_(best)).values(title=HOSTILE[0]))
    yield engine
    engine.dispose()


def made(engine: sa.Engine, folder: Path, **options: Any) -> Path:
    """Write a report to a file."""
    with read_transaction(engine) as connection:
        text = render(connection, cohorts.find(connection, "1"), Options(at=NOW, **options))
    file = folder / f"{len(list(folder.iterdir()))}.html"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def report(engine: sa.Engine, folder: Path) -> Path:
    return made(engine, folder)


@pytest.fixture(scope="module")
def data(report: Path) -> dict[str, Any]:
    return shown(report.read_text(encoding="utf-8"))


@dataclass
class Reader:
    """Opens reports, and notes what must not happen: errors, warnings, requests."""

    browser: Browser
    told: list[str] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)

    def open(self, file: Path, *, pictures: bool = False, **context: Any) -> Page:
        page = self.browser.new_context(**context).new_page()
        page.on("console", lambda message: self.told.append(message.text))
        page.on("pageerror", lambda error: self.told.append(str(error)))
        page.route(re.compile("^(?!file:|data:)"), self._answer)
        page.goto(file.as_uri())
        page.wait_for_selector("#films tbody tr")
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


def titles(page: Page) -> list[str]:
    return page.locator("#films tbody .title .film bdi:first-child").all_inner_texts()


def column(page: Page, place: int) -> list[str]:
    cells = page.locator(f"#films tbody tr:not(.details-row) td:nth-child({place})")
    return [text.split("\n")[0] for text in cells.all_inner_texts()]


def found(page: Page) -> int:
    """Return how many films the table says are chosen."""
    told = page.locator(".dt-info").inner_text()
    return int(re.sub(r".* of ([\d,]+) films?.*", r"\1", told).replace(",", "")) if "of" in told else 0


def test_all_of_it_is_drawn_and_nothing_is_asked_for(
    reader: Reader, report: Path, data: dict[str, Any]
) -> None:
    page = reader.open(report, pictures=True)
    assert column(page, 2)[:3] == ["1", "2", "3"]
    assert found(page) == len(data["films"]["rank"])
    charts = page.locator(".figures .chart")
    assert charts.count() == 5
    for place in range(5):
        canvas = charts.nth(place).locator("canvas")
        expect(canvas).to_be_visible()
        assert (
            canvas.evaluate(
                "it => new Set(it.getContext('2d').getImageData(0, 0, it.width, it.height).data).size"
            )
            > 5
        )
        assert charts.nth(place).get_attribute("aria-label")
    assert titles(page)[0] == HOSTILE[0]
    assert reader.requests == []


def test_a_film_whose_ratings_have_gone_is_in_the_table_but_no_point(
    reader: Reader, engine: sa.Engine, folder: Path
) -> None:
    kept = engine.connect()
    with kept, kept.begin() as change:
        best = sa.select(film_rankings.c.film_id).where(film_rankings.c.rank == 1)
        kept.execute(stats.delete().where(stats.c.film_id.in_(best)))
        text = render(kept, cohorts.find(kept, "1"), Options(at=NOW))
        change.rollback()
    file = folder / "gone.html"
    file.write_text(text, encoding="utf-8")
    page = reader.open(file, pictures=True)
    assert column(page, 7)[0] == "0"
    overview = page.locator("#overview canvas")
    expect(overview).to_be_visible()
    size = overview.bounding_box()
    assert size
    # Where it would stand: at the least number and the least mean.
    overview.hover(position={"x": 50, "y": size["height"] - 39})
    expect(page.locator("#vg-tooltip-element.visible")).to_have_count(0)


def test_columns_sort_by_mouse_and_by_keyboard(reader: Reader, report: Path, data: dict[str, Any]) -> None:
    page = reader.open(report)
    header = page.get_by_role("columnheader", name="Ratings")
    header.click()
    expect(header).to_have_attribute("aria-sort", "descending")  # it sorts a moment later
    counts = [int(text) for text in column(page, 7)]
    assert counts == sorted(data["films"]["watchers"], reverse=True)[:25]
    header = page.get_by_role("columnheader", name="Year")
    header.get_by_role("button").focus()
    page.keyboard.press("Enter")
    expect(header).to_have_attribute("aria-sort", "descending")
    page.keyboard.press("Enter")
    expect(header).to_have_attribute("aria-sort", "ascending")
    assert [int(text) for text in column(page, 4)] == sorted(data["films"]["year"])[:25]


Row = Callable[[dict[str, Any], int], bool]


def seen(data: dict[str, Any], film: int, member: int) -> bool:
    import base64

    return bool(base64.b64decode(data["films"]["seen"][film])[member // 8] & (128 >> member % 8))


def genre(data: dict[str, Any], film: int) -> bool:
    return data["genres"].index("Horror") in data["films"]["genres"][film]


CHOICES: list[tuple[dict[str, str], Row]] = [
    ({"genre": "Horror"}, genre),
    ({"decade": "1990s"}, lambda data, i: 1990 <= data["films"]["year"][i] <= 1999),
    ({"first": "1950", "last": "1960"}, lambda data, i: 1950 <= data["films"]["year"][i] <= 1960),
    ({"least": "5"}, lambda data, i: data["films"]["watchers"][i] >= 5),
    ({"least": "2", "most": "3"}, lambda data, i: 2 <= data["films"]["watchers"][i] <= 3),
    (
        {"director": "number 17"},
        lambda data, i: any("Number 17" in data["directors"][each] for each in data["films"]["directors"][i]),
    ),
    (
        {"search": "number 12"},
        lambda data, i: all(word in text_of(data, i).lower() for word in ("number", "12")),
    ),
    ({"unseen": "member 3"}, lambda data, i: not seen(data, i, data["members"].index("member 3"))),
    (
        {"genre": "Horror", "unseen": "you", "least": "3"},
        lambda data, i: (
            genre(data, i) and not seen(data, i, data["you"]) and data["films"]["watchers"][i] >= 3
        ),
    ),
]


def text_of(data: dict[str, Any], film: int) -> str:
    directors = (data["directors"][each] for each in data["films"]["directors"][film])
    return " ".join([data["films"]["title"][film], *directors])


def test_films_are_chosen(reader: Reader, report: Path, data: dict[str, Any]) -> None:
    page = reader.open(report)
    for choice, holds in CHOICES:
        for name, value in choice.items():
            place = page.locator(f'#filters [name="{name}"]')
            if place.evaluate("it => it.tagName") == "SELECT":
                place.select_option(label=value)
            else:
                place.fill(value)
        expected = [rank for i, rank in enumerate(data["films"]["rank"]) if holds(data, i)]
        assert 0 < len(expected) < len(data["films"]["rank"]), choice
        assert found(page) == len(expected), choice
        assert [int(rank) for rank in column(page, 2)] == expected[:25], choice
        page.get_by_role("button", name="All films").click()
        expect(page.locator(".dt-info")).not_to_contain_text("(of")
        assert found(page) == len(data["films"]["rank"])


def you(data: dict[str, Any]) -> str:
    return str(data["members"][data["you"]])


def test_the_reader_stands_first_among_those_who_have_not_seen_it(reader: Reader, report: Path) -> None:
    page = reader.open(report)
    offered = page.locator('[name="unseen"] option').all_inner_texts()
    assert offered[1] == "you"
    assert not any("(you)" in each for each in offered)
    assert page.locator('[name="unseen"]').input_value() == ""  # nothing is chosen beforehand


def test_no_film_that_fits_is_said(reader: Reader, report: Path) -> None:
    page = reader.open(report)
    page.get_by_label("Search").fill("no such film")
    assert "No film fits these choices." in page.locator("#films tbody").inner_text()


def test_keys_alone_lead_to_a_films_details(reader: Reader, report: Path, data: dict[str, Any]) -> None:
    page = reader.open(report, pictures=True)
    page.keyboard.press("Tab")
    focused = page.locator(":focus")
    assert focused.inner_text() == "To the ranking"
    assert focused.evaluate("it => getComputedStyle(it).outlineStyle") == "solid"
    assert focused.bounding_box()["x"] >= 0  # type: ignore[index]
    page.keyboard.press("Enter")
    for _ in range(40):
        page.keyboard.press("Tab")
        if (focused.get_attribute("aria-label") or "").startswith("Details of"):
            break
    assert focused.get_attribute("aria-expanded") == "false"
    page.keyboard.press("Enter")
    assert focused.get_attribute("aria-expanded") == "true"
    details = page.locator(".details")
    assert data["films"]["why"][0] in details.inner_text()
    chart = details.locator("canvas")
    expect(chart).to_be_visible()
    told = details.locator("[aria-label]").first.get_attribute("aria-label") or ""
    assert re.search(r"in stars: this circle: \d+ × .*; all of Letterboxd: \d+ ×", told)
    page.keyboard.press("Enter")
    assert details.count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_can_be_read_and_follow_the_reader(reader: Reader, report: Path, scheme: Any) -> None:
    page = reader.open(report, color_scheme=scheme)

    def paper() -> str:
        return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))

    assert (brightness(paper()) < 60) == (scheme == "dark")
    for place in ("body", ".lead", "#films .below", "#films .rank", "nav a", "#films a", ".dt-info", "dt"):
        ink = page.locator(place).first.evaluate("it => getComputedStyle(it).color")
        assert contrast(ink, paper()) >= 4.5, place
    page.locator("#theme").click()
    assert (brightness(paper()) < 60) != (scheme == "dark")
    page.reload()  # the choice stays
    assert (brightness(paper()) < 60) != (scheme == "dark")


def channels(colour: str) -> list[float]:
    return [float(number) for number in re.findall(r"[\d.]+", colour)[:3]]


def brightness(colour: str) -> float:
    return sum(channels(colour)) / 3


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours by WCAG 2.2."""

    def luminance(colour: str) -> float:
        parts = (each / 255 for each in channels(colour))
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_charts_follow_the_theme(reader: Reader, report: Path) -> None:
    page = reader.open(report, pictures=True, color_scheme="light")
    page.locator("#films .more").first.click()
    before = page.locator(".levels canvas").screenshot()
    page.evaluate("delete document.documentElement.dataset.drawn")
    page.locator("#theme").click()
    report_size.wait_for_pictures(page)
    assert page.locator(".levels canvas").screenshot() != before


def test_a_phone_never_scrolls_sideways(reader: Reader, report: Path) -> None:
    page = reader.open(report, pictures=True, **PHONE)
    page.locator("#films .more").first.click()
    expect(page.locator(".details canvas")).to_be_visible()
    for summary in page.locator("summary").all():
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    wide = """[...document.querySelectorAll("body *")].filter(it => {
        const box = it.getBoundingClientRect();
        return box.right > 361 && box.width && !it.closest(".scroll, .skip");
    }).map(it => it.outerHTML.slice(0, 80))"""
    assert page.evaluate(wide) == []


def test_taste_is_shown_for_whom_the_reader_chooses(
    reader: Reader, report: Path, data: dict[str, Any]
) -> None:
    page = reader.open(report, pictures=True)
    assert page.locator("#member option:checked").inner_text() == you(data)
    page.locator("#member").select_option(label="member 2")
    member = data["members"].index("member 2")
    theirs = sorted((pair for pair in data["pairs"] if member in pair[:2]), key=lambda pair: -pair[3])
    rows = page.locator("#matches-rows tr")
    expect(rows).to_have_count(len(theirs))
    page.locator("#taste details.as-table summary").click()
    first = rows.first.locator("td, th").all_inner_texts()
    one, other, overlap, agreement, low, high = theirs[0]
    assert first == [
        data["members"][other if one == member else one],
        f"{agreement:.2f}",
        f"{low:.2f} … {high:.2f}",
        str(overlap),
    ]


def test_a_point_tells_its_film_and_leads_to_it(reader: Reader, report: Path) -> None:
    page = reader.open(report, pictures=True)
    canvas = page.locator("#overview canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box
    for step in range(60, int(box["width"]) - 20, 7):
        page.mouse.move(box["x"] + step, box["y"] + box["height"] / 2)
        if page.locator("#vg-tooltip-element.visible").count():
            break
    told = page.locator("#vg-tooltip-element").inner_text()
    title = re.search(r"Film\s+(.+) \(\d{4}\)", told)
    assert title, told
    page.mouse.down()
    page.mouse.up()
    expect(page.locator(".dt-info")).to_contain_text("(of")
    assert titles(page)[0] == title[1]


def test_posters_alone_are_asked_for_and_only_as_they_come_into_sight(
    reader: Reader, engine: sa.Engine, folder: Path
) -> None:
    page = reader.open(
        made(engine, folder, posters=True), pictures=True, viewport={"width": 1000, "height": 400}
    )
    page.wait_for_function("[...document.images].some(it => it.complete && it.naturalWidth)")
    assert {kind for kind, _ in reader.requests} == {"image"}
    assert all(url.startswith("https://a.ltrbxd.com/resized/film-poster/") for _, url in reader.requests)
    assert 0 < len(reader.requests) <= 25


def test_it_prints_without_controls(reader: Reader, report: Path) -> None:
    page = reader.open(report, pictures=True, color_scheme="dark")
    page.emulate_media(media="print")
    assert not page.locator("#filters").is_visible()
    assert not page.locator("#theme").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"


def test_little_is_known_and_the_page_still_works(reader: Reader, folder: Path) -> None:
    engine = make_engine(f"sqlite:///{folder}/bare.db")
    migrate.upgrade(engine)
    load(engine, invented(members=1, count=3, each=2))
    with engine.begin() as connection:
        for table in (film_genres, film_people, film_histograms):
            connection.execute(table.delete())
        connection.execute(films.update().values(letterboxd_weighted_average=None, release_year=None))
    page = reader.open(made(engine, folder), pictures=True)
    page.get_by_label("Search").fill("film")
    page.locator("#films .more").first.click()
    assert "letterboxd refresh stats" in page.locator(".details").inner_text()
    assert page.locator(".figures canvas").count() == 1  # the overview
    engine.dispose()


def test_a_thousand_films_open_and_filter_at_once(browser: Browser, folder: Path) -> None:
    with report_size.circle(invented(members=20, count=1_000, each=200)) as engine:
        built = report_size.build(engine, limit=1_000)
    file = folder / "large.html"
    file.write_text(built.page, encoding="utf-8")
    assert built.megabytes < 3
    page = report_size.open_page(browser, file)
    # Five times what it takes on an idle machine: other tests may run at the same time.
    assert report_size.opening_time(page) < 2_000
    report_size.wait_for_pictures(page)
    assert median(report_size.filter_times(page)) < 100
    page.context.close()
