"""Errors as problem details (RFC 9457): what is wrong, in a sentence."""

import logging
from http import HTTPStatus
from typing import Any

import sqlalchemy as sa
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from letterboxd_scraper.errors import InputError, ListUnsure, UnknownName
from letterboxd_scraper.server.parameters import UnknownParameter

logger = logging.getLogger(__name__)
CONTENT_TYPE = "application/problem+json"
# Where a request holds the path that was asked for, whichever route answers.
ASKED = "letterboxd.asked"
# In seconds: until a crawl has come to its end, or somebody has seen to it.
_UNSURE_FOR = 3600
# A table, a column: https://www.postgresql.org/docs/current/errcodes-appendix.html
_MISSING = ("42P01", "42703")


class WrongParameter(BaseModel):
    """One parameter that cannot be what it is."""

    parameter: str
    message: str


class Problem(BaseModel):
    """What is wrong (RFC 9457)."""

    type: str = Field("about:blank", description="The status says all about its kind.")
    title: str
    status: int
    detail: str
    errors: list[WrongParameter] | None = None


class ProblemResponse(JSONResponse):
    """A response that says what is wrong."""

    media_type = CONTENT_TYPE

    def __init__(
        self,
        status: int,
        detail: str,
        errors: list[WrongParameter] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        problem = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, errors=errors)
        super().__init__(problem.model_dump(exclude_none=True), status, headers)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what OpenAPI shall say of responses with these statuses."""
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {CONTENT_TYPE: schema}}
        for status in statuses
    }


def add_handlers(app: FastAPI) -> None:
    """Let the application answer all errors as problems."""
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(RequestValidationError, _of_parameters)
    app.add_exception_handler(InputError, _of_input)
    app.add_exception_handler(ListUnsure, _of_unsure)
    app.add_exception_handler(UnknownParameter, _of_unknown_parameter)
    app.add_exception_handler(sa.exc.DBAPIError, _of_database)
    app.add_exception_handler(sa.exc.TimeoutError, _of_database)
    app.add_exception_handler(Exception, _of_bug)


def _of_http(request: Request, error: Any) -> ProblemResponse:
    detail = error.detail
    if error.status_code == HTTPStatus.NOT_FOUND and detail == HTTPStatus.NOT_FOUND.phrase:
        path = request.scope.get(ASKED, request.url.path)
        detail = f"there is nothing at {path}: / and /docs say what there is"
    return ProblemResponse(error.status_code, detail, headers=dict(error.headers or {}))


def _of_parameters(request: Request, error: Any) -> ProblemResponse:
    wrong = [
        WrongParameter(parameter=".".join(map(str, refusal["loc"][1:])), message=str(refusal["msg"]))
        for refusal in error.errors()
    ]
    detail = "; ".join(f"{parameter.parameter}: {parameter.message}" for parameter in wrong)
    return ProblemResponse(HTTPStatus.UNPROCESSABLE_ENTITY, detail, wrong)


def _of_input(request: Request, error: Exception) -> ProblemResponse:
    status = HTTPStatus.NOT_FOUND if isinstance(error, UnknownName) else HTTPStatus.BAD_REQUEST
    return ProblemResponse(status, str(error))


def _of_unsure(request: Request, error: Exception) -> ProblemResponse:
    status = HTTPStatus.SERVICE_UNAVAILABLE
    return ProblemResponse(status, str(error), headers={"Retry-After": str(_UNSURE_FOR)})


def _of_unknown_parameter(request: Request, error: Any) -> ProblemResponse:
    wrong = WrongParameter(parameter=error.parameter, message=str(error))
    return ProblemResponse(HTTPStatus.BAD_REQUEST, str(error), [wrong])


def _of_database(request: Request, error: Exception) -> ProblemResponse:
    return of_database(error)


def of_database(error: Exception) -> ProblemResponse:
    """Return the answer where the database cannot be read, and write why to the log."""
    log_database(error, "read")
    detail = "the database cannot be read just now; later it may be"
    if _has_another_schema(error):
        detail = "the database is of another version than this program: see `letterboxd db upgrade`"
    return ProblemResponse(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers={"Retry-After": "5"})


def log_database(error: Exception, what: str) -> None:
    """Write to the log why the database cannot be used; ``what`` was tried is ``read`` or ``write``."""
    logger.error("cannot %s the database: %s", what, " ".join(str(getattr(error, "orig", error)).split()))


def _has_another_schema(error: Exception) -> bool:
    """Say whether a table or column is missing: a backup of an older version is in the database's place."""
    of_driver = getattr(error, "orig", None)
    return getattr(of_driver, "pgcode", "") in _MISSING or str(of_driver).startswith("no such ")


def _of_bug(request: Request, error: Exception) -> ProblemResponse:
    return ProblemResponse(HTTPStatus.INTERNAL_SERVER_ERROR, "an internal error; the server's log has it")
