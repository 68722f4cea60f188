"""The page for files as a browser without scripts uses it, and files that are dropped there."""

from collections.abc import Mapping, Sequence
from typing import Any

import requests
import sqlalchemy as sa

from letterboxd_scraper.config import Config
from letterboxd_scraper.server.drop import Drop
from letterboxd_scraper.server.served import Served
from letterboxd_scraper.store.open import open_read_only, open_store
from letterboxd_scraper.store.patience import NONE, Patience
from letterboxd_scraper.store.schema import cohorts, films, ratings, users
from tests.asked import Reply, answer_to, application
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
        self.app = application(served, token="", local=True, drop=Drop(served, self.engine, "friends"))

    def ask(self, method: str, path: str, headers: Mapping[str, str] | None = None, **content: Any) -> Reply:
        """Return what is answered; ``content`` is what a form sends."""
        return self.ask_prepared(
            requests.Request(method, f"http://localhost{path}", headers, **content).prepare()
        )

    def ask_prepared(self, request: requests.PreparedRequest) -> Reply:
        """Return what is answered to a request as it is."""
        return answer_to(self.app, request, {"host": "localhost", "accept": "text/html"})

    def hidden(self, path: str) -> dict[str, str]:
        """Return the hidden fields of the form at a path."""
        return self.ask("GET", path).hidden()

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
