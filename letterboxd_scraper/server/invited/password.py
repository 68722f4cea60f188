"""The page on which readers type the password of a circle, or the operator the server's token."""

import threading
from http import HTTPStatus

import sqlalchemy as sa
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from letterboxd_scraper.server.invited.common import Common
from letterboxd_scraper.server.invited.cookies import Cookie
from letterboxd_scraper.server.invited.rate import client_of
from letterboxd_scraper.server.invited.sessions import SECONDS
from letterboxd_scraper.server.reader import Reader, reading_as
from letterboxd_scraper.server.sending import fields_of, is_same, see
from letterboxd_scraper.server.served import address_of_circle
from letterboxd_scraper.store.members import cohorts, reading_passwords
from letterboxd_scraper.store.patience import ask

PATH = "/password"
# Nobody has logged in yet: what the token is bound to is the page alone.
_OF = "password"
# Of no cohort.
_NONE = -1


class Password:
    """Answers at PATH."""

    def __init__(self, common: Common) -> None:
        self._common = common
        self._one_at_a_time = threading.Lock()

    async def form(self, request: Request) -> Response:
        """Ask for the circle and its password."""
        return self._page(HTTPStatus.OK, "", "")

    async def enter(self, request: Request) -> Response:
        """Let somebody read whose password is right; lead to what it opens."""
        common = self._common
        common.refuse_others(request)
        fields = await fields_of(request)
        common.refuse_old(fields.get("token", ""), _OF)
        try:
            common.take(common.wrong_passwords, request)
        except HTTPException as error:
            page = self._page(error.status_code, error.detail, fields.get("circle", ""))
            page.headers.update(error.headers or {})
            return page
        label, password = fields.get("circle", "").strip(), fields.get("password", "")
        if common.operator_token and is_same(password, common.operator_token):
            common.wrong_passwords.give_back(client_of(request))
            return self._begin(request, see("/"), {}, is_operator=True)
        opened = await run_in_threadpool(self._try, label, password)
        if opened is None:
            return self._page(HTTPStatus.FORBIDDEN, "no circle of that name has that password", label)
        common.wrong_passwords.give_back(client_of(request))
        cohort_id, mark, address = opened
        return self._begin(request, see(address), {cohort_id: mark})

    def _try(self, label: str, password: str) -> tuple[int, str, str] | None:
        # Each try takes 16 MB: many at a time would take all there are.
        with self._one_at_a_time:
            return ask(self._common.serving.engine, self._opened, label, password)

    def _opened(self, connection: sa.Connection, label: str, password: str) -> tuple[int, str, str] | None:
        """Return what a password opens: the cohort's id, the password's mark, and where the pages are.

        Whether there is such a circle takes as long to say as whether it is the right password.
        """
        circle = next((one for one in cohorts.every(connection) if one.label == label), None)
        number = circle.id if circle else _NONE
        if not reading_passwords.is_right(connection, number, password) or circle is None:
            return None
        mark = reading_passwords.mark(connection, number) or ""
        with reading_as(Reader(frozenset([number]))):
            return number, mark, address_of_circle(connection, self._common.serving, circle)

    def _begin(
        self, request: Request, response: Response, circles: dict[int, str], *, is_operator: bool = False
    ) -> Response:
        common = self._common
        secret = common.cookies.read(request, Cookie.SESSION)
        before = common.sessions.of_secret(secret)
        common.sessions.end(secret)
        opened = common.sessions.open(before, circles, is_operator=is_operator)
        common.cookies.put(response, Cookie.SESSION, opened, SECONDS)
        return response

    def _page(self, status: int, problem: str, label: str) -> Response:
        token = self._common.token(_OF)
        return self._common.show(status, "password.html", token=token, problem=problem, label=label)
