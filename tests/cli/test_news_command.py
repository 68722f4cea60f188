"""`letterboxd news`: what is asked for, and what is said where there is nothing to tell."""

import json
from pathlib import Path

import pytest

from tests.cli.every_command import Place
from tests.store.rows import MONDAY


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--since", "soon"), "'soon' is neither 7d, 12h or 2w nor a day"),
        (("--since", "2999-01-01"), "2999-01-01 lies ahead"),
        (("--strategy", "bayesian"), "no bayesian ranking of 'club' is kept to compare with"),
        (("--for", "nobody"), "nobody"),
    ],
)
def test_what_cannot_be_told_is_one_line(place: Place, words: tuple[str, ...], said: str) -> None:
    ended = place.call("letterboxd news", *words)
    assert ended.returncode == 2
    assert said in ended.stderr.splitlines()[0]


def test_nothing_new_is_one_line_and_says_since_when(place: Place) -> None:
    ended = place.call("letterboxd news", "--since", f"{MONDAY:%Y-%m-%dT%H:%M}")
    assert ended.stdout == "nothing new in club since 23 November 2026, 12:00 UTC\n"


def test_what_was_before_the_first_kept_ranking_is_not_known_and_that_is_said(place: Place) -> None:
    ended = place.call("letterboxd news", "--since", "2020-01-01")
    assert "no ranking is kept from before 23 November 2026, 12:00 UTC" in ended.stdout


def test_programs_are_told_the_same(place: Place) -> None:
    told = json.loads(place.call("letterboxd news", "--json", "--since", "2026-11-24").stdout)
    assert told["circle"] == "club"
    assert told["loved"] == told["risen"] == []


def test_a_page_is_written(place: Place, tmp_path: Path) -> None:
    ended = place.call("letterboxd news", "--output", str(tmp_path / "news.html"))
    assert ended.returncode == 0
    assert "Nothing new in" in (tmp_path / "news.html").read_text()
