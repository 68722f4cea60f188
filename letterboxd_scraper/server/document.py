"""The OpenAPI document: what there is to ask for, with examples."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from letterboxd_scraper.server.examples import add_examples
from letterboxd_scraper.server.problems import Problem
from letterboxd_scraper.server.tables import TABLES

_SECURITY = {
    "token": {"type": "http", "scheme": "bearer"},
    "password": {"type": "http", "scheme": "basic", "description": "Any name; the token as the password."},
}
# What stands in the paths.
_PLACES = {
    "cohort": "A cohort, as it is listed.",
    "strategy": "A ranking, as it is listed.",
    "film": "A film's slug, code or title.",
    "year": "A year that has begun.",
}


def name_of(route: APIRoute) -> str:
    """Return a route's operation id: the name of its function."""
    return route.name


def openapi(app: FastAPI, *, token: str) -> dict[str, Any]:
    """Return the document on an application's routes; with a ``token``, how it is sent."""
    document = get_openapi(
        title=app.title,
        version=app.version,
        summary=app.summary,
        description=app.description,
        routes=app.routes,
    )
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= problem.pop("$defs", {}) | {"Problem": problem}
    for methods in document["paths"].values():
        for parameter in methods["get"].get("parameters", ()):
            if parameter["in"] == "path":
                parameter["description"] = _PLACES[parameter["name"]]
    for path in TABLES:
        document["paths"][path]["get"]["responses"]["200"]["content"]["text/csv"] = {
            "schema": {"type": "string"}
        }
    add_examples(document)
    if token:
        components["securitySchemes"] = _SECURITY
        document["security"] = [{name: []} for name in _SECURITY]
    return document
