"""One job of a cohort at a time, whichever machine it was started on; a killed one leaves no lock behind."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

import sqlalchemy as sa
from filelock import FileLock, Timeout

from letterboxd_scraper.schedule.jobs import JOBS, MONTHLY
from letterboxd_scraper.store.members.cohorts import Cohort

_WAIT_SECONDS = 2.0
# Any numbers will do, as long as every process of ours uses the same.
_ADVISORY = {"crawl": 5_215_030} | {job: 5_215_031 + number for number, job in enumerate(JOBS)}


@contextmanager
def job_lock(
    engine: sa.Engine, cohort: Cohort, job: str, say: Callable[[str], None] = lambda line: None
) -> Iterator[bool]:
    """Let one job of a cohort run at a time; False: this or a monthly one is running, it is not to be done.

    A monthly job waits for a nightly one; a nightly one would find nothing left to do, and does not wait.
    """
    with ExitStack() as held:
        if not _take(held, engine, cohort, job):
            yield False
            return
        if not (free := _take(held, engine, cohort, "crawl")) and job == MONTHLY:
            say(f"{cohort.label}: waiting for the nightly job that is under way")
            while not (free := _take(held, engine, cohort, "crawl")):
                time.sleep(_WAIT_SECONDS)
        yield free


def _take(held: ExitStack, engine: sa.Engine, cohort: Cohort, name: str) -> bool:
    """Try to take a lock, which goes with ``held``; what was opened in vain is closed at once."""
    with ExitStack() as attempt:
        if taken := attempt.enter_context(_lock(engine, cohort, name)):
            held.enter_context(attempt.pop_all())
        return taken


@contextmanager
def _lock(engine: sa.Engine, cohort: Cohort, name: str) -> Iterator[bool]:
    """Take a lock, and give it back at the end; False if another process has it."""
    if engine.dialect.name == "sqlite":
        lock = FileLock(f"{engine.url.database}.{cohort.id}-{name}.lock")
        try:
            lock.acquire(blocking=False)
        except Timeout:
            yield False
            return
        try:
            yield True
        finally:
            lock.release()
        return
    # A connection of its own, and no transaction: it is open for as long as a crawl takes.
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    connection.detach()
    taken = connection.scalar(sa.select(sa.func.pg_try_advisory_lock(_ADVISORY[name], cohort.id)))
    try:
        yield bool(taken)
    finally:
        # The lock goes with the connection, which may have gone already.
        with suppress(sa.exc.DBAPIError):
            connection.close()
