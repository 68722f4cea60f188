"""How often something may be tried: by each client, and by all together."""

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from starlette.requests import HTTPConnection

# So many clients are remembered; of more, the one goes that has been quiet longest. All count together.
_MOST_CLIENTS: Final = 10_000
# Who has an IPv6 address has all of this network.
_OF_ONE = 64


class Rate:
    """At most ``alone`` tries of one client in so many seconds, and ``together`` of all clients.

    They come back one by one: of 10 in 600 seconds one a minute.
    """

    def __init__(
        self, alone: int, together: int, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._alone = _Bucket(alone, seconds)
        self._together = _Bucket(together, seconds)
        self._clock = clock
        # When the last try of a client is worth nothing any more, on the clock.
        self._empty_at: OrderedDict[str, float] = OrderedDict()
        self._all_empty_at = 0.0
        self._lock = threading.Lock()

    def wait(self, client: str) -> float:
        """Return after how many seconds the client may try; 0: now."""
        now = self._clock()
        with self._lock:
            return self._wait(client, now)

    def take(self, client: str) -> float:
        """Note a try, if the client may try now, and return 0; else after how many seconds they may."""
        now = self._clock()
        with self._lock:
            if wait := self._wait(client, now):
                return wait
            self._empty_at[client] = self._alone.after_one_more(self._empty_at.get(client, 0.0), now)
            self._empty_at.move_to_end(client)
            self._all_empty_at = self._together.after_one_more(self._all_empty_at, now)
            while len(self._empty_at) > _MOST_CLIENTS:
                self._empty_at.popitem(last=False)
        return 0.0

    def give_back(self, client: str) -> None:
        """Let a try not count, which came to something."""
        with self._lock:
            if client in self._empty_at:
                self._empty_at[client] -= self._alone.of_one
            self._all_empty_at -= self._together.of_one

    def _wait(self, client: str, now: float) -> float:
        return max(
            self._alone.wait(self._empty_at.get(client, 0.0), now),
            self._together.wait(self._all_empty_at, now),
        )


class _Bucket:
    """Holds ``most`` tries, and is empty again after so many seconds."""

    def __init__(self, most: int, seconds: float) -> None:
        self._seconds = seconds
        self.of_one = seconds / most

    def wait(self, empty_at: float, now: float) -> float:
        return max(0.0, empty_at - now + self.of_one - self._seconds)

    def after_one_more(self, empty_at: float, now: float) -> float:
        return max(empty_at, now) + self.of_one


def client_of(connection: HTTPConnection) -> str:
    """Return whom a request comes from: an address, or a network that one person has."""
    host = connection.client.host if connection.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host[:100]
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, _OF_ONE), strict=False))
    return str(address)
