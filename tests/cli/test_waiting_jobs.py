"""Jobs wait for a database that is away when they begin, and all that write for one that is busy.

Who only reads is told at once that it is away, and so is a person.
"""

import logging
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine.default import DefaultDialect

from letterboxd_scraper.cli import command_line
from letterboxd_scraper.errors import ExitCode
from letterboxd_scraper.store import patience
from tests.cli.conftest import Run

JOBS = (
    "cohort refresh club",
    "db tidy",
    "enrich --cohort club",
    "forget marla",
    "rank compute --cohort club",
    "refresh stats",
    "schedule run --cohort club --job nightly --local",
    "scrape --cohort club",
    "sync --seed marla",
    "watch --cohort club",
)
OTHERS = (
    "cohort list",
    "cohort show club",
    "rank show --cohort club",
    "plan --cohort club",
    "status",
    "runs",
)


@pytest.fixture
def away(empty: Run, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Run:
    """Call `letterboxd` where nobody answers for the database, and every wait is told."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://me@127.0.0.1:1/nowhere")
    monkeypatch.setenv("DATABASE_PATIENCE", "0.1")
    monkeypatch.setattr(patience, "_WORTH_A_WORD", 0.0)
    monkeypatch.setattr(patience, "_said", patience._Said())
    caplog.set_level(logging.WARNING)
    return empty


@pytest.mark.parametrize("words", JOBS)
def test_a_job_waits(away: Run, caplog: pytest.LogCaptureFixture, words: str) -> None:
    ended = away(*words.split())
    assert ended.code == ExitCode.BAD_INPUT
    assert "try again when it answers" in ended.err
    assert "Waiting for the database, for up to 0.1 s" in caplog.text


@pytest.mark.parametrize("words", OTHERS)
def test_a_reader_is_told_at_once(away: Run, caplog: pytest.LogCaptureFixture, words: str) -> None:
    assert away(*words.split()).code == ExitCode.BAD_INPUT
    assert caplog.text == ""


def test_so_is_a_person_at_a_terminal(
    away: Run, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    assert away("refresh", "stats").code == ExitCode.BAD_INPUT
    assert caplog.text == ""


@pytest.mark.parametrize(
    "words",
    [
        "cohort set club --rank m=3",
        "cohort delete club --yes",
        "cohort build --label two --members names.txt",
        "db tidy",
        "db tidy --dry-run",
        "forget marla --yes",
        "forget nobody --undo",
    ],
)
def test_a_lock_in_the_middle_of_a_unit_costs_nothing(
    club: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    (tmp_path / "names.txt").write_text("marla\n")
    club("forget", "nobody")
    do_execute: Any = DefaultDialect.do_execute
    locked: list[str] = []

    def execute(self: Any, cursor: Any, statement: str, *more: Any) -> None:
        if not locked and statement.startswith(("UPDATE", "INSERT", "DELETE")):
            locked.append(statement)
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorcode = sqlite3.SQLITE_BUSY
            raise error
        do_execute(self, cursor, statement, *more)

    monkeypatch.setattr(DefaultDialect, "do_execute", execute)
    ended = club(*words.split())
    assert (ended.code, len(locked)) == (ExitCode.DONE, 1), ended.err


def test_every_job_is_a_command() -> None:
    rows = [row for table in command_line.LETTERBOXD.values() for row in table.values()]
    groups = [target for target, _ in rows if not isinstance(target, str)]
    rows += [row for table in groups for row in table.values()]
    assert {target for target, _ in rows if isinstance(target, str)} >= command_line.JOBS
