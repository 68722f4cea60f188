"""Which cohort and which member a command is about, however they are written."""

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.schema import users
from tests.cli.conftest import Run
from tests.store.rows import add_cohort, add_user


@pytest.fixture
def database(club: Run, tmp_path: Path) -> sa.Engine:
    """The club's database, beside `club`."""
    return make_engine(f"sqlite:///{tmp_path / 'letterboxd.db'}")


def test_the_only_cohort_is_meant_where_none_is_named_and_this_is_said(club: Run) -> None:
    for words in (
        ("plan",),
        ("plan", "--quiet"),
        ("cohort", "show"),
        ("rank", "compute", "--strategy", "wilson"),
    ):
        ended = club(*words)
        assert ended.code == 0
        assert ended.err.startswith("--cohort club (the only one)\n")
    assert club("plan", "-c", "club").out == club("plan").out == club("plan", "--cohort", "1").out
    assert "--cohort" not in club("plan", "-c", "club", "--quiet").err


def test_of_several_cohorts_yours_is_meant(
    club: Run, database: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.begin() as connection:
        add_cohort(connection, "friends", ["tycho"], seed="marla")
    ended = club("plan")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("letterboxd: give --cohort LABEL, one of club, friends\n")
    monkeypatch.setenv("LETTERBOXD_MEMBER", "@Marla")
    assert club("plan").err.startswith("--cohort friends (of LETTERBOXD_MEMBER)\n")


def test_where_there_is_no_cohort_the_first_is_explained(empty: Run, club_file: Path, tmp_path: Path) -> None:
    shutil.copy(club_file, tmp_path / "letterboxd.db")
    assert empty("cohort", "delete", "--cohort", "club", "--yes").code == 0
    how = "make one with `letterboxd sync --seed NAME`, or `letterboxd import FOLDER --cohort LABEL`"
    assert empty("plan").err.startswith(f"letterboxd: there is no cohort yet; {how}\n")
    of_name = empty("plan", "--cohort", "club").err
    assert of_name.startswith(f"letterboxd: there is no cohort yet; {how}\n")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("plan -c clubb", "no cohort 'clubb': did you mean club?"),
        (
            "rank show --strategy bayes",
            "no strategy 'bayes': did you mean bayesian? (there are bayesian, circle,",
        ),
        ("taste --member marl", "no member 'marl': did you mean marla? (there are marla, tycho)"),
        ("cohort delete", "give --cohort LABEL, the cohort to delete"),
        ("cohort show club --cohort other", "--cohort other and LABEL club: give one of them"),
        ("scrape -c club --member kip", "--cohort club and --member kip: give one of them"),
        ("watch -c club --user kip", "--cohort club and --member kip: give one of them"),
        ("enrich -c club --slug ordet", "--cohort club and --film ordet: give one of them"),
        ("rank evaluate -c club --data x", "--cohort club and --data x: give one of them"),
        (
            "scrape --member marla --resume-from kip",
            "--resume-from goes with a cohort: leave it out beside --member",
        ),
        ("scrape -c club --resume-from marl", "no member 'marl' of cohort 'club': did you mean marla?"),
        ("scrape --member marl", "no member 'marl' in the database: did you mean marla?"),
        ("cohort set club --min-films 9 --max-films 3", "--min-films 9 is more than --max-films 3: nobody"),
        ("doctor --film letterboxd.com/x/y", "no film 'letterboxd.com/x/y': there are Gertrud, Heat, Ordet"),
        ("cohort build --seed a --label a/b", "--label: 'a/b' is not a label: use letters, digits,"),
        ("cohort build --seed a --label b --depth 9", "--depth: '9' is not a whole number from 1 to 4"),
        (
            "taste --member letterboxd.com/film/ordet",
            "--member: 'letterboxd.com/film/ordet' is not a member name",
        ),
        (
            "taste --member boxd.it/2aZcr",
            "--member: 'boxd.it/2aZcr' is a short address: open it in a browser",
        ),
    ],
)
def test_a_wrong_name_is_one_line_in_the_words_of_the_command_line(club: Run, words: str, line: str) -> None:
    ended = club(*words.split())
    assert (ended.code, ended.out) == (2, "")
    assert f"letterboxd: {line}" in ended.err
    assert len([one for one in ended.err.splitlines() if one.startswith("letterboxd: ")]) == 1


@pytest.mark.parametrize(
    "name",
    [
        "marla",
        "@Marla",
        " MARLA ",
        "https://letterboxd.com/Marla/",
        "letterboxd.com/marla",
        "\ufeffmarla\r\n",
        "https://www.letterboxd.com/marla/films/ratings/?x#y",
        "<https://letterboxd.com/marla>",
        "boxd.it/2aZcr",
    ],
)
def test_a_member_is_named_as_people_paste_names(club: Run, database: sa.Engine, name: str) -> None:
    with database.begin() as connection:
        marla = users.c.letterboxd_username == "marla"
        connection.execute(users.update().where(marla).values(letterboxd_lid="2aZcr"))
    for option in ("--member", "--user"):
        assert club("taste", option, name, "--with", "tycho").code == 0
    assert club("cohort", "set", "--exclude", name).err.split("\n")[1].endswith("exclude=marla")


def test_sync_reads_the_circle_that_there_is_or_says_how_to_name_one(
    club: Run, database: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "whose circle? give --seed NAME" in club("sync").err
    assert "club is a list of names: letterboxd scrape --cohort club" in club("sync", "-c", "club").err
    with database.begin() as connection:
        add_user(connection, "kip")
        add_cohort(connection, "friends", ["tycho"], seed="kip")
    assert club("sync").err.startswith("--cohort friends (the only one)\n")
    monkeypatch.setenv("LETTERBOXD_MEMBER", "marla")
    assert "--cohort friends" not in club("sync").err


def test_who_is_forgotten_and_not_stored_may_be_misspelled(club: Run) -> None:
    told = club("forget", "tyco").err
    assert told.startswith("tyco was not stored and will not be stored again\ndid you mean tycho? letterboxd")
    assert "did you mean" not in club("forget", "--member", "zed").err
    assert club("forget").err.startswith("letterboxd: give one MEMBER, whom to forget\n")
