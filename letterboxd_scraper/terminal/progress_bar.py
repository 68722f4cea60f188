"""The progress of a long work: a bar on a terminal, else a line now and then."""

import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

from letterboxd_scraper.items.progress import Progress
from letterboxd_scraper.terminal.session import Session
from letterboxd_scraper.words import counted

Show = Callable[[Progress], None]
T = TypeVar("T")
PLAIN_LINE_SECONDS = 10.0
# So wide is most of what a bar says of a long work, and so short is a bar at least.
_WORDS = 52
_SHORTEST_BAR = 8


class Rate:
    """How fast a work goes, and how long the rest takes at that rate; measured from the first progress."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._first: tuple[float, int] | None = None

    def in_words(self, progress: Progress, width: int | None = None) -> str:
        """Say how much is done, how fast it goes, and how long the rest takes.

        Where that is wider than ``width``, the requests are left out, then the rate, then the time left.

        >>> moments = iter((0.0, 30.0))
        >>> rate = Rate(lambda: next(moments))
        >>> rate.in_words(Progress("members", 0, 40))
        '0 of 40 members'
        >>> rate.in_words(Progress("members", 10, 40, requests=21))
        '10 of 40 members, 20 a minute, about 2 minutes left; 21 requests'
        >>> moments = iter((0.0, 0.3, 0.3))
        >>> rate = Rate(lambda: next(moments))
        >>> rate.in_words(Progress("archives", 0, 40)), rate.in_words(Progress("archives", 20, 40))
        ('0 of 40 archives', '20 of 40 archives, 4,000 a minute, less than a minute left')
        >>> rate.in_words(Progress("archives", 20, 40), width=45)
        '20 of 40 archives, less than a minute left'
        """
        now = self._now()
        if self._first is None:
            self._first = (now, progress.done)
        began, at_first = self._first
        parts = [_done(progress), "", "", ""]
        if now > began and progress.done > at_first:
            a_minute = (progress.done - at_first) / (now - began) * 60
            parts[1] = f", {a_minute:.3g} a minute" if a_minute < 1000 else f", {a_minute:,.0f} a minute"
            if progress.total is not None:
                parts[2] = f", {left(max(0, progress.total - progress.done) / a_minute)} left"
        if progress.requests:
            parts[3] = f"; {counted(progress.requests, 'request')}"
        for place in (3, 1, 2):
            if width is not None and sum(map(len, parts)) > width:
                parts[place] = ""
        return "".join(parts)


def _done(progress: Progress) -> str:
    one = re.sub(r"s\b", "", progress.what, count=1)  # pages of people, one page of people
    if progress.total is None:
        return counted(progress.done, one, progress.what)
    return f"{progress.done:,} of {counted(progress.total, one, progress.what)}"


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
    elif has_bar(session):
        with ExitStack() as at_the_end:
            yield _Bar(at_the_end)
    else:
        yield _PlainLines(session)


def has_bar(session: Session) -> bool:
    """Say whether progress is a bar on a terminal."""
    return not session.quiet and not session.logs_json and sys.stderr.isatty()


@contextmanager
def above_the_bar() -> Iterator[int]:
    """Give a descriptor for a process to write its log to, whose lines go above the bar."""
    theirs, ours = os.pipe()
    with os.fdopen(theirs, encoding="utf-8", errors="replace") as lines, ThreadPoolExecutor(1) as threads:
        # What stands for standard error is looked up anew for each: a bar replaces it.
        threads.submit(lambda: [sys.stderr.write(line) for line in lines])
        try:
            yield ours
        finally:
            os.close(ours)


def track(session: Session, what: str, items: Sequence[T]) -> Iterable[T]:
    """Yield the items one by one, showing how many are done; of a single one there is nothing to show."""
    if len(items) < 2:
        yield from items
        return
    with meter(session) as show:
        for done, item in enumerate(items):
            show(Progress(what, done, len(items)))
            yield item
        show(Progress(what, len(items), len(items)))


class _Bar:
    """A bar, from the first progress on: before it there is nothing to tell."""

    def __init__(self, at_the_end: ExitStack) -> None:
        self._at_the_end, self._rate = at_the_end, Rate()
        self._update: Callable[..., None] | None = None

    def __call__(self, progress: Progress) -> None:
        # One that is either empty or full shows less than one that only moves.
        values = {"completed": progress.done, "total": progress.total if (progress.total or 0) > 1 else None}
        if self._update is None:
            self._update = self._begin(values | {"description": ""})
        self._update(**values, description=self._rate.in_words(progress, self._room))

    def _begin(self, values: Mapping[str, Any]) -> Callable[..., None]:
        # A twentieth of a second that only a terminal needs.
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as Bars

        console = Console(stderr=True)
        # A narrow terminal has room for words alone.
        length = max(0, min(20, console.width - _WORDS))
        bar = [BarColumn(bar_width=length)] if length >= _SHORTEST_BAR else []
        self._room = console.width - 1 - (length + 1) * len(bar)
        text = TextColumn("{task.description}", markup=False)
        bars = Bars(*bar, text, console=console, transient=True)
        task = bars.add_task(**values)
        self._at_the_end.enter_context(bars)
        return lambda **values: bars.update(task, **values)


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
