"""What a database, a disk or a terminal refuses, in one line that says what, where and what to do next."""

import errno
import os
import sys
from contextlib import suppress
from typing import IO

from letterboxd_scraper.errors import refusal

# What is refused where no file is named is what was printed, if it is one of these.
_OF_OUTPUT = {errno.EBADF, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ENOSPC, errno.EPIPE}


def in_words(error: Exception) -> str | None:
    """Return what was refused; None for an error of ours."""
    if isinstance(error, OSError):
        return _of_system(error)
    if "sqlalchemy" not in sys.modules:
        return None
    from letterboxd_scraper.store import outside_errors  # brings SQLAlchemy, which not every command has

    return outside_errors.in_words(error)


def _of_system(error: OSError) -> str:
    if error.filename is not None:
        return f"cannot use {error.filename}: {refusal(error)}"
    return f"cannot write the output: {refusal(error)}" if is_of_output(error) else refusal(error)


def is_of_output(error: Exception) -> bool:
    """Say whether it was refused to print something."""
    return isinstance(error, OSError) and error.filename is None and error.errno in _OF_OUTPUT


def let_go(stream: IO[str]) -> None:
    """Let go of what a stream does not take: Python would try it once more, and say so, at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with suppress(OSError):
        os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
