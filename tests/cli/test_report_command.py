"""`letterboxd report`: what it writes beside the page."""

import io
import json
import sqlite3
from pathlib import Path

import pytest
from PIL import Image

from letterboxd_scraper.report import image
from letterboxd_scraper.report.image import SIZE, Words
from letterboxd_scraper.tmdb import images
from letterboxd_scraper.tmdb.answers import IMAGES
from tests.cli.conftest import Run


@pytest.fixture
def ranked(club: Run) -> Run:
    assert club("--quiet", "rank", "compute", "--cohort", "club").code == 0
    return club


def test_the_picture_to_share_stands_beside_the_page(ranked: Run, tmp_path: Path) -> None:
    ended = ranked("--json", "report", "--cohort", "club", "--image", "top.png")
    assert ended.code == 0, ended.err
    assert json.loads(ended.out)["image"] == "top.png"
    with Image.open(tmp_path / "top.png") as picture:
        assert (picture.format, picture.size) == ("PNG", SIZE)
    assert (tmp_path / "report.html").exists()


def test_a_picture_is_not_printed(club: Run) -> None:
    ended = club("report", "--cohort", "club", "--image", "-")
    assert (ended.code, ended.out) == (2, "")
    assert "name a file, as --image top.png" in ended.err


def test_it_names_nobody_unless_asked(ranked: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Words] = []

    def draw(films: object, words: Words) -> image.Picture:
        drawn.append(words)
        return image.Picture(b"", ["a remark"])

    monkeypatch.setattr(image, "draw", draw)
    for names in ([], ["--names"]):
        ended = ranked("report", "--cohort", "club", "--image", "top.png", *names)
        assert ended.code == 0
        assert "a remark\n" in ended.err
    plain, named = drawn
    assert plain.title == plain.plain_title == named.plain_title
    assert plain.title.startswith("What ")
    assert "marla" not in plain.title
    assert "marla" in named.title


def test_posters_may_be_part_of_the_page_which_then_fetches_nothing(
    ranked: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = io.BytesIO()
    Image.new("RGB", (154, 231)).save(file, "PNG")
    asked: list[str] = []

    def poster(of: images.Images, name: str) -> bytes:
        asked.append(name)
        return file.getvalue()

    monkeypatch.setattr(images.Images, "poster", poster)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with sqlite3.connect(tmp_path / "letterboxd.db") as database:
        database.execute("UPDATE films SET poster_url = ? || id || '.png'", [f"{IMAGES}/w500/"])
    ended = ranked("report", "--cohort", "club", "--embed-posters")
    assert ended.code == 0, ended.err
    assert f"{len(asked)} posters in the page\n" in ended.err
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.count('<img src="data:image/webp;base64,') == min(10, len(asked))
    assert "img-src data:;" in page
    assert IMAGES not in page
    assert "The page fetches nothing while you look at it." in page
    assert "not endorsed, certified, or otherwise approved by TMDB" in page
    both = ranked("report", "--cohort", "club", "--embed-posters", "--posters")
    assert (both.code, "give one of them" in both.err) == (2, True)
