"""`letterboxd news`: what is asked for, and what is said where there is nothing to tell."""

import json
import re
from pathlib import Path

import pytest
import sqlalchemy as sa

from letterboxd_scraper.store.schema import cohorts
from tests.cli.conftest import Run
from tests.store.rows import DAY, HOUR, MONDAY


@pytest.fixture
def ranked(club: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call `letterboxd` on a Tuesday, where the circle `club` was ranked on Monday."""
    monkeypatch.setenv("LETTERBOXD_NOW", MONDAY.isoformat())
    assert club("rank", "compute", "--cohort", "club").code == 0
    monkeypatch.setenv("LETTERBOXD_NOW", (MONDAY + DAY).isoformat())
    return club


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--since", "soon"), "'soon' is neither 7d, 12h or 2w nor a day"),
        (("--since", "2999-01-01"), "2999-01-01 lies ahead"),
        (("--strategy", "bayesian"), "no bayesian ranking of 'club' is kept to compare with"),
        (("--strategy", "best"), "'best'"),
        (("--for", "nobody"), "nobody"),
    ],
)
def test_what_cannot_be_told_is_one_line(ranked: Run, words: tuple[str, ...], said: str) -> None:
    ended = ranked("news", "--cohort", "club", *words)
    assert (ended.code, ended.out) == (2, "")
    assert said in next(line for line in ended.err.splitlines() if line.startswith("letterboxd: "))


def test_on_the_terminal_a_circle_has_its_label_though_news_may_not_tell_it(
    club: Run, tmp_path: Path
) -> None:
    with sa.create_engine(f"sqlite:///{tmp_path / 'letterboxd.db'}").begin() as connection:
        connection.execute(cohorts.update().values(label="marla"))
    assert "`letterboxd rank compute --cohort marla`" in club("news").err


def test_nothing_new_is_one_line_and_says_since_when(ranked: Run) -> None:
    ended = ranked("news", "--cohort", "club", "--since", "24h")
    assert ended.out == "nothing new in club since 23 November 2026, 12:00 UTC\n"


def test_what_was_before_the_first_kept_ranking_is_not_known_and_that_is_said(ranked: Run) -> None:
    ended = ranked("news", "--cohort", "club", "--since", f"{MONDAY - HOUR:%Y-%m-%d}")
    assert "no ranking from before 23 November 2026, 12:00 UTC is kept" in ended.out


def test_less_than_a_day_is_compared_with_the_last_ranking_of_a_day_and_that_is_said(ranked: Run) -> None:
    ended = ranked("news", "--cohort", "club", "--since", "1h")
    assert ended.out == (
        "nothing new in club since 23 November 2026, 12:00 UTC\n"
        "the last ranking that was kept before 24 November 2026, 11:00 UTC is of "
        "23 November 2026, 12:00 UTC: one a day is kept\n"
    )


def test_programs_are_told_the_same(ranked: Run) -> None:
    told = json.loads(ranked("news", "--cohort", "club", "--json").out)
    assert (told["circle"], told["loved"], told["risen"], told["joined"]) == ("club", [], [], 0)


def test_a_page_is_written_or_printed(ranked: Run, tmp_path: Path) -> None:
    assert ranked("news", "--cohort", "club", "--output", "news.html").code == 0
    page = (tmp_path / "news.html").read_text()
    assert "Nothing new in" in page
    assert not re.search(r"<script|src=|@import|url\(", page), "it fetches nothing"
    assert ranked("news", "--cohort", "club", "--output", "-").out == page
