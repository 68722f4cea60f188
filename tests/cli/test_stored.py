"""`letterboxd stored`: what is stored of a member, in words, and all of it as a file."""

import json
from pathlib import Path

import sqlalchemy as sa

from letterboxd_scraper.errors import ExitCode
from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.schema import cohort_members, users
from tests.cli.conftest import Run
from tests.store.rows import MONDAY


def test_it_is_said_how_much_and_where(club: Run, tmp_path: Path) -> None:
    with make_engine(f"sqlite:///{tmp_path / 'letterboxd.db'}").begin() as connection:
        changes = {"display_name": "Marla S.", "last_full_scrape_at": MONDAY}
        connection.execute(users.update().where(users.c.letterboxd_username == "marla").values(changes))
        of_marla = (
            cohort_members.c.user_id
            == sa.select(users.c.id).where(users.c.letterboxd_username == "marla").scalar_subquery()
        )
        connection.execute(cohort_members.update().where(of_marla).values(shows_name=False))
    ended = club("stored", "@Marla")
    assert ended.code == ExitCode.DONE
    assert ended.out == (
        "marla (Marla S.): 3 ratings or likes; stored since 2026-11-23\n"
        "from the site, read last on 2026-11-23\n"
        "in club since 2026-11-23, as a number\n"
    )
    told = json.loads(club("stored", "--member", "marla", "--json").out)
    assert told["rows"] == {"ratings": 3, "cohort_members": 1}
    assert told["circles"][0] | {"since": ""} == {
        "label": "club",
        "since": "",
        "is_own": False,
        "has_page": False,
        "shows_name": False,
    }


def test_a_file_gets_all_of_it_and_nothing_of_others(club: Run, tmp_path: Path) -> None:
    ended = club("stored", "marla", "--output", "marla.json")
    assert (ended.code, ended.out) == (ExitCode.DONE, "")
    assert "all that is stored of marla is written to marla.json" in ended.err
    text = (tmp_path / "marla.json").read_text(encoding="utf-8")
    assert len(json.loads(text)["ratings"]) == 3
    assert "tycho" not in text
    assert club("stored", "marla", "--output", "-").out == text


def test_whose_it_is_is_never_assumed(club: Run) -> None:
    for words, why in (
        ([], "give one MEMBER"),
        (["marla", "--member", "tycho"], "give one MEMBER"),
        (["marlo"], "did you mean marla?"),
    ):
        ended = club("stored", *words)
        assert (ended.code, ended.out) == (ExitCode.BAD_INPUT, "")
        assert why in ended.err
