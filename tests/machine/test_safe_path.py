"""Programs run nothing that lies in the folder where they are called."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer

import letterboxd_scraper
from letterboxd_scraper.cli import run_spider
from letterboxd_scraper.machine import safe_path
from letterboxd_scraper.terminal.session import Session

pytestmark = pytest.mark.slow
# Modules of Python, of libraries, of Scrapy's, and one that a library would like to have.
NAMES = ("calendar", "keyword", "requests", "scrapy", "sqlalchemy", "typer", "ranking_extras", "brotli")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: in it files that say on which of them Python came."""
    for name in NAMES:
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'a').write('{name} ')")
    (tmp_path / "scrapy.cfg").write_text("[settings]\ndefault = calendar\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'letterboxd.db'}")
    monkeypatch.setenv("LETTERBOXD_BASE_URL", "http://127.0.0.1:9")
    return tmp_path


@pytest.mark.parametrize(
    "command", [["letterboxd_scraper", "config", "show"], ["ranking", "list"]], ids=" ".join
)
def test_a_program_imports_nothing_from_the_current_folder(folder: Path, command: list[str]) -> None:
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not (folder / "ran").exists(), (folder / "ran").read_text()


def test_nor_does_a_crawl_that_a_command_starts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", ".", os.environ.get("PYTHONPATH", "")]))
    with pytest.raises(typer.Exit) as ended:
        run_spider.crawl(Session(quiet=True), "profile", {"cohort": "nobody"})
    assert ended.value.exit_code == 2
    assert not (folder / "ran").exists(), (folder / "ran").read_text()


def test_what_depends_on_the_current_folder_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", "/opt/a", ".", "b", "/opt/c", ""]))
    assert safe_path.environment()["PYTHONPATH"] == os.pathsep.join(["/opt/a", "/opt/c"])
    assert safe_path.module_command("m") == [sys.executable, "-P", "-m", "m"]
    monkeypatch.setattr(sys, "path", ["", "/opt/a", str(tmp_path), "."])
    safe_path.leave_out_current_folder()
    assert sys.path == ["/opt/a"]


def test_the_project_s_own_folder_is_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    home = Path(letterboxd_scraper.__file__).parent.parent
    monkeypatch.chdir(home)
    monkeypatch.setattr(sys, "path", [str(home), "/opt/a"])
    safe_path.leave_out_current_folder()
    assert sys.path == [str(home), "/opt/a"]
    assert safe_path.module_command("m") == [sys.executable, "-m", "m"]
