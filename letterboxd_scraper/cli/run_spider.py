"""Running a spider as a process of its own, and telling the user how it goes.

The spider runs as `scrapy crawl` does, and tells how far it is. What it has stored can be ranked while it
runs.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Annotated, Any

import typer

from letterboxd_scraper.config import STOP_WITH_PARENT
from letterboxd_scraper.errors import ExitCode
from letterboxd_scraper.items.progress import PROGRESS_VARIABLE, ProgressReader
from letterboxd_scraper.machine import interrupts, safe_path
from letterboxd_scraper.store.crawl_state import runs
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.progress_bar import above_the_bar, has_bar, meter
from letterboxd_scraper.terminal.session import Session

POLL_SECONDS = 0.5
# The crawl came to its end, though perhaps not every page could be read.
FINISHED = (ExitCode.DONE, ExitCode.FAILURES)
AcceptTerms = Annotated[
    bool, options.flag("--accept-terms", "You are authorized to crawl the site: see the README.")
]


def crawl(
    session: Session,
    spider: str,
    arguments: Mapping[str, Any],
    settings: Mapping[str, Any] | None = None,
    watch: Callable[[], None] = lambda: None,
) -> int:
    """Run a spider to its end, calling ``watch`` now and then; return its exit code.

    An argument that is None is left out. Ctrl-C reaches the spider once: it finishes the pages in flight and
    ends by itself. Raises typer.Exit where it was refused before it began: it has said why.
    """
    command = [*safe_path.module_command("letterboxd_scraper.commands"), "crawl", spider]
    for name, value in arguments.items():
        if value is not None:
            command += ["-a", f"{name}={value}"]
    environment = _environment(session, settings or {})
    log: AbstractContextManager[int | None] = above_the_bar() if has_bar(session) else nullcontext()
    with _listening() as (listener, descriptor), meter(session) as show, log as stderr, _passing_on_signals():
        process = None
        try:
            with interrupts.held():
                environment[PROGRESS_VARIABLE] = str(descriptor)
                process = start(command, environment, descriptor, stderr)
            while process.poll() is None:
                time.sleep(POLL_SECONDS)
                if progress := listener.latest():
                    show(progress)
                watch()
        except KeyboardInterrupt:
            session.say("stopping: the pages in flight are finished first")
            # Also if it came to its end meanwhile: nothing is to be done after it.
            return ExitCode.INTERRUPTED
        finally:
            if process:
                _end(process)
    if process.returncode == ExitCode.BAD_INPUT:
        raise typer.Exit(ExitCode.BAD_INPUT)
    session.spiders.append(spider)
    # A spider that a signal ended (no memory left, perhaps) told no code.
    return process.returncode if process.returncode >= 0 else ExitCode.INTERNAL_ERROR


def start(
    command: Sequence[str], environment: Mapping[str, str], descriptor: int, stderr: int | None = None
) -> subprocess.Popen[bytes]:
    """Start a crawl as a process; it writes its progress to ``descriptor``, and its log to ``stderr``."""
    # A session of its own: the terminal's Ctrl-C would else reach it beside the one that we pass on.
    # It watches its standard input, so that it ends even if this process is killed outright.
    return subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.PIPE,
        stderr=stderr,
        pass_fds=(descriptor,),
        start_new_session=True,
    )


def crawl_and_tell(
    session: Session,
    spider: str,
    arguments: Mapping[str, Any],
    cohort: Cohort | None,
    name: str,
    *,
    accept_terms: bool,
) -> int:
    """Run a spider on a cohort, or on one member or film; say what came of it; return its exit code.

    ``name`` is what the user reads of whom or what it is about.
    """
    code = crawl(session, spider, arguments, crawl_settings(accept_terms=accept_terms))
    with session.reading() as connection:
        notes = runs.notes_of_latest(connection, spider, cohort.label if cohort else None)
    session.say(f"{name}: {notes or 'nothing was read'}")
    if cohort and code in FINISHED:
        strategies = " --strategy all" if spider == "film" else ""
        session.say(f"now: letterboxd rank compute --cohort {cohort.label}{strategies}")
    return code


def tell_runs(session: Session, cohort: str | None, **more: Any) -> None:
    """With --json, print what is told of the runs of this call; ``more`` stands before them."""
    if session.as_json:
        with session.reading() as connection:
            told = [runs.told(connection, spider, cohort) for spider in session.spiders]
        session.print_json({"cohort": cohort} | more | {"runs": list(filter(None, told))})


def crawl_settings(*, full: bool = False, accept_terms: bool = False) -> dict[str, Any]:
    """Return the settings that a command's options stand for."""
    settings = {"CRAWL_ANEW": full, "LETTERBOXD_TERMS_ACCEPTED": accept_terms}
    return {name: True for name, is_set in settings.items() if is_set}


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask a spider that is still running to stop, and wait for it; asked once more, it stops at once."""
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
        with suppress(KeyboardInterrupt):
            process.wait()


def _environment(session: Session, settings: Mapping[str, Any]) -> dict[str, str]:
    # Secrets go through the environment: arguments can be seen by everybody on the machine.
    level = session.config.LOG_LEVEL
    chosen = {
        "DATABASE_URL": session.database(),
        # A spider's usual messages would tear the progress apart; who asks for a level gets it.
        "LOG_LEVEL": level if session.log_level or level != "INFO" else "WARNING",
        "SCRAPY_SETTINGS_MODULE": "letterboxd_scraper.settings",
        STOP_WITH_PARENT: "1",
    }
    return safe_path.environment() | chosen | {name: str(value) for name, value in settings.items()}


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
