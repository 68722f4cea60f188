"""What the pages of the invitation share: cookies, tokens, limits, and how they are shown."""

import hmac
import math
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from letterboxd_scraper.server.guard import is_local_name
from letterboxd_scraper.server.invited.cookies import Cookies
from letterboxd_scraper.server.invited.rate import Rate, client_of
from letterboxd_scraper.server.invited.sessions import Sessions
from letterboxd_scraper.server.invited.waiting import WaitingRoom
from letterboxd_scraper.server.pages import policy, render
from letterboxd_scraper.server.sending import is_same, own_origin, refuse_others
from letterboxd_scraper.server.served import Served

_USUAL_PORTS = {"https": ":443", "http": ":80"}
# In seconds: for so long wrong secrets, passwords and uploads count.
_COUNTED = 600.0
# In seconds: so long an import waits for another to end.
_TURN = 60.0
# So many uploads are received at the same time, each of which may have files on the disk; and so many wait.
_RECEIVING = 8


class Common:
    """The state of the server's pages for people who were invited."""

    def __init__(self, serving: Served, engine: sa.Engine, token: str) -> None:
        public = urlsplit(serving.public_url)
        # As browsers say it: without the port that is usual.
        host = public.netloc.lower().removesuffix(_USUAL_PORTS[public.scheme])
        self.serving = serving
        # That may write.
        self.engine = engine
        # Of the operator; "" if there is none.
        self.operator_token = token
        self.host = host
        self.origin = f"{public.scheme}://{host}"
        self.cookies = Cookies(public.scheme == "https")
        self.sessions = Sessions()
        self.waiting = WaitingRoom()
        self.wrong_secrets = Rate(20, 2_000, _COUNTED)
        self.wrong_passwords = Rate(10, 200, _COUNTED)
        self.uploads = Rate(20, 200, _COUNTED)
        self._key = secrets.token_bytes(32)
        self._busy = threading.Lock()
        # Of the threads that answer, some are left for those who read.
        self._queue = threading.BoundedSemaphore(_RECEIVING)
        self._receiving = threading.BoundedSemaphore(_RECEIVING)

    def token(self, of: str) -> str:
        """Return what the forms hold that are for who has this secret, while this server runs."""
        return hmac.new(self._key, of.encode(), "sha256").hexdigest()

    def refuse_others(self, request: Request) -> None:
        """Raise HTTPException unless one of this server's own pages sends the request."""
        local = is_local_name(request.headers.get("host", ""))
        refuse_others(request, [own_origin(request) if local else self.origin])

    def refuse_old(self, token: str, of: str) -> None:
        """Raise HTTPException unless a form was made for who has this secret, by this server."""
        if not is_same(token, self.token(of)):
            raise HTTPException(HTTPStatus.FORBIDDEN, "this page is an old one: open it again")

    def take(self, rate: Rate, request: Request) -> None:
        """Note that a client tries. Raises HTTPException for one who may not yet."""
        if wait := rate.take(client_of(request)):
            raise too_often(wait)

    @contextmanager
    def receiving(self) -> Iterator[None]:
        """Raise HTTPException if too many uploads are being received."""
        if not self._receiving.acquire(blocking=False):
            raise _come_back("many are sending files just now")
        try:
            yield
        finally:
            self._receiving.release()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Wait until no other import is under way. Raises HTTPException if that lasts, or many wait."""
        busy = "others' files are being read just now"
        if not self._queue.acquire(blocking=False):
            raise _come_back(busy)
        try:
            if not self._busy.acquire(timeout=_TURN):
                raise _come_back(busy)
            try:
                yield
            finally:
                self._busy.release()
        finally:
            self._queue.release()

    def show(self, status: int, template: str, *, script: str = "", **content: Any) -> Response:
        """Return a page of which nobody keeps a copy, and whose address no other page is told."""
        headers = {
            "Content-Security-Policy": policy(script),
            # The browser says that it was a page of this server that sends a form, and not which.
            "Referrer-Policy": "strict-origin",
            "Cache-Control": "no-store",
        }
        return HTMLResponse(render(template, self.serving, script=script, **content), status, headers)

    def show_problem(self, error: HTTPException) -> Response:
        """Return a page that says what is wrong, and no more."""
        title = HTTPStatus(error.status_code).phrase
        page = self.show(error.status_code, "error.html", problem={"title": title, "detail": error.detail})
        page.headers.update(error.headers or {})
        return page


def too_often(seconds: float) -> HTTPException:
    """Return the error that somebody has tried too often."""
    return HTTPException(
        HTTPStatus.TOO_MANY_REQUESTS,
        "that was tried too often: try again in some minutes",
        headers={"Retry-After": str(math.ceil(seconds))},
    )


def _come_back(why: str) -> HTTPException:
    detail = f"{why}: try again in a minute"
    return HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers={"Retry-After": "60"})
