"""What forms send, by thousands of ways to send it: no answer is an error of ours, and all are protected.

The pages for people are not in the OpenAPI document, which is for programs: what they take stands here.
"""

from collections.abc import Mapping
from typing import Any

import requests
import schemathesis
from hypothesis import given
from hypothesis import strategies as st
from schemathesis import GenerationMode

from letterboxd_scraper.server.invited.rate import Rate
from tests.conftest import on_both
from tests.server.browsing import HOST, OWN, PUBLIC, Site
from tests.server.dropped import OWN as OWN_LOCAL
from tests.server.dropped import Page, archive_of
from tests.server.generated import SAME_REQUESTS, operations

# What stands in a form beside its token; a path without any is only shown.
FORMS: dict[str, tuple[str, ...]] = {
    "/drop": ("label", "member", "files"),
    "/drop/whose": ("number",),
    "/drop/store": ("number",),
    "/drop/discard": ("number",),
    "/drop/undo": ("number", "label"),
    "/join": ("member", "files"),
    "/join/store": ("number", "agree", "shows_name"),
    "/join/discard": ("number",),
    "/me": ("member", "files"),
    "/me/name": ("shows_name",),
    "/me/store": ("number",),
    "/me/discard": ("number",),
    "/me/leave": (),
    "/me/close": (),
    "/password": ("circle", "password"),
}
SHOWN = (
    "/drop",
    "/drop/preview",
    "/drop/unmatched.csv",
    "/join",
    "/join/preview",
    "/join/{secret}",
    "/me",
    "/me/preview",
    "/me/export",
    "/me/leave",
    "/me/{secret}",
    "/password",
)
# 401 is for programs, and 500 for nobody.
STATUSES = (200, 303, 400, 403, 404, 405, 409, 413, 422, 429, 503)
KINDS = ("text/html", "text/csv", "application/json", "application/problem+json")
PROTECTED = ("content-security-policy", "x-content-type-options", "x-frame-options", "referrer-policy")


def document(below: tuple[str, ...]) -> dict[str, Any]:
    """Return an OpenAPI document of the pages below these paths."""
    answers = {"200": {"description": "a page, or a file"}}
    paths: dict[str, Any] = {}
    for path in (path for path in SHOWN if path.startswith(below)):
        named = {"name": "secret", "in": "path", "required": True, "schema": {"type": "string"}}
        parameters = [named] if "{" in path else []
        paths.setdefault(path, {})["get"] = {"parameters": parameters, "responses": answers}
    for path, fields in FORMS.items():
        if path.startswith(below):
            paths.setdefault(path, {})["post"] = {"requestBody": _form(fields), "responses": answers}
    return {"openapi": "3.1.0", "info": {"title": "forms", "version": "1"}, "paths": paths}


def _form(fields: tuple[str, ...]) -> dict[str, Any]:
    file = {"type": "string", "format": "binary"}
    properties: dict[str, Any] = {
        name: file if name == "files" else {"type": "string"} for name in ("token", *fields)
    }
    kind = "multipart/form-data" if "files" in fields else "application/x-www-form-urlencoded"
    schema = {"type": "object", "properties": properties, "required": [*properties]}
    return {"required": True, "content": {kind: {"schema": schema}}}


def check(browser: Any, base: str, own: Mapping[str, str], below: tuple[str, ...], held: list[str]) -> None:
    """Send what schemathesis thinks of, as a browser of one who has these tokens, and look at the answers."""
    described = operations(schemathesis.openapi.from_dict(document(below)))
    sent = st.sampled_from([*held, None])

    @SAME_REQUESTS
    @given(data=st.data())
    def holds(data: st.DataObject) -> None:
        operation = data.draw(st.sampled_from(described))
        mode = data.draw(st.sampled_from([GenerationMode.POSITIVE, GenerationMode.NEGATIVE]))
        case = data.draw(operation.as_strategy(generation_mode=mode))
        token = data.draw(sent)
        if isinstance(case.body, dict) and token and operation.path != "/me/leave":
            case.body["token"] = token
            if "files" in case.body and data.draw(st.booleans()):
                case.body["files"] = archive_of("zoe")
        parts = case.as_transport_kwargs(base_url=base, headers=dict(own))
        names = ("method", "url", "headers", "params", "data", "files", "json", "cookies")
        request = requests.Request(**{name: parts[name] for name in names if name in parts}).prepare()
        reply = browser.ask_prepared(request)
        assert reply.status in STATUSES, (request.url, reply.text)
        assert all(name in reply.headers for name in PROTECTED)
        if reply.status != 303:
            assert reply.headers["content-type"].partition(";")[0] in KINDS

    holds()


@on_both
def test_the_page_for_files(page: Page) -> None:
    check(page, "http://localhost", OWN_LOCAL, ("/drop",), [page.hidden("/drop")["token"]])


@on_both
def test_joining_one_s_own_page_and_passwords(site: Site) -> None:
    ann = site.joined("ann", [("a.zip", archive_of("ann"))])
    common = site.invited.common
    common.wrong_secrets = common.uploads = Rate(100_000, 100_000, 600)
    ann.open(f"/join/{site.invite()}")
    held = [ann.hidden(path)["token"] for path in ("/join", "/me", "/password")]
    # One who guesses a password has few tries, here as elsewhere.
    check(ann, PUBLIC, OWN | {"Host": HOST}, ("/join", "/me", "/password"), held)
    assert "ann" in site.members()
