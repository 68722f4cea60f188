"""Which requests are refused before anything is looked at, and the headers of every answer."""

import hmac
import ipaddress
from base64 import b64decode
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from letterboxd_scraper.server.problems import ProblemResponse

METHODS = ("GET", "HEAD")
# Browsers know no Bearer: they ask people for a name, which is nobody's, and for the token as the password.
_CHALLENGES = ('Bearer realm="letterboxd"', 'Basic realm="letterboxd"')
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


class Protected:
    """Sends the headers that protect readers with every answer, and takes HEAD for GET."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # HEAD is a GET whose body the server does not send.
        scope = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
        await self._app(scope, receive, _with_headers(send))


class Guard:
    """Refuses what does not read, comes under a foreign name, or lacks the token.

    ``local`` demands that the request is for this machine by one of its names: a page of another site could
    otherwise have its own name lead here (DNS rebinding), and read what the browser gets. ``public`` is one
    more name, under which a reverse proxy is asked. Other ``methods`` than those that read are for an
    application that looks by itself who sends them.
    """

    def __init__(
        self, app: ASGIApp, *, token: str, local: bool, public: str = "", methods: tuple[str, ...] = METHODS
    ) -> None:
        self._app = app
        self._token = token
        self._local = local
        self._public = public
        self._methods = methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer: ASGIApp = self._refusal(scope["method"], Headers(scope=scope)) or self._app
        await answer(scope, receive, send)

    def _refusal(self, method: str, headers: Headers) -> ProblemResponse | None:
        host = headers.get("host", "")
        if self._local and not is_local_name(host) and host.lower() != (self._public or None):
            names = f"{self._public}, " if self._public else ""
            detail = f"this server answers to {names}localhost and its addresses, 127.0.0.1 and [::1], only"
            return ProblemResponse(HTTPStatus.MISDIRECTED_REQUEST, detail)
        if self._token and not is_token(headers.get("authorization", ""), self._token):
            return token_refusal()
        if method not in self._methods:
            detail = f"{method} is not possible: this server only reads"
            return ProblemResponse(
                HTTPStatus.METHOD_NOT_ALLOWED, detail, headers={"Allow": ", ".join(self._methods)}
            )
        return None


def is_token(authorization: str, token: str) -> bool:
    """Say whether a header Authorization holds the token, as programs or as browsers send it."""
    scheme, _, credentials = authorization.partition(" ")
    match scheme.lower():
        case "bearer":
            sent = credentials.strip()
        case "basic":
            sent = _password(credentials)
        case _:
            return False
    return hmac.compare_digest(sent.encode("latin-1", "replace"), token.encode())


def token_refusal() -> ProblemResponse:
    """Return the answer to who has not the token."""
    detail = (
        "a token is wanted: send the header `Authorization: Bearer TOKEN`, or give the token to the "
        "browser as the password"
    )
    refusal = ProblemResponse(HTTPStatus.UNAUTHORIZED, detail)
    for challenge in _CHALLENGES:
        refusal.headers.append("WWW-Authenticate", challenge)
    return refusal


def _password(credentials: str) -> str:
    """Return the password that a browser sends (RFC 7617); "" where it is none.

    >>> _password("bWU6czpj"), _password("no"), _password("ü")
    ('s:c', '', '')
    """
    try:
        return b64decode(credentials, validate=True).decode("latin-1").partition(":")[2]
    except ValueError:
        return ""


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
