"""The report in a real Chromium: as a reader uses it, by mouse and by keyboard."""

import re
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from benchmarks.circles import NOW
from letterboxd_scraper.report import Options, forecasts, render
from letterboxd_scraper.report.columns import numbers
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.schema import cohort_film_stats as stats
from letterboxd_scraper.store.schema import film_rankings
from tests.report.conftest import TITLES, Reader, made
from tests.report.test_report import HOSTILE, pairs_of

pytestmark = pytest.mark.slow


def titles(page: Page) -> list[str]:
    return page.locator("#films tbody .name").all_inner_texts()


def column(page: Page, name: str) -> list[str]:
    cells = page.locator(f"#films tbody [data-film] > .{name}")
    return [text.split("\n")[0].removeprefix("★ ") for text in cells.all_inner_texts()]


def expect_chosen(page: Page, count: int, of: int) -> None:
    """Wait until the list says that so many films are chosen, of so many."""
    films = f"{count} film{'' if count == 1 else 's'}"
    told = f"{films} ({of} films in all)" if count < of else films
    expect(page.locator("#status")).to_have_text(re.compile(rf"(^|of ){re.escape(told)}$"))


def test_all_of_it_is_drawn_and_nothing_is_asked_for(
    reader: Reader, report: Path, data: dict[str, Any]
) -> None:
    page = reader.open(report, pictures=True)
    assert column(page, "rank")[:3] == ["1", "2", "3"]
    expect_chosen(page, len(data["films"]["rank"]), len(data["films"]["rank"]))
    charts = page.locator(".figures .chart")
    assert charts.count() == 5
    for place in range(5):
        marks = charts.nth(place).locator("circle, rect")
        expect(marks.first).to_be_visible()
        assert marks.count() > 3
        assert charts.nth(place).get_attribute("aria-label")
    assert titles(page)[0] == HOSTILE[0]
    assert reader.requests == []


def test_a_film_whose_ratings_have_gone_is_in_the_table_but_no_point(
    reader: Reader, invented_circle: sa.Engine, folder: Path
) -> None:
    kept = invented_circle.connect()
    with kept, kept.begin() as change:
        best = sa.select(film_rankings.c.film_id).where(film_rankings.c.rank == 1)
        kept.execute(stats.delete().where(stats.c.film_id.in_(best)))
        text = render(kept, cohorts.find(kept, "1"), Options(at=NOW))
        change.rollback()
    file = folder / "gone.html"
    file.write_text(text, encoding="utf-8")
    page = reader.open(file, pictures=True)
    page.locator("#all").click()
    expect(page.locator("#films tbody [data-film] > .watchers").first).to_have_text(re.compile("^0"))
    expect(page.locator("#overview circle").first).to_be_visible()
    expect(page.locator('#overview circle[data-films~="0"]')).to_have_count(0)
    expect(page.locator('#overview circle[data-films~="1"]')).to_have_count(1)


def test_columns_sort_by_mouse_and_by_keyboard(reader: Reader, report: Path, data: dict[str, Any]) -> None:
    page = reader.open(report)
    header = page.get_by_role("columnheader", name="Ratings")
    header.click()
    expect(header).to_have_attribute("aria-sort", "descending")
    counts = [int(text) for text in column(page, "watchers")]
    assert counts == sorted(data["films"]["watchers"], reverse=True)[:25]
    header = page.get_by_role("columnheader", name="Year")
    header.get_by_role("button").focus()
    page.keyboard.press("Enter")
    expect(header).to_have_attribute("aria-sort", "descending")
    page.keyboard.press("Enter")
    expect(header).to_have_attribute("aria-sort", "ascending")
    assert [int(text) for text in column(page, "year")] == sorted(data["films"]["year"])[:25]


Row = Callable[[dict[str, Any], int], bool]


def seen(data: dict[str, Any], film: int, member: int) -> bool:
    import base64

    return bool(base64.b64decode(data["films"]["seen"][film])[member // 8] & (128 >> member % 8))


def genre(data: dict[str, Any], film: int) -> bool:
    return data["genres"].index("Horror") in data["films"]["genres"][film]


CHOICES: list[tuple[dict[str, str], Row]] = [
    ({"genre": "Horror"}, genre),
    ({"decade": "1990s"}, lambda data, i: 1990 <= data["films"]["year"][i] <= 1999),
    ({"from": "1950", "to": "1960"}, lambda data, i: 1950 <= data["films"]["year"][i] <= 1960),
    ({"least": "5"}, lambda data, i: data["films"]["watchers"][i] >= 5),
    ({"least": "2", "most": "3"}, lambda data, i: 2 <= data["films"]["watchers"][i] <= 3),
    (
        {"director": "number 17"},
        lambda data, i: any(
            "Number 17" in data["directors"][person] for person in data["films"]["directors"][i]
        ),
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
    directors = (data["directors"][one] for one in data["films"]["directors"][film])
    return " ".join([data["films"]["title"][film], *directors])


def test_films_are_chosen(reader: Reader, report: Path, data: dict[str, Any]) -> None:
    page = reader.open(report)
    for choice, holds in CHOICES:
        for name, value in choice.items():
            place = page.locator(f'#filters [name="{name}"]')
            if place.evaluate("it => it.tagName") == "SELECT":
                place.select_option(label=you(data) if value == "you" else value)
            else:
                place.fill(value)
        expected = [rank for i, rank in enumerate(data["films"]["rank"]) if holds(data, i)]
        assert 0 < len(expected) < len(data["films"]["rank"]), choice
        expect_chosen(page, len(expected), len(data["films"]["rank"]))
        assert [int(rank) for rank in column(page, "rank")] == expected[:25], choice
        page.get_by_role("button", name="All films").click()
        expect_chosen(page, len(data["films"]["rank"]), len(data["films"]["rank"]))


def you(data: dict[str, Any]) -> str:
    return str(data["members"][data["you"]])


def test_no_film_that_fits_is_said(reader: Reader, report: Path) -> None:
    page = reader.open(report)
    page.get_by_label("Search").fill("no such film")
    expect(page.locator("#films tbody")).to_have_text("No film fits these choices.")


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
        if focused.evaluate('it => it.matches("#films .name")'):
            break
    expect(focused).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("Enter")
    expect(focused).to_have_attribute("aria-expanded", "true")
    details = page.locator(".details")
    details.locator("summary").click()
    expect(details).to_contain_text(data["films"]["why"][0])
    chart = details.locator("svg.levels")
    expect(chart).to_be_visible()
    told = chart.get_attribute("aria-label") or ""
    assert re.search(r"in stars: this circle: \d+ × .*; all of Letterboxd: \d+ %", told)
    page.locator("#films .name").first.focus()
    page.keyboard.press("Enter")
    expect(details).to_have_count(0)


def test_the_first_screen_leads_to_films(reader: Reader, report: Path, data: dict[str, Any]) -> None:
    page = reader.open(report)
    page.locator('#filters [name="genre"]').select_option(label="Horror")
    expect(page.locator("h1")).to_have_text(data["title"])
    expect(page.locator(".shelf .tile .name")).to_have_text(TITLES + data["films"]["title"][5:10])
    opened = page.locator("#films tr.open .name")
    page.locator(".shelf .tile").nth(9).click()
    expect(opened).to_have_text(data["films"]["title"][9])
    card = page.locator("a.card").last
    title = card.locator(".name").inner_text()
    card.click()
    expect(opened).to_have_text(title)
    expect(opened).to_be_focused()
    expect(opened).to_be_in_viewport()


def test_an_open_film_says_who_gave_what(reader: Reader, report: Path, data: dict[str, Any]) -> None:
    page = reader.open(report)
    page.locator("#films .name").first.click()
    raters = raters_of_first(data)
    lines = page.locator(".raters > div")
    stars = sorted(set(raters.values()), reverse=True)
    expect(lines.locator("dt [aria-hidden]")).to_have_text([glyphs(halves) for halves in stars])
    for line, halves in enumerate(stars):
        names = [data["members"][member] for member, mark in raters.items() if mark == halves]
        expect(lines.nth(line).locator("bdi")).to_have_text(names)
    expect(page.locator(".sentence")).to_have_text(data["films"]["words"][0])


def raters_of_first(data: dict[str, Any]) -> dict[int, int]:
    """Return the half stars of the first film, by member."""
    (count, *_), places, marks = (numbers(data["raters"][name]) for name in ("count", "member", "mark"))
    return dict(zip(accumulate(places[:count]), (mark & 15 for mark in marks), strict=False))


def glyphs(halves: int) -> str:
    return "★" * (halves // 2) + "½" * (halves % 2)


def test_the_page_speaks_to_who_says_who_they_are(reader: Reader, report: Path, data: dict[str, Any]) -> None:
    page = reader.open(report)
    page.locator("#me").select_option(label="member 3")
    member = data["members"].index("member 3")
    expect(page.locator("#mine-title")).to_have_text("For member 3")
    meetings = page.locator(".meetings tbody tr")
    expect(meetings).to_have_count(len(data["members"]) - 1)
    unseen = [rank for i, rank in enumerate(data["films"]["rank"]) if not seen(data, i, member)]
    page.get_by_role("button", name="Show only those you have not seen").click()
    expect_chosen(page, len(unseen), len(data["films"]["rank"]))
    assert page.evaluate("location.hash") == "#unseen=me&me=member-3"
    twentieths = sorted(filter(None, numbers(data["expected"][member])), reverse=True)
    page.get_by_label("Sort by").select_option(label="what I would give")
    stars = [f"{0.5 + (number - 1) / 20:.2f}" for number in twentieths[:25]]
    expect(page.locator("#films tbody .expected .number")).to_have_text(stars)
    page.locator("#me").select_option(label="choose a member")
    expect(page.locator("#mine")).to_be_hidden()


def test_a_member_is_told_why_a_crowded_page_foretells_nothing(
    reader: Reader,
    invented_circle: sa.Engine,
    folder: Path,
    data: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(forecasts, "MOST", 1)
    page = reader.open(made(invented_circle, folder))
    page.locator("#me").select_option(label="member 3")
    expect(page.locator("#mine-unforetold")).to_contain_text("too many members and films")
    expect(page.locator("#mine-unforetold")).to_contain_text(" alone.")
    page.locator("#me").select_option(label=data["members"][data["you"]])
    expect(page.locator("#mine-title")).not_to_have_text("For member 3")
    expect(page.locator("#mine-unforetold")).to_have_count(0)


def test_what_is_chosen_stands_in_the_address(reader: Reader, report: Path, data: dict[str, Any]) -> None:
    page = reader.open(report)
    page.locator('#filters [name="genre"]').select_option(label="Horror")
    page.get_by_role("columnheader", name="Year").get_by_role("button").click()
    page.locator("#me").select_option(label="member 3")
    name = page.locator("#films .name").nth(20)
    title = name.inner_text()
    name.click()
    opened = page.locator("#films tr.open .name")
    expect(opened).to_have_text(title)
    slug = data["films"]["slug"][data["films"]["title"].index(title)]
    address = page.evaluate("location.hash")
    assert address == f"#genre=horror&sort=year&me=member-3&film={slug}"
    page.reload()
    expect(opened).to_have_text(title)
    expect(opened).to_be_in_viewport()
    page.go_back()
    expect(opened).to_have_count(0)
    expect(page.locator("#me option:checked")).to_have_text("member 3")
    page.go_back()
    expect(page.locator("#me option:checked")).to_have_text("choose a member")
    page.go_forward()
    expect(page.locator("#me option:checked")).to_have_text("member 3")
    page.get_by_label("Search").fill("number")
    page.locator("#films .name").first.click()
    expect(opened).to_have_count(1)
    page.go_back()
    expect(opened).to_have_count(0)
    expect(page.get_by_label("Search")).to_have_value("number")
    page.goto(f"{report.as_uri()}#film={data['films']['slug'][70]}")  # on the third page
    expect(opened).to_have_text(data["films"]["title"][70])
    expect(opened).to_be_in_viewport()
    expect(page.locator("#page")).to_have_text(re.compile("^Page 3 of"))


def test_taste_is_shown_for_whom_the_reader_chooses(
    reader: Reader, report: Path, data: dict[str, Any]
) -> None:
    page = reader.open(report, pictures=True)
    expect(page.locator("#member option:checked")).to_have_text(you(data))
    page.locator("#member").select_option(label="member 2")
    member = data["members"].index("member 2")
    theirs = sorted((pair for pair in pairs_of(data) if member in pair[:2]), key=lambda pair: -pair[3])
    rows = page.locator("#matches-rows tr")
    expect(rows).to_have_count(len(theirs))
    page.locator("#taste details.as-table summary").click()
    first = rows.first.locator("td, th").all_inner_texts()
    one, other, overlap, agreement, low, high = theirs[0]
    assert first == [
        data["members"][other if one == member else one],
        f"{agreement / 100:.2f}",
        f"{low / 100:.2f} … {high / 100:.2f}",
        str(overlap),
    ]


def test_a_point_tells_its_film_and_leads_to_it(reader: Reader, report: Path, data: dict[str, Any]) -> None:
    page = reader.open(report, pictures=True)
    points = page.locator("#overview circle")
    films = [points.nth(n).get_attribute("data-films") or "" for n in range(points.count())]
    for several in (False, True):
        point = points.nth(next(n for n, places in enumerate(films) if (" " in places) == several))
        told = re.match(r"(.+?) \(\d{4}\)", point.locator("title").text_content() or "")
        places = (point.get_attribute("data-films") or "").split()
        assert told
        point.click()
        expect_chosen(page, len(places), len(data["films"]["rank"]))
        expect(page.locator("#films tbody .name").first).to_have_text(told[1])
