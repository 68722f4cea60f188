"""A plain client for tests of the site itself: it hides nothing that goes wrong."""

import json
import socket
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPMessage
from typing import Any

from .server import Site


@dataclass(frozen=True)
class Reply:
    status: int
    headers: HTTPMessage
    raw: bytes

    @property
    def text(self) -> str:
        return self.raw.decode()


def connect(site: Site, timeout: float = 5) -> HTTPConnection:
    return HTTPConnection("127.0.0.1", int(site.url.rpartition(":")[2]), timeout=timeout)


def ask(site: Site, path: str, method: str = "GET", body: Any = None) -> Reply:
    """Return the reply, read as far as its Content-Length, on a connection of its own."""
    client = connect(site)
    try:
        client.request(method, path, body if body is None else json.dumps(body))
        response = client.getresponse()
        return Reply(response.status, response.headers, response.read())
    finally:
        client.close()


def exchange(site: Site, path: str, method: str = "GET") -> bytes:
    """Return all that comes until the site closes a connection that the client would keep alive."""
    with socket.create_connection(("127.0.0.1", int(site.url.rpartition(":")[2])), timeout=5) as client:
        client.sendall(f"{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        return b"".join(iter(lambda: client.recv(65536), b""))


def right(site: Site, path: str) -> str:
    """Return the page as it is without faults, and leave no trace of having asked."""
    return site.right_answer("GET", path).body
