"""The routes of the invitation, and who stands before all others: a circle is shown to its own alone."""

from typing import Any

import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.server import uploads
from letterboxd_scraper.server.invited import join, own, password
from letterboxd_scraper.server.invited.common import Common
from letterboxd_scraper.server.invited.people import Recognised
from letterboxd_scraper.server.problems import log_database
from letterboxd_scraper.server.served import Served

PATHS = (join.PATH, own.PATH, password.PATH)
# Who else could say that they speak for others?
_PROXIES = ["127.0.0.1", "::1"]


class Invited:
    """The invitation in the served pages; ``engine`` may write. ``token``: the operator's, "" for none."""

    def __init__(self, serving: Served, engine: sa.Engine, token: str) -> None:
        self.common = Common(serving, engine, token)
        uploads.remove_leftovers()

    @property
    def host(self) -> str:
        """Under which name others reach the server, with the port where that is not the usual one."""
        return self.common.host

    def app(self) -> Starlette:
        """Return the application that answers below PATHS."""
        joining, own_page, reading = (
            join.Join(self.common),
            own.Own(self.common),
            password.Password(self.common),
        )
        app = Starlette(
            routes=[
                *_taking(join.PATH, joining),
                Route(f"{join.PATH}/{{secret}}", joining.arrive),
                *_taking(own.PATH, own_page),
                Route(f"{own.PATH}/export", own_page.export),
                Route(f"{own.PATH}/name", own_page.name, methods=["POST"]),
                Route(f"{own.PATH}/close", own_page.close, methods=["POST"]),
                Route(f"{own.PATH}/leave", own_page.ask_before_leaving),
                Route(f"{own.PATH}/leave", own_page.leave, methods=["POST"]),
                Route(f"{own.PATH}/{{secret}}", own_page.arrive),
                Route(password.PATH, reading.form),
                Route(password.PATH, reading.enter, methods=["POST"]),
            ],
            exception_handlers={
                HTTPException: self._of_http,
                InputError: self._of_input,
                sa.exc.DBAPIError: self._of_database,
                ClientDisconnect: self._of_nobody,
            },
        )
        app.router.redirect_slashes = False
        return app

    def recognising(self, app: ASGIApp) -> ASGIApp:
        """Return the application as it answers each for what they may read; the proxy says where they are."""
        return ProxyHeadersMiddleware(Recognised(app, self.common), trusted_hosts=_PROXIES)  # type: ignore[arg-type, return-value]

    async def _of_http(self, request: Request, error: Any) -> Response:
        return self.common.show_problem(error)

    async def _of_input(self, request: Request, error: Exception) -> Response:
        return self.common.show_problem(HTTPException(422, str(error)))

    async def _of_database(self, request: Request, error: Exception) -> Response:
        log_database(error, "write")
        problem = "the database cannot be written just now: nothing was changed; later it may be"
        return self.common.show_problem(HTTPException(503, problem, headers={"Retry-After": "5"}))

    async def _of_nobody(self, request: Request, error: Exception) -> Response:
        return Response(status_code=400)  # who sent it is gone


def _taking(path: str, pages: join.Join | own.Own) -> list[Route]:
    """Return the routes of files that are sent, looked at, and stored or not."""
    form = pages.form if isinstance(pages, join.Join) else pages.page
    return [
        Route(path, form),
        Route(path, pages.upload, methods=["POST"]),
        Route(f"{path}/preview", pages.preview),
        Route(f"{path}/store", pages.store, methods=["POST"]),
        Route(f"{path}/discard", pages.discard, methods=["POST"]),
    ]
