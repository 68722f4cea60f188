"""Commands in processes of their own that need not load Python's libraries first.

Starting Python and loading Scrapy and SQLAlchemy takes a second, most of the life of a small crawl. Here a
server process loads them once, and each command is a fork of it, with its own environment, folder and output:
the same modules run from their beginning as with `python -m`. Who needs the interpreter itself, or a
terminal, starts one.
"""

import atexit
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

# Not `letterboxd_scraper.settings`, nor what installs Twisted's reactor: they belong to each command.
_LOADED = [
    "tests.warm",
    "psycopg2.extras",
    "scrapy.cmdline",
    "scrapy.core.downloader.handlers.http11",
    "sqlalchemy.dialects.postgresql.psycopg2",
    "sqlalchemy.dialects.sqlite.pysqlite",
    "letterboxd_scraper.cli.main",
    "letterboxd_scraper.cli.run_spider",
    "letterboxd_scraper.cli.serve",
    "letterboxd_scraper.commands.crawl",
    "letterboxd_scraper.pipelines",
    "letterboxd_scraper.spiders.film",
    "letterboxd_scraper.spiders.follow_graph",
    "letterboxd_scraper.spiders.when_rated",
]
_server = multiprocessing.get_context("forkserver")
_server.set_forkserver_preload(_LOADED)
_outputs = TemporaryDirectory()
_numbers = count()


class Process:
    """A running `python -m MODULE …`; its methods are as those of `subprocess.Popen`."""

    def __init__(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        assert list(command[:2]) == [sys.executable, "-m"]
        self.args = list(command)
        number = next(_numbers)
        self._out, self._err = (Path(_outputs.name) / f"{number}.{name}" for name in ("out", "err"))
        streams = (os.devnull, str(self._out), str(self._err))
        self._process = _server.Process(
            target=_become, args=(self.args[2:], str(folder), dict(environment), streams)
        )
        self._process.start()

    @property
    def pid(self) -> int | None:
        """The number of the process."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit code, a signal's number below zero, or None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """Return the exit code; None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float = 240) -> int:
        """Return the exit code at the end. Raises TimeoutExpired."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            self.kill()
            self._process.join()
            raise subprocess.TimeoutExpired(self.args, timeout, *self._texts())
        return self._process.exitcode

    def communicate(self, timeout: float = 240) -> tuple[str, str]:
        """Return what was printed, and what was said on stderr, until the end. Raises TimeoutExpired."""
        self.wait(timeout)
        return self._texts()

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the process has ended."""
        if self._process.exitcode is None and self._process.pid:
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, number)

    def kill(self) -> None:
        """End it on the spot."""
        self.send_signal(signal.SIGKILL)

    def said(self) -> str:
        """Return what was said on stderr so far."""
        return self._err.read_text() if self._err.exists() else ""

    def _texts(self) -> tuple[str, str]:
        return self._out.read_text(), self._err.read_text()


def run(
    command: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; `python -m MODULE …` in a fork of the server. Raises TimeoutExpired."""
    if list(command[:2]) != [sys.executable, "-m"] or os.environ.get("FRESH_PROCESSES"):
        return subprocess.run(
            command,
            cwd=folder,
            env=dict(environment),
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
    process = Process(command, folder, environment)
    out, err = process.communicate()
    return subprocess.CompletedProcess(list(command), process.wait(), out, err)


def _become(command: list[str], folder: str, environment: dict[str, str], streams: tuple[str, ...]) -> None:
    """Become `python -m` of a command's words, in a process that has just been forked."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for stream, file in enumerate(streams):
        opened = os.open(file, os.O_RDWR | os.O_CREAT)
        os.dup2(opened, stream)
        os.close(opened)
    sys.argv = command
    try:
        runpy.run_module(command[0], run_name="__main__", alter_sys=True)
    finally:
        atexit._run_exitfuncs()  # a process that multiprocessing ends has none of its own
