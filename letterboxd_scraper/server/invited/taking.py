"""Taking in what one person has sent of themselves: received, looked at, and kept until they agree."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Any, TypeVar

import sqlalchemy as sa
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.imports import words
from letterboxd_scraper.imports.kinds import Kind
from letterboxd_scraper.imports.reading import ReadFile, ReadFiles
from letterboxd_scraper.server import uploads
from letterboxd_scraper.server.invited.common import Common
from letterboxd_scraper.server.invited.waiting import Waiting
from letterboxd_scraper.server.kept import drop_all
from letterboxd_scraper.server.taking_in import rank
from letterboxd_scraper.server.uploads import Upload
from letterboxd_scraper.store import intake
from letterboxd_scraper.store.intake import Told
from letterboxd_scraper.store.patience import ask, transact

Answer = TypeVar("Answer")
# Raises HTTPException where these files may not be taken in.
Judge = Callable[[sa.Connection, Told, str], None]
# In seconds: so long one upload may come in.
_LONGEST = 600.0
# In letters: names stand in tables that others read.
_LONGEST_NAME = 50
_PAGES = "saved pages are for whoever runs this: send your archive"


async def upload_of(common: Common, request: Request, of: str) -> Upload:
    """Return what a form for who has this secret sends. Raises HTTPException."""
    common.take(common.uploads, request)
    with common.receiving():
        try:
            async with asyncio.timeout(_LONGEST):
                upload = await uploads.receive(request)
        except TimeoutError:
            raise HTTPException(HTTPStatus.REQUEST_TIMEOUT, "the files came in too slowly") from None
    try:
        common.refuse_old(upload.field("token"), of)
        if not upload.files:
            raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, "no file was chosen")
    except HTTPException:
        await upload.form.close()
        raise
    return upload


def of_member(upload: Upload, name: str) -> Upload:
    """Return an upload whose files are a member's, where they do not say whose they are."""
    others = [(key, value) for key, value in upload.form.multi_items() if key != "member"]
    return Upload(FormData([*others, ("member", name)]))


async def look(common: Common, upload: Upload, label: str, judge: Judge) -> Waiting | list[str]:
    """Return what one person's files tell and would change; or why nothing of them can be taken in.

    Raises HTTPException, and InputError. The files are gone then.
    """
    try:
        return await run_in_threadpool(_look, common, upload, label, judge)
    finally:
        await upload.form.close()


def _look(common: Common, upload: Upload, label: str, judge: Judge) -> Waiting | list[str]:
    with common.alone():
        at = common.serving.now
        read = _without_pages(uploads.read(upload, at))
        if not read.snapshots:
            return [*words.of_files(read)]
        name = _whose(read)
        told = intake.told_by(common.engine, read.snapshots, ())
        ask(common.serving.engine, judge, told, name)
        outcomes = intake.would_take_in(common.engine, told, label, at)
    return Waiting(name, label, read, told, outcomes)


def _without_pages(read: ReadFiles) -> ReadFiles:
    """Return the same without saved pages: what they call a film outranks what others' files do."""

    def of_file(file: ReadFile) -> ReadFile:
        if file.kind != Kind.PAGES:
            return replace(file, films=())
        return ReadFile(file.path, file.kind, error=f"{file.path}: {_PAGES}")

    return replace(read, files=tuple(map(of_file, read.files)))


def _whose(read: ReadFiles) -> str:
    names = {snapshot.member for snapshot in read.snapshots}
    if len(names) > 1:
        raise InputError("these files are of several people: each sends their own")
    (name,) = names
    if len(name) > _LONGEST_NAME:
        raise InputError("nobody on Letterboxd has so long a name")
    return name


def store(common: Common, work: Callable[[sa.Connection, datetime], Answer], label: str) -> Answer:
    """Do ``work`` in one transaction, alone, and rank the circle anew; return what it returns."""
    with common.alone():
        at = common.serving.now
        answer = transact(common.engine, work, at)
        rank(common.engine, label, at)
    drop_all()
    return answer


def content(waiting: Waiting) -> dict[str, Any]:
    """Return what says to which preview an answer belongs."""
    return {"number": waiting.number, "label": waiting.label, "name": waiting.name}
