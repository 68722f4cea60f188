"""Who sends a request: an operator, a member, a reader with a password, or nobody that is known."""

from dataclasses import dataclass

import sqlalchemy as sa
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from letterboxd_scraper.server import problems
from letterboxd_scraper.server.forms import Form, preferred
from letterboxd_scraper.server.guard import is_token, token_refusal
from letterboxd_scraper.server.invited.common import Common, too_often
from letterboxd_scraper.server.invited.cookies import Cookie
from letterboxd_scraper.server.invited.rate import client_of
from letterboxd_scraper.server.problems import ProblemResponse
from letterboxd_scraper.server.reader import NOBODY, OPERATOR, Reader, reading_as
from letterboxd_scraper.store.members import own_pages
from letterboxd_scraper.store.members.own_pages import OwnPage
from letterboxd_scraper.store.members.reading_passwords import mark
from letterboxd_scraper.store.patience import ask

# Where a request holds who sends it.
_PERSON = "letterboxd.person"


@dataclass(frozen=True, slots=True)
class Person:
    """Who sends a request: the member whose ``page`` their cookie's ``secret`` opens, and what they may read.

    ``stale``: cookies that open nothing any more.
    """

    reader: Reader
    page: OwnPage | None = None
    secret: str = ""
    stale: tuple[Cookie, ...] = ()


def person_of(connection: HTTPConnection) -> Person:
    """Return who sends a request."""
    person: Person = connection.scope[_PERSON]
    return person


class Recognised:
    """Finds out who sends a request, and lets them be the reader for whom it is answered."""

    def __init__(self, app: ASGIApp, common: Common) -> None:
        self._app = app
        self._common = common

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            person = await self._recognise(Request(scope))
        except (sa.exc.DBAPIError, sa.exc.TimeoutError) as error:
            person = problems.of_database(error)
        sending = self._marked(person, send)
        if isinstance(person, Response):
            await person(scope, receive, sending)
            return
        with reading_as(person.reader):
            await self._app({**scope, _PERSON: person}, receive, sending)

    async def _recognise(self, request: Request) -> Person | Response:
        """Return who it is, or the refusal of somebody who guesses."""
        common, client = self._common, client_of(request)
        authorization = request.headers.get("authorization", "") if common.operator_token else ""
        cookies = {kind: common.cookies.read(request, kind) for kind in (Cookie.MEMBER, Cookie.SESSION)}
        if not (authorization or any(cookies.values())):
            return Person(NOBODY)
        if authorization:
            if wait := common.wrong_secrets.wait(client):
                return _refusal(request, common, too_often(wait))
            if is_token(authorization, common.operator_token):
                return Person(OPERATOR)
            common.wrong_secrets.take(client)
            return token_refusal()
        person = await run_in_threadpool(
            ask, common.serving.engine, self._look_up, cookies[Cookie.MEMBER], cookies[Cookie.SESSION]
        )
        wait = common.wrong_secrets.take(client) if person.stale else 0.0
        # Whoever has a right secret did not guess it, whatever others do at the same address.
        return _refusal(request, common, too_often(wait)) if wait and person.reader == NOBODY else person

    def _look_up(self, connection: sa.Connection, secret: str, session_secret: str) -> Person:
        page = own_pages.of_secret(connection, secret) if secret else None
        session = self._common.sessions.of_secret(session_secret) if session_secret else None
        stale = [Cookie.MEMBER] if secret and page is None else []
        stale += [Cookie.SESSION] if session_secret and session is None else []
        circles = {page.cohort_id} if page else set()
        if session:
            # A password that has changed, or was taken away, opens nothing any more.
            circles |= {cohort for cohort, of in session.circles.items() if mark(connection, cohort) == of}
        reader = Reader(
            frozenset(circles),
            member_of=page.cohort_id if page else None,
            is_operator=bool(session and session.is_operator),
        )
        return Person(reader, page, secret, tuple(stale))

    def _marked(self, person: Person | Response, send: Send) -> Send:
        """Say with an answer what it depends on, and remove cookies that open nothing."""
        stale = person.stale if isinstance(person, Person) else ()
        removed = Response()
        for cookie in stale:
            self._common.cookies.remove(removed, cookie)
        gone = [header for header in removed.raw_headers if header[0] == b"set-cookie"]

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                # Before those that the answer sets itself.
                message["headers"] = [*gone, *message["headers"]]
                headers = MutableHeaders(scope=message)
                headers.add_vary_header("Cookie")
                headers.add_vary_header("Authorization")
            await send(message)

        return sending


def _refusal(request: Request, common: Common, error: HTTPException) -> Response:
    accept = Headers(scope=request.scope).get("accept", "*/*")
    if preferred(accept, (problems.CONTENT_TYPE, Form.PAGE)) == Form.PAGE:
        return common.show_problem(error)
    return ProblemResponse(error.status_code, error.detail, headers=dict(error.headers or {}))
