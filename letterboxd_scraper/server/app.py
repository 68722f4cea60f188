"""The application: routes and errors, the forms of its answers, and the guard before all of them."""

from typing import Any

from fastapi import Depends, FastAPI
from fastapi.responses import Response
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp

from letterboxd_scraper import __version__
from letterboxd_scraper.server import cohorts, films, lists, metrics, news, rankings, recommendations, year
from letterboxd_scraper.server.conditional import Conditional
from letterboxd_scraper.server.document import name_of, openapi
from letterboxd_scraper.server.drop import METHODS, Before, Drop
from letterboxd_scraper.server.guard import METHODS as READING
from letterboxd_scraper.server.guard import Guard, Protected
from letterboxd_scraper.server.invited.app import PATHS, Invited
from letterboxd_scraper.server.parameters import KnownParameters
from letterboxd_scraper.server.problems import add_handlers, documented
from letterboxd_scraper.server.recommendations import Recommender
from letterboxd_scraper.server.reports import Reports
from letterboxd_scraper.server.reports import routes as report_routes
from letterboxd_scraper.server.served import Served
from letterboxd_scraper.server.views import Views

_SUMMARY = "What a circle thinks of films; nothing can be changed here."
_DESCRIPTION = (
    "A list below `/api/v1/cohorts` comes as CSV with `.csv` behind its path. Without `/api/v1` it is a page "
    "for people, and with `.json` or `.csv` the same for programs. All answers have an ETag. Lists in parts "
    "have `next` and `prev`, as Link headers, too. A parameter that there is not is refused."
)
# What is gained above that is less than what it costs.
_COMPRESSION = 5


def make_app(
    serving: Served,
    *,
    token: str,
    local: bool,
    reports: Reports | None = None,
    drop: Drop | None = None,
    invited: Invited | None = None,
) -> ASGIApp:
    """Return the server's application, with reports of its own or these. Without a ``token`` all may read.

    ``local``: only requests for this machine by its own names are answered. ``drop``: the page for files.
    ``invited``: the pages for people who were invited; then each reads what is theirs, under the public name,
    too, and the token is an operator's.
    """
    routes = unguarded(serving, token=token, reports=reports)
    if invited:
        return Protected(GZipMiddleware(_by_invitation(serving, routes, invited), compresslevel=_COMPRESSION))
    answering: ASGIApp = Conditional(Views(Guard(routes, token=token, local=local), serving))
    if drop:
        answering = Before(Guard(drop.app(), token=token, local=True, methods=METHODS), answering)
    return Protected(GZipMiddleware(answering, compresslevel=_COMPRESSION))


def _by_invitation(serving: Served, routes: ASGIApp, invited: Invited) -> ASGIApp:
    def guarded(app: ASGIApp, methods: tuple[str, ...]) -> ASGIApp:
        return Guard(app, token="", local=True, public=invited.host, methods=methods)

    reading = Conditional(Views(guarded(routes, READING), serving))
    return invited.recognising(Before(guarded(invited.app(), METHODS), reading, PATHS))


def unguarded(serving: Served, *, token: str, reports: Reports | None = None) -> FastAPI:
    """Return the application without what stands before it: routes, and the document on them."""
    responses = documented(400, 405, 421, 422, 503) | (documented(401) if token else {})
    parameters = KnownParameters()
    app = FastAPI(
        title="letterboxd-scraper",
        summary=_SUMMARY,
        description=_DESCRIPTION,
        version=__version__,
        openapi_url=None,  # a route of ours, which refuses unknown parameters
        docs_url=None,  # FastAPI's would load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        responses=responses,
        dependencies=[Depends(parameters)],
        generate_unique_id_function=name_of,
    )
    recommender = Recommender(serving)
    for router in (
        *(module.routes(serving) for module in (cohorts, rankings, films, year, metrics)),
        *(module.routes(serving, recommender) for module in (recommendations, lists, news)),
    ):
        app.include_router(router)
    app.include_router(report_routes(serving, reports))

    @app.get("/openapi.json", include_in_schema=False)
    def show_document() -> dict[str, Any]:
        return document

    @app.get("/favicon.ico", include_in_schema=False)
    def no_picture() -> Response:
        return Response(status_code=204)

    add_handlers(app)
    # Before the first request: while requests are answered, FastAPI may not find the fields of a route.
    document = openapi(app, token=token)
    parameters.learn(document)
    app.openapi = lambda: document  # type: ignore[method-assign]
    return app
