"""Commands load no module that is slow to load and that they do not need."""

import subprocess
import sys

import pytest


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
