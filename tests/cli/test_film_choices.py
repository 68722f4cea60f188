"""The choices of films on the command line: what is shown and exported with them, and what is refused."""

import csv
import json

import pytest
import sqlalchemy as sa

from ranking.exports.texts import CSV_COLUMNS
from tests.conftest import Shell, assert_ended
from tests.ranking.choices.test_filters import describe, every, films_ranked, year_in

BAYESIAN = ("--cohort", "friends", "--strategy", "bayesian")


@pytest.fixture
def engine(crawled_engine: sa.Engine) -> sa.Engine:
    """The crawled circle, ranked, and films that have all that a film can have."""
    describe(crawled_engine)
    return crawled_engine


@pytest.fixture
def ranked(crawled: Shell, engine: sa.Engine) -> Shell:
    return crawled


def test_showing_and_exporting_choose_alike(ranked: Shell, engine: sa.Engine) -> None:
    (ranked.folder / "mine.txt").write_text("".join(f"{film.slug}\n" for film in films_ranked(engine)[5:100]))
    chosen = [*BAYESIAN, "--genre", "horror", "--genre", "comédie", "--year", "-2010"]
    chosen += ["--media-type", "movie", "--unseen-by", "kip", "--in-list", "mine.txt"]
    process = ranked.letterboxd("rank", "show", *chosen, "--json", "--limit", "1000")
    assert_ended(process, 0)
    films_shown = json.loads(process.stdout)
    exported = ranked.letterboxd("export", "csv", *chosen)
    assert_ended(exported, 0)
    rows = list(csv.DictReader(exported.stdout.splitlines()))
    assert [row["slug"] for row in rows] == [film["slug"] for film in films_shown]
    assert [int(row["rank"]) for row in rows] == [film["rank"] for film in films_shown]
    expected = [
        row.film.rank
        for row in every(engine)[5:100]
        if row.genre != "Science Fiction"
        and year_in(row, 0, 2010)
        and row.media_type == "movie"
        and "kip" not in row.rated
    ]
    assert [film["rank"] for film in films_shown] == expected
    for stderr in (process.stderr, exported.stderr):
        assert "kip's watched films were never read" in stderr


def test_an_unknown_watchlist_is_said_and_how_many_are_known(ranked: Shell) -> None:
    chosen = ["--not-on-watchlist-of", "kip", "--not-on-watchlist-of", "noor", "--wanted-by", "1"]
    process = ranked.letterboxd("rank", "show", *BAYESIAN, *chosen)
    assert_ended(process, 0)
    assert "noor's watchlist is not known: members' own archives tell" in process.stderr
    assert "kip's watchlist" not in process.stderr
    assert "watchlists are known of 3 of 12 members: members' own archives tell" in process.stderr


def test_nothing_that_fits_is_no_error_and_a_wrong_name_is_one(ranked: Shell) -> None:
    nothing = ranked.letterboxd("rank", "show", *BAYESIAN, "--year", "1700")
    assert_ended(nothing, 0)
    assert nothing.stdout.split() == [
        "rank",
        "title",
        "year",
        "score",
        "Letterboxd",
        "difference",
        "ratings",
        "also",
    ]
    assert "no film of the bayesian ranking of friends fits these choices" in nothing.stderr
    empty = ranked.letterboxd("export", "csv", *BAYESIAN, "--year", "1700")
    assert_ended(empty, 0)
    assert empty.stdout.splitlines() == [",".join(CSV_COLUMNS)]
    for wrong in (
        ["--genre", "Western"],
        ["--language", "Danish"],
        ["--year", "99"],
        ["--rated-by", "nobody"],
        ["--media-type", "x"],
    ):
        refused = ranked.letterboxd("rank", "show", *BAYESIAN, *wrong)
        assert_ended(refused, 2)
        lines = [line for line in refused.stderr.splitlines() if not line.startswith("database: ")]
        assert len(lines) == 1
        assert refused.stdout == ""


def test_a_ranking_without_a_member_says_that_it_is_one(ranked: Shell) -> None:
    process = ranked.letterboxd("rank", "show", *BAYESIAN, "--without", "otto_reels")
    assert_ended(process, 0)
    assert "ranked anew without otto_reels: what is stored stays as it is" in process.stderr


@pytest.mark.parametrize("option", ["--limit", "--min-watchers", "--max-runtime"])
def test_a_number_that_no_database_holds_is_bad_input(ranked: Shell, option: str) -> None:
    process = ranked.letterboxd("rank", "show", *BAYESIAN, option, "99999999999999999999")
    assert_ended(process, 2)
    assert len(process.stderr.splitlines()) == 1
