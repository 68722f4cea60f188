"""The picture to share: what it says, in which letters, and what it says of letters that it lacks."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont, features

from letterboxd_scraper.report import fonts
from letterboxd_scraper.report.fonts import lettering
from letterboxd_scraper.report.image import SIZE, Words, draw
from ranking.results import RankedFilm
from tests.ranking.exports.test_exports import film

# No fonts but the one that comes along.
BARE: tuple[str, ...] = ()
WORDS = Words("What Marla and 35 friends think", "What 36 people think", "The best 10 of 294 films")


def films(*titles: str) -> list[RankedFilm]:
    return [film(number, title, slug=f"film-{number}") for number, title in enumerate(titles, start=1)]


@pytest.fixture
def machine(tmp_path: Path) -> tuple[str, ...]:
    """A machine with one font: Pillow's own, which is of a few Latin letters."""
    own = ImageFont.load_default(16)
    assert isinstance(own, ImageFont.FreeTypeFont)
    (tmp_path / "Aileron.ttf").write_bytes(own.font_bytes)
    (tmp_path / "torn.ttf").write_bytes(b"no font")
    return (str(tmp_path),)


def written(monkeypatch: pytest.MonkeyPatch, films: list[RankedFilm], words: Words = WORDS) -> list[str]:
    """Return the texts that the picture of these films has, on a bare machine."""
    texts: list[str] = []
    text = ImageDraw.ImageDraw.text

    def noting(canvas: ImageDraw.ImageDraw, place: Any, words: str, *more: Any, **options: Any) -> None:
        texts.append(words)
        text(canvas, place, words, *more, **options)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", noting)
    picture = draw(films, words, BARE)
    assert Image.open(io.BytesIO(picture.png)).size == SIZE == (1200, 630)
    return texts


def test_it_has_the_title_and_ten_films_with_rank_year_and_stars(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = written(monkeypatch, films(*(f"Film {number}" for number in range(12))))
    assert texts[0] == WORDS.title
    assert [text for text in texts if text.startswith("Film")] == [f"Film {number}" for number in range(10)]
    assert {"1", "10", "1979", "4.5  ·  7 ratings", WORDS.foot} <= set(texts)


def test_what_is_too_long_ends_with_a_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    words = replace(WORDS, title=f"What {'Maximilian' * 8} and 35 friends think")
    title, *_, long, _, _, _ = written(monkeypatch, films("W" * 81), words)
    assert title.endswith("Maxi…") or title[:-1] in words.title
    assert long.endswith("W…")
    assert len(long) < 81


def test_nobodys_stars_and_no_year_leave_their_places_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    (bare,) = films("Alien")
    texts = written(monkeypatch, [replace(bare, year=None, mean=None, watchers=0)])
    assert texts == [WORDS.title, "1", "Alien", WORDS.foot]


def test_letters_that_no_font_has_are_no_boxes_but_the_films_address(monkeypatch: pytest.MonkeyPatch) -> None:
    titles = films("千と千尋の神隠し", "Amélie", "وجدة")
    nameless = [*titles[:2], replace(titles[2], slug=None)]
    texts = written(monkeypatch, nameless)
    assert {"film-1", "Amélie", "(in other letters)"} <= set(texts)
    (remark,) = draw(nameless, WORDS, BARE).remarks
    assert remark.startswith("no font here can write the titles of ranks 1, 3: their addresses stand there")


def test_a_name_that_cannot_be_written_leaves_the_number_of_people(monkeypatch: pytest.MonkeyPatch) -> None:
    words = replace(WORDS, title="What 山田 and 35 friends think")
    assert written(monkeypatch, films("Alien"), words)[0] == WORDS.plain_title
    assert "how many they are" in draw(films("Alien"), words, BARE).remarks[0]


def test_signs_that_no_font_has_are_left_out_and_named() -> None:
    smile = lettering("😀  Smile 2", BARE)
    assert smile is not None
    assert (smile.text, smile.without) == ("Smile 2", "😀")
    assert draw(films("😀 Smile 2"), WORDS, BARE).remarks == ["no font here has 😀: left out of the picture"]
    assert lettering("👩‍👩‍👧 🎬", BARE) is None


def test_the_machines_fonts_are_asked_where_our_own_lacks_letters(
    machine: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = lettering("Alien", machine)
    assert plain is not None
    assert plain.file == fonts.own_font()
    monkeypatch.setattr(fonts, "own_font", lambda: Path(machine[0]) / "torn.ttf")
    other = lettering("Alien", machine)
    assert other is not None
    assert other.file.name == "Aileron.ttf"
    assert other.font(20, 600).getlength(other.text) > 0


def test_without_what_joins_letters_such_a_title_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    assert lettering("Alien", BARE) is not None
    monkeypatch.setattr(features, "check", lambda name: name != "raqm")
    assert lettering("Alien", BARE) is not None
    assert lettering("A\u0302\u0323", BARE) is not None  # one letter, once it is composed
    assert lettering("وجدة") is None
