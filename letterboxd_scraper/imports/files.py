"""Files on the disk and in zip archives, read with limits: anybody may have packed them."""

import io
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from letterboxd_scraper.errors import InputError, TooManyFiles, refusal

# All that is read of a file or a zip archive, in bytes. Generous: an export of a thousand films has 0.6 MB.
MOST_BYTES = 50_000_000
# In a folder, or in a zip archive with all those inside it.
MOST_FILES = 10_000
# A zip archive in a zip archive in a zip archive: deeper there is none that anybody packed on purpose.
DEEPEST = 3
# So much of a file says what it is.
HEAD_BYTES = 4096

# Raised by files that are not what they say.
_BROKEN = (OSError, zipfile.BadZipFile, ValueError, struct.error, OverflowError, NotImplementedError)
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
# What systems put beside files: not what somebody packed.
_LITTER = frozenset({"__MACOSX", "thumbs.db", "desktop.ini"})


@dataclass(slots=True)
class Budget:
    """How many bytes and files may still be read of one zip archive."""

    path: str
    bytes: int = field(default_factory=lambda: MOST_BYTES)
    files: int = field(default_factory=lambda: MOST_FILES)

    def take_bytes(self, count: int) -> None:
        """Raise InputError if no more may be read."""
        self.bytes -= count
        if self.bytes < 0:
            raise InputError(
                f"{self.path}: more than {MOST_BYTES // 1_000_000} MB unpacked, which no export is"
            )

    def take_files(self, count: int) -> None:
        """Raise InputError if there may not be so many more."""
        self.files -= count
        if self.files < 0:
            raise TooManyFiles(f"{self.path}: {MOST_FILES - self.files:,} are more files than any export has")


@dataclass(frozen=True, slots=True, eq=False)
class File:
    """A file, and how to read it. ``place``: the folders and zip archives on the way, and its name.

    ``path``: the same for people. ``container``: the zip archive it lies in, else the folder asked for.
    """

    path: str
    place: tuple[str, ...]
    container: str
    is_packed: bool
    modified: datetime | None
    open: Callable[[], IO[bytes]]
    budget: Budget

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.place[-1]

    def head(self, size: int = HEAD_BYTES) -> bytes:
        """Return how the file begins. Raises InputError if it cannot be read."""
        return self._read(size)

    def read(self) -> bytes:
        """Return all of the file. Raises InputError if it cannot be read, or is too large."""
        body = self._read(self.budget.bytes + 1)
        self.budget.take_bytes(len(body))
        return body

    def _read(self, size: int) -> bytes:
        try:
            with self.open() as file:
                return file.read(size)
        # RuntimeError: it is encrypted.
        except (*_BROKEN, zlib.error, EOFError, RuntimeError) as error:
            raise InputError(f"{self.path} cannot be read: {refusal(error)}") from None


def is_zip(head: bytes) -> bool:
    """Say whether a file that begins so is a zip archive, maybe an empty one."""
    return head.startswith(_ZIP)


def file_on_disk(path: Path, container: Path | None = None) -> File:
    """Return a file on the disk. Raises InputError if there is none."""
    try:
        if not path.is_file():
            raise InputError(f"{path}: " + ("no file" if path.exists() else "no such file or folder"))
        modified = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        place = path.absolute().parts
    except (OSError, ValueError, OverflowError) as error:
        raise InputError(f"{path} cannot be read: {refusal(error)}") from None
    parts = (*place[1:-1], *_parts(place[-1]))
    return File(
        str(path),
        parts,
        str(container or path.parent),
        False,
        modified,
        lambda: path.open("rb"),
        Budget(str(path)),
    )


def files_in_folder(folder: Path, problems: list[str]) -> Iterator[File]:
    """Yield the files in a folder and the folders in it; what cannot be read becomes one of ``problems``.

    Without hidden ones, and without a browser's folders of pictures. Raises InputError if there are too many.
    """
    budget = Budget(str(folder))
    for place, folders, names in os.walk(folder, onerror=lambda error: problems.append(_in_words(error))):
        folders[:] = sorted(name for name in folders if not _is_litter(name) and not _holds_pictures(name))
        names = sorted(name for name in names if not _is_litter(name))
        budget.take_files(len(names))
        for name in names:
            path = Path(place) / name
            try:
                # Not what would be waited for for ever: pipes, devices.
                if path.is_file():
                    yield file_on_disk(path, folder)
            except InputError as error:
                problems.append(str(error))


def _in_words(error: OSError) -> str:
    return f"{error.filename} cannot be read: {refusal(error)}"


def _holds_pictures(folder: str) -> bool:
    """Say whether a folder is one that browsers put beside a page, for its pictures."""
    return folder.endswith("_files")


def _is_litter(name: str) -> bool:
    return name.startswith(".") or name in _LITTER or name.lower() in _LITTER


@contextmanager
def files_at(path: Path, problems: list[str]) -> Iterator[list[File]]:
    """Give the files at a path, and those in zip archives there, which are open for so long.

    Raises InputError as `files_in_zip` and `files_in_folder` do.
    """
    with ExitStack() as opened:
        files = list(files_in_folder(path, problems)) if path.is_dir() else [file_on_disk(path)]
        yield [
            inner
            for file in files
            for inner in (files_in_zip(file, opened, problems) if is_zip(file.head()) else [file])
        ]


def files_in_zip(archive: File, opened: ExitStack, problems: list[str], depth: int = 1) -> Iterator[File]:
    """Yield the files in a zip archive and in those inside it, for as long as ``opened`` is not closed.

    Raises InputError if it is damaged or too large; if one inside it is, that becomes one of ``problems``.
    """
    try:
        # On the disk it is not read as a whole.
        file = opened.enter_context(archive.open()) if depth == 1 else io.BytesIO(archive.read())
        unpacked = opened.enter_context(zipfile.ZipFile(file))
        entries = [entry for entry in unpacked.infolist() if not entry.filename.endswith(("/", "\\"))]
    except _BROKEN as error:
        raise InputError(f"{archive.path}: not a zip archive that can be read: {refusal(error)}") from None
    archive.budget.take_files(len(entries))
    for entry in entries:
        parts = _parts(entry.filename)
        if not parts or any(map(_is_litter, parts)) or any(map(_holds_pictures, parts[:-1])):
            continue
        packed = File(
            "/".join((archive.path, *parts)),
            (*archive.place, *parts),
            archive.path,
            True,
            _moment(entry),
            _opener(unpacked, entry),
            archive.budget,
        )
        yield from _with_those_inside(packed, opened, problems, depth)


def _with_those_inside(packed: File, opened: ExitStack, problems: list[str], depth: int) -> Iterator[File]:
    """Yield a file, or the files in it if it is a zip archive itself."""
    try:
        inside = is_zip(packed.head(len(_ZIP[0])))
    except InputError:
        inside = False  # whoever needs it is told why it cannot be read
    if not inside:
        yield packed
        return
    try:
        if depth == DEEPEST:
            raise InputError(f"{packed.path}: {DEEPEST} zip archives around it: unpack the outer ones")
        yield from files_in_zip(packed, opened, problems, depth + 1)
    except InputError as error:
        problems.append(str(error))


def _parts(name: str) -> tuple[str, ...]:
    """Return the folders on the way to a file, and its name; on Windows some write ``\\`` between them.

    >>> _parts("export\\\\likes\\\\films.csv"), _parts("./a.csv"), _parts("/../a.csv")
    (('export', 'likes', 'films.csv'), ('a.csv',), ('a.csv',))
    """
    return tuple(part for part in name.replace("\\", "/").split("/") if part not in ("", ".", ".."))


def _moment(entry: zipfile.ZipInfo) -> datetime | None:
    """Return when a packed file was changed, of which archives keep the local time; None if they do not."""
    try:
        return datetime(*entry.date_time).astimezone(UTC) if entry.date_time[0] > 1980 else None
    except (ValueError, OverflowError, OSError):
        return None


def _opener(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Callable[[], IO[bytes]]:
    def opened() -> IO[bytes]:
        # What other methods unpack is not bounded while it is read; the site uses these.
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise NotImplementedError("packed in a way that no export is")
        return archive.open(entry)

    return opened
