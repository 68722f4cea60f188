"""The rank and export commands, called in this process."""

import json
from pathlib import Path
from typing import Any

import pytest

from letterboxd_scraper.cli.rank_options import rank_all
from letterboxd_scraper.terminal.session import Session
from ranking.compute import NothingToRank
from ranking.strategies import STRATEGIES
from ranking.strategies.base import Strategy
from tests.cli.conftest import Run


def test_what_is_computed_is_shown(club: Run) -> None:
    computed = club("rank", "compute", "--cohort", "club", "--strategy", "bayesian")
    assert computed.code == 0
    assert "bayesian: 3 films ranked for club\n" in computed.err
    assert "now: letterboxd rank show --cohort club --strategy bayesian\n" in computed.err
    films = json.loads(club("rank", "show", "--cohort", "club", "--strategy", "bayesian", "--json").out)
    assert [film["title"] for film in films] == ["Ordet", "Gertrud", "Heat"]


@pytest.mark.parametrize(("strategy", "is_in_stars"), [("bayesian", True), ("wilson", False)])
def test_a_score_that_is_not_in_stars_says_so(club: Run, strategy: str, *, is_in_stars: bool) -> None:
    club("rank", "compute", "--cohort", "club", "--strategy", strategy)
    printed = club("rank", "show", "--cohort", "club", "--strategy", strategy)
    assert ("this score is not in stars" not in printed.err) == is_in_stars


def test_choices_leave_films_out_of_a_ranking_and_of_an_export(club: Run, tmp_path: Path) -> None:
    club("rank", "compute", "--cohort", "club", "--strategy", "bayesian")
    old = ("--cohort", "club", "--strategy", "bayesian", "--year", "-1960", "--year", "1964")
    printed = club("rank", "show", *old)
    assert "Ordet" in printed.out
    assert "Gertrud" in printed.out
    assert "Heat" not in printed.out
    exported = club("export", "csv", *old, "--output", "old.csv")
    assert "2 films written to old.csv" in exported.err
    assert "Heat" not in (tmp_path / "old.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", [("rank", "show"), ("export", "json")])
def test_a_choice_that_is_none_is_named_as_it_was_typed(empty: Run, command: tuple[str, str]) -> None:
    ended = empty(*command, "--cohort", "club", "--year", "soon")
    assert ended.code == 2
    assert ended.err.startswith("letterboxd: --year soon: ")


def test_no_film_that_fits_is_said(club: Run) -> None:
    club("rank", "compute", "--cohort", "club", "--strategy", "bayesian")
    ended = club("rank", "show", "--cohort", "club", "--strategy", "bayesian", "--min-score", "5")
    assert "no film of the bayesian ranking of club fits these choices" in ended.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--strategy", "best"), "no strategy 'best': there are bayesian, circle, "),
        (("--param", "m"), "--param m: write NAME=NUMBER"),
        (
            ("--engine", "duckdb"),
            "--engine duckdb reads files: name the folder of `export parquet` by --data",
        ),
        (("--data", "there"), "--data is read by another engine: add --engine duckdb or --engine spark"),
        (("--engine", "duckdb", "--data", ".", "--strategy", "circle"), "circle is fitted in Python, from "),
    ],
)
def test_what_cannot_be_computed_is_one_line(club: Run, options: tuple[str, ...], message: str) -> None:
    ended = club("rank", "compute", "--cohort", "club", *options)
    assert ended.code == 2
    assert ended.err.startswith(f"letterboxd: {message}")


def test_a_strategy_that_ranks_nothing_ends_the_work_only_if_none_ranks_anything(
    capsys: pytest.CaptureFixture[str],
) -> None:
    bayesian, recency = STRATEGIES["bayesian"], STRATEGIES["recency"]

    def rank(strategy: Strategy) -> dict[str, Any]:
        if strategy is recency:
            raise NothingToRank("no dates")
        return {"strategy": strategy.name, "films": 2}

    ranked, empty = {"strategy": "bayesian", "films": 2}, {"strategy": "recency", "films": 0}
    for strategies, told in (([recency, bayesian], [empty, ranked]), ([bayesian, recency], [ranked, empty])):
        rank_all(Session(as_json=True), "club", strategies, rank)
        printed = capsys.readouterr()
        rankings = json.loads(printed.out)["rankings"]
        assert [{name: one[name] for name in ("strategy", "films")} for one in rankings] == told
        assert printed.err == "no dates\n"
    with pytest.raises(NothingToRank):
        rank_all(Session(), "club", [recency], rank)


def test_statistics_are_counted_once(club: Run) -> None:
    assert "statistics: up to date: 3 films" in club("refresh", "stats").err
    assert "nothing to do" in club("refresh", "stats").err
