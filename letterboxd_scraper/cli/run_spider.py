"""Running a spider as a process of its own, and telling the user how it goes.

The spider runs as `scrapy crawl` does, and tells how far it is. What it has stored can be ranked while it
runs.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.config import STOP_WITH_PARENT
from letterboxd_scraper.errors import ExitCode
from letterboxd_scraper.items.progress import PROGRESS_VARIABLE, ProgressReader
from letterboxd_scraper.store.crawl_state import runs
from letterboxd_scraper.store.engine import read_transaction
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.terminal.progress_bar import meter
from letterboxd_scraper.terminal.session import Session

POLL_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Members:
    """How many of a cohort's members have been read by the work that is going on."""

    done: int
    members: int


def crawl(
    session: Session,
    spider: str,
    arguments: Mapping[str, Any],
    settings: Mapping[str, Any] | None = None,
    watch: Callable[[], None] = lambda: None,
) -> int:
    """Run a spider to its end, calling ``watch`` now and then; return its exit code.

    Ctrl-C reaches the spider once: it finishes the pages in flight and ends by itself.
    """
    command = [sys.executable, "-m", "scrapy", "crawl", spider]
    for name, value in arguments.items():
        if value is not None:
            command += ["-a", f"{name}={value}"]
    session.uses_store()
    with _listening() as (listener, descriptor), meter(session) as show, _passing_on_signals():
        environment = _environment(session, settings or {}) | {PROGRESS_VARIABLE: str(descriptor)}
        # A session of its own: the terminal's Ctrl-C would else reach it beside the one passed on here.
        # It watches its standard input, so that it ends even if this process is killed outright.
        process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.PIPE,
            pass_fds=(descriptor,),
            start_new_session=True,
        )
        try:
            while process.poll() is None:
                time.sleep(POLL_SECONDS)
                if progress := listener.latest():
                    show(progress)
                watch()
        except KeyboardInterrupt:
            session.say("stopping: the pages in flight are finished first")
        finally:
            _end(process)
    # A spider that a signal ended (no memory left, perhaps) told no code.
    return process.returncode if process.returncode >= 0 else ExitCode.INTERNAL_ERROR


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Ask a spider that is still running to stop, and wait for it; asked once more, it stops at once."""
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
        with suppress(KeyboardInterrupt):
            process.wait()


def _environment(session: Session, settings: Mapping[str, Any]) -> dict[str, str]:
    # Secrets go through the environment: arguments can be seen by everybody on the machine.
    level = session.config.LOG_LEVEL
    chosen = {
        "DATABASE_URL": session.config.DATABASE_URL,
        # A spider's usual messages would tear the progress apart; who asks for a level gets it.
        "LOG_LEVEL": level if session.log_level or level != "INFO" else "WARNING",
        "SCRAPY_SETTINGS_MODULE": "letterboxd_scraper.settings",
        STOP_WITH_PARENT: "1",
    }
    return os.environ | chosen | {name: str(value) for name, value in settings.items()}


@contextmanager
def _listening() -> Iterator[tuple[ProgressReader, int]]:
    """Give a listener to a crawl's progress, and the descriptor for the crawl to write it to."""
    ours, theirs = os.pipe()
    try:
        yield ProgressReader(ours), theirs
    finally:
        os.close(ours)
        os.close(theirs)


@contextmanager
def _passing_on_signals() -> Iterator[None]:
    """Treat a hang-up or a polite kill like Ctrl-C, so that no spider is left behind."""

    def interrupt(number: int, frame: Any) -> None:
        raise KeyboardInterrupt

    names = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {name: signal.signal(name, interrupt) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def members_read(engine: sa.Engine, cohort: Cohort, then: Callable[[Members], None]) -> Callable[[], None]:
    """Return a function that calls ``then`` with how many of a cohort's members a full crawl has read."""
    with read_transaction(engine) as connection:
        before = runs.latest(connection, "profile", cohort.label)

    def watch() -> None:
        with read_transaction(engine) as connection:
            if runs.latest(connection, "profile", cohort.label) == before:
                return  # the spider has not begun
            read = Members(*runs.members_done(connection, cohort.id, cohort.label))
        then(read)

    return watch


def find_cohort(engine: sa.Engine, label: str) -> Cohort:
    """Return a cohort. Raises UnknownName."""
    with read_transaction(engine) as connection:
        return cohorts.find(connection, label)
