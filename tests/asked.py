"""The server's application, asked without a socket."""

import asyncio
import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote

import requests
import sqlalchemy as sa
from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.types import ASGIApp

from letterboxd_scraper.config import Config
from letterboxd_scraper.server import app
from letterboxd_scraper.server.document import openapi
from letterboxd_scraper.server.served import Served
from letterboxd_scraper.store.open import open_read_only

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
# So much of a body comes at once.
_CHUNK = 65_536


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

    def hidden(self) -> dict[str, str]:
        """Return the hidden fields of a page's forms."""
        return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', self.text))

    def said(self) -> str:
        """Return what a page says of what is wrong, or else in its first sentence."""
        problems = [re.findall(rf'<p class="{kind}">(.*?)</p>', self.text) for kind in ("missing", "lead")]
        return str(next(texts[0] for texts in problems if texts))


_DOCUMENTS: dict[bool, dict[str, Any]] = {}


def _document(routes: FastAPI, *, token: str) -> dict[str, Any]:
    """Return the document on the API, which is the same for each server, and takes long to make."""
    if bool(token) not in _DOCUMENTS:
        _DOCUMENTS[bool(token)] = openapi(routes, token=token)
    return _DOCUMENTS[bool(token)]


def application(served: Served, **options: Any) -> ASGIApp:
    """Return the server's application, as `make_app` does."""
    with patch.object(app, "openapi", _document):
        return app.make_app(served, **options)


async def ask(app: ASGIApp, address: str, /, **headers: str) -> Reply:
    """Ask an application; a header's name has underscores in place of its hyphens."""
    named = {name.lower().replace("_", "-"): text for name, text in headers.items()}
    return await _answer(app, "GET", address, {"host": "localhost"} | named, [b""])


def answer_to(app: ASGIApp, request: requests.PreparedRequest, usual: Mapping[str, str]) -> Reply:
    """Return what is answered to a request, which has the ``usual`` headers where it says nothing else."""
    headers = {**usual, **{name.lower(): str(text) for name, text in request.headers.items()}}
    body: Any = request.body or b""
    content = body.encode() if isinstance(body, str) else body
    chunks = [content[at : at + _CHUNK] for at in range(0, len(content), _CHUNK)] or [b""]
    return asyncio.run(_answer(app, str(request.method), request.path_url, headers, chunks))


async def _answer(
    app: ASGIApp, method: str, address: str, headers: Mapping[str, str], chunks: list[bytes]
) -> Reply:
    path, _, query = address.partition("?")
    reply = Reply(0, Headers(), b"")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.encode(), text.encode("latin-1")) for name, text in headers.items()],
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 1),
        "root_path": "",
    }

    async def receive() -> dict[str, Any]:
        chunk = chunks.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": bool(chunks)}

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
        self.app = application(served, token=token, local=True)

    def get(self, address: str, /, **headers: str) -> Reply:
        """Return what is answered at an address."""
        return asyncio.run(ask(self.app, address, **headers))
