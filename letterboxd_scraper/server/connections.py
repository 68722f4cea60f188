"""How long a reader may keep a connection, and how many there may be.

Uvicorn's own limits count whole requests alone: half of one could stay for ever.
"""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

# In seconds: for the whole of a request, with what comes before its first byte, or for so many bytes of one
# that is longer; and for that of an answer for which the reader's side has no room.
REQUEST_SECONDS = 10.0
REQUEST_BYTES = 100_000
ANSWER_SECONDS = 60.0
MOST_CONNECTIONS = 200


class BoundedConnection(H11Protocol):
    """A connection of uvicorn's that ends if nothing comes of it.

    Where there are too many, the one goes that has waited longest for its request: half-sent requests keep
    nobody else out.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.waits_since: float | None = None
        self._received = 0
        self._request_timer: asyncio.TimerHandle | None = None
        self._answer_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the request; of too many connections end the one that has waited longest."""
        super().connection_made(transport)
        self._look_at_request()
        if len(self.connections) > MOST_CONNECTIONS:
            since = {one: one.waits_since for one in self.connections if isinstance(one, BoundedConnection)}
            waiting = {one: moment for one, moment in since.items() if moment is not None}
            longest = min(waiting, key=waiting.__getitem__)
            longest.waits_since = None  # it is gone a moment later
            longest.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take in a part of a request; a whole one ends the wait for it."""
        super().data_received(data)
        self._received += len(data)
        self._look_at_request()

    def on_response_complete(self) -> None:
        """Wait for the next request on this connection."""
        super().on_response_complete()
        self._look_at_request()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of the timers of a connection that has ended."""
        super().connection_lost(exc)
        self.waits_since = None
        for timer in (self._request_timer, self._answer_timer):
            if timer:
                timer.cancel()

    def pause_writing(self) -> None:
        """Wait for a reader who takes nothing in, and end the connection if that lasts."""
        super().pause_writing()
        self._answer_timer = self._abort_after(ANSWER_SECONDS)

    def resume_writing(self) -> None:
        """Go on: the reader takes in the answer."""
        super().resume_writing()
        if self._answer_timer:
            self._answer_timer.cancel()

    def _look_at_request(self) -> None:
        """Begin to wait for the rest of a request, or end it."""
        is_awaited = self.conn.their_state in (h11.IDLE, h11.SEND_BODY)
        comes_in = self._received >= REQUEST_BYTES and self.conn.their_state is h11.SEND_BODY
        if self._request_timer and (comes_in or not is_awaited):
            self.waits_since = None
            self._request_timer.cancel()
        if is_awaited and self.waits_since is None:
            self._received = 0
            self.waits_since = self.loop.time()
            self._request_timer = self._abort_after(REQUEST_SECONDS)

    def _abort_after(self, seconds: float) -> asyncio.TimerHandle:
        return self.loop.call_later(seconds, self.transport.abort)
