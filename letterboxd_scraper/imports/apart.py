"""Files from strangers, read in a process of its own: what they do to it, they do to nothing else.

Run as a program, this module is that process. It has no connection and no secret of the one that started it,
so much memory and time and no more, and answers in JSON, which holds facts and cannot be made to do anything.
"""

import logging
import os
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.imports.reading import ReadFiles, read_paths
from letterboxd_scraper.machine import safe_path

logger = logging.getLogger(__name__)

MODULE = "letterboxd_scraper.imports.apart"
# In bytes, of addresses; in seconds; in bytes of what is told. Twenty archives of two thousand films need a
# fifth of each.
MOST_MEMORY, MOST_SECONDS, MOST_TOLD = 600_000_000, 60, 100_000_000
# How the process says that one of them was not enough.
_OUT_OF_MEMORY, _OUT_OF_ROOM = 70, 71
# What Python itself has to know; all else in the environment may be a secret.
_ENVIRONMENT = ("HOME", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "PATH", "TMPDIR", "TZ")
# How somebody says whose the files are that they send.
IN_THE_FORM = "write the member's name into the form"


class Unreadable(InputError):
    """Files that cannot be read together; ``of_one`` says it of a file that is read alone."""

    def __init__(self, reason: str, of_one: str, advice: str = "drop fewer at once") -> None:
        super().__init__(f"{reason}: nothing is stored; {advice}")
        self.of_one = f"{of_one}: nothing of it is stored"


class Interrupted(InputError):
    """Somebody has pressed Ctrl-C meanwhile."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the process is to read, and within which limits."""

    paths: tuple[str, ...]
    now: datetime
    member: str | None
    how_named: str | None
    most_memory: int
    most_seconds: int
    most_told: int


def read_apart(
    paths: Sequence[Path],
    now: datetime,
    *,
    member: str | None = None,
    how_named: str | None = IN_THE_FORM,
) -> ReadFiles:
    """Return what `read_paths` does, in another process.

    ``how_named`` tells people how to say whose a file is that does not say it; None: that is left open.
    Raises Unreadable where it comes to no good end, and Interrupted.
    """
    named = tuple(map(str, paths))
    request = Request(named, now, member, how_named, MOST_MEMORY, MOST_SECONDS, MOST_TOLD)
    with tempfile.TemporaryFile() as told, tempfile.TemporaryFile() as errors:
        try:
            ended = subprocess.run(
                safe_path.module_command(MODULE),
                input=_requests().dump_json(request),
                stdout=told,
                stderr=errors,
                env=_environment(),
                timeout=MOST_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise _too_slow() from None
        if ended.returncode:
            errors.seek(0)
            raise _failure(ended.returncode, errors.read(MOST_TOLD))
        told.seek(0)
        return _told().validate_json(told.read(MOST_TOLD))


def _environment() -> dict[str, str]:
    return {
        name: value
        for name, value in safe_path.environment().items()
        if name in _ENVIRONMENT or name.startswith("PYTHON")
    }


def _too_slow() -> Unreadable:
    longer = f"takes more than {MOST_SECONDS} seconds"
    return Unreadable(f"reading these files {longer}", f"reading it {longer}")


def _failure(status: int, errors: bytes) -> InputError:
    """Return what is said of a process that has ended so."""
    if status == -signal.SIGINT:
        return Interrupted("reading the files was interrupted: nothing is stored")
    if status in (-signal.SIGALRM, -signal.SIGXCPU):
        return _too_slow()
    if status in (_OUT_OF_MEMORY, -signal.SIGKILL):  # which is how a system ends who wants too much
        return Unreadable(
            "reading these files takes more memory than any exports do",
            "reading it takes more memory than any export does",
        )
    if status == _OUT_OF_ROOM:
        return Unreadable("these files tell more than any exports do", "it tells more than any export does")
    lines = errors.decode("utf-8", "replace").strip().splitlines() or ["it said nothing"]
    logger.error("The process that reads files has ended with %d: %r", status, lines[-1])
    return Unreadable(
        "these files cannot be read, one of them breaks what reads it",
        "it breaks what reads it",
        advice="drop them one by one",
    )


def main() -> None:
    """Read what the request on the standard input names, and write what it tells to the standard output."""
    request = _requests().validate_json(sys.stdin.buffer.read())
    _limit(request)
    try:
        read = read_as_asked(
            [Path(path) for path in request.paths], request.now, request.member, request.how_named
        )
        told = _told().dump_json(read)
    except MemoryError:
        os._exit(_OUT_OF_MEMORY)  # nothing that needs any more of it
    if len(told) > request.most_told:
        sys.exit(_OUT_OF_ROOM)
    sys.stdout.buffer.write(told)


def read_as_asked(
    paths: Sequence[Path], now: datetime, member: str | None, how_named: str | None
) -> ReadFiles:
    """Read files as `read_apart` says, in this process."""

    def ask(path: str) -> str:
        if how_named is None:
            return ""
        raise InputError(f"{path}: it does not say whose it is: {how_named}")

    return read_paths(paths, now, member=member, ask=ask)


def _limit(request: Request) -> None:
    """Let the system end this process where it wants too much, also when nobody waits for it any more."""
    signal.alarm(request.most_seconds)
    limits = {
        resource.RLIMIT_AS: request.most_memory,
        resource.RLIMIT_CPU: request.most_seconds,
        resource.RLIMIT_FSIZE: request.most_told,
        resource.RLIMIT_CORE: 0,
    }
    for kind, most in limits.items():
        _, hard = resource.getrlimit(kind)
        lowest = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with suppress(ValueError, OSError):  # macOS knows no limit of memory
            resource.setrlimit(kind, (lowest, lowest))


# Made when they are needed: who only reads files on their own behalf makes neither.
@cache
def _requests() -> TypeAdapter[Request]:
    return TypeAdapter(Request)


@cache
def _told() -> TypeAdapter[ReadFiles]:
    return TypeAdapter(ReadFiles)


if __name__ == "__main__":
    main()
