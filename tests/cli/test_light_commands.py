"""Commands that need no database do not load what reads one: its import would be half of their time."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("words", "unneeded"),
    [
        (("config", "show"), ("letterboxd_scraper.store.schema", "sqlalchemy.dialects.postgresql")),
        (("rank", "list"), ("letterboxd_scraper.store.open", "ranking.results", "ranking.explain")),
    ],
)
def test_a_command_without_a_database_loads_no_module_for_one(
    words: tuple[str, ...], unneeded: tuple[str, ...]
) -> None:
    script = (
        f"import sys\nfrom letterboxd_scraper.cli.main import run\nassert run({words!r}) == 0\n"
        f"print(*sorted(set({unneeded!r}) & set(sys.modules)), file=sys.stderr)"
    )
    process = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert process.stderr.strip() == ""
