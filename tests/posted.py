"""Where messages arrive: a server that takes what is posted to it, and one that takes mail."""

import email
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any


@dataclass
class Posts:
    """Messages that were posted: the newest last. ``status`` is what the server answers."""

    address: str = ""
    status: int = 200
    messages: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Mails:
    """Mail that was sent: the newest last."""

    port: int = 0
    logins: list[str] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)


@contextmanager
def posts() -> Iterator[Posts]:
    """Listen on loopback for messages as Apprise posts them to json://."""
    box = Posts()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            box.messages.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(box.status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *words: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        box.address = f"json://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield box
        server.shutdown()


@contextmanager
def mails() -> Iterator[Mails]:
    """Listen on loopback for mail (RFC 5321)."""
    box = Mails()

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            self.answer("220 here")
            while line := self.rfile.readline():
                match line[:4].upper():
                    case b"DATA":
                        self.answer("354 go on")
                        lines = iter(self.rfile.readline, b".\r\n")
                        box.messages.append(email.message_from_bytes(b"".join(lines)))
                        self.answer("250 taken")
                    case b"EHLO":
                        self.answer("250-here\r\n250 AUTH PLAIN")
                    case b"AUTH":
                        box.logins.append(line.decode().strip())
                        self.answer("235 yes")
                    case b"QUIT":
                        self.answer("221 bye")
                        return
                    case _:
                        self.answer("250 yes")

        def answer(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        box.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield box
        server.shutdown()
