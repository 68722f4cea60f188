"""How far a long work has come: told by the crawl, shown by the command."""

import os
import pty
import subprocess
import sys

import pytest

from letterboxd_scraper.items.progress import Progress, ProgressReader, ProgressWriter
from letterboxd_scraper.terminal.progress_bar import meter, track
from letterboxd_scraper.terminal.session import Session
from tests import terminal
from tests.conftest import Shell, on_sqlite


def test_the_latest_of_what_was_told_is_heard() -> None:
    ours, theirs = os.pipe()
    moments = iter([0.0, 0.0, 0.1, 0.3])
    teller, listener = ProgressWriter(theirs, lambda: next(moments)), ProgressReader(ours)
    assert listener.latest() is None
    assert teller.is_due()
    teller.write(Progress("members", 1, 9, 4))
    assert not teller.is_due()  # so soon after it
    assert teller.is_due()
    assert listener.latest() == Progress("members", 1, 9, 4)
    assert listener.latest() is None
    os.close(theirs)
    os.close(ours)


def test_a_slow_listener_and_one_that_has_gone_stop_no_crawl() -> None:
    ours, theirs = os.pipe()
    teller = ProgressWriter(theirs)
    for number in range(10_000):  # more than a pipe holds
        teller.write(Progress("members", number, 10_000))
    assert ProgressReader(ours).latest() is not None
    os.close(ours)
    teller.write(Progress("members", 1, 2))
    assert not teller.is_due()
    os.close(theirs)
    nobody = ProgressWriter(None)
    nobody.write(Progress("members", 1, 2))
    assert not nobody.is_due()


def test_a_pipe_gets_a_line_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("letterboxd_scraper.terminal.progress_bar.PLAIN_LINE_SECONDS", 0)
    assert list(track(Session(), "archives", ["a", "b"])) == ["a", "b"]
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "0 of 2 archives"
    assert told[1].startswith("1 of 2 archives, ")
    with meter(Session(quiet=True)) as show:
        show(Progress("archives", 1, 2))
    assert capsys.readouterr().err == ""


@on_sqlite
def test_a_terminal_gets_a_bar_with_rate_and_time_left(known: Shell) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "letterboxd_scraper", "scrape", "--cohort", "friends"]
    wide = {"TERM": "xterm", "COLUMNS": "120", "DOWNLOAD_DELAY": "0.02"}
    process = subprocess.Popen(
        command, cwd=known.folder, env=known.environment | wide, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    text = terminal.read_to_end(ours)
    assert process.wait(timeout=60) == 0
    os.close(ours)
    assert " of 12 members, " in text
    assert " a minute, " in text
    assert " left; " in text
