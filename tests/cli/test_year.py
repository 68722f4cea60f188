"""`letterboxd year`: what it prints, what it writes, and for whom it is refused."""

import io
import json
import sqlite3
import sys
from datetime import UTC, datetime
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
import sqlalchemy as sa
from PIL import Image

from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.schema import cohorts, films, ratings, users
from letterboxd_scraper.tmdb import images
from letterboxd_scraper.tmdb.answers import IMAGES
from tests import in_process
from tests.cli.conftest import Run
from tests.cli.every_command import NO_SITE, Place, files_in
from tests.conftest import environment_for

NOW = {"LETTERBOXD_NOW": "2026-11-30T12:00:00Z"}


@pytest.fixture
def dated(place: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """The club; marla rated film-3 in May, and so did tycho in June; kip never says when."""
    monkeypatch.setenv("LETTERBOXD_NOW", NOW["LETTERBOXD_NOW"])
    place.renew()
    engine = make_engine(f"sqlite:///{place.database}")
    with engine.begin() as connection:
        for name, month in (("marla", 5), ("tycho", 6)):
            user = sa.select(users.c.id).where(users.c.letterboxd_username == name).scalar_subquery()
            film = sa.select(films.c.id).where(films.c.slug == "film-3").scalar_subquery()
            row = (ratings.c.user_id == user, ratings.c.film_id == film)
            when = datetime(2026, month, 1, tzinfo=UTC)
            connection.execute(ratings.update().where(*row).values(rated_at=when))
        connection.execute(ratings.update().values(first_seen_at=datetime(2026, 7, 1, tzinfo=UTC)))
    engine.dispose()
    return place


def without_output(place: Place, *words: str) -> CompletedProcess[str]:
    environment = environment_for(NO_SITE, f"sqlite:///{place.database}") | NOW
    line = [sys.executable, "-m", "letterboxd_scraper", "year", *words]
    return in_process.run(line, place.folder, environment)


def told(place: Place, *words: str) -> Any:
    ended = without_output(place, "--json", *words)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_it_prints_the_year_and_writes_a_page_of_the_same(dated: Place) -> None:
    ended = dated.call("letterboxd year")
    lines = ended.stdout.splitlines()
    assert lines[:3] == [
        "What 3 people rated in 2026, so far",
        "2 ratings, 1 film, 4.50 stars on average",
        "By 2 ratings of 2 members: each has a date; 34 of all the circle's ratings have none.",
    ]
    assert [line.split()[:4] for line in lines if line.startswith("Film-3")] == [
        ["Film-3", "1953", "4.50", "2"]
    ]
    assert lines[-2:] == ["months    May 1, Jun 1", "decades   1950s 2"]
    assert "Only 2 ratings of 2026 have a date." in ended.stderr
    page = (dated.folder / "out/made").read_text()
    assert "What <bdi>3 people</bdi> rated in" in page
    assert not any(name in page for name in ("marla", "tycho"))


def test_for_programs_every_figure_is_exact_and_no_page_is_written(dated: Place) -> None:
    before = files_in(dated.folder)
    year = told(dated, "--member", "tycho", "--names")
    assert files_in(dated.folder) == before
    assert {name: year[name] for name in ("ratings", "dated", "undated", "perhaps", "mean", "file")} == {
        "ratings": 2,
        "dated": 2,
        "undated": 34,
        "perhaps": 34,
        "mean": 4.5,
        "file": None,
    }
    assert year["loved"][0]["histogram"] == {"4.0": 1, "5.0": 1}
    assert year["firsts"] == []
    assert year["firsts_unclear"] == 1  # kip's rating may be of April
    assert (year["own"]["member"], year["own"]["ratings"], year["own"]["best"][0]["stars"]) == (
        "tycho",
        1,
        5.0,
    )


def test_with_json_a_page_is_written_where_it_is_named(dated: Place) -> None:
    ended = dated.call("letterboxd year", "--json")
    year = json.loads(ended.stdout)
    assert year["file"] == "out/made"
    assert year["bytes"] == len((dated.folder / "out/made").read_bytes())


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--year", "2027"), "2027 has not begun: it is 2026"),
        (("--year", "26"), "'26' is not a whole number from 1900 to 9999"),
        (("--member", "nobody"), "no member 'nobody' of cohort 'club'"),
        (("--posters", "--embed-posters"), "--posters and --embed-posters: give one of them"),
    ],
)
def test_what_cannot_be_is_one_line(dated: Place, words: tuple[str, ...], complaint: str) -> None:
    before = files_in(dated.folder)
    ended = dated.call("letterboxd year", *words)
    assert (ended.returncode, ended.stdout, files_in(dated.folder)) == (2, "", before)
    assert complaint in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_page_is_where_the_command_was_called_unless_it_is_named(dated: Place) -> None:
    ended = without_output(dated)
    assert ended.returncode == 0
    assert "year.html: 0.0" in ended.stderr
    (dated.folder / "year.html").unlink()


def test_posters_may_be_part_of_the_page(club: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.BytesIO()
    Image.new("RGB", (154, 231)).save(file, "PNG")
    monkeypatch.setattr(images.Images, "poster", lambda of, name: file.getvalue())
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("LETTERBOXD_NOW", NOW["LETTERBOXD_NOW"])
    with sqlite3.connect(tmp_path / "letterboxd.db") as database:
        database.execute("UPDATE films SET poster_url = ? || id || '.png'", [f"{IMAGES}/w500/"])
        database.execute("UPDATE ratings SET rated_at = '2026-05-01 00:00:00.000000'")
    ended = club("year", "--cohort", "club", "--embed-posters")
    assert ended.code == 0, ended.err
    assert "2 posters in the page\n" in ended.err
    page = (tmp_path / "year.html").read_text(encoding="utf-8")
    assert page.count('<img src="data:image/webp;base64,') == 2
    assert IMAGES not in page
    assert len(page) < 300_000


def test_advice_on_the_terminal_names_the_circle_though_the_page_does_not(place: Place) -> None:
    place.renew()
    engine = make_engine(f"sqlite:///{place.database}")
    with engine.begin() as connection:
        connection.execute(cohorts.update().values(label="marla"))
    engine.dispose()
    ended = without_output(place, "--cohort", "marla")
    assert "`letterboxd scrape --cohort marla --diary`" in ended.stderr
    page = (place.folder / "year.html").read_text()
    assert "letterboxd scrape --cohort LABEL --diary" in page
