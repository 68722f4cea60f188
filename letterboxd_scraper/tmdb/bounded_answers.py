"""TMDB's answers, bounded in time and in length: left to itself, requests takes in whatever it is sent."""

import io
import socket
import time
from http.client import HTTPResponse
from typing import Any, cast
from urllib.parse import urlsplit

import requests
from urllib3 import HTTPConnectionPool
from urllib3.exceptions import HTTPError

from letterboxd_scraper.errors import TmdbUnavailable, TmdbUnreadable

# In bytes, unpacked; the longest record has some hundred thousand.
LARGEST = 2 * 1000 * 1000
# Lists and objects: tmdbv3api takes almost a thousand bytes for each; the longest record has some thousands.
MOST_PARTS = 20_000


class BoundedAnswers(requests.adapters.HTTPAdapter):
    """Takes in answers that come within the timeout as a whole, up to LARGEST and MOST_PARTS."""

    def get_connection_with_tls_context(self, *args: Any, **options: Any) -> HTTPConnectionPool:
        """Return the connections to a host, directly or through a proxy."""
        pool = super().get_connection_with_tls_context(*args, **options)
        kind = cast("Any", pool.ConnectionCls)
        if kind.response_class is not _AnswerInTime:
            pool.ConnectionCls = type(kind.__name__, (kind,), {"response_class": _AnswerInTime})
        return pool

    def send(
        self, request: requests.PreparedRequest, stream: bool = False, *args: Any, **options: Any
    ) -> requests.Response:
        """Return the whole answer. Raises TmdbUnreadable, TmdbUnavailable and RequestException."""
        response = super().send(request, True, *args, **options)
        path, body = urlsplit(response.url).path, bytearray()
        try:
            while part := response.raw.read1(65536, decode_content=True):
                body += part
                if len(body) > LARGEST:
                    body.clear()  # the error would keep it
                    raise TmdbUnreadable(f"TMDB's answer to {path} has more than {LARGEST:,} bytes")
        except HTTPError as error:
            raise TmdbUnavailable(f"TMDB's answer to {path} breaks off: {type(error).__name__}") from None
        finally:
            response.close()  # gives the connection back if all of it was read, else ends it
        if body.count(b"[") + body.count(b"{") > MOST_PARTS:
            raise TmdbUnreadable(f"TMDB's answer to {path} has more than {MOST_PARTS:,} parts")
        response._content = bytes(body)
        response._content_consumed = True
        return response


class _AnswerInTime(HTTPResponse):
    """An answer that comes, head and body, within as many seconds as its socket waits for any one byte."""

    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp = io.BufferedReader(_InTime(self.fp.detach(), sock))


class _InTime(io.RawIOBase):
    """What comes through a socket until its time is over. Reading raises TimeoutError afterwards."""

    def __init__(self, stream: io.RawIOBase, sock: socket.socket) -> None:
        self._stream, self._socket = stream, sock
        self._deadline = time.monotonic() + (sock.gettimeout() or 0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer takes too long")
        self._socket.settimeout(left)
        return self._stream.readinto(buffer)

    def close(self) -> None:
        self._stream.close()
        super().close()
