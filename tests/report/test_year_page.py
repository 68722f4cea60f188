"""The page of a year: what it tells and fetches, and how it looks in a real Chromium."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from benchmarks.circles import LABEL, NOW
from benchmarks.dated_circle import YEAR, give_days
from benchmarks.report_circle import invented, load
from benchmarks.report_size import circle
from letterboxd_scraper.report.year import YearOptions, page, read
from letterboxd_scraper.store import migrate
from letterboxd_scraper.store.engine import make_engine, read_transaction
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.schema import films, ratings
from tests.report.conftest import TITLES, Reader
from tests.report.test_report_looks import pages_of

_NAMES = re.compile(r"member_\d{4}")


@pytest.fixture(scope="module")
def dated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Engine]:
    """A circle of twelve members, most of whose ratings have a day; the films they rated most have TITLES."""
    engine = make_engine(f"sqlite:///{tmp_path_factory.mktemp('year')}/circle.db")
    migrate.upgrade(engine)
    load(engine, invented(members=12, count=200, rated_by_each=80))
    give_days(engine)
    with engine.begin() as connection:
        most = sa.select(ratings.c.film_id).group_by(ratings.c.film_id).order_by(sa.func.count().desc())
        for title, film in zip(TITLES * 12, connection.scalars(most.limit(60)).all(), strict=True):
            connection.execute(films.update().where(films.c.id == film).values(title=title))
    yield engine
    engine.dispose()


def made(engine: sa.Engine, thumbnails: dict[str, str] | None = None, **options: Any) -> str:
    with read_transaction(engine) as connection:
        year = read(connection, cohorts.find(connection, LABEL), YearOptions(year=YEAR, at=NOW, **options))
    return page(year, thumbnails)


def opened(reader: Reader, text: str, folder: Path, **context: Any) -> Any:
    file = folder / "year.html"
    file.write_text(text, encoding="utf-8")
    return reader.open(file, until="#about", **context)


def test_nobody_is_named_and_nothing_is_fetched_unless_that_is_asked_for(dated: sa.Engine) -> None:
    text = made(dated, member="member_0003")
    assert not _NAMES.search(text)
    assert "<script" not in text
    assert re.search(r"<h2 id=\"own-title\">The year of <bdi>member \d+</bdi>", text)
    assert not re.search(r"<img|https://a\.ltrbxd", text)
    assert "img-src data:; base-uri" in text
    assert "What <bdi>12 people</bdi> rated in" in text

    named = made(dated, names=True, posters=True)
    assert _NAMES.search(named)
    assert "What <bdi>member_0001 and 11 friends</bdi> rated in" in named
    assert named.count("<img") == 10
    assert "img-src data: https://a.ltrbxd.com; base-uri" in named


def test_small_posters_are_part_of_the_page(dated: sa.Engine) -> None:
    with read_transaction(dated) as connection:
        year = read(connection, cohorts.find(connection, LABEL), YearOptions(year=YEAR, at=NOW))
    first, *others = year.posters()
    assert first
    assert len(others) == 9
    text = page(year, {first: "data:image/webp;base64,AAAA"})
    assert re.findall(r'<img src="([^"]*)"', text) == ["data:image/webp;base64,AAAA"]
    assert "img-src data:; base-uri" in text


def test_a_large_circle_makes_a_small_page() -> None:
    with circle(invented(members=30, count=1_500, rated_by_each=200)) as engine:
        give_days(engine)
        text = made(engine)
    assert len(text.encode()) < 100_000  # it has so many of each kind, whatever the circle's size


@pytest.mark.slow
@pytest.mark.parametrize(
    ("width", "scheme"), [(1280, "light"), (1280, "dark"), (320, "light"), (320, "dark")]
)
def test_nothing_shuts_anybody_out(
    reader: Reader, dated: sa.Engine, tmp_path: Path, width: int, scheme: Any
) -> None:
    """Contrast, names, roles and order are as WCAG wants them, as far as axe can tell."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
    text = made(dated, member="member_0003")
    screen = opened(reader, text, tmp_path, color_scheme=scheme, viewport={"width": width, "height": 900})
    for summary in screen.locator("summary").all():
        summary.click()
    violations = axe.Axe().run(screen).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in violations] == []
    assert screen.evaluate("document.documentElement.scrollWidth") == width
    assert reader.requests == []


@pytest.mark.slow
def test_it_prints_on_few_pages_in_light_colours(reader: Reader, dated: sa.Engine, tmp_path: Path) -> None:
    screen = opened(reader, made(dated, member="member_0003"), tmp_path, color_scheme="dark")
    assert pages_of(screen.pdf(format="A4")) <= 4
    screen.emulate_media(media="print")
    assert screen.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.0, 0.1])
def test_few_dates_make_a_short_page_that_says_so(reader: Reader, tmp_path: Path, share: float) -> None:
    with circle(invented(members=3, count=20, rated_by_each=8)) as engine:
        give_days(engine, share)
        text = made(engine)
    screen = opened(reader, text, tmp_path, viewport={"width": 320, "height": 740})
    first = screen.locator("header .missing").first
    expect(first).to_have_text(
        re.compile("^Only 1 rating of" if share else f"^No rating of {YEAR} has a date")
    )
    expect(screen.locator(".months rect")).to_have_count(1 if share else 0)
    assert screen.evaluate("document.documentElement.scrollWidth") == 320
