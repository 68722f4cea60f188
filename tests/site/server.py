"""The imitation site on a loopback port, for as long as a ``with`` block or a command lasts."""

import contextlib
import re
import socket
import ssl
import struct
import sys
import threading
from collections.abc import Callable
from http.client import responses
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from . import feed, pages, tmdb
from .control import PREFIX, Backstage, control
from .faults import Faults
from .hits import Hit, HitLog, now
from .pages import Answer, Delivery
from .world import World


class Site:
    """A world behind HTTP: ``with Site(own_world()) as site: fetch(site.url + "/marla/")``."""

    tmdb_key = "imitation-key"

    def __init__(
        self, world: World, port: int = 0, *, host: str = "127.0.0.1", certificate: Path | None = None
    ) -> None:
        self.world = world
        self.faults = Faults()
        self.stopping = threading.Event()
        self._log = HitLog()
        self._server = (_Server6 if ":" in host else _Server)((host, port), _Handler)
        self._server.site = self
        self._scheme = "http"
        if certificate:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificate)
            # The handshake is for the thread of the connection: here it would hold up all others.
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
            self._scheme = "https"
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The address without a slash at the end."""
        host, port = self._server.server_address[:2]
        return f"{self._scheme}://{f'[{host!s}]' if ':' in str(host) else host!s}:{port}"

    @property
    def log(self) -> list[Hit]:
        """A copy of the requests so far, those under ``/_site/`` left out."""
        return self._log.hits()

    def clear_log(self) -> None:
        """Forget the requests so far."""
        self._log.clear()

    def start(self) -> "Site":
        """Answer requests in a thread of its own; the port has been open since the site was made."""
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Close the port and every connection; a stopped site cannot be started again."""
        self.stopping.set()
        if self._thread:
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        self._server.hang_up()

    def __enter__(self) -> "Site":
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def answer(self, method: str, target: str, agent: str, body: bytes) -> Answer:
        """Return what a request gets: the right answer, unless a fault strikes."""
        parts = urlsplit(target)
        path = unquote(parts.path)
        tmdb.QUERY.set(parts.query)
        if path.startswith(PREFIX):
            behind = Backstage(self.world, self._log, self.faults)
            return control(behind, method, path, dict(parse_qsl(parts.query)), body)
        return self.faults.answer(self.world, path, self.right_answer(method, path))

    def right_answer(self, method: str, path: str) -> Answer:
        """Return what a request gets when nothing goes wrong; a path has no query."""
        if method not in ("GET", "HEAD"):
            return Answer(405, "", headers=(("Allow", "GET, HEAD"),))
        if path.startswith(tmdb.PREFIXES):
            return tmdb.answer(self.world, path, self.tmdb_key)
        return pages.answer(self.world, path)

    def note(self, hit: Hit) -> None:
        """Log a request unless it came through the side door."""
        if not hit.path.startswith(PREFIX):
            self._log.add(hit)


class _Server(ThreadingHTTPServer):
    site: Site
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Close the connections that clients keep alive: their threads would go on answering."""
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news; anything else is printed."""
        if not isinstance(sys.exc_info()[1], ConnectionError | ssl.SSLError):
            super().handle_error(request, client_address)


class _Server6(_Server):
    address_family = socket.AF_INET6


_END_OF_HEAD = b"\r\n\r\n"


def _without_length(sent: bytes) -> bytes:
    """Return the beginning of an answer whose body comes in chunks."""
    head, _, body = sent.partition(_END_OF_HEAD)
    head = re.sub(rb"Content-Length: \d+", b"Transfer-Encoding: chunked", head)
    return head + _END_OF_HEAD + _chunk(body)


def _chunk(body: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(body), body)


# What never ends: how an answer begins, and what comes after that again and again.
_ENDLESS: dict[str, Callable[[bytes], tuple[bytes, bytes]]] = {
    "endless-head": lambda sent: (
        sent[: sent.index(b"\r\n") + 2],
        b"X-Padding: %b\r\n" % (b"x" * 8000) * 100,
    ),
    "endless-interim": lambda _: (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
    "endless-body": lambda sent: (_without_length(sent), _chunk(b" " * 1_000_000)),
}


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _respond(self) -> None:
        arrived = now()
        agent = self.headers.get("User-Agent", "")
        tmdb.AUTHORIZATION.set(self.headers.get("Authorization", ""))
        feed.CONDITIONS.set(
            (self.headers.get("If-None-Match", ""), self.headers.get("If-Modified-Since", ""))
        )
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer = self.server.site.answer(self.command, self.path, agent, body)
        sent = self._bytes(answer)
        # Noted before it is sent: who has the answer can rely on finding its hit in the log.
        hit = Hit(arrived, now(), self.command, self.path, answer.status, agent, answer.fault)
        self.server.site.note(hit)
        self._send(sent, answer.delivery)
        hit.done = now()

    do_GET = do_HEAD = do_POST = do_DELETE = _respond

    def _send(self, sent: bytes, delivery: Delivery) -> None:
        if delivery.ending != "keep-alive":
            self.close_connection = True
        if delivery.ending in ("drip", "drip-body"):
            self._drip(sent, delivery)
            return
        if delivery.ending in _ENDLESS:
            first, again = _ENDLESS[delivery.ending](sent)
            self.wfile.write(first)
            while not self.server.site.stopping.is_set():
                self.wfile.write(again)
            return
        stopping = delivery.seconds != 0 and self.server.site.stopping.wait(delivery.seconds)
        if delivery.ending == "reset":
            self._reset()
        elif stopping:
            self.close_connection = True
        elif delivery.ending != "silent":
            self.wfile.write(sent)

    def _drip(self, sent: bytes, delivery: Delivery) -> None:
        """Send an answer byte by byte, its head at once unless it drips as well."""
        at_once = 0 if delivery.ending == "drip" else sent.index(_END_OF_HEAD) + len(_END_OF_HEAD)
        self.wfile.write(sent[:at_once])
        for byte in sent[at_once:]:
            if self.server.site.stopping.wait(delivery.seconds):
                return
            self.wfile.write(bytes([byte]))

    def _reset(self) -> None:
        """Close with a RST; only closing the socket itself sends it, so what reads from it goes first."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.rfile.close()
        self.connection.close()

    def _bytes(self, answer: Answer) -> bytes:
        """The whole response in one piece: a head sent on its own would wait for the client's ACK."""
        raw, length = answer.delivery.raw, answer.delivery.length
        body = answer.body.encode() if raw is None else raw
        head = [
            f"{self.protocol_version} {answer.status} {responses.get(answer.status, '')}",
            f"Date: {self.date_time_string()}",
            f"Content-Type: {answer.kind}",
            f"Content-Length: {len(body) if length is None else length}",
            *(f"{name}: {value}" for name, value in answer.headers),
        ]
        if self.close_connection:
            head.append("Connection: close")
        text = "\r\n".join(head) + "\r\n\r\n"
        return text.encode("latin-1") + (b"" if self.command == "HEAD" else body)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet: the site has a log of its own."""
