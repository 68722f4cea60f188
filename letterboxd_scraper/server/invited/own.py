"""A member's own page: what is stored of them, all of it as a file, how they are called, and leaving."""

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any

import sqlalchemy as sa
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.server import preview
from letterboxd_scraper.server.invited import taking
from letterboxd_scraper.server.invited.common import Common
from letterboxd_scraper.server.invited.cookies import Cookie
from letterboxd_scraper.server.invited.leaving import leave
from letterboxd_scraper.server.invited.people import person_of
from letterboxd_scraper.server.invited.rate import client_of
from letterboxd_scraper.server.kept import drop_all
from letterboxd_scraper.server.pages import script_of_form
from letterboxd_scraper.server.reader import Reader, reading_as
from letterboxd_scraper.server.sending import fields_of, see
from letterboxd_scraper.server.served import reading_cohort
from letterboxd_scraper.server.uploads import MOST_BYTES, MOST_FILES
from letterboxd_scraper.store import intake
from letterboxd_scraper.store.intake import Told
from letterboxd_scraper.store.members import link_secrets, naming, own_data, own_pages
from letterboxd_scraper.store.members.own_pages import OwnPage
from letterboxd_scraper.store.patience import ask, transact
from letterboxd_scraper.store.schema import cohort_members

PATH = "/me"
# So long a browser keeps the cookie; the page opens by its link again.
MEMBER_SECONDS = 180 * 24 * 3600
_NO_PAGE = (
    "this is where members see what is stored of them: open the link to your own page once, then it is here. "
    "Who has left, or whose page was taken away, has none"
)
# What rows of tables are for people; those of others are notes of the program's.
_TABLES = {
    "ratings": "ratings and likes",
    "watched": "watched films",
    "watchlist": "films on the watchlist",
    "member_sources": "files, pages and feeds that told of it",
    "cohort_members": "places in circles",
    "own_pages": "links to an own page",
    "invitations": "invitations for me alone",
    "user_scrape_state": "notes as of when it is known",
    "last_imports": "what was there before the last import",
}
_WISHES = {"yes": True, "no": False, "": None}


class Own:
    """Answers below PATH, to who has the cookie of a member, or their link."""

    def __init__(self, common: Common) -> None:
        self._common = common

    async def arrive(self, request: Request) -> Response:
        """Answer a member's link: show their page, and know them by a cookie from now on."""
        common, secret = self._common, request.path_params["secret"]
        common.take(common.wrong_secrets, request)
        page = await run_in_threadpool(ask, common.serving.engine, own_pages.of_secret, secret)
        if page is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, _NO_PAGE)
        common.wrong_secrets.give_back(client_of(request))
        response = await self._show(page, secret, HTTPStatus.OK, [])
        common.cookies.put(response, Cookie.MEMBER, secret, MEMBER_SECONDS)
        return response

    async def page(self, request: Request) -> Response:
        """Show what is stored of a member, and what they can do about it."""
        page, secret = self._member(request)
        return await self._show(page, secret, HTTPStatus.OK, [])

    async def export(self, request: Request) -> Response:
        """Return all that is stored of a member, as a file."""
        page, _ = self._member(request)
        stored = await run_in_threadpool(ask, self._common.serving.engine, own_data.export, page.user_id)
        named = {"Content-Disposition": f'attachment; filename="letterboxd-{page.name}.json"'}
        return JSONResponse(stored, headers=named | {"Cache-Control": "no-store"})

    async def name(self, request: Request) -> Response:
        """Let a member be named in the circle's pages, or not."""
        page, fields = await self._answer(request)
        wish = as_wish(fields.get("shows_name", ""))
        await run_in_threadpool(self._call, page, wish)
        return see(PATH)

    def _call(self, page: OwnPage, wish: bool | None) -> None:
        transact(self._common.engine, naming.set_shows_name, page.cohort_id, page.user_id, wish)
        drop_all()

    async def upload(self, request: Request) -> Response:
        """Take a member's new files, and lead to what they would change."""
        self._common.refuse_others(request)
        page, secret = self._member(request)
        try:
            upload = await taking.upload_of(self._common, request, secret)
            theirs = taking.of_member(upload, page.name)
            waiting = await taking.look(self._common, theirs, page.label, _judge_of(page))
        except HTTPException as error:
            response = await self._show(page, secret, error.status_code, [error.detail])
            response.headers.update(error.headers or {})
            return response
        except InputError as error:
            return await self._show(page, secret, HTTPStatus.UNPROCESSABLE_ENTITY, [str(error)])
        if isinstance(waiting, list):
            problems = ["nothing of it can be taken in", *waiting]
            return await self._show(page, secret, HTTPStatus.UNPROCESSABLE_ENTITY, problems)
        self._common.waiting.put(link_secrets.hash_of(secret), waiting)
        return see(f"{PATH}/preview")

    async def preview(self, request: Request) -> Response:
        """Show what the files would change."""
        _, secret = self._member(request)
        waiting = self._common.waiting.of(link_secrets.hash_of(secret))
        if waiting is None:
            return see(PATH)
        content = preview.content(waiting.read, waiting.told, waiting.outcomes) | taking.content(waiting)
        token = self._common.token(secret)
        return self._common.show(HTTPStatus.OK, "own_preview.html", token=token, **content)

    async def store(self, request: Request) -> Response:
        """Store what was agreed to."""
        page, fields = await self._answer(request)
        owner = link_secrets.hash_of(person_of(request).secret)
        waiting = self._common.waiting.of(owner, fields.get("number", ""))
        if waiting is None:
            raise HTTPException(HTTPStatus.CONFLICT, "these files wait no longer: send them again")

        def work(connection: sa.Connection, at: datetime) -> None:
            if own_pages.of_secret(connection, person_of(request).secret) is None:
                raise HTTPException(HTTPStatus.NOT_FOUND, _NO_PAGE)
            _judge_of(page)(connection, waiting.told, waiting.name)
            intake.store(connection, waiting.told, page.label, at)

        await run_in_threadpool(taking.store, self._common, work, page.label)
        self._common.waiting.remove(owner)
        return see(PATH)

    async def discard(self, request: Request) -> Response:
        """Forget what was read."""
        await self._answer(request)
        self._common.waiting.remove(link_secrets.hash_of(person_of(request).secret))
        return see(PATH)

    async def close(self, request: Request) -> Response:
        """Let this browser know nobody any more; the link opens the page again."""
        await self._answer(request)
        response = see("/")
        self._common.sessions.end(self._common.cookies.read(request, Cookie.SESSION))
        for cookie in (Cookie.MEMBER, Cookie.SESSION):
            self._common.cookies.remove(response, cookie)
        return response

    async def ask_before_leaving(self, request: Request) -> Response:
        """Say what goes, and ask."""
        page, secret = self._member(request)
        token = self._common.token(secret)
        stored = await run_in_threadpool(ask, self._common.serving.engine, own_data.about, page.user_id)
        return self._common.show(HTTPStatus.OK, "leave.html", token=token, page=page, stored=stored)

    async def leave(self, request: Request) -> Response:
        """Remove all that is stored of a member, and let nothing of them be stored again."""
        page, _ = await self._answer(request)
        self._common.waiting.remove(link_secrets.hash_of(person_of(request).secret))
        await run_in_threadpool(leave, self._common, page.name)
        contact = self._common.serving.settings.LETTERBOXD_CONTACT
        response = self._common.show(HTTPStatus.OK, "left.html", name=page.name, contact=contact)
        self._common.cookies.remove(response, Cookie.MEMBER)
        return response

    def _member(self, request: Request) -> tuple[OwnPage, str]:
        """Return whose page it is, and the secret that proves it. Raises HTTPException."""
        person = person_of(request)
        if person.page is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, _NO_PAGE)
        return person.page, person.secret

    async def _answer(self, request: Request) -> tuple[OwnPage, dict[str, str]]:
        """Return who sends a form of their own page, and its fields. Raises HTTPException."""
        self._common.refuse_others(request)
        page, secret = self._member(request)
        fields = await fields_of(request)
        self._common.refuse_old(fields.get("token", ""), secret)
        return page, fields

    async def _show(self, page: OwnPage, secret: str, status: int, problems: Sequence[str]) -> Response:
        content = await run_in_threadpool(self._content, page)
        return self._common.show(
            status,
            "me.html",
            script=script_of_form(),
            token=self._common.token(secret),
            page=page,
            problems=problems,
            contact=self._common.serving.settings.LETTERBOXD_CONTACT,
            names=self._common.serving.names,
            waits=self._common.waiting.of(link_secrets.hash_of(secret)) is not None,
            most_bytes=MOST_BYTES,
            most_files=MOST_FILES,
            **content,
        )

    def _content(self, page: OwnPage) -> dict[str, Any]:
        """Return what is stored of a member, and where the circle's pages about them are."""
        reader = Reader(frozenset([page.cohort_id]), member_of=page.cohort_id)
        whole = reading_cohort(self._common.serving, str(page.cohort_id))
        with reading_as(reader), whole as (connection, circle):
            stored = own_data.about(connection, page.user_id)
            m = cohort_members.c
            place = (m.cohort_id == page.cohort_id, m.user_id == page.user_id)
            shows_name = connection.scalar(sa.select(m.shows_name).where(*place))
        called = {user: reference for reference, user in circle.members.items()}
        return {
            "circle": circle,
            "called_tables": _TABLES,
            "stored": stored,
            "reference": called[page.user_id],
            "called": circle.called[page.user_id],
            "wish": {wish: text for text, wish in _WISHES.items()}[shows_name],
        }


def as_wish(text: str) -> bool | None:
    """Return whether somebody wishes to be named, as a form says it; None: as the circle does."""
    return _WISHES.get(text)


def _judge_of(page: OwnPage) -> taking.Judge:
    def judge(connection: sa.Connection, told: Told, name: str) -> None:
        if name != page.name or told.forgotten:
            raise HTTPException(
                HTTPStatus.CONFLICT, f"these files are not of {page.name}: only your own are taken in here"
            )

    return judge
