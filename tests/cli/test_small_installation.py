"""What works where no extra is installed, and what is said of the rest."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from letterboxd_scraper.config import load
from letterboxd_scraper.downloader.browser import chromium
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.machine.extras import EXTRAS
from tests.cli.conftest import Run
from tests.cli.every_command import make_club
from tests.conftest import ROOT

MODULES = sorted({module for extra in EXTRAS.values() for module in extra.modules})
BASE = """
import sys
sys.modules |= dict.fromkeys(sys.argv[1:])
from letterboxd_scraper.cli.main import run
from tests.cli.test_lazy_commands import COMMANDS
for command in COMMANDS.values():
    command.load()
import letterboxd_scraper.pipelines, letterboxd_scraper.commands.crawl
for words in (
    "rank compute --strategy all --cohort club",
    "rank show --cohort club",
    "rank evaluate --cohort club",
    "taste --cohort club --member marla",
    "report --cohort club --output report.html",
    "export csv --cohort club --output club.csv",
    "schedule install --cohort club --local --as cron",
    "status",
):
    assert run(words.split()) == 0, words
"""


def test_the_base_crawls_ranks_and_reports(tmp_path: Path) -> None:
    make_club(tmp_path / "club.db")
    command = [sys.executable, "-c", BASE, *MODULES]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "DATABASE_URL": f"sqlite:///{tmp_path / 'club.db'}"}
    process = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stderr
    assert (tmp_path / "report.html").exists()


@pytest.mark.parametrize(
    ("words", "extra"),
    [
        ("serve", "serve"),
        ("export parquet --cohort club --output club", "parquet"),
        ("report --cohort club --image top.png", "images"),
        ("report --cohort club --embed-posters", "images"),
        ("rank evaluate --data club.parquet", "parquet"),
        ("rank compute --cohort club --engine duckdb --data club", "duckdb"),
        ("rank compute --cohort club --engine spark --data club", "spark"),
        ("schedule run --cohort club --job nightly", "schedule"),
        ("rank show --cohort club --db-url postgresql://localhost/club", "postgres"),
        ("serve --db-url postgresql://localhost/club", "postgres"),
        ("db backup club.dump --db-url postgresql://localhost/club", "postgres"),
    ],
)
def test_what_is_missing_is_said_in_one_line(
    club: Run, words: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in EXTRAS[extra].modules:
        monkeypatch.setitem(sys.modules, module, None)
    ended = club("--quiet", *words.split())
    assert (ended.code, ended.out) == (2, "")
    (line,) = ended.err.splitlines()
    assert f' needs {EXTRAS[extra].libraries}: pip install "letterboxd-scraper[{extra}]"' in line


def test_a_browser_wants_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "playwright", None)
    with pytest.raises(InputError, match=r"LETTERBOXD_BROWSER needs .*letterboxd-scraper\[browser\]"):
        chromium.scrapy_settings(load())
