"""Commands run in the tests' own process, as they would run in one of their own.

Most of the time of a small crawl goes into starting Python and loading Scrapy and SQLAlchemy. Here Scrapy's
command line and ours are called as functions: with an environment, a folder and standard streams of their
own, and on a reactor that is never stopped, since Twisted starts one once in a process.

What is proved with signals, exit codes of a process or a terminal starts real processes; FRESH_PROCESSES=1
makes every command one.
"""

import asyncio
import io
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import scrapy.cmdline
import scrapy.utils.log
import sqlalchemy as sa
from scrapy.crawler import AsyncCrawlerRunner
from scrapy.settings import Settings
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.main import installReactor

_loop = asyncio.new_event_loop()
_reactor: Any = AsyncioSelectorReactor(_loop)
installReactor(_reactor)  # type: ignore[no-untyped-call]

from letterboxd_scraper.cli import checkup, main, run_spider  # noqa: E402
from letterboxd_scraper.config import STOP_WITH_PARENT  # noqa: E402

_SETTINGS = "letterboxd_scraper.settings"


def can_run(command: Sequence[str]) -> bool:
    """Say whether `run` can run a command; what a test runs in threads, at the same time, are processes."""
    is_ours = list(command[:2]) == [sys.executable, "-m"] and command[2] in PROGRAMS
    alone = threading.current_thread() is threading.main_thread()
    return is_ours and alone and not os.environ.get("FRESH_PROCESSES")


def run(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], **streams: Any
) -> subprocess.CompletedProcess[str]:
    """Run ``python -m MODULE …`` of one of ours, or of Scrapy; return what came of it.

    ``streams`` stand in for its standard streams, as ``stdout=None`` for one that is closed.
    """
    program = PROGRAMS[command[2]]
    stdin, stdout, stderr = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(3))
    patch = mock.patch.multiple(sys, **{"stdin": stdin, "stdout": stdout, "stderr": stderr} | streams)
    with patch, _environment(environment), _folder(folder), _logging(), _engines(), _signals():
        code = _exit_code(program, list(command[3:]))
    return subprocess.CompletedProcess(list(command), code, _text(stdout), _text(stderr))


def _exit_code(program: Callable[[list[str]], int], arguments: list[str]) -> int:
    try:
        return program(arguments)
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else int(ending.code is not None)


def _text(stream: io.TextIOWrapper) -> str:
    return stream.buffer.getvalue().decode()  # type: ignore[attr-defined, no-any-return]


def _scrapy(arguments: list[str]) -> int:
    sys.modules.pop(_SETTINGS, None)  # they are read when the module is loaded
    with (
        mock.patch.object(scrapy.cmdline, "AsyncCrawlerProcess", _Runner),
        # Commands of other packages: to look for them takes as long as a small crawl.
        mock.patch.object(scrapy.cmdline, "entry_points", return_value=()),
    ):
        scrapy.cmdline.execute(["scrapy", *arguments])
    raise AssertionError("execute ends with sys.exit")


def _letterboxd(arguments: list[str]) -> int:
    sys.modules.pop(_SETTINGS, None)
    with (
        mock.patch.object(run_spider, "start", Crawl),
        mock.patch.object(checkup, "AsyncCrawlerProcess", _Runner),
        mock.patch.object(sys, "argv", ["letterboxd"]),
    ):
        return main.run(arguments)


PROGRAMS: dict[str, Callable[[list[str]], int]] = {
    "scrapy": _scrapy,
    "letterboxd_scraper": _letterboxd,
    "ranking": main.run_ranking,
}


class Crawl:
    """Stands for the process of a crawl that a command has started: it has ended when it is made."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], *descriptors: int | None
    ) -> None:
        assert list(command[:4]) == [sys.executable, "-P", "-m", "letterboxd_scraper.commands"]
        own = {name: value for name, value in environment.items() if name != STOP_WITH_PARENT}
        with _environment(own), _logging():
            self.returncode = _exit_code(_scrapy, list(command[4:]))

    def poll(self) -> int:
        """Return the exit code."""
        return self.returncode


class _Runner(AsyncCrawlerRunner):
    """What Scrapy's commands take for an AsyncCrawlerProcess: crawls on the reactor that is here."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        _start_reactor()
        asyncio.set_event_loop(_loop)

    def start(self, **options: Any) -> None:
        """Return when all crawls have ended, and their threads, which have the rights of their beginning."""
        with ThreadPoolExecutor() as threads:
            _loop.set_default_executor(threads)
            try:
                _loop.run_until_complete(self.join())
            except BaseException:  # the test's time is over
                _loop.run_until_complete(self.stop())
                raise


@cache
def _start_reactor() -> None:
    scrapy.utils.log.configure_logging({"LOG_INSTALL_ROOT_HANDLER": False})
    logging.captureWarnings(False)  # pytest shows them
    _reactor.startRunning(installSignalHandlers=False)


def stop_reactor() -> None:
    """End the threads of a reactor that was started; the process would else wait for them for ever."""
    if _start_reactor.cache_info().currsize:
        _reactor.fireSystemEvent("shutdown")


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    with mock.patch.dict(os.environ, variables, clear=True):
        yield


@contextmanager
def _folder(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@contextmanager
def _logging() -> Iterator[None]:
    """Begin without handlers, as a process does; give back those that were here."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    root.handlers = []
    root.setLevel(logging.WARNING)
    try:
        with mock.patch.object(scrapy.utils.log, "_scrapy_root_handler", None):
            yield
    finally:
        root.handlers = handlers
        root.setLevel(level)


@contextmanager
def _signals() -> Iterator[None]:
    """Give back what is done at signals, and at errors that nobody catches."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    hook = sys.excepthook
    try:
        yield
    finally:
        sys.excepthook = hook
        for number, handler in handlers.items():
            signal.signal(number, handler)


@contextmanager
def _engines() -> Iterator[None]:
    """Close the databases' connections at the end, as the end of a process does."""
    used: set[sa.Engine] = set()

    def note(connection: sa.Connection) -> None:
        used.add(connection.engine)

    sa.event.listen(sa.Engine, "engine_connect", note)
    try:
        yield
    finally:
        sa.event.remove(sa.Engine, "engine_connect", note)
        for engine in used:
            engine.dispose()
