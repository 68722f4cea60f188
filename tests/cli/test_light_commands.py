"""Commands load no module that is slow to load and that they do not need.

What their start costs says `python -m benchmarks.startup`.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.every_command import make_club


@pytest.mark.parametrize(
    ("words", "unneeded"),
    [
        (("config", "show"), ("letterboxd_scraper.store.schema", "sqlalchemy.dialects.postgresql")),
        (("rank", "list"), ("letterboxd_scraper.store.open", "ranking.results", "ranking.explain")),
        (("cohort", "list", "--help"), ("letterboxd_scraper.arguments", "letterboxd_scraper.cli.run_spider")),
        (("export", "csv", "--help"), ("jinja2",)),
    ],
)
def test_a_command_loads_no_slow_module_in_vain(words: tuple[str, ...], unneeded: tuple[str, ...]) -> None:
    script = (
        f"import sys\nfrom letterboxd_scraper.cli.main import run\nassert run({words!r}) == 0\n"
        f"print(*sorted(set({unneeded!r}) & set(sys.modules)), file=sys.stderr)"
    )
    process = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert process.stderr.strip() == ""


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


@pytest.mark.parametrize(
    ("command", "unneeded"),
    [
        ("--help", {"pydantic", "rich", "sqlalchemy", "letterboxd_scraper.config"}),
        ("rank --help", {"rich", "sqlalchemy", "letterboxd_scraper.config"}),
        ("help rank", {"rich", "sqlalchemy", "letterboxd_scraper.config"}),
        ("rank show --cohort club", set()),
        ("status", set()),
        ("runs", set()),
        ("export json --cohort club --output -", set()),
    ],
)
def test_who_reads_loads_nothing_that_is_slow(command: str, unneeded: set[str], club_database: Path) -> None:
    script = (
        "import sys\nfrom letterboxd_scraper.cli.main import run\nassert run(sys.argv[1:]) == 0\n"
        f"print(sorted({SLOW | unneeded!r} & set(sys.modules)), file=sys.stderr)"
    )
    environment = os.environ | {"DATABASE_URL": f"sqlite:///{club_database}"}
    process = subprocess.run(
        [sys.executable, "-c", script, *command.split()],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert process.stderr.splitlines()[-1] == "[]"
