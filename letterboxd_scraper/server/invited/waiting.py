"""What was read of members' files, and waits for their word: of few, for a while, in memory alone."""

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from letterboxd_scraper.imports.reading import ReadFiles
from letterboxd_scraper.server.sending import is_same
from letterboxd_scraper.store.intake import Outcomes, Told

# So long an answer is waited for; then what was read is gone.
PATIENCE_SECONDS = 30 * 60.0
# Of so many people; of more, what has waited longest goes.
_MOST = 10


@dataclass(frozen=True, slots=True)
class Waiting:
    """What one person's files tell of the member ``name``, and would change in the circle ``label``."""

    name: str
    label: str
    read: ReadFiles
    told: Told
    outcomes: Outcomes
    number: str = field(default_factory=lambda: secrets.token_urlsafe(16))


class WaitingRoom:
    """What waits, by the hash of what its owner's cookie holds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        # Each with when it goes; the oldest first.
        self._waiting: OrderedDict[str, tuple[float, Waiting]] = OrderedDict()
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()

    def put(self, owner: str, waiting: Waiting) -> None:
        """Let it wait; what waited of the same owner is gone."""
        with self._lock:
            self._waiting.pop(owner, None)
            self._waiting[owner] = self._clock() + PATIENCE_SECONDS, waiting
            while len(self._waiting) > _MOST:
                self._waiting.popitem(last=False)
            self._look_again()

    def of(self, owner: str, number: str | None = None) -> Waiting | None:
        """Return what waits of an owner; with a ``number``, only that."""
        with self._lock:
            goes_at, waiting = self._waiting.get(owner, (0.0, None))
        if waiting is None or goes_at <= self._clock():
            return None
        return waiting if number is None or is_same(number, waiting.number) else None

    def remove(self, owner: str) -> None:
        """Let it go."""
        with self._lock:
            self._waiting.pop(owner, None)

    def _look_again(self) -> None:
        """Drop what has waited long enough, and come back when the next has."""
        now = self._clock()
        for owner in [owner for owner, (goes_at, _) in self._waiting.items() if goes_at <= now]:
            del self._waiting[owner]
        if self._waiting and not (self._timer and self._timer.is_alive()):
            goes_at, _ = next(iter(self._waiting.values()))
            self._timer = threading.Timer(goes_at - now, self._wake)
            self._timer.daemon = True
            self._timer.start()

    def _wake(self) -> None:
        with self._lock:
            self._timer = None
            self._look_again()
