"""The log of requests: what a crawler asked for, when, and what it got."""

import threading
import time
from dataclasses import dataclass, replace

# Wall time at start plus a clock that never steps back, so that intervals between hits can be trusted.
_START = time.time() - time.monotonic()


@dataclass
class Hit:
    """One request; ``time`` is its arrival and ``done`` the end of its answer, in seconds since 1970.

    ``fault`` is the kind of fault that struck it; ``status`` is 0 where none was sent.
    """

    time: float
    done: float
    method: str
    path: str
    status: int
    agent: str
    fault: str | None = None


class HitLog:
    """A list of hits that many threads may write to."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hits: list[Hit] = []

    def add(self, hit: Hit) -> None:
        """Note a hit."""
        with self._lock:
            self._hits.append(hit)

    def hits(self) -> list[Hit]:
        """Return copies of all hits, in the order in which their answers were ready."""
        with self._lock:
            return [replace(hit) for hit in self._hits]

    def clear(self) -> None:
        """Forget all hits."""
        with self._lock:
            self._hits.clear()


def now() -> float:
    """Return the time in seconds since 1970 on a clock that never steps back."""
    return _START + time.monotonic()
