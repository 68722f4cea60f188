"""How a database, or a disk, comes to refuse: each for as long as a command runs, or once before."""

import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from sqlalchemy.engine.default import DefaultDialect

from tests.privileges import without_privileges


@contextmanager
def locked(file: Path, *first: str) -> Iterator[None]:
    """Let another process write; with ``first`` it has the whole file to itself."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        for statement in (*first, "BEGIN IMMEDIATE"):
            other.execute(statement)
        yield


def taken(file: Path) -> AbstractContextManager[None]:
    return locked(file, "PRAGMA locking_mode=exclusive", "BEGIN EXCLUSIVE", "ROLLBACK")


@contextmanager
def of_mode(path: Path, mode: int) -> Iterator[None]:
    before = path.stat().st_mode
    path.chmod(mode)
    try:
        with without_privileges():
            yield
    finally:
        path.chmod(before)


@contextmanager
def no_room(file: Path) -> Iterator[None]:
    """Let no file grow: not even what SQLite keeps beside a database that is only read."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def refused(*verbs: str, commit: bool = False) -> Callable[[Path], AbstractContextManager[Any]]:
    """Let the disk be full for statements that begin so, or when something is committed."""
    do_execute: Any = DefaultDialect.do_execute
    do_commit: Any = DefaultDialect.do_commit

    def refuse() -> None:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    def execute(self: Any, cursor: Any, statement: str, *more: Any) -> None:
        if statement.lstrip().upper().startswith(verbs):
            refuse()
        do_execute(self, cursor, statement, *more)

    def committed(self: Any, connection: Any) -> None:
        if commit:
            refuse()
        do_commit(self, connection)

    return lambda file: mock.patch.multiple(DefaultDialect, do_execute=execute, do_commit=committed)


def damage(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.seek(4096)
        opened.write(b"\xa5" * (file.stat().st_size - 4096))


def replace_by_text(file: Path) -> None:
    file.write_bytes(b"Date,Name\n" * 1000)


def replace_by_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()
