"""What to do while the database is away or busy: wait, try again, and say so. The one policy of all.

A unit of work is a function of a connection. It runs in a transaction of its own, and again from its
beginning where that came to nothing: it is done once, also where the answer to its COMMIT was lost.
"""

import logging
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar

import sqlalchemy as sa
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_delay,
    wait_random_exponential,
)

from letterboxd_scraper.config import Config

logger = logging.getLogger(__name__)
Answer = TypeVar("Answer")
Arguments = ParamSpec("Arguments")

# In seconds. Nobody waits longer between two tries: who is back is noticed at once.
_LONGEST_PAUSE = 2.0
# In seconds: so long a wait is worth a line, and so long nobody says it again.
_WORTH_A_WORD, _SAID_FOR = 3.0, 30.0
# What two crawls inserted at the same moment is stored once the other has ended; the same error again and
# again is one of ours.
_MOST_CONFLICTS = 5

# On PostgreSQL: a lost connection, a server that ends, starts or is full, and being in another's way.
_AWAY_OR_BUSY = re.compile("08...|57P0[123]|53300|40001|40P01|55P03|25P03")
# Who cannot connect is told why in words alone, in the server's language. These do not get better by waiting.
_REFUSED = re.compile(
    "authentication failed|no password supplied|does not exist|pg_hba|permission denied|not permitted"
    "|certificate|SSL is not enabled|does not support SSL|invalid connection option"
)
# A server without synchronous_commit does not remember the transaction when it has crashed.
_NO_SUCH_NUMBER = "22023"
# BUSY, LOCKED and PROTOCOL: another process is writing. https://sqlite.org/rescode.html
_SQLITE_BUSY = frozenset({5, 6, 15})


@dataclass(frozen=True, slots=True)
class Patience:
    """For how many seconds the database is waited for, and for how many others may have to wait for us."""

    seconds: float = 0.0
    lease: float = 60.0

    @classmethod
    def of(cls, settings: Config) -> Self:
        """Return what these settings say."""
        return cls(settings.DATABASE_PATIENCE, settings.LEASE_SECONDS)


# The name of an engine's option that holds its Patience.
OPTION = "patience"
NONE = Patience()


def transact(
    engine: sa.Engine,
    work: Callable[Concatenate[sa.Connection, Arguments], Answer],
    *arguments: Arguments.args,
    **options: Arguments.kwargs,
) -> Answer:
    """Do ``work(connection, …)`` in a transaction that is committed, once; return what it returns.

    While the database is away or busy it waits and tries again, as long as the engine's patience lasts.
    Raises the last error then, and any other at once.
    """
    return patiently(engine, _Unit(engine, partial(_call, work, arguments, options)))


def ask(
    engine: sa.Engine,
    work: Callable[Concatenate[sa.Connection, Arguments], Answer],
    *arguments: Arguments.args,
    **options: Arguments.kwargs,
) -> Answer:
    """Return what ``work(connection, …)`` returns, which only reads; it waits as `transact` does."""

    def read() -> Answer:
        with engine.connect().execution_options(reading=True) as connection:
            return work(connection, *arguments, **options)

    return patiently(engine, read)


def _call(work: Callable[..., Answer], arguments: Any, options: Any, connection: sa.Connection) -> Answer:
    return work(connection, *arguments, **options)


def patiently(engine: sa.Engine, attempt: Callable[[], Answer]) -> Answer:
    """Return what ``attempt`` returns, which may be done again from its beginning."""
    patience: Patience = engine.get_execution_options().get(OPTION, NONE)
    wait = _Wait(engine)
    policy = Retrying(
        retry=retry_if_exception(wait.is_worth_it),
        stop=stop_after_delay(patience.seconds),
        wait=wait_random_exponential(multiplier=0.05, max=_LONGEST_PAUSE),
        before_sleep=wait.say,
        reraise=True,
    )
    answer = policy(attempt)
    wait.end()
    return answer


def is_passing(error: BaseException) -> bool:
    """Say whether an error means that the database is away or busy, and may soon not be."""
    if isinstance(error, sa.exc.TimeoutError):  # all of an engine's connections are in use
        return True
    if not isinstance(error, sa.exc.DBAPIError):
        return False
    state = getattr(error.orig, "pgcode", None)
    if state is not None:
        return bool(_AWAY_OR_BUSY.fullmatch(state))
    if (code := getattr(error.orig, "sqlite_errorcode", None)) is not None:
        return code & 0xFF in _SQLITE_BUSY
    is_about_the_connection = isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError)
    return error.connection_invalidated or (is_about_the_connection and not _REFUSED.search(str(error.orig)))


class _Said:
    """Keeps several threads that wait for one database from saying the same."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until = 0.0

    def is_first(self) -> bool:
        with self._lock:
            now = time.monotonic()
            if now < self._until:
                return False
            self._until = now + _SAID_FOR
            return True

    def over(self) -> None:
        self._until = 0.0


_said = _Said()


@dataclass
class _Wait:
    """One unit's waiting: what it is worth, and what is said of it."""

    engine: sa.Engine
    _conflicts: int = 0
    _has_said: bool = False
    _began: float = field(default_factory=time.monotonic)

    def is_worth_it(self, error: BaseException) -> bool:
        if isinstance(error, sa.exc.IntegrityError):
            self._conflicts += 1
            return self._conflicts < _MOST_CONFLICTS
        return is_passing(error)

    def say(self, state: RetryCallState) -> None:
        if self._has_said or time.monotonic() - self._began < _WORTH_A_WORD or not _said.is_first():
            return
        self._has_said = True
        patience: Patience = self.engine.get_execution_options().get(OPTION, NONE)
        error = state.outcome.exception() if state.outcome else None
        reason = str(getattr(error, "orig", error)).strip().partition("\n")[0]
        logger.warning("Waiting for the database, for up to %g s: %s", patience.seconds, reason)

    def end(self) -> None:
        if self._has_said:
            _said.over()
            logger.warning("The database answers again, after %.0f s", time.monotonic() - self._began)


class _Unit(Generic[Answer]):
    """A unit of work that is done once, however often it is tried."""

    def __init__(self, engine: sa.Engine, work: Callable[[sa.Connection], Answer]) -> None:
        self._engine, self._work = engine, work
        # What the last try was to return, and the number of its transaction, if its COMMIT was not answered.
        self._unanswered: tuple[Answer, int] | None = None

    def __call__(self) -> Answer:
        with self._engine.connect() as connection:
            if self._unanswered and _was_committed(connection, self._unanswered[1]):
                return self._unanswered[0]
            self._unanswered = None
            answer = self._work(connection)
            if (number := _transaction_number(connection)) is not None:
                self._unanswered = answer, number
            connection.commit()
        return answer


def _transaction_number(connection: sa.Connection) -> int | None:
    """Return by what a transaction can be asked after; None where it wrote nothing, or is SQLite's.

    SQLite answers every COMMIT.
    """
    if connection.dialect.name != "postgresql":
        return None
    number: int | None = connection.exec_driver_sql("SELECT txid_current_if_assigned()").scalar()
    return number


def _was_committed(connection: sa.Connection, number: int) -> bool:
    try:
        status = connection.exec_driver_sql(f"SELECT txid_status({number})").scalar()
    except sa.exc.DBAPIError as error:
        if getattr(error.orig, "pgcode", None) != _NO_SUCH_NUMBER:
            raise
        connection.rollback()
        return False
    if status == "in progress":  # the server has not noticed yet that we are gone
        raise sa.exc.TimeoutError("the transaction before has not ended")
    return bool(status == "committed")
