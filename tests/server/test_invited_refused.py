"""What is refused, and what is not given away, where people are invited."""

import asyncio
import logging
import re
import threading
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.server import uploads
from letterboxd_scraper.server.invited import common as invited_common
from letterboxd_scraper.server.invited import waiting
from letterboxd_scraper.server.invited.rate import Rate
from letterboxd_scraper.store import intake
from tests.asked import Reply
from tests.conftest import on_sqlite
from tests.server.browsing import HOST, OWN, PUBLIC, Browser, Site, own_link
from tests.server.dropped import archive_of

ANN = [("letterboxd-ann.zip", archive_of("ann"))]
BOB = [("letterboxd-bob.zip", archive_of("bob"))]
FOREIGN: list[dict[str, str]] = [
    {},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": PUBLIC, "Sec-Fetch-Site": "cross-site"},
    {"Origin": f"{PUBLIC}:8443"},
    {"Origin": f"http://{HOST}"},
    {"Sec-Fetch-Site": "same-site"},
]
pytestmark = on_sqlite


def arrived(site: Site) -> Browser:
    browser = Browser(site)
    browser.open(f"/join/{site.invite()}")
    return browser


def test_forms_of_other_origins(site: Site) -> None:
    joining, member = arrived(site), site.joined("bob", BOB)
    joining.send("/join", ANN)
    forms = [
        (joining, "/join", {}),
        (joining, "/join/store", joining.hidden("/join/preview") | {"agree": "yes"}),
        (member, "/me", {}),
        *((member, f"/me/{form}", member.hidden("/me/leave")) for form in ("name", "store", "discard")),
        *((member, f"/me/{form}", member.hidden("/me/leave")) for form in ("close", "leave")),
        (member, "/password", member.hidden("/password")),
    ]
    for headers in FOREIGN:
        for browser, path, fields in forms:
            assert browser.ask("POST", path, headers, data=fields).status == 403, (path, headers)
    assert site.members() == {"bob"}
    assert member.open("/me").status == 200


def test_forms_without_the_page_s_token_or_with_an_old_one(site: Site) -> None:
    joining, other = arrived(site), arrived(site)
    foreign = other.hidden("/join")["token"]
    for token in ("", "old", "ü", foreign):
        assert joining.send("/join", ANN, token=token).status == 403
    joining.send("/join", ANN)
    fields = joining.hidden("/join/preview") | {"agree": "yes"}
    for wrong in ({"token": foreign}, {"token": ""}, {"number": "other"}, {"number": ""}):
        assert joining.ask("POST", "/join/store", OWN, data=fields | wrong).status in (403, 409)
    assert joining.ask("POST", "/join/store", OWN, data={"token": "x" * 20_000}).status == 413
    member = site.joined("ann", ANN)
    for path in ("/me/name", "/me/leave"):
        assert member.ask("POST", path, OWN, data={"token": foreign}).status == 403
    # Those of a server that has ended are old.
    before = member.hidden("/me/leave")
    site.invited.common._key = b"another"
    assert member.ask("POST", "/me/leave", OWN, data=before).status == 403
    assert site.members() == {"ann"}


def test_other_names_of_this_machine(site: Site) -> None:
    member = site.joined("ann", ANN)
    for path in ("/", "/join", "/me", "/password", "/cohorts/friends"):
        for host in ("evil.example", f"{HOST}.evil.example", f"{HOST}:8443", ""):
            assert member.open(path, host=host).status == 421
        assert member.open(path, host="127.0.0.1:8000").status in (200, 404)
    assert member.ask("DELETE", "/me", OWN).status == 405
    assert member.ask("POST", "/cohorts", OWN).status == 405
    assert member.ask("POST", "/me/export", OWN).status == 405


def test_members_act_on_themselves_alone(site: Site) -> None:
    ann = site.joined("ann", ANN)
    bob = site.joined("bob", BOB)
    stolen = ann.hidden("/me/leave")
    assert bob.ask("POST", "/me/leave", OWN, data=stolen).status == 403
    assert bob.ask("POST", "/me/leave", OWN, data=bob.hidden("/me/leave") | {"name": "ann"}).status == 200
    assert site.members() == {"ann"}
    assert Browser(site).open("/me/export").status == 404
    for path in ("/me/1", "/me/ann", "/me/..%2fjoin", "/join/../me", "/me/export/1"):
        assert Browser(site).open(path).status == 404


def test_guessing_links_is_stopped_for_one_and_for_all(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = site.invite()
    ann = site.joined("ann", ANN)
    ann.address = "198.51.100.7"
    now = [0.0]
    site.invited.common.wrong_secrets = Rate(3, 5, 600, clock=lambda: now[0])
    guesser = Browser(site, "198.51.100.7")
    for path in ("/join/x", "/me/x", "/me"):
        guesser.cookies = {"__Host-letterboxd-member": "x"} if path == "/me" else {}
        assert guesser.open(path).status == 404
    for path in (f"/join/{secret}", "/me/x"):
        refused = guesser.open(path)
        assert (refused.status, refused.headers["retry-after"]) == (429, "200")
        assert "too often" in refused.said()
    guesser.cookies = {"__Host-letterboxd-member": "x"}
    assert guesser.open("/cohorts", accept="application/json").json()["status"] == 429
    assert guesser.open("/").status == 429
    # A member who sits at the same address is let in.
    assert ann.open("/me").status == 200
    assert ann.open("/cohorts/friends").status == 200
    # Others go on until all together have guessed too often; a network of one's own is one guesser.
    for number, status in enumerate((404, 404, 429)):
        other = Browser(site, f"2001:db8:0:1::{number}")
        assert other.open("/join/x").status == status
    assert Browser(site).open(f"/join/{secret}").status == 429
    now[0] += 600
    assert Browser(site).open(f"/join/{secret}").status == 200


def test_guessing_passwords_and_sending_files_all_the_time(site: Site) -> None:
    site.joined("ann", ANN)
    site.set_password("friends", "the password")
    common = site.invited.common
    common.wrong_passwords, common.uploads = Rate(2, 100, 600), Rate(2, 100, 600)
    guesser = Browser(site)
    fields = guesser.hidden("/password") | {"circle": "friends", "password": "wrong password"}
    statuses = [guesser.ask("POST", "/password", OWN, data=fields).status for _ in range(3)]
    assert statuses == [403, 403, 429]
    right = guesser.ask("POST", "/password", OWN, data=fields | {"password": "the password"})
    assert (right.status, "retry-after" in right.headers) == (429, True)
    joining = arrived(site)
    replies = [joining.send("/join", [("bill.pdf", b"%PDF-1.7")]) for _ in range(3)]
    assert [reply.status for reply in replies] == [422, 422, 429]
    assert int(replies[2].headers["retry-after"]) <= 300


def test_who_forwards_is_believed_on_this_machine_alone(site: Site) -> None:
    site.invited.common.wrong_secrets = Rate(1, 100, 600)
    # Through a proxy: what the client says of itself stands before what the proxy says.
    for claimed, status in (("203.0.113.1", 404), ("203.0.113.2", 429)):
        spoofing = Browser(site)
        assert spoofing.open("/join/x", x_forwarded_for=f"{claimed}, 198.51.100.7").status == status
    # Without one: nobody speaks for others.
    scope: dict[str, Any] = {"client": ("198.51.100.8", 1)}
    for claimed, status in (("203.0.113.3", 404), ("203.0.113.4", 429)):
        assert asyncio.run(_status(site, scope, claimed)) == status


async def _status(site: Site, scope: dict[str, Any], claimed: str) -> int:
    headers = [(b"host", HOST.encode()), (b"x-forwarded-for", claimed.encode())]
    whole = {
        "type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "path": "/join/x",
        "raw_path": b"/join/x", "query_string": b"", "root_path": "", "server": ("127.0.0.1", 80),
        "headers": headers, **scope,
    }  # fmt: skip
    statuses: list[int] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await site.app(whole, receive, send)
    return statuses[0]


def test_cookies_and_headers(site: Site) -> None:
    joining = arrived(site)
    joining.send("/join", ANN)
    joining.agree("/join", agree="yes")
    site.set_password("friends", "the password")
    fields = joining.hidden("/password") | {"circle": "friends", "password": "the password"}
    joining.ask("POST", "/password", OWN, data=fields)
    assert set(joining.cookies) == {"__Host-letterboxd-member", "__Host-letterboxd-session"}
    for text in joining.set:
        attributes = {part.strip().lower() for part in text.split(";")[1:]}
        assert {"httponly", "samesite=strict", "secure", "path=/"} <= attributes
        assert not any(attribute.startswith("domain") for attribute in attributes)
    for path in ("/me", "/me/export", "/me/leave", "/password", "/join/x", "/me/x", "/cohorts/friends"):
        headers = joining.open(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe-inline" not in headers["content-security-policy"]
        if not path.startswith("/cohorts"):
            assert headers["cache-control"] == "no-store"
            assert "etag" not in headers
            assert headers["referrer-policy"] in ("strict-origin", "no-referrer")


@pytest.mark.parametrize("options", [{"public": f"{PUBLIC}:443"}])
def test_the_usual_port_is_not_said(site: Site) -> None:
    browser = arrived(site)
    assert browser.send("/join", ANN).status == 303


@pytest.mark.parametrize("options", [{"public": "http://localhost:8000"}])
def test_without_tls_cookies_are_for_this_machine(site: Site) -> None:
    browser = Browser(site)
    browser.open(f"/join/{site.invite()}", host="localhost:8000")
    assert set(browser.cookies) == {"letterboxd-join"}
    assert "secure" not in browser.set[0].lower()


def test_secrets_are_told_once_and_stand_in_no_log_page_or_title(
    site: Site, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    invitation = site.invite()
    ann = Browser(site)
    pages = [ann.open(f"/join/{invitation}"), ann.open("/join"), ann.send("/join", ANN)]
    pages.append(ann.open("/join/preview"))
    joined = ann.agree("/join", agree="yes")
    own = own_link(joined).removeprefix("/me/")
    assert joined.text.count(own) == 1
    pages += [ann.open(path) for path in (f"/me/{own}", "/me", "/me/leave", "/me/export", "/cohorts/friends")]
    pages += [Browser(site).open(f"/{place}/{secret}x") for place in ("me", "join") for secret in (own,)]
    with monkeypatch.context() as broken:

        def fail(*arguments: Any, **options: Any) -> Any:
            raise sa.exc.OperationalError("INSERT", {}, Exception("disk I/O error"))

        broken.setattr(intake, "told_by", fail)
        failed = ann.send("/me", ANN)
    assert failed.status == 503
    pages += [failed, ann.leave()]
    for reply in pages:
        headers = "".join(text for name, text in reply.headers.items() if name != "set-cookie")
        assert not re.search(f"{re.escape(own)}|{re.escape(invitation)}", reply.text + headers)
    assert not re.search(f"{re.escape(own)}|{re.escape(invitation)}", caplog.text)


def test_too_much_is_refused(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_BYTES", 100_000)
    monkeypatch.setattr(uploads, "MOST_FILES", 8)
    joining = arrived(site)
    for files in ([("a.zip", b"x" * 200_000)], [(f"{number}.csv", b"") for number in range(9)]):
        reply = joining.send("/join", files)
        assert (reply.status, "These " in reply.said()) == (413, True)
    # Nothing of one without an invitation is received.
    assert Browser(site).ask("POST", "/join", OWN, files={"files": ("a.zip", b"x" * 200_000)}).status == 404
    assert Browser(site).ask("POST", "/me", OWN, files={"files": ("a.zip", b"x" * 200_000)}).status == 404


def test_one_import_at_a_time_and_few_uploads(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invited_common, "_TURN", 0.0)
    read, began, may_end = uploads.read, threading.Event(), threading.Event()

    def slowly(*arguments: Any) -> Any:
        began.set()
        assert may_end.wait(60)
        return read(*arguments)

    monkeypatch.setattr(uploads, "read", slowly)
    first, second = arrived(site), arrived(site)
    replies: list[Reply] = []
    sending = threading.Thread(target=lambda: replies.append(first.send("/join", ANN)))
    sending.start()
    assert began.wait(60)
    busy = second.send("/join", ANN)
    assert second.open("/").status == 200  # pages are shown meanwhile
    may_end.set()
    sending.join()
    assert (busy.status, busy.headers["retry-after"]) == (503, "60")
    assert [reply.status for reply in replies] == [303]
    site.invited.common._receiving = threading.BoundedSemaphore(1)
    with site.invited.common.receiving():
        assert second.send("/join", ANN).status == 503


def test_what_nobody_answers_is_gone_after_a_while(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    joining = arrived(site)
    monkeypatch.setattr(waiting, "PATIENCE_SECONDS", 0.0)
    before = set(threading.enumerate())
    joining.send("/join", ANN)
    for timer in set(threading.enumerate()) - before:
        timer.join(60)
    assert joining.open("/join/preview").headers["location"] == "/join"
    assert not site.invited.common.waiting._waiting
