"""The page for files as a browser without scripts uses it, and files that are dropped there."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Any

import requests
import sqlalchemy as sa
from starlette.datastructures import Headers

from letterboxd_scraper.config import Config
from letterboxd_scraper.server.app import make_app
from letterboxd_scraper.server.drop import Drop
from letterboxd_scraper.server.served import Served
from letterboxd_scraper.store.open import open_read_only, open_store
from letterboxd_scraper.store.patience import NONE, Patience
from letterboxd_scraper.store.schema import cohorts, films, ratings, users
from tests.asked import Reply
from tests.imports.test_reading import ARCHIVE, IMDB, packed

OWN = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
Files = Sequence[tuple[str, bytes]]


def archive_of(name: str) -> bytes:
    profile = f"Date Joined,Username,Favorite Films\r\n2020-01-01,{name},\r\n"
    return packed({**ARCHIVE, "profile.csv": profile})


FIVE: Files = [
    *((f"letterboxd-{name}.zip", archive_of(name)) for name in ("ann", "bob", "cleo", "dan")),
    ("imdb.csv", IMDB.encode()),
]


class Page:
    """The page as a browser without scripts uses it."""

    def __init__(self, url: str, patience: Patience = NONE) -> None:
        self.engine = open_store(url, patience)
        served = Served(open_read_only(url), names=True, settings=Config(DATABASE_URL=url), takes_files=True)
        self.app = make_app(served, token="", local=True, drop=Drop(served, self.engine, "friends"))

    def ask(self, method: str, path: str, headers: Mapping[str, str] | None = None, **content: Any) -> Reply:
        """Return what is answered; ``content`` is what a form sends."""
        return self.ask_prepared(
            requests.Request(method, f"http://localhost{path}", headers, **content).prepare()
        )

    def ask_prepared(self, request: requests.PreparedRequest) -> Reply:
        """Return what is answered to a request as it is."""
        body: Any = request.body or b""
        return asyncio.run(self._ask(request, body.encode() if isinstance(body, str) else body))

    async def _ask(self, request: requests.PreparedRequest, body: bytes) -> Reply:
        reply = Reply(0, Headers(), b"")
        given = {"host": "localhost", "accept": "text/html"} | {
            k.lower(): v for k, v in request.headers.items()
        }
        path, _, query = request.path_url.partition("?")
        scope = {
            "type": "http", "http_version": "1.1", "method": request.method, "scheme": "http",
            "path": path, "raw_path": path.encode(), "query_string": query.encode(),
            "headers": [(k.encode(), str(v).encode()) for k, v in given.items()],
            "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1), "root_path": "",
        }  # fmt: skip
        chunks = [body[at : at + 65_536] for at in range(0, len(body), 65_536)] or [b""]

        async def receive() -> Any:
            chunk = chunks.pop(0)
            return {"type": "http.request", "body": chunk, "more_body": bool(chunks)}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                reply.status, reply.headers = message["status"], Headers(raw=message["headers"])
            reply.body += message.get("body", b"")

        await self.app(scope, receive, send)
        return reply

    def hidden(self, path: str) -> dict[str, str]:
        """Return the hidden fields of the form at a path."""
        return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', self.ask("GET", path).text))

    def drop(self, files: Files, headers: Mapping[str, str] = OWN, **fields: str) -> Reply:
        sent = [("files", file) for file in files]
        return self.ask("POST", "/drop", headers, data=self.hidden("/drop") | fields, files=sent)

    def agree(self, headers: Mapping[str, str] = OWN, path: str = "/drop/store", **fields: str) -> Reply:
        return self.ask("POST", path, headers, data=self.hidden("/drop/preview") | fields)

    def say_whose(self, names: Mapping[str, str], headers: Mapping[str, str] = OWN) -> Reply:
        """Send what is written into fields of the preview, by their names."""
        return self.ask("POST", "/drop/whose", headers, data=self.hidden("/drop/preview") | dict(names))

    def members(self) -> set[str]:
        with self.engine.connect() as connection:
            return set(connection.scalars(sa.select(users.c.letterboxd_username)))

    def rows(self) -> list[int | None]:
        """Return how many rows there are of what an import stores."""
        with self.engine.connect() as connection:
            counts = [sa.select(sa.func.count()).select_from(one) for one in (users, films, ratings, cohorts)]
            return [connection.scalar(count) for count in counts]


def said(reply: Reply) -> str:
    """Return what a page says of what is wrong."""
    (problem, *_) = re.findall(r'<p class="missing">(.*?)</p>', reply.text)
    return str(problem)
