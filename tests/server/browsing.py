"""A server with invitations, in this process, and browsers without scripts that use it."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import unescape
from http.cookies import SimpleCookie
from typing import Any

import requests
import sqlalchemy as sa

from letterboxd_scraper.config import Config
from letterboxd_scraper.server.invited.app import Invited
from letterboxd_scraper.server.served import Served
from letterboxd_scraper.store.members import invitations, reading_passwords
from letterboxd_scraper.store.members.cohorts import find
from letterboxd_scraper.store.open import open_read_only, open_store
from letterboxd_scraper.store.patience import ask, transact
from letterboxd_scraper.store.schema import users
from tests.asked import Reply, answer_to, application

PUBLIC = "https://films.example.org"
HOST = "films.example.org"
OWN = {"Origin": PUBLIC, "Sec-Fetch-Site": "same-origin"}
NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
Files = Sequence[tuple[str, bytes]]


class Site:
    """The application for a database, as an organiser has set it up."""

    def __init__(self, url: str, *, names: bool = False, token: str = "", public: str = PUBLIC) -> None:
        self.engine = open_store(url)
        settings = Config(
            DATABASE_URL=url, LETTERBOXD_CONTACT="ida@example.org", LETTERBOXD_NOW=NOW.isoformat()
        )
        self.served = Served(open_read_only(url), names, settings, public_url=public)
        self.invited = Invited(self.served, self.engine, token)
        self.app = application(self.served, token=token, local=True, invited=self.invited)

    def invite(self, label: str = "friends", *, days: int = 14, member: str | None = None) -> str:
        """Return the secret of a new invitation's link."""
        return transact(self.engine, invitations.create, label, NOW, days, member)[1]

    def number(self, secret: str) -> int:
        """Return the number of an invitation."""
        invitation = ask(self.engine, invitations.of_secret, secret, NOW)
        assert invitation
        return invitation.number

    def set_password(self, label: str, password: str | None) -> None:
        """Let readers in by a password."""
        cohort = ask(self.engine, find, label)
        transact(self.engine, reading_passwords.set_password, cohort.id, password)

    def members(self) -> set[str]:
        """Return who is stored."""
        with self.engine.connect() as connection:
            return set(connection.scalars(sa.select(users.c.letterboxd_username)))

    def joined(self, name: str, files: Files, label: str = "friends", **fields: str) -> "Browser":
        """Return the browser of somebody who has joined by a link of their own."""
        browser = Browser(self)
        browser.open(f"/join/{self.invite(label)}")
        assert browser.send("/join", files, member=name).status == 303
        reply = browser.agree("/join", agree="yes", **fields)
        assert reply.status == 200, reply.text
        return browser


class Browser:
    """One person's browser: it keeps cookies, and shows pages."""

    def __init__(self, site: Site, address: str = "192.0.2.1") -> None:
        self.site = site
        self.address = address
        self.cookies: dict[str, str] = {}
        # What was set, as it was said.
        self.set: list[str] = []

    def open(self, path: str, **headers: str) -> Reply:
        """Return the page at a path."""
        return self.ask("GET", path, {name.replace("_", "-"): text for name, text in headers.items()})

    def ask(self, method: str, path: str, headers: Mapping[str, str] | None = None, **content: Any) -> Reply:
        """Return what is answered; ``content`` is what a form sends."""
        return self.ask_prepared(requests.Request(method, f"{PUBLIC}{path}", headers, **content).prepare())

    def ask_prepared(self, request: requests.PreparedRequest) -> Reply:
        """Return what is answered to a request as it is."""
        # As a reverse proxy says it, unless the test says something else.
        usual = {"host": HOST, "accept": "text/html", "x-forwarded-for": self.address}
        if self.cookies:
            usual["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        reply = answer_to(self.site.app, request, usual)
        for text in reply.headers.getlist("set-cookie"):
            self._keep(text)
        return reply

    def _keep(self, text: str) -> None:
        self.set.append(text)
        for name, morsel in SimpleCookie(text).items():
            if morsel["max-age"] == "0":
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = morsel.value

    def hidden(self, path: str) -> dict[str, str]:
        """Return the hidden fields of the forms at a path."""
        return self.open(path).hidden()

    def send(self, path: str, files: Files, headers: Mapping[str, str] = OWN, **fields: str) -> Reply:
        """Send files by the form at a path."""
        sent = [("files", file) for file in files]
        return self.ask("POST", path, headers, data=self.hidden(path) | fields, files=sent)

    def agree(self, path: str, action: str = "store", **fields: str) -> Reply:
        """Answer the preview of files that were sent."""
        return self.ask("POST", f"{path}/{action}", OWN, data=self.hidden(f"{path}/preview") | fields)

    def leave(self) -> Reply:
        """Leave, as the page asks it."""
        return self.ask("POST", "/me/leave", OWN, data=self.hidden("/me/leave"))


def own_link(reply: Reply) -> str:
    """Return the path of the own page whose link is shown."""
    (address,) = re.findall(r'<code id="own">(.*?)</code>', reply.text)
    assert address.startswith(PUBLIC)
    return unescape(str(address)).removeprefix(PUBLIC)
