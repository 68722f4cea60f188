"""How a command answers, and what it opens."""

import io
import json
import re
import sys
from pathlib import Path

import pytest
import typer

from letterboxd_scraper.errors import StoreNotReady
from letterboxd_scraper.terminal.columns import film
from letterboxd_scraper.terminal.session import Session


def test_a_table_is_aligned_and_shows_no_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    Session().show(("title", "stars", "year"), [("Ordet\x1b[31m", 4.5, None)], title="Films")
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines == ["Films", "title       stars  year", "Ordet\ufffd[31m  4.500"]


@pytest.mark.parametrize(
    ("environment", "cells"),
    [
        ({}, ["title  link", "Ordet  https://boxd.it/2awY", "Heat"]),
        ({"FORCE_COLOR": "1", "TERM": "xterm"}, ["title", "8;https://boxd.it/2awY\\Ordet8;;\\", "Heat"]),
    ],
    ids=["a pipe", "a terminal"],
)
def test_films_are_linked(
    environment: dict[str, str],
    cells: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    Session().show((film(),), [("Ordet",), ("Heat",)], links=["https://boxd.it/2awY", ""])
    printed = re.sub(r"\x1b(\[[\d;]*m|\])|id=\d+;|\x1b", "", capsys.readouterr().out)
    assert [line.rstrip() for line in printed.splitlines()] == cells


def test_with_json_a_table_is_a_list_of_objects(capsys: pytest.CaptureFixture[str]) -> None:
    Session(as_json=True).show(("title", "stars"), [("Ordet", 4.5), ("Gertrud", None)])
    rows = [{"title": "Ordet", "stars": 4.5}, {"title": "Gertrud", "stars": None}]
    assert json.loads(capsys.readouterr().out) == rows


def test_a_database_is_opened_once_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    session = Session(db_url=f"sqlite:///{tmp_path / 'x.db'}", is_beginning=True)
    session.close()
    assert capsys.readouterr().err == ""
    assert session.engine is session.engine
    with session.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM cohorts").scalar() == 0
    session.close()
    assert capsys.readouterr().err.startswith("database: sqlite:///")


@pytest.mark.parametrize(("answer", "goes"), [("y", True), ("n", False), ("", False)])
def test_a_question_at_a_terminal_says_what_goes_and_means_no_unless_it_is_answered_with_yes(
    answer: str, goes: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = io.StringIO(f"{answer}\n")
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", terminal)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    if goes:
        Session(quiet=True).confirm("12 films go", yes=False)
    else:
        with pytest.raises(typer.Exit) as left:
            Session(quiet=True).confirm("12 films go", yes=False)
        assert left.value.exit_code == 0
    assert "12 films go. Go on? [y/N]:" in capsys.readouterr().err


def test_only_who_begins_makes_a_database(tmp_path: Path) -> None:
    session = Session(db_url=f"sqlite:///{tmp_path / 'new' / 'x.db'}")
    for use in (session.reading, lambda: session.read_only, lambda: session.engine):
        with pytest.raises(StoreNotReady, match="no database sqlite:///"):
            use()
    assert not (tmp_path / "new").exists()
