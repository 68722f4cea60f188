"""Jobs wait for a database that is away when they begin; who reads is told at once, and so is a person."""

import logging
import sys

import pytest

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


def test_every_job_is_a_command() -> None:
    rows = [row for table in command_line.LETTERBOXD.values() for row in table.values()]
    groups = [target for target, _ in rows if not isinstance(target, str)]
    rows += [row for table in groups for row in table.values()]
    assert {target for target, _ in rows if isinstance(target, str)} >= command_line.JOBS
