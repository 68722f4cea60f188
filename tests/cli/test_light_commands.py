"""Commands load no module that is slow to load and that they do not need.

What their start costs says `python -m benchmarks.startup`.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.cli.every_command import make_club

# In one process, one after the other: what a command must not load, those before it have not loaded either.
_SCRIPT = """
import ast, sys
from letterboxd_scraper.cli.main import run
for words, unneeded in ast.literal_eval(sys.argv[1]):
    assert run(words.split()) == 0
    print(words, *sorted(unneeded & set(sys.modules)), sep=" loads ", file=sys.stderr)
"""


def assert_unloaded(commands: Sequence[tuple[str, set[str]]], **environment: str) -> None:
    """Run commands; fail if one has loaded any of the modules beside it."""
    script = [sys.executable, "-c", _SCRIPT, repr(list(commands))]
    process = subprocess.run(script, env=os.environ | environment, capture_output=True, text=True, check=True)
    told = process.stderr.splitlines()
    assert [line for line in told if " loads " in line] == []
    assert {words for words, _ in commands} <= set(told)


def test_a_command_loads_no_slow_module_in_vain() -> None:
    assert_unloaded(
        [
            ("config show", {"letterboxd_scraper.store.schema", "sqlalchemy.dialects.postgresql"}),
            ("cohort list --help", {"letterboxd_scraper.arguments", "letterboxd_scraper.cli.run_spider"}),
            ("rank list", {"letterboxd_scraper.store.open", "ranking.results", "ranking.explain"}),
            ("export csv --help", {"jinja2"}),
        ]
    )


# What is slow to load, and no command needs that reads an SQLite file.
SLOW = {
    "alembic",
    "fastapi",
    "jinja2",
    "numpy",
    "psycopg2",
    "pyarrow",
    "requests",
    "scrapy",
    "sqlalchemy.dialects.postgresql",
    "twisted",
}


@pytest.fixture(scope="module")
def club_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("light") / "club.db"
    make_club(file)
    return file


def test_a_help_page_loads_nothing_that_is_slow() -> None:
    none_of = SLOW | {"rich", "sqlalchemy", "letterboxd_scraper.config"}
    commands = [("--help", none_of | {"pydantic"}), ("rank --help", none_of), ("help rank", none_of)]
    assert_unloaded(commands)


def test_who_reads_loads_nothing_that_is_slow(club_database: Path) -> None:
    commands = ("rank show --cohort club", "status", "runs", "export json --cohort club --output -")
    assert_unloaded([(words, SLOW) for words in commands], DATABASE_URL=f"sqlite:///{club_database}")
