"""Answers that the reader has already are not sent again (RFC 9110, 13)."""

import hashlib
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from letterboxd_scraper.server.asking import answer_of

# What describes the body that is not sent.
_OF_BODY = ("content-length", "content-type", "content-encoding")


class Conditional:
    """Gives every good answer a tag of what it says, and answers 304 to who has that tag.

    The tags are weak: compressed or not, it is the same that is said. An answer that has a tag keeps it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = await answer_of(self._app, scope, receive)
        if answer.status == HTTPStatus.OK:
            tag = answer.headers.setdefault("etag", tag_of(answer.body))
            if has_tag(tag, Headers(scope=scope).get("if-none-match")):
                answer.status, answer.body = HTTPStatus.NOT_MODIFIED, b""
                for name in _OF_BODY:
                    del answer.headers[name]
        await answer.send(send)


def tag_of(body: bytes) -> str:
    """Return the weak tag of a body."""
    return f'W/"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'


def has_tag(tag: str, if_none_match: str | None) -> bool:
    """Return whether a tag is among those that the reader has (RFC 9110, 13.1.2).

    >>> has_tag('W/"a"', 'W/"b", "a"'), has_tag('"a"', '*'), has_tag('"a"', None)
    (True, True, False)
    """
    tags = [text.strip().removeprefix("W/") for text in (if_none_match or "").split(",")]
    return tag.removeprefix("W/") in tags or "*" in tags
