"""A database that refuses once a crawl is under way: one line, and the code that is agreed on for it."""

import pytest

from tests.conftest import Shell
from tests.refusals import refused


def errors_in(stderr: str) -> list[str]:
    return [line for line in stderr.splitlines() if " ERROR: " in line or line.startswith("letterboxd: ")]


@pytest.mark.parametrize(
    ("command", "statement", "code"),
    [
        ("scrape --cohort friends", "INSERT INTO RATINGS", 1),
        ("schedule run --cohort friends --job nightly --local", "INSERT INTO RATINGS", 1),
        ("doctor --user marla", "INSERT INTO ROBOTS_TXT", 2),
    ],
)
def test_a_database_that_is_lost_is_one_line(command: str, statement: str, code: int, known: Shell) -> None:
    with refused(statement)(known.folder):
        ended = known.letterboxd(*command.split())
    assert ended.returncode == code
    (line,) = errors_in(ended.stderr)
    assert line.endswith("database or disk is full; make room on the disk")
    assert "Traceback" not in ended.stderr
