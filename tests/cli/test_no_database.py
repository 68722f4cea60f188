"""A file that is no database is said to be none."""

from pathlib import Path

import pytest

from letterboxd_scraper.errors import ExitCode
from tests.cli.conftest import Run


@pytest.mark.parametrize("words", [("db", "upgrade"), ("cohort", "list")])
def test_a_file_that_is_no_database_is_one_line(empty: Run, tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "letterboxd.db").write_bytes(b"Date,Name\n" * 100)
    ended = empty(*words)
    assert ended.code == ExitCode.BAD_INPUT
    assert "file is not a database" in ended.err
    assert ended.err.count("\n") == 2  # and the database's address


def test_a_check_reports_it_once(empty: Run, tmp_path: Path) -> None:
    (tmp_path / "letterboxd.db").write_bytes(b"Date,Name\n" * 100)
    ended = empty("db", "check")
    assert ended.code == ExitCode.FAILURES
    assert ended.out.count("file is not a database") == ended.out.count("\n") == 1
