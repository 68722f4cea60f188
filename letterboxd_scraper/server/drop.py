"""The page on which files are dropped: what they would change is said first, and stored when agreed to.

Nothing else of the server writes. It has a connection of its own, and is not there unless asked for.
"""

import secrets
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.imports import unmatched, words
from letterboxd_scraper.imports.reading import ReadFiles
from letterboxd_scraper.items.names import cohort_label
from letterboxd_scraper.server import preview, taking_in, uploads
from letterboxd_scraper.server.pages import policy, render, script_of_form
from letterboxd_scraper.server.problems import log_database
from letterboxd_scraper.server.sending import fields_of, is_same, own_origin, refuse_others, see
from letterboxd_scraper.server.served import Served
from letterboxd_scraper.store import intake
from letterboxd_scraper.store.intake import Outcomes, Told
from letterboxd_scraper.store.members import last_imports, sources
from letterboxd_scraper.store.members.last_imports import LastImport
from letterboxd_scraper.store.members.sources import Unmatched
from letterboxd_scraper.store.patience import ask

PATH = "/drop"
# The circle that files are for, unless another is named.
LABEL = "friends"
METHODS = ("GET", "HEAD", "POST")
# So long an answer is waited for; then what was read is gone.
PATIENCE_SECONDS = 30 * 60.0


@dataclass(frozen=True, slots=True)
class Waiting:
    """What was read of files, and waits to be stored in the circle ``label``; the files are gone."""

    number: str
    label: str
    read: ReadFiles
    told: Told
    outcomes: Outcomes


class Drop:
    """The page's state: what waits for an answer. One import at a time."""

    def __init__(self, serving: Served, engine: sa.Engine, label: str) -> None:
        self._serving = serving
        self._engine = engine
        self._label = label
        # Whoever sends something has read the page: other sites' pages cannot.
        self._token = secrets.token_urlsafe(32)
        self._is_busy = False
        self._waiting: Waiting | None = None
        self._timer: threading.Timer | None = None
        uploads.remove_leftovers()

    def app(self) -> Starlette:
        """Return the application that answers below PATH."""
        return Starlette(
            routes=[
                Route(PATH, self._form, methods=["GET"]),
                Route(PATH, self._upload, methods=["POST"]),
                Route(f"{PATH}/unmatched.csv", self._unmatched, methods=["GET"]),
                Route(f"{PATH}/preview", self._preview, methods=["GET"]),
                Route(f"{PATH}/preview/unmatched.csv", self._unmatched_here, methods=["GET"]),
                Route(f"{PATH}/whose", self._say_whose, methods=["POST"]),
                Route(f"{PATH}/store", self._store, methods=["POST"]),
                Route(f"{PATH}/discard", self._discard, methods=["POST"]),
                Route(f"{PATH}/undo", self._undo, methods=["POST"]),
            ],
            exception_handlers={
                HTTPException: self._of_http,
                InputError: self._of_input,
                sa.exc.DBAPIError: self._of_database,
                ClientDisconnect: self._of_nobody,
            },
        )

    async def _form(self, request: Request) -> Response:
        imports = await run_in_threadpool(ask, self._engine, last_imports.every)
        unmatched = await run_in_threadpool(ask, self._engine, sources.count_unmatched)
        return self._page(HTTPStatus.OK, [], imports=imports, unmatched=unmatched)

    async def _upload(self, request: Request) -> Response:
        refuse_others(request, [own_origin(request)])
        with self._alone():
            self._refuse_while_waiting("drop these")
            upload = await uploads.receive(request)
            try:
                self._refuse_without_token(upload.field("token"))
                if not upload.files:
                    raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, "no file was chosen")
                waiting = await run_in_threadpool(self._look, upload)
            finally:
                await upload.form.close()
            if isinstance(waiting, list):
                return self._page(
                    HTTPStatus.UNPROCESSABLE_ENTITY, ["nothing of it can be taken in", *waiting]
                )
            self._wait_for(waiting)
        return see(f"{PATH}/preview")

    def _look(self, upload: uploads.Upload) -> Waiting | list[str]:
        """Return what the files tell, and would change; or why nothing of them can be taken in."""
        label = _label(upload.field("label") or self._label)
        at = self._serving.now
        read = uploads.read(upload, at, unnamed=True)
        if not (read.snapshots or read.films):
            return [*words.of_files(read)]
        return self._try(read, label)

    def _try(self, read: ReadFiles, label: str) -> Waiting:
        """Return what files tell, and would change."""
        named = [snapshot for snapshot in read.snapshots if snapshot.member]
        told = intake.told_by(self._engine, named, read.films)
        outcomes = intake.would_take_in(self._engine, told, label, self._serving.now)
        return Waiting(secrets.token_urlsafe(16), label, read, told, outcomes)

    async def _preview(self, request: Request) -> Response:
        return self._show_preview(self._waiting, HTTPStatus.OK) if self._waiting else see(PATH)

    def _show_preview(self, waiting: Waiting, status: int, problems: Sequence[str] = ()) -> Response:
        content = preview.content(waiting.read, waiting.told, waiting.outcomes)
        about = {"number": waiting.number, "label": waiting.label, "problems": problems}
        return self._show(status, "drop_preview.html", "", **about, **content)

    async def _say_whose(self, request: Request) -> Response:
        """Take the names of those whose the files are that do not say it, and show what would change then."""
        with self._alone():
            waiting, fields = await self._answered(request)
            try:
                read = preview.named(waiting.read, fields)
            except InputError as error:
                return self._show_preview(waiting, HTTPStatus.UNPROCESSABLE_ENTITY, [str(error)])
            self._wait_for(await run_in_threadpool(self._try, read, waiting.label))
        return see(f"{PATH}/preview")

    async def _unmatched_here(self, request: Request) -> Response:
        if self._waiting is None:
            return see(PATH)
        told, outcomes = self._waiting.told, self._waiting.outcomes
        return _csv([row for name in told.welcome for row in outcomes[name].unmatched])

    async def _unmatched(self, request: Request) -> Response:
        label = request.query_params.get("cohort", self._label)
        return _csv(await run_in_threadpool(ask, self._engine, sources.unmatched_of, label))

    async def _store(self, request: Request) -> Response:
        with self._alone():
            waiting, _ = await self._answered(request)
            try:
                address = await run_in_threadpool(
                    taking_in.take_in, self._serving, self._engine, waiting.told, waiting.label
                )
            except taking_in.NotRanked:
                self._wait_for(None)
                raise
            self._wait_for(None)
        return see(address)

    async def _discard(self, request: Request) -> Response:
        with self._alone():
            await self._answered(request)
            self._wait_for(None)
        return see(PATH)

    async def _undo(self, request: Request) -> Response:
        """Take back a cohort's last import, the one of which the page has told."""
        with self._alone():
            self._refuse_while_waiting("take back others")
            fields = await self._sent(request)
            imports = await run_in_threadpool(ask, self._engine, last_imports.every)
            chosen = [one for one in imports if is_same(fields.get("mark", ""), one.mark)]
            if not chosen:
                raise HTTPException(
                    HTTPStatus.CONFLICT, "other files were taken in since: load the page again"
                )
            address = await run_in_threadpool(taking_in.take_back, self._serving, self._engine, chosen[0])
        return see(address or PATH)

    async def _answered(self, request: Request) -> tuple[Waiting, Mapping[str, str]]:
        """Return what an answer is about, if it is that of who has seen it, and it. Raises HTTPException."""
        fields = await self._sent(request)
        waiting = self._waiting
        if waiting is None or not is_same(fields.get("number", ""), waiting.number):
            raise HTTPException(HTTPStatus.CONFLICT, "these files wait no longer: drop them again")
        return waiting, fields

    async def _sent(self, request: Request) -> Mapping[str, str]:
        """Return what a form of this page sends. Raises HTTPException where it is none."""
        refuse_others(request, [own_origin(request)])
        fields = await fields_of(request)
        self._refuse_without_token(fields.get("token", ""))
        return fields

    def _refuse_while_waiting(self, later: str) -> None:
        if self._waiting:
            raise HTTPException(
                HTTPStatus.CONFLICT, f"other files wait for your answer: take them in or not, then {later}"
            )

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Raise HTTPException while another import is under way."""
        if self._is_busy:
            raise HTTPException(HTTPStatus.CONFLICT, "another import is under way: try again in a moment")
        self._is_busy = True
        try:
            yield
        finally:
            self._is_busy = False

    def _wait_for(self, waiting: Waiting | None) -> None:
        """Keep what waits for an answer, for some time; nothing else is kept of it."""
        if self._timer:
            self._timer.cancel()
        self._waiting, self._timer = waiting, None
        if waiting:
            self._timer = threading.Timer(PATIENCE_SECONDS, self._expire, [waiting])
            self._timer.daemon = True
            self._timer.start()

    def _expire(self, waiting: Waiting) -> None:
        if self._waiting is waiting:
            self._waiting = None

    def _refuse_without_token(self, token: str) -> None:
        if not is_same(token, self._token):
            raise HTTPException(
                HTTPStatus.FORBIDDEN, "this page is an old one: load it again, then drop the files"
            )

    def _page(
        self,
        status: int,
        problems: Sequence[str],
        *,
        imports: Sequence[LastImport] = (),
        unmatched: Mapping[str, int] = MappingProxyType({}),
    ) -> Response:
        content = {
            "imports": imports,
            "unmatched": unmatched,
            "label": self._label,
            "problems": problems,
            "waits": self._waiting is not None,
            "most_bytes": uploads.MOST_BYTES,
            "most_files": uploads.MOST_FILES,
        }
        return self._show(status, "drop.html", script_of_form(), **content)

    def _show(self, status: int, template: str, script: str, **content: Any) -> Response:
        html = render(template, self._serving, token=self._token, script=script, **content)
        headers = {
            "Content-Security-Policy": policy(script),
            # With none, the browser would not say either that it was this page that sent the form.
            "Referrer-Policy": "same-origin",
            "Cache-Control": "no-store",
        }
        return HTMLResponse(html, status, headers)

    async def _of_http(self, request: Request, error: Any) -> Response:
        return self._page(error.status_code, [error.detail])

    async def _of_input(self, request: Request, error: Exception) -> Response:
        return self._page(HTTPStatus.UNPROCESSABLE_ENTITY, [str(error)])

    async def _of_database(self, request: Request, error: Exception) -> Response:
        log_database(error, "write")
        problem = "the database cannot be written just now: nothing was changed; later it may be"
        return self._page(HTTPStatus.SERVICE_UNAVAILABLE, [problem])

    async def _of_nobody(self, request: Request, error: Exception) -> Response:
        return Response(status_code=HTTPStatus.BAD_REQUEST)  # who sent it is gone


class Before:
    """Asks an application at the addresses that begin with one of ``paths``, and another at all others."""

    def __init__(self, app: ASGIApp, others: ASGIApp, paths: Sequence[str] = (PATH,)) -> None:
        self._app = app
        self._others = others
        self._paths = tuple(f"{path}/" for path in paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_here = scope["type"] == "http" and f"{scope['path']}/".startswith(self._paths)
        await (self._app if is_here else self._others)(scope, receive, send)


def _label(text: str) -> str:
    try:
        return cohort_label(text)
    except ValueError as error:
        raise InputError(f"{text!r} {error}") from None


def _csv(rows: Iterable[Unmatched]) -> Response:
    name = {"Content-Disposition": 'attachment; filename="unmatched.csv"', "Cache-Control": "no-store"}
    return Response(unmatched.of_stored(rows), media_type="text/csv", headers=name)
