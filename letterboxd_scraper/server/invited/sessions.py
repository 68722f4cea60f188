"""Readers who have typed a password: what it opens to them, until it changes or the server ends."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from letterboxd_scraper.store.members import link_secrets

SECONDS = 30 * 24 * 3600
# Of more, the oldest goes.
_MOST = 10_000


@dataclass(slots=True)
class Session:
    """What somebody's passwords open: circles, each as long as it has the password of this mark.

    ``is_operator``: they have typed the server's token.
    """

    ends_at: float
    circles: dict[int, str] = field(default_factory=dict)
    is_operator: bool = False


class Sessions:
    """The sessions, in memory; of their secrets, which are in cookies, only hashes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._lock = threading.Lock()

    def of_secret(self, secret: str) -> Session | None:
        """Return the session of a cookie; None where there is none, or it has ended."""
        with self._lock:
            session = self._sessions.get(link_secrets.hash_of(secret))
        return session if session and session.ends_at > self._clock() else None

    def open(self, before: Session | None, circles: Mapping[int, str], *, is_operator: bool = False) -> str:
        """Begin a session that opens what ``before`` did, and more; return its secret."""
        opened = dict(before.circles) if before else {}
        is_operator = is_operator or bool(before and before.is_operator)
        session = Session(self._clock() + SECONDS, opened | dict(circles), is_operator)
        secret, secret_hash = link_secrets.new()
        with self._lock:
            self._sessions[secret_hash] = session
            while len(self._sessions) > _MOST:
                self._sessions.popitem(last=False)
        return secret

    def end(self, secret: str) -> None:
        """End a session."""
        with self._lock:
            self._sessions.pop(link_secrets.hash_of(secret), None)
