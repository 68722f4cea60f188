"""Which requests are refused before anything is looked at, and the headers of every answer."""

import hmac
import ipaddress
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from letterboxd_scraper.server.problems import ProblemResponse

METHODS = ("GET", "HEAD")
# The policy of an answer without scripts and styles; pages that have some set their own.
NOTHING_ALLOWED = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "private, no-cache",
    "Content-Security-Policy": NOTHING_ALLOWED,
}


class Guard:
    """Refuses what does not read, comes under a foreign name, or lacks the token.

    ``local`` demands that the request is for this machine by one of its names: a page of another site could
    otherwise have its own name lead here (DNS rebinding), and read what the browser gets.
    """

    def __init__(self, app: ASGIApp, *, token: str, local: bool) -> None:
        self._app = app
        self._token = token.encode()
        self._local = local

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer: ASGIApp = self._refusal(scope["method"], Headers(scope=scope)) or self._app
        # HEAD is a GET whose body the server does not send.
        scope = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
        await answer(scope, receive, _with_headers(send))

    def _refusal(self, method: str, headers: Headers) -> ProblemResponse | None:
        if self._local and not is_local_name(headers.get("host", "")):
            detail = "this server answers to localhost and its addresses, 127.0.0.1 and [::1], only"
            return ProblemResponse(HTTPStatus.MISDIRECTED_REQUEST, detail)
        if self._token and not self._is_token(headers.get("authorization", "")):
            detail = "a token is wanted: send the header `Authorization: Bearer TOKEN`"
            return ProblemResponse(
                HTTPStatus.UNAUTHORIZED, detail, headers={"WWW-Authenticate": 'Bearer realm="letterboxd"'}
            )
        if method not in METHODS:
            detail = f"{method} is not possible: this server only reads"
            return ProblemResponse(
                HTTPStatus.METHOD_NOT_ALLOWED, detail, headers={"Allow": ", ".join(METHODS)}
            )
        return None

    def _is_token(self, authorization: str) -> bool:
        scheme, _, token = authorization.partition(" ")
        same = hmac.compare_digest(token.strip().encode("latin-1"), self._token)
        return scheme.lower() == "bearer" and same


def is_local_name(host: str) -> bool:
    """Say whether a Host header names this machine as seen from itself, with any port.

    >>> [is_local_name(host) for host in ("localhost:8000", "127.0.0.1", "[::1]:80", "evil.example:8000", "")]
    [True, True, True, False, False]
    """
    name, colon, port = host.lower().rpartition(":")
    if not colon or not port.isdigit():
        name = host.lower()
    return name == "localhost" or is_loopback_address(name.removeprefix("[").removesuffix("]"))


def is_loopback_address(text: str) -> bool:
    """Say whether it is an address, not a name, that nobody but this machine reaches."""
    try:
        return ipaddress.ip_address(text).is_loopback
    except ValueError:
        return False


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sending
