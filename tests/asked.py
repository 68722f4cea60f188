"""The server's application, asked without a socket."""

import asyncio
import gzip
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import sqlalchemy as sa
from starlette.datastructures import Headers
from starlette.types import ASGIApp

from letterboxd_scraper.config import Config
from letterboxd_scraper.server.app import make_app
from letterboxd_scraper.server.served import Served
from letterboxd_scraper.store.open import open_read_only

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@dataclass
class Reply:
    """What the application answered."""

    status: int
    headers: Headers
    body: bytes

    @property
    def text(self) -> str:
        body = gzip.decompress(self.body) if "content-encoding" in self.headers else self.body
        return body.decode()

    def json(self) -> Any:
        return json.loads(self.text)


async def ask(app: ASGIApp, address: str, /, **headers: str) -> Reply:
    """Ask an application; a header's name has underscores in place of its hyphens."""
    path, _, query = address.partition("?")
    reply = Reply(0, Headers(), b"")
    given = {"host": "localhost"} | {name.lower().replace("_", "-"): text for name, text in headers.items()}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.encode(), text.encode()) for name, text in given.items()],
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 1),
        "root_path": "",
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            reply.status, reply.headers = message["status"], Headers(raw=message["headers"])
        reply.body += message.get("body", b"")

    await app(scope, receive, send)
    return reply


class Asked:
    """The application for a database, in this process."""

    def __init__(self, url: str, *, names: bool = False, token: str = "") -> None:
        self.engine: sa.Engine = open_read_only(url)
        served = Served(self.engine, names=names, settings=Config(DATABASE_URL=url))
        self.app = make_app(served, token=token, local=True)

    def get(self, address: str, /, **headers: str) -> Reply:
        """Return what is answered at an address."""
        return asyncio.run(ask(self.app, address, **headers))
