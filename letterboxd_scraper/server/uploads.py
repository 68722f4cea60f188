"""Files that a browser sends: received within limits, read, and removed at once."""

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from pathlib import Path

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from letterboxd_scraper.imports import apart
from letterboxd_scraper.imports.reading import ReadFile, ReadFiles

# Of one upload. Twenty archives of two thousand films have 25 MB; pages that were saved are many.
MOST_BYTES = 100_000_000
MOST_FILES = 1_000
# Of a field that is no file.
_MOST_OF_FIELD = 10_000
_PREFIX = "letterboxd-drop-"
# What a name may hold, in bytes, and how many folders may stand before it.
_LONGEST_NAME, _DEEPEST = 150, 8


@dataclass(frozen=True, slots=True)
class Upload:
    """What a form sent: its fields, and its files."""

    form: FormData

    def field(self, name: str) -> str:
        """Return what was typed into a field; nothing where it is missing, or is a file."""
        value = self.form.get(name)
        return value.strip() if isinstance(value, str) else ""

    @property
    def files(self) -> list[UploadFile]:
        """The files; a browser sends one without a name where none was chosen."""
        values = self.form.getlist("files")
        return [value for value in values if isinstance(value, UploadFile) and value.filename]

    @property
    def modified(self) -> list[float | None]:
        """When each file was changed, in seconds since 1970; None where the browser has not said it."""
        told = [str(value) for value in self.form.getlist("modified")]
        if len(told) != len(self.files):
            return [None] * len(self.files)
        return [int(text) / 1000 if re.fullmatch(r"\d{1,14}", text, re.ASCII) else None for text in told]


async def receive(request: Request) -> Upload:
    """Return what a form sends. Raises HTTPException where that is too much, or no form at all."""
    counted = _Counted(request)
    fields = {"max_files": MOST_FILES, "max_fields": 2 * MOST_FILES, "max_part_size": _MOST_OF_FIELD}
    try:
        parser = MultiPartParser(request.headers, counted.chunks(), **fields)
        form = await parser.parse()
    except (MultiPartException, KeyError) as error:
        await counted.throw_away_rest()
        if "Too many files" in str(error):
            raise HTTPException(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"these are more than {MOST_FILES:,} files: pack them, or drop fewer at once",
            ) from None
        raise HTTPException(HTTPStatus.BAD_REQUEST, "that is not what the form on this page sends") from None
    if counted.is_too_much:
        await form.close()
        raise HTTPException(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"these files have more than {MOST_BYTES // 1_000_000} MB, which no exports have",
        )
    return Upload(form)


class _Counted:
    """A request's body, of which no more than MOST_BYTES is kept.

    What comes after that is read and thrown away: a browser shows no answer before it has sent all.
    How long that may take, the connection knows.
    """

    def __init__(self, request: Request) -> None:
        self._stream = request.stream()
        self._bytes = 0

    @property
    def is_too_much(self) -> bool:
        return self._bytes > MOST_BYTES

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        async for chunk in self._stream:
            self._bytes += len(chunk)
            if not self.is_too_much:
                yield chunk

    async def throw_away_rest(self) -> None:
        async for _ in self._stream:
            pass


def read(upload: Upload, now: datetime, *, unnamed: bool = False) -> ReadFiles:
    """Read the files, which lie on the disk for so long, in a process of its own. Raises InputError.

    They are called by the names that the browser has sent. ``unnamed``: those are read, too, of which neither
    they nor the form says whose they are, as those of a member without a name.
    """
    with _folder() as folder:
        paths = [
            _put(folder, file, modified) for file, modified in zip(upload.files, upload.modified, strict=True)
        ]
        how_named = None if unnamed else apart.IN_THE_FORM
        told = apart.read_apart(paths, now, member=upload.field("member") or None, how_named=how_named)
        return _without(folder, told)


def _put(folder: Path, file: UploadFile, modified: float | None) -> Path:
    """Write a file to where nothing lies yet; files that lay in one folder lie in one again."""
    parts = _safe(file.filename or "")
    number = 0
    while (target := folder.joinpath(str(number), *parts)).exists() or not _can_hold(target.parent):
        number += 1
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as opened:
        shutil.copyfileobj(file.file, opened)
    if modified is not None:
        os.utime(target, (modified, modified))
    return target


def _can_hold(folder: Path) -> bool:
    """Say whether files can be put into a folder: none of those that it lies in is a file."""
    return folder.is_dir() or not any(path.is_file() for path in (folder, *folder.parents))


def _safe(name: str) -> tuple[str, ...]:
    """Return a file's name, and the folders before it, so that it lies where it is put.

    >>> _safe("../../etc/passwd"), _safe("export\\\\likes\\\\films.csv"), _safe("a\\x00b.csv"), _safe("..")
    (('etc', 'passwd'), ('export', 'likes', 'films.csv'), ('a_b.csv',), ('file',))
    """
    texts = re.sub(r"[\x00-\x1f\x7f]", "_", name).replace("\\", "/").split("/")
    parts = [_short(text) for text in texts if text not in ("", ".", "..")]
    return tuple(parts[-_DEEPEST:]) or ("file",)


def _short(text: str) -> str:
    """Return a name that a file can have; its end says more than its beginning."""
    return text.encode("utf-8", "replace")[-_LONGEST_NAME:].decode("utf-8", "replace")


def _without(folder: Path, told: ReadFiles) -> ReadFiles:
    """Return the same with the files called as the browser called them."""
    own = re.compile(rf"{re.escape(str(folder))}(?:/\d+)?/?")

    def call(texts: Iterable[str]) -> tuple[str, ...]:
        return tuple(own.sub("", text) for text in texts)

    def of_file(file: ReadFile) -> ReadFile:
        (path,) = call([file.path])
        error = None if file.error is None else call([file.error])[0]
        return replace(file, path=path, left_out=call(file.left_out), notes=call(file.notes), error=error)

    return ReadFiles(tuple(map(of_file, told.files)), call(told.unknown))


@contextmanager
def _folder() -> Iterator[Path]:
    """Give a folder that nobody else can look into; it is gone at the end of the block.

    It is locked for so long, so that others see whether its owner still lives.
    """
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    try:
        with _locked(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Lock a folder as long as this process lives, at most. Raises BlockingIOError if another has it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def remove_leftovers() -> None:
    """Remove the folders of processes of the same user that were killed while they read files."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):  # it is another's, in use, or gone by now
            if folder.lstat().st_uid == os.geteuid():
                with _locked(folder):
                    shutil.rmtree(folder)
