"""Ctrl-C outside of a crawl: while modules are loaded, while a process is started, and when all is done.

Python's own answer, a KeyboardInterrupt, is lost where it is raised while a module is loaded, and an uncaught
one is a traceback.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, NoReturn

from letterboxd_scraper.errors import ExitCode


def leave_at_once() -> None:
    """Let Ctrl-C end this process on the spot, as long as there is nothing to be finished.

    One that the parent held back (see `held`) comes now.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def raise_again() -> None:
    """Let Ctrl-C raise KeyboardInterrupt, as Python does by itself, where `leave_at_once` was called."""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def ignore() -> None:
    """Let Ctrl-C do nothing any more: the process is about to end, with an exit code that stands."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def held() -> Iterator[None]:
    """Hold Ctrl-C back until the end of the block. A process that is started within gets it when it is ready:
    by `leave_at_once`."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end() -> NoReturn:
    """End the process with the exit code of an interruption, whatever else is under way.

    Python would end it by the signal itself where a KeyboardInterrupt, though it was caught, came amid an
    `exec`, as modules of many libraries have them.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # nobody reads it any more, or it is closed
            stream.flush()
    os._exit(ExitCode.INTERRUPTED)


def end_quietly(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    """Stand for `sys.excepthook`: a Ctrl-C that nobody caught ends the process with its exit code alone."""
    if issubclass(kind, KeyboardInterrupt):
        end()
    sys.__excepthook__(kind, error, traceback)


def _leave(number: int, frame: Any) -> None:
    os._exit(ExitCode.INTERRUPTED)
