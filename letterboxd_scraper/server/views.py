"""Every view under one address: as a page for people, as JSON with `.json`, as CSV with `.csv`."""

from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from letterboxd_scraper.server import problems
from letterboxd_scraper.server.asking import Answer, answer_of, readdressed
from letterboxd_scraper.server.forms import Form, View, preferred
from letterboxd_scraper.server.pages import Pages
from letterboxd_scraper.server.served import Served
from letterboxd_scraper.server.tables import as_csv, table_at

# Whom neither suits gets what programs read.
_OF_PROBLEMS = (problems.CONTENT_TYPE, Form.PAGE)


class Views:
    """Asks an application that answers in JSON, and gives the answer the form that the reader wants.

    Problems are pages for whoever prefers HTML.
    """

    def __init__(self, app: ASGIApp, serving: Served) -> None:
        self._app = app
        self._pages = Pages(app, serving)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        accept = Headers(scope=scope).get("accept", "*/*")
        scope = {**scope, problems.ASKED: scope["path"]}
        answer = await self._answer(scope, receive, View.of(scope["path"], accept))
        if answer.media_type == problems.CONTENT_TYPE and preferred(accept, _OF_PROBLEMS) == Form.PAGE:
            self._pages.error(answer)
        answer.headers.add_vary_header("Accept")
        await answer.send(send)

    async def _answer(self, scope: Scope, receive: Receive, view: View) -> Answer:
        if view.form is Form.PAGE:
            page = await self._pages.page(_without_blanks(scope), receive, view)
            return page or await answer_of(self._app, scope, receive)
        scope = readdressed(scope, view.source, scope["query_string"])
        table = table_at(view.source) if view.form is Form.CSV else None
        return await (
            as_csv(self._app, scope, receive, table) if table else answer_of(self._app, scope, receive)
        )


def _without_blanks(scope: Scope) -> Scope:
    """Return the request without the parameters that say nothing: forms send all their fields."""
    pairs = parse_qsl(scope["query_string"].decode("latin-1"))
    return readdressed(scope, scope["path"], urlencode(pairs).encode())
