"""One job of a cohort at a time, whichever machine it was started on; a killed one leaves no lock behind."""

import time
from _thread import interrupt_main
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from threading import Event, Thread

import sqlalchemy as sa
from filelock import FileLock, Timeout

from letterboxd_scraper.schedule.jobs import JOBS, MONTHLY
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.patience import patiently

_WAIT_SECONDS = 2.0
# In seconds: how often it is looked whether a lock is still ours, and for how long after a server's start
# only those who had one before take it.
_LOOK_EVERY, _FOR_OLD_HOLDERS = 1.0, 10.0
_SECONDS_UP = "SELECT extract(epoch FROM clock_timestamp() - pg_postmaster_start_time())"
_IS_ALIVE = sa.select(sa.true())
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
        if not _take(held, engine, cohort, job, say):
            yield False
            return
        if not (free := _take(held, engine, cohort, "crawl", say)) and job == MONTHLY:
            say(f"{cohort.label}: waiting for the nightly job that is under way")
            while not (free := _take(held, engine, cohort, "crawl", say)):
                time.sleep(_WAIT_SECONDS)
        yield free


def _take(held: ExitStack, engine: sa.Engine, cohort: Cohort, name: str, say: Callable[[str], None]) -> bool:
    """Try to take a lock, which goes with ``held``; what was opened in vain is closed at once."""
    with ExitStack() as attempt:
        if taken := attempt.enter_context(_lock(engine, cohort, name, say)):
            held.enter_context(attempt.pop_all())
        return taken


@contextmanager
def _lock(engine: sa.Engine, cohort: Cohort, name: str, say: Callable[[str], None]) -> Iterator[bool]:
    """Take a lock, and give it back at the end; False if another process has it."""
    if engine.dialect.name == "sqlite":
        lock = FileLock(f"{engine.url.database}.{cohort.id}-{name}.lock", mode=0o600)
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
    server_lock = _ServerLock(engine, _ADVISORY[name], cohort.id)
    try:
        taken = server_lock.take()
        if taken:
            server_lock.keep(lambda: _stop(f"{cohort.label}: another job was begun meanwhile", say))
        yield taken
    finally:
        server_lock.release()


def _stop(why: str, say: Callable[[str], None]) -> None:
    say(f"{why}, so that this one ends")
    interrupt_main()


class _ServerLock:
    """A lock of a connection's, which goes with it, and is taken again where that was lost.

    A server that restarts forgets all locks. Whoever had one has it again within seconds, for which
    newcomers leave it to them.
    """

    def __init__(self, engine: sa.Engine, number: int, cohort: int) -> None:
        self._engine = engine
        self._try = sa.select(sa.func.pg_try_advisory_lock(number, cohort))
        self._connection: sa.Connection | None = None
        self._released = Event()
        self._keeper: Thread | None = None

    def take(self) -> bool:
        """Say whether nobody had it, and it is ours now."""
        connection = self._connect()
        seconds = float(connection.exec_driver_sql(_SECONDS_UP).scalar_one())
        if 0 <= seconds < _FOR_OLD_HOLDERS:
            time.sleep(_FOR_OLD_HOLDERS - seconds)
        return bool(connection.scalar(self._try))

    def keep(self, lost: Callable[[], None]) -> None:
        """See to it that it stays ours; ``lost`` is called in a thread where somebody else has it."""
        self._keeper = Thread(target=self._watch, args=(lost,), daemon=True)
        self._keeper.start()

    def release(self) -> None:
        self._released.set()
        if self._keeper:
            self._keeper.join(_LOOK_EVERY)
        # The lock goes with the connection, which may have gone already.
        with suppress(sa.exc.DBAPIError):
            if self._connection:
                self._connection.close()

    def _connect(self) -> sa.Connection:
        """Return a connection of the lock's own, without a transaction: it is open as long as a job takes."""
        connection = patiently(self._engine, self._engine.connect)
        self._connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        self._connection.detach()
        return self._connection

    def _watch(self, lost: Callable[[], None]) -> None:
        while not self._released.wait(_LOOK_EVERY):
            try:
                is_ours = self._connection is not None and self._connection.scalar(_IS_ALIVE)
            except sa.exc.DBAPIError:
                is_ours = self._regain()
            if not is_ours:
                lost()
                return

    def _regain(self) -> bool:
        try:
            return bool(self._connect().scalar(self._try))
        except sa.exc.DBAPIError:  # away for too long: the job itself ends by that
            return True
