"""A circle's year in the server: as a page, for programs, and as a link where there is one."""

import shutil
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from benchmarks.dated_circle import give_days
from benchmarks.report_circle import invented, load
from letterboxd_scraper.report.year import YearOptions, read
from letterboxd_scraper.store import migrate
from letterboxd_scraper.store.engine import make_engine, read_transaction
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.schema import cohorts as stored_cohorts
from letterboxd_scraper.store.schema import ratings
from tests.asked import BROWSER, Asked

YEAR = 2025
AT_YEAR = f"/cohorts/friends/year/{YEAR}"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of a circle with ratings of two years."""
    file = tmp_path_factory.mktemp("year") / "model.db"
    engine = make_engine(f"sqlite:///{file}")
    migrate.upgrade(engine)
    load(engine, invented(members=4, count=60, rated_by_each=40))
    give_days(engine)
    with engine.begin() as connection:
        connection.execute(stored_cohorts.update().values(label="friends"))
    engine.dispose()
    return file


@pytest.fixture
def circle(model: Path, tmp_path: Path) -> Iterator[sa.Engine]:
    """A copy of it."""
    shutil.copyfile(model, tmp_path / "circle.db")
    engine = make_engine(f"sqlite:///{tmp_path / 'circle.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
def asked(circle: sa.Engine) -> Iterator[Asked]:
    asked = Asked(circle.url.render_as_string())
    yield asked
    asked.engine.dispose()


def test_page_and_json_tell_the_same_as_the_command(asked: Asked, circle: sa.Engine) -> None:
    with read_transaction(circle) as connection:
        now = asked.get(f"/api/v1{AT_YEAR}").json()
        own = YearOptions(year=YEAR, at=datetime.now(UTC))
        told = asdict(read(connection, cohorts.find(connection, "friends"), own).told())
    numbers = ("ratings", "dated", "placed", "undated", "perhaps", "films", "mean", "minutes", "remarks")
    assert {name: now[name] for name in numbers} == {name: told[name] for name in numbers}
    assert now["loved"] == told["loved"]
    assert [one["ratings"] for one in now["months"]] == [one["ratings"] for one in told["months"]]
    assert "TMDB" in now["attribution"]
    assert now["cohort"] == "friends"
    page = asked.get(AT_YEAR, accept=BROWSER)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "What <bdi>4 people</bdi> rated in" in page.text
    assert f"<b>{told['ratings']:,}</b> ratings" in page.text
    assert '<a href="/cohorts/friends">friends</a>' in page.text
    assert "script" not in page.headers["content-security-policy"]
    for form in (asked.get(f"{AT_YEAR}.json", accept=BROWSER), asked.get(AT_YEAR, accept="application/json")):
        assert form.json() == now


def test_who_has_it_already_gets_it_again_only_where_it_has_changed(asked: Asked, circle: sa.Engine) -> None:
    for address in (AT_YEAR, f"/api/v1{AT_YEAR}"):
        tag = asked.get(address, accept=BROWSER).headers["etag"]
        assert asked.get(address, accept=BROWSER, if_none_match=tag).status == 304
    before = asked.get(f"/api/v1{AT_YEAR}").json()["dated"]
    with circle.begin() as connection:
        at = {"rated_at": datetime(YEAR, 5, 1, tzinfo=UTC), "updated_at": datetime.now(UTC)}
        connection.execute(ratings.update().values(at))
    while asked.get(f"/api/v1{AT_YEAR}").json()["dated"] == before:
        pass  # for a moment the one of before rests
    assert asked.get(f"/api/v1{AT_YEAR}").json()["dated"] > before


def test_members_are_numbers_and_one_may_be_asked_for(asked: Asked) -> None:
    year = asked.get(f"/api/v1{AT_YEAR}?member=2").json()
    assert year["own"]["member"] == "2"
    assert {one["member"] for one in year["firsts"]} <= {"1", "2", "3", "4"}
    assert asked.get(f"/api/v1{AT_YEAR}").json()["own"] is None
    page = asked.get(f"{AT_YEAR}?member=2", accept=BROWSER).text
    assert "The year of <bdi>member 2</bdi>" in page
    assert "member_000" not in page


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/cohorts/nobody/year/2025", 404),
        ("/cohorts/friends/year/9998", 404),
        ("/cohorts/friends/year/1899", 422),
        ("/cohorts/friends/year/this", 422),
        ("/cohorts/friends/year/2025?member=77", 404),
        ("/cohorts/friends/year/2025?names=1", 400),
        ("/cohorts/nobody/years", 404),
    ],
)
def test_what_there_is_not_is_a_problem(asked: Asked, address: str, status: int) -> None:
    assert asked.get(f"/api/v1{address}").status == status
    page = asked.get(address, accept=BROWSER)
    assert (page.status, page.headers["content-type"].partition(";")[0]) == (status, "text/html")


def test_a_circles_page_leads_to_the_years_that_have_dated_ratings(asked: Asked, circle: sa.Engine) -> None:
    years = asked.get("/api/v1/cohorts/friends/years").json()["years"]
    assert [one["year"] for one in years] == [2026, 2025]
    assert sum(one["dated"] for one in years) > 80
    table = asked.get("/api/v1/cohorts/friends/years.csv").text.split()
    assert table == ["year,dated", *(f"{one['year']},{one['dated']}" for one in years)]
    page = asked.get("/cohorts/friends", accept=BROWSER).text
    for one in years:
        assert f'<a href="/cohorts/friends/year/{one["year"]}">{one["year"]}</a>' in page
    with circle.begin() as connection:
        connection.execute(ratings.update().values(rated_at=None))
    assert "/year/" not in asked.get("/cohorts/friends", accept=BROWSER).text
    assert f"No rating of {YEAR} has a date." in asked.get(AT_YEAR, accept=BROWSER).text
