"""The progress of a long work: a bar on a terminal, else a line now and then."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from letterboxd_scraper.items.progress import Progress
from letterboxd_scraper.terminal.session import Session
from letterboxd_scraper.words import counted

Show = Callable[[Progress], None]
T = TypeVar("T")
PLAIN_LINE_SECONDS = 10.0


class Rate:
    """How fast a work goes, and how long the rest takes at that rate; measured from the first progress."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._first: tuple[float, int] | None = None

    def in_words(self, progress: Progress) -> str:
        """Say how much is done, how fast it goes, and how long the rest takes.

        >>> moments = iter((0.0, 30.0))
        >>> rate = Rate(lambda: next(moments))
        >>> rate.in_words(Progress("members", 0, 40))
        '0 of 40 members'
        >>> rate.in_words(Progress("members", 10, 40, requests=21))
        '10 of 40 members, 20 a minute, about 2 minutes left; 21 requests'
        >>> moments = iter((0.0, 0.3))
        >>> rate = Rate(lambda: next(moments))
        >>> rate.in_words(Progress("archives", 0, 40)), rate.in_words(Progress("archives", 20, 40))
        ('0 of 40 archives', '20 of 40 archives, 4000 a minute, less than a minute left')
        """
        now = self._now()
        if self._first is None:
            self._first = (now, progress.done)
        began, at_first = self._first
        what = progress.what.removesuffix("s")
        if progress.total is None:
            words = counted(progress.done, what)
        else:
            words = f"{progress.done:,} of {counted(progress.total, what)}"
        if now > began and progress.done > at_first:
            a_minute = (progress.done - at_first) / (now - began) * 60
            words += f", {a_minute:.3g} a minute" if a_minute < 1000 else f", {a_minute:.0f} a minute"
            if progress.total is not None:
                words += f", {left(max(0, progress.total - progress.done) / a_minute)} left"
        return words + (f"; {counted(progress.requests, 'request')}" if progress.requests else "")


def left(minutes: float) -> str:
    """Say how long something takes.

    >>> left(0.4), left(1.2), left(150)
    ('less than a minute', 'about 2 minutes', 'about 3 hours')
    """
    if minutes <= 1:
        return "less than a minute"
    if minutes < 120:
        return f"about {counted(-int(-minutes // 1), 'minute')}"
    return f"about {counted(-int(-minutes // 60), 'hour')}"


@contextmanager
def meter(session: Session) -> Iterator[Show]:
    """Give a function that shows a progress: as a bar on a terminal, else as a line now and then."""
    if session.quiet:
        yield lambda progress: None
    elif sys.stderr.isatty() and not session.logs_json:
        yield from _bar()
    else:
        yield _PlainLines(session)


def track(session: Session, what: str, items: Sequence[T]) -> Iterable[T]:
    """Yield the items one by one, showing how many are done."""
    with meter(session) as show:
        for done, item in enumerate(items):
            show(Progress(what, done, len(items)))
            yield item


def _bar() -> Iterator[Show]:
    # A twentieth of a second that only a terminal needs.
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bars

    rate = Rate()
    columns = (BarColumn(bar_width=20), TextColumn("{task.description}", markup=False))
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("", total=None)
        yield lambda progress: bars.update(
            task, completed=progress.done, total=progress.total, description=rate.in_words(progress)
        )


class _PlainLines:
    def __init__(self, session: Session) -> None:
        self.session, self.rate = session, Rate()
        self.last: Progress | None = None
        self.said_at = time.monotonic()

    def __call__(self, progress: Progress) -> None:
        words = self.rate.in_words(progress)
        if progress == self.last or time.monotonic() - self.said_at < PLAIN_LINE_SECONDS:
            return
        self.session.say(words)
        self.last, self.said_at = progress, time.monotonic()
