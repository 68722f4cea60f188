"""Files read in a process of its own: the same comes of it, and no harm."""

import logging
import os
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.imports import apart
from letterboxd_scraper.imports.apart import Interrupted
from letterboxd_scraper.imports.reading import ReadFiles, read_paths
from letterboxd_scraper.items.sources import NamedFilm
from tests.imports.test_reading import ARCHIVE, FILM_PAGE, IMDB, packed, write
from tests.imports.test_saved_pages import diary

NOW = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)


@pytest.fixture
def other_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that stands in for the one that reads."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(apart, "MODULE", "other")
    return tmp_path / "other.py"


def test_the_same_comes_of_it(tmp_path: Path) -> None:
    contents: dict[str, str | bytes] = {
        "archive.zip": packed(ARCHIVE),
        "imdb.csv": IMDB,
        "film.html": FILM_PAGE,
        "diary.html": diary("2026-01-02", NamedFilm("Persona", 1966, slug="persona")),
        "bill.pdf": "%PDF-1.7",
        "broken.zip": b"PK\x03\x04 no more of it",
    }
    write(tmp_path, contents)
    read = apart.read_apart([tmp_path], NOW, member="ida")
    assert read == read_paths([tmp_path], NOW, member="ida")
    assert len(read.snapshots) == 2
    assert read.films
    assert read.unknown


def test_what_takes_too_much_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "".join(f"2026-01-01,Film {n},1990,https://boxd.it/{n:06},4\r\n" for n in range(60_000))
    write(tmp_path, {"archive.zip": packed({**ARCHIVE, "ratings.csv": ARCHIVE["ratings.csv"] + rows})})
    monkeypatch.setattr(apart, "MOST_MEMORY", 80_000_000)
    with pytest.raises(InputError, match="more memory than any exports do: nothing is stored"):
        apart.read_apart([tmp_path], NOW)


def test_who_tells_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"archive.zip": packed(ARCHIVE)})
    monkeypatch.setattr(apart, "MOST_TOLD", 100)
    with pytest.raises(InputError, match="tell more than any exports do"):
        apart.read_apart([tmp_path], NOW)


def test_what_takes_too_long_is_ended(other_process: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other_process.write_text("import time; time.sleep(600)")
    monkeypatch.setattr(apart, "MOST_SECONDS", 1)
    with pytest.raises(InputError, match="more than 1 seconds"):
        apart.read_apart([], NOW)


def test_it_ends_by_itself_when_nobody_waits(other_process: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other_process.write_text(
        "import time\n"
        "from letterboxd_scraper.imports import apart\n"
        "apart.read_paths = lambda *_, **__: time.sleep(600)\n"
        "apart._limit(apart.Request((), apart.datetime.now(), None, False, 10**9, 1, 10**6))\n"
        "apart.read_paths()\n"
    )
    with pytest.raises(InputError, match="more than 60 seconds"):
        apart.read_apart([], NOW)


def test_ctrl_c_in_the_terminal_is_no_fault_of_the_files(other_process: Path) -> None:
    other_process.write_text("import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(60)")
    with pytest.raises(Interrupted, match="was interrupted: nothing is stored"):
        apart.read_apart([], NOW)


def test_a_crash_is_one_sentence(
    other_process: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Commands of earlier tests may have left handlers whose streams are closed: logging would print that.
    monkeypatch.setattr(logging, "raiseExceptions", False)
    other_process.write_text(
        "import os, sys\nprint('\x1b[2J broken', file=sys.stderr, flush=True)\nos.kill(os.getpid(), 11)"
    )
    with pytest.raises(InputError, match="one of them breaks what reads it: nothing is stored") as refusal:
        apart.read_apart([], NOW)
    assert "\n" not in str(refusal.value)
    assert "has ended with -11: '\\x1b[2J broken'" in caplog.text
    assert capfd.readouterr() == ("", "")


def test_it_gets_no_secrets_and_no_connections(other_process: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:Xy7-known@example.test/films")
    monkeypatch.setenv("LETTERBOXD_SERVE_TOKEN", "Xy7-token")
    other_process.write_text(
        "import os\n"
        "assert not any('Xy7' in value for value in os.environ.values()), os.environ\n"
        "open_now = set(os.listdir('/dev/fd'))\n"
        "assert len(open_now) <= 4, open_now\n"  # one of them is that of the list itself
        'print(\'{"files": [], "unknown": []}\')'
    )
    with socket.socket() as listening:
        listening.set_inheritable(True)
        assert apart.read_apart([], NOW) == ReadFiles()


def test_it_imports_nothing_from_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"pydantic.py": "raise SystemExit('it was imported')", "archive.zip": packed(ARCHIVE)})
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep)
    assert apart.read_apart([tmp_path / "archive.zip"], NOW).snapshots
