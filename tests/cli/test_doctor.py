"""`letterboxd doctor`: which doors work, without hammering, and which selector broke."""

import json
from pathlib import Path
from typing import Any

import pytest

from letterboxd_scraper.pages.examination import examine
from tests.conftest import Shell, on_sqlite
from tests.site import Fault, Site


def states(shell: Shell, *options: str, **settings: str) -> tuple[int, dict[str, dict[str, Any]]]:
    told = shell.letterboxd("doctor", "--json", *options, **settings)
    return told.returncode, {door["door"]: door for door in json.loads(told.stdout or "[]")}


@on_sqlite
def test_all_doors_for_one_request_each(known: Shell, site: Site) -> None:
    site.clear_log()
    film = next(slug for slug in site.world.films if slug == "alien")
    code, doors = states(known, "--user", "otto_reels", "--film", film)
    assert code == 0
    names = ("database", "robots.txt", "profile", "feed", "film", "TMDB")
    assert {name: doors[name]["state"] for name in names} == dict.fromkeys(names, "ok")
    assert all(doors[name]["filled"] > 0.5 for name in ("profile", "feed", "film"))
    paths = [hit.path.split("?")[0] for hit in site.log]
    assert sorted(path for path in paths if path != "/robots.txt") == [
        "/3/movie/11",
        "/film/alien/",
        "/otto_reels/",
        "/otto_reels/rss/",
    ]


@on_sqlite
def test_a_block_is_told_and_stops_it(known: Shell, site: Site) -> None:
    site.clear_log()
    site.faults.add(Fault("challenge", "/(?!3/).*"))
    code, doors = states(known, "--user", "otto_reels", "--film", "alien", TMDB_API_KEY="")
    assert code == 4
    assert "blocked" in {door["state"] for door in doors.values()}
    assert doors["TMDB"]["state"] == "not asked"
    assert len(site.log) == 2  # the page that was challenged, once more


@on_sqlite
def test_what_does_not_work_is_named(known: Shell, site: Site) -> None:
    site.faults.add(Fault("truncated", "/otto_reels/", adapted=True))
    site.faults.add(Fault("status", "/film/.*", code=500))
    code, doors = states(known, "--user", "otto_reels", "--film", "alien", TMDB_API_KEY="wrong")
    assert code == 3
    assert "cut short" in doors["profile"]["detail"]
    assert "status 500" in doors["film"]["detail"]
    assert "TMDB_API_KEY" in doors["TMDB"]["detail"]
    assert doors["feed"]["state"] == "ok"


@on_sqlite
def test_saved_pages_are_examined_and_nothing_is_sent(shell: Shell, site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "pages"
    folder.mkdir()
    paths = [
        "/otto_reels/",
        "/otto_reels/films/",
        "/marla/following/",
        "/film/alien/",
        "/csi/film/alien/rating-histogram/",
    ]
    for number, path in enumerate(paths):
        (folder / f"{number}.html").write_text(site.right_answer("GET", path).body, encoding="utf-8")
    page = site.right_answer("GET", "/otto_reels/films/").body
    (folder / "broken.html").write_text(
        page.replace("data-postered-identifier", "data-identity").replace("data-item-uid", "x")
    )
    site.clear_log()
    code, doors = states(shell, "--pages", str(folder))
    assert code == 3
    assert [name for name, door in doors.items() if door["state"] != "ok"] == ["broken.html"]
    assert doors["broken.html"]["detail"] == "films: nothing is read of: film_id"
    assert 0.5 < doors["1.html"]["filled"] <= 1
    assert site.log == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "empty"),
        (b"<html><title>Just a moment...</title></html>", "challenge"),
        (b"<html><body class='list-page'></body></html>", "no parser"),
        ("<html><body>caf\xe9</body></html>".encode("latin-1"), "not written in utf-8"),
        (b"<?xml version='1.0'?><rss><channel></channel></rss>", "whose it is"),
    ],
)
def test_whatever_it_is_something_is_said(body: bytes, said: str) -> None:
    assert said in str(examine(body).broken)
