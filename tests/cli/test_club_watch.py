"""`letterboxd club --watch`: files are taken in as they appear, while the page is shown."""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from letterboxd_scraper.cli import club_watch
from letterboxd_scraper.cli.club_watch import Watch
from letterboxd_scraper.errors import ExitCode
from letterboxd_scraper.imports import apart, watched_folder
from letterboxd_scraper.server import running
from letterboxd_scraper.terminal.session import Session
from tests.asked import Reply, ask
from tests.cli.conftest import Run
from tests.imports.test_reading import write
from tests.server.conftest import read_here
from tests.server.dropped import FIVE

_PATIENCE = 60.0
# Before a test has the files read here.
READ_APART = apart.read_apart


class Seen:
    """What somebody sees who looks at the page, and does something in the folder meanwhile."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.app: Any = None
        self.acts: Callable[[Seen], None] = lambda seen: None

    def page(self, path: str) -> Reply:
        return asyncio.run(ask(self.app, path, accept="text/html"))

    def wait_for(self, is_so: Callable[[], object]) -> None:
        end = time.monotonic() + _PATIENCE
        while not is_so():
            assert time.monotonic() < end, self.said
            time.sleep(0.01)

    def wait_for_words(self, words: str, times: int = 1) -> None:
        self.wait_for(lambda: sum(words in line for line in self.said) >= times)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    """Nobody waits long: every file is believed to be whole at once."""
    seen = Seen()

    def serve(app: Any, listening: Any) -> None:
        seen.app = app
        seen.acts(seen)

    for module, name in ((watched_folder, "STILL"), (club_watch, "STILL"), (watched_folder, "LONG_STILL")):
        monkeypatch.setattr(module, name, 0.0)
    monkeypatch.setattr(club_watch, "_PAUSE", 0.01)
    monkeypatch.setattr(apart, "read_apart", read_here)
    monkeypatch.setattr(running, "serve", serve)
    monkeypatch.setattr(Session, "say", lambda session, line: seen.said.append(line))
    return seen


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "inbox", dict(FIVE[:2]))


def test_what_lies_there_and_what_comes_is_taken_in(empty: Run, seen: Seen, folder: Path) -> None:
    def act(seen: Seen) -> None:
        assert "cleo" not in seen.page("/cohorts/friends/members").text
        write(folder, {"bill.pdf": "%PDF-1.7", "copy of ann.zip": FIVE[0][1], FIVE[2][0]: FIVE[2][1]})
        seen.wait_for_words("ranked for friends", times=2)
        assert "cleo" in seen.page("/cohorts/friends/members").text
        write(folder, {"imdb.csv": FIVE[4][1]})
        seen.wait_for_words("imdb.csv")

    seen.acts = act
    ended = empty("club", "--watch", str(folder), "--no-open", "--names")
    assert ended.code == ExitCode.DONE
    assert (
        f"{folder}: what lies there or appears is taken in for friends, without asking, until Ctrl-C"
        in seen.said
    )
    assert any(
        line.startswith("friends: http://127.0.0.1:") and "/cohorts/friends/report (" in line
        for line in seen.said
    )
    told = "\n".join(seen.said)
    assert told.count("bill.pdf") == told.count("bill.pdf: a PDF file") == 1
    assert "copy of ann" not in told
    assert told.count("letterboxd-ann.zip: Letterboxd archive") == 1


def test_an_empty_folder_begins_with_no_circle(empty: Run, seen: Seen, tmp_path: Path) -> None:
    folder = write(tmp_path / "inbox", {})
    folder.mkdir()

    def act(seen: Seen) -> None:
        assert "There is no circle yet" in seen.page("/").text
        write(folder, dict(FIVE[:1]))
        seen.wait_for(lambda: "/cohorts/monday/report" in seen.page("/").text)

    seen.acts = act
    assert empty("club", "--watch", str(folder), "--name", "monday", "--no-open").code == ExitCode.DONE
    assert any(
        line.startswith("monday: http://127.0.0.1:") and line.endswith("/ (Ctrl-C ends it)")
        for line in seen.said
    )


def test_files_are_read_in_a_process_of_their_own_and_one_that_breaks_it_costs_no_other(
    empty: Run, seen: Seen, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other.py").write_text(
        "from letterboxd_scraper.imports import apart, archive\n"
        "read = archive.read_group\n"
        "def read_others(group, options):\n"
        "    return exit('broken') if 'bob' in group.path else read(group, options)\n"
        "archive.read_group = read_others\n"
        "apart.main()\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(apart, "MODULE", "other")
    monkeypatch.setattr(apart, "read_apart", READ_APART)
    write(folder, {"imdb.csv": FIVE[4][1]})

    def act(seen: Seen) -> None:
        members = seen.page("/cohorts/friends/members").text
        assert ("ann" in members, "bob" in members) == (True, False)
        write(folder, {FIVE[2][0]: FIVE[2][1]})
        seen.wait_for(lambda: "cleo" in seen.page("/cohorts/friends/members").text)

    seen.acts = act
    assert empty("club", "--watch", str(folder), "--no-open", "--names").code == ExitCode.DONE
    (broken,) = [line for line in seen.said if "bob" in line]
    assert broken.endswith("letterboxd-bob.zip: it breaks what reads it: nothing of it is stored")
    (unnamed,) = [line for line in seen.said if "imdb" in line]
    assert unnamed.endswith("imdb.csv: it does not say whose it is: give --member NAME")


def test_a_database_that_is_away_costs_nothing(
    empty: Run, seen: Seen, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_PATIENCE", "0.01")

    def act(seen: Seen) -> None:
        with closing(sqlite3.connect(tmp_path / "letterboxd.db")) as other:
            other.execute("BEGIN EXCLUSIVE")
            write(folder, dict([FIVE[2]]))
            seen.wait_for_words("the database is away or busy")
        seen.wait_for_words("cleo: ")
        seen.wait_for_words("ranked for friends", times=2)

    seen.acts = act
    assert empty("club", "--watch", str(folder), "--no-open").code == ExitCode.DONE


def test_a_folder_that_is_away_is_said_once_and_looked_at_again(empty: Run, seen: Seen, folder: Path) -> None:
    def act(seen: Seen) -> None:
        away = folder.rename(folder.with_name("away"))
        seen.wait_for_words("it is looked at again")
        write(away, dict([FIVE[2]])).rename(folder)
        seen.wait_for_words("cleo: ")

    seen.acts = act
    assert empty("club", "--watch", str(folder), "--no-open").code == ExitCode.DONE
    assert sum("it is looked at again" in line for line in seen.said) == 1


def test_a_folder_of_pictures_is_a_few_lines(empty: Run, seen: Seen, folder: Path) -> None:
    write(folder, {f"{number}.jpg": b"\xff\xd8" for number in range(99)})
    assert empty("club", "--watch", str(folder), "--no-open").code == ExitCode.DONE
    assert [line for line in seen.said if line.startswith("not taken: ")][-1] == "not taken: 89 more"


@pytest.mark.parametrize(("name", "says"), [("nowhere", "no such folder"), ("a.csv", "no folder")])
def test_what_is_no_folder_is_refused(empty: Run, tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / "a.csv").touch()
    ended = empty("club", "--watch", name)
    assert (ended.code, f"--watch {name}: {says}" in ended.err) == (ExitCode.BAD_INPUT, True)
    assert not (tmp_path / "letterboxd.db").exists()


def test_what_goes_wrong_beside_the_page_ends_it(
    empty: Run, seen: Seen, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def act(seen: Seen) -> None:
        monkeypatch.setattr(Watch, "_take", None)
        write(folder, dict([FIVE[2]]))
        seen.wait_for(lambda: False)

    seen.acts = act
    with pytest.raises(TypeError):
        empty("club", "--watch", str(folder), "--no-open")
