"""How far a long work has come: told by the crawl, shown by the command."""

import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress

import pytest

from letterboxd_scraper.items.progress import Progress, ProgressReader, ProgressWriter
from letterboxd_scraper.terminal.progress_bar import above_the_bar, meter, track
from letterboxd_scraper.terminal.session import Session
from tests import questions as terminal
from tests.conftest import Shell, on_sqlite

Shown = Callable[[Callable[[], object]], str]


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


@pytest.fixture
def seen_of(monkeypatch: pytest.MonkeyPatch) -> Shown:
    """Call something with a terminal of 60 columns as standard error; return what that shows."""

    def show(work: Callable[[], object]) -> str:
        ours, theirs = pty.openpty()
        with os.fdopen(theirs, "w") as stderr, monkeypatch.context() as patch, suppress(KeyboardInterrupt):
            patch.setattr(sys, "stderr", stderr)
            work()
        text = terminal.read_to_end(ours)
        os.close(ours)
        return text

    for name, value in {"TERM": "xterm", "COLUMNS": "60"}.items():
        monkeypatch.setenv(name, value)
    return show


def test_log_lines_go_above_the_bar_and_the_terminal_is_as_before(seen_of: Shown) -> None:
    def work() -> None:
        with meter(Session()) as show, above_the_bar() as log:
            show(Progress("members", 3, 40, requests=99))
            os.write(log, b"WARNING: a page is missing\n")
            raise KeyboardInterrupt

    text = seen_of(work)
    assert "WARNING: a page is missing" in text
    before, after = text.split("WARNING: a page is missing")
    assert before.endswith("\r\x1b[2K")  # at the beginning of an empty line
    assert after.startswith("\r\n")
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h") == 1  # the cursor is back
    assert text.endswith("\x1b[2K")  # and the bar gone


def test_a_narrow_terminal_gets_what_fits(seen_of: Shown) -> None:
    def work() -> None:
        with meter(Session()) as show:
            for done in range(1000, 1010):
                show(Progress("members", done, 4000, requests=12345))

    lines = re.split(r"[\r\n]+", re.sub(r"\x1b\[[\d?;]*\w", "", seen_of(work)))
    assert max(map(len, lines)) < 60
    assert "…" not in "".join(lines)
    assert "of 4,000 members, " in lines[-2]


def test_of_a_single_thing_there_is_no_bar(seen_of: Shown) -> None:
    assert seen_of(lambda: list(track(Session(), "archives", ["a"]))) == ""


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
