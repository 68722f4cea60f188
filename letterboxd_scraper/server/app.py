"""The application: routes, errors, and the guard before all of them."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import Response
from starlette.types import ASGIApp

from letterboxd_scraper import __version__
from letterboxd_scraper.server import cohorts, films, metrics, rankings, reports
from letterboxd_scraper.server.guard import Guard
from letterboxd_scraper.server.problems import Problem, add_handlers, documented
from letterboxd_scraper.server.served import Served

_SUMMARY = "What a circle thinks of films; nothing can be changed here."


def make_app(serving: Served, *, token: str, local: bool) -> ASGIApp:
    """Return the server's application. Without a ``token`` everybody may read.

    ``local``: only requests for this machine by its own names are answered.
    """
    return Guard(unguarded(serving, token=token), token=token, local=local)


def unguarded(serving: Served, *, token: str) -> FastAPI:
    """Return the application without what stands before it: routes, and the document on them."""
    responses = documented(405, 421, 422, 503) | (documented(401) if token else {})
    # No interactive documentation: it would load scripts from elsewhere.
    app = FastAPI(
        title="letterboxd-scraper",
        summary=_SUMMARY,
        version=__version__,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses=responses,
    )
    for module in (cohorts, rankings, films, reports, metrics):
        app.include_router(module.routes(serving))

    @app.get("/favicon.ico", include_in_schema=False)
    def no_picture() -> Response:
        return Response(status_code=204)

    add_handlers(app)
    document = _openapi(app, token=token)
    app.openapi = lambda: document  # type: ignore[method-assign]
    return app


def _openapi(app: FastAPI, *, token: str) -> dict[str, Any]:
    document = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= problem.pop("$defs", {}) | {"Problem": problem}
    if token:
        components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        document["security"] = [{"token": []}]
    return document
