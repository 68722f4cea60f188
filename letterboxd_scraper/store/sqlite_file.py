"""The file of an SQLite database: its owner's alone, and the same for as long as it is in use.

SQLite itself does not notice that its file was replaced: what it writes then breaks the new one.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from letterboxd_scraper.errors import StoreNotReady, refusal


def refuse_folder(file: Path) -> None:
    """Raise StoreNotReady for a folder, of which SQLite tells no more than that it cannot be opened."""
    if file.is_dir():
        raise StoreNotReady(f"the database {file} is a folder: name a file in it")


def make_folder(file: Path) -> None:
    """Make the folder of a database that may not be there yet. Raises StoreNotReady."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreNotReady(f"cannot make the folder of the database {file}: {refusal(error)}") from None


def make_private(file: Path) -> None:
    """Make an empty file that only its owner can read, where there is none: it tells of other people."""
    with suppress(OSError):  # of which SQLite tells the reason
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


class Stamp(NamedTuple):
    """Which file it is, and when it was last written to: what is copied over it changes that alone."""

    identity: tuple[int, int]
    written_ns: int
    size: int


def stamp(file: Path) -> Stamp | None:
    """Return a file's stamp; None where there is no file."""
    try:
        status = file.stat()
    except OSError:
        return None
    return Stamp((status.st_dev, status.st_ino), status.st_mtime_ns, status.st_size)


def identity(file: Path) -> tuple[int, int] | None:
    """Return what tells a file from another one of the same name; None where there is none."""
    there = stamp(file)
    return there and there.identity


class Writers:
    """Keeps who writes to a file from going on after it was replaced."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._identity: tuple[int, int] | None = None

    def connected(self) -> None:
        """Note which file was opened first."""
        if self._identity is None:
            self._identity = identity(self._file)

    def refuse_another(self) -> None:
        """Raise StoreNotReady if the file is not the one that was opened."""
        if self._identity is not None and identity(self._file) != self._identity:
            raise StoreNotReady(
                f"the database {self._file} was replaced or removed while it was in use: begin again"
            )


# Under this name, the ``info`` of a reader's connection has the stamp of its file.
STAMP = "stamp"


def follow(engine: sa.Engine, file: Path) -> None:
    """Let those who only read go over to a file that takes the place of the one that they have open.

    Also to one that was copied over it: SQLite would mix the pages that it remembers with the new ones. A
    writer's checkpoint looks the same, and costs readers a new connection.
    """

    def note(connection: Any, record: Any) -> None:
        record.info[STAMP] = stamp(file)

    def compare(connection: Any, record: Any, proxy: Any) -> None:
        if record.info.get(STAMP) != stamp(file):
            raise sa.exc.InvalidatePoolError

    sa.event.listen(engine, "connect", note)
    sa.event.listen(engine, "checkout", compare)
