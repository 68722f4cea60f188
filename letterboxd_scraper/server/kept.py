"""What was made of the data, kept until they change."""

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from weakref import WeakSet

# While a crawl changes the data all the time, at most this share of one processor goes into making.
_SHARE = 0.2
Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")
_ALL: "WeakSet[Kept[Any, Any]]" = WeakSet()


def drop_all() -> None:
    """Drop all that is kept: somebody has gone, and nothing that was made with them may be shown again."""
    for kept in list(_ALL):
        kept.drop()


@dataclass(frozen=True, slots=True)
class _Made(Generic[Value]):
    """A value, of data in this ``state``; times are of the monotonic clock, in seconds."""

    value: Value
    state: str
    made_at: float
    took: float

    @property
    def rests(self) -> bool:
        """Whether it is too early to make it again."""
        return time.monotonic() < self.made_at + self.took / _SHARE


class Kept(Generic[Key, Value]):
    """The latest ``most`` values. One is made at a time; who asks meanwhile gets the old one, if any."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._made: dict[Key, _Made[Value]] = {}
        self._making = threading.Lock()
        _ALL.add(self)

    def get(self, key: Key, state: Callable[[], str], make: Callable[[], Value]) -> Value:
        """Return the value; it is made only if the state of the data has changed, and not all the time."""
        there = self._made.get(key)
        if there and (there.rests or self._making.locked() or there.state == state()):
            return there.value
        with self._making:
            latest = self._made.get(key)
            if latest is None or latest is there:  # not made by another thread while this one waited
                latest = self._make(state(), make)
                self._keep(key, latest)
        return latest.value

    def drop(self) -> None:
        """Drop what is kept, and what is being made."""
        with self._making:
            self._made.clear()

    def _make(self, state: str, make: Callable[[], Value]) -> _Made[Value]:
        begun = time.monotonic()
        value = make()
        now = time.monotonic()
        return _Made(value, state, now, now - begun)

    def _keep(self, key: Key, made: _Made[Value]) -> None:
        self._made.pop(key, None)
        self._made[key] = made
        while len(self._made) > self._most:
            del self._made[next(iter(self._made))]
