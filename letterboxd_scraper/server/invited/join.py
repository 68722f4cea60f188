"""The pages by which somebody joins a circle: a link, their files, their word, and a page of their own."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus

import sqlalchemy as sa
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.server import preview
from letterboxd_scraper.server.invited import taking
from letterboxd_scraper.server.invited.common import Common
from letterboxd_scraper.server.invited.cookies import Cookie
from letterboxd_scraper.server.invited.own import MEMBER_SECONDS, as_wish
from letterboxd_scraper.server.invited.own import PATH as OWN_PATH
from letterboxd_scraper.server.invited.rate import client_of
from letterboxd_scraper.server.invited.waiting import Waiting
from letterboxd_scraper.server.pages import script_of_form
from letterboxd_scraper.server.sending import fields_of, see
from letterboxd_scraper.server.uploads import MOST_BYTES, MOST_FILES, Upload
from letterboxd_scraper.store import intake
from letterboxd_scraper.store.intake import Told
from letterboxd_scraper.store.members import invitations, link_secrets, naming, own_pages
from letterboxd_scraper.store.members.invitations import Invitation
from letterboxd_scraper.store.members.users import user_ids
from letterboxd_scraper.store.patience import ask
from letterboxd_scraper.store.schema import users

PATH = "/join"
_NOT_VALID = (
    "this link opens nothing: it may have been taken back, its time may be over, or a part of it is missing. "
    "Ask who has sent it for another"
)
# One sentence for all that is so: whether somebody is stored is nobody's business.
_NOT_THEM = (
    "these files cannot be taken in by this link, and nothing was. It is for people who are not here yet: if "
    "that is you, ask who has sent the link for one that is for you alone"
)


class Join:
    """Answers below PATH. The link's secret goes on in a cookie: no form and no address holds it."""

    def __init__(self, common: Common) -> None:
        self._common = common

    async def arrive(self, request: Request) -> Response:
        """Answer the link: say what it is about, and ask for files."""
        secret = request.path_params["secret"]
        invitation = await self._valid(request, secret)
        held = self._common.cookies.read(request, Cookie.JOIN)
        # Many people may have the same link: what one of them sends is theirs alone.
        own = held if held.startswith(f"{secret}.") else f"{secret}.{secrets.token_urlsafe(16)}"
        page = self._page(invitation, own, HTTPStatus.OK, [])
        self._common.cookies.put(page, Cookie.JOIN, own)
        return page

    async def form(self, request: Request) -> Response:
        """Show the same again."""
        own, invitation = await self._comer(request)
        return self._page(invitation, own, HTTPStatus.OK, [])

    async def upload(self, request: Request) -> Response:
        """Take files, and lead to what they would change."""
        self._common.refuse_others(request)
        own, invitation = await self._comer(request)
        try:
            upload = await taking.upload_of(self._common, request, own)
            waiting = await self._look(upload, invitation)
        except HTTPException as error:
            page = self._page(invitation, own, error.status_code, [error.detail])
            page.headers.update(error.headers or {})
            return page
        except InputError as error:
            return self._page(invitation, own, HTTPStatus.UNPROCESSABLE_ENTITY, [str(error)])
        if isinstance(waiting, list):
            problems = ["nothing of it can be taken in", *waiting]
            return self._page(invitation, own, HTTPStatus.UNPROCESSABLE_ENTITY, problems)
        self._common.waiting.put(link_secrets.hash_of(own), waiting)
        return see(f"{PATH}/preview")

    async def _look(self, upload: Upload, invitation: Invitation) -> Waiting | list[str]:
        def judge(connection: sa.Connection, told: Told, name: str) -> None:
            _refuse_unmeant(connection, invitation, told, name)

        return await taking.look(self._common, upload, invitation.label, judge)

    async def preview(self, request: Request) -> Response:
        """Show what the files would change."""
        own, _ = await self._comer(request)
        waiting = self._common.waiting.of(link_secrets.hash_of(own))
        if waiting is None:
            return see(PATH)
        content = preview.content(waiting.read, waiting.told, waiting.outcomes) | taking.content(waiting)
        return self._common.show(
            HTTPStatus.OK,
            "join_preview.html",
            token=self._common.token(own),
            names=self._common.serving.names,
            **content,
        )

    async def store(self, request: Request) -> Response:
        """Store what was agreed to; show, once, the link to the page that is theirs from now on."""
        own, waiting, fields = await self._answered(request)
        if fields.get("agree") != "yes":
            detail = "nothing is stored before you say that it is yours and may be kept: go back, tick that"
            raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
        secret, invitation = _secret_of(own), await self._valid(request, _secret_of(own))
        wish = as_wish(fields.get("shows_name", ""))

        def join(connection: sa.Connection, at: datetime) -> str:
            return _join(connection, secret, waiting, wish, at)

        theirs = await run_in_threadpool(taking.store, self._common, join, invitation.label)
        self._common.waiting.remove(link_secrets.hash_of(own))
        address = f"{self._common.serving.public_url}{OWN_PATH}/{theirs}"
        page = self._common.show(
            HTTPStatus.OK, "joined.html", address=address, name=waiting.name, label=waiting.label
        )
        self._common.cookies.remove(page, Cookie.JOIN)
        self._common.cookies.put(page, Cookie.MEMBER, theirs, MEMBER_SECONDS)
        return page

    async def discard(self, request: Request) -> Response:
        """Forget what was read."""
        own, _, _ = await self._answered(request)
        self._common.waiting.remove(link_secrets.hash_of(own))
        return see(PATH)

    async def _answered(self, request: Request) -> tuple[str, Waiting, dict[str, str]]:
        """Return who answers, what it is about, and the form's fields. Raises HTTPException."""
        self._common.refuse_others(request)
        own, _ = await self._comer(request)
        fields = await fields_of(request)
        self._common.refuse_old(fields.get("token", ""), own)
        waiting = self._common.waiting.of(link_secrets.hash_of(own), fields.get("number", ""))
        if waiting is None:
            raise HTTPException(HTTPStatus.CONFLICT, "these files wait no longer: send them again")
        return own, waiting, fields

    async def _comer(self, request: Request) -> tuple[str, Invitation]:
        """Return what the cookie of one who joins holds, and by which invitation. Raises HTTPException."""
        own = self._common.cookies.read(request, Cookie.JOIN)
        if not own:
            raise HTTPException(HTTPStatus.NOT_FOUND, "open the link with which you were invited once more")
        return own, await self._valid(request, _secret_of(own))

    async def _valid(self, request: Request, secret: str) -> Invitation:
        """Return the invitation of a link's secret. Raises HTTPException; who guesses is stopped."""
        common = self._common
        common.take(common.wrong_secrets, request)
        at = common.serving.now
        invitation = await run_in_threadpool(ask, common.serving.engine, invitations.of_secret, secret, at)
        if invitation is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, _NOT_VALID)
        common.wrong_secrets.give_back(client_of(request))
        return invitation

    def _page(self, invitation: Invitation, own: str, status: int, problems: Sequence[str]) -> Response:
        serving = self._common.serving
        return self._common.show(
            status,
            "join.html",
            script=script_of_form(),
            token=self._common.token(own),
            label=invitation.label,
            member=invitation.member,
            until=invitation.expires_at,
            site=serving.base_url,
            contact=serving.settings.LETTERBOXD_CONTACT,
            names=serving.names,
            problems=problems,
            waits=self._common.waiting.of(link_secrets.hash_of(own)) is not None,
            most_bytes=MOST_BYTES,
            most_files=MOST_FILES,
        )


def _secret_of(own: str) -> str:
    """Return the link's secret, of what the cookie of somebody who joins holds."""
    return own.partition(".")[0]


def _refuse_unmeant(connection: sa.Connection, invitation: Invitation, told: Told, name: str) -> None:
    """Raise HTTPException unless the files are of one whom the invitation is for.

    The files may be anybody's: whoever is stored already, by name or code, stays as they are, unless the
    invitation is theirs; and nobody learns who is.
    """
    codes = {snapshot.lid for snapshots in told.members.values() for snapshot in snapshots if snapshot.lid}
    is_them = sa.or_(users.c.letterboxd_username == name, users.c.letterboxd_lid.in_(codes))
    stored = set(connection.scalars(sa.select(users.c.letterboxd_username).where(is_them)))
    allowed = {name} if invitation.member == name else set()
    is_meant = invitation.member in (None, name)
    if told.forgotten or not is_meant or stored - allowed:
        raise HTTPException(HTTPStatus.CONFLICT, _NOT_THEM)


def _join(connection: sa.Connection, secret: str, waiting: Waiting, wish: bool | None, at: datetime) -> str:
    """Store what waits, and give its owner a page; return its secret. All is as it was if any of it fails."""
    invitation = invitations.of_secret(connection, secret, at)
    if invitation is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, _NOT_VALID)
    _refuse_unmeant(connection, invitation, waiting.told, waiting.name)
    intake.store(connection, waiting.told, invitation.label, at)
    user = user_ids(connection, [waiting.name])[waiting.name]
    naming.set_shows_name(connection, invitation.cohort_id, user, wish)
    try:
        return own_pages.give(connection, invitation.cohort_id, user, invitation.number, at)
    except InputError:  # they have one: by this link, too, nobody learns it
        raise HTTPException(HTTPStatus.CONFLICT, _NOT_THEM) from None
