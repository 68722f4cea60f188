"""How far a crawl has come, as it tells the command that started it: JSON, one object a line."""

import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Self

# The number of the file descriptor that a crawl is to write to.
PROGRESS_VARIABLE = "LETTERBOXD_PROGRESS_FD"
_SECONDS_BETWEEN = 0.2


@dataclass(frozen=True, slots=True)
class Progress:
    """So many of ``what`` are done, of ``total`` (None: nobody knows), with so many requests."""

    what: str
    done: int
    total: int | None
    requests: int = 0


class ProgressWriter:
    """Writes progress to whoever listens; nobody may, and a slow listener keeps nobody waiting."""

    def __init__(self, descriptor: int | None, now: Callable[[], float] = time.monotonic) -> None:
        self._descriptor, self._now, self._next = descriptor, now, 0.0
        if descriptor is not None:
            os.set_blocking(descriptor, False)

    @classmethod
    def from_environment(cls) -> Self:
        """Return what writes to the command that started this crawl, or to nobody."""
        # Taken away, so that no process that the crawl starts takes it for its own.
        descriptor = os.environ.pop(PROGRESS_VARIABLE, None)
        return cls(int(descriptor) if descriptor else None)

    def is_due(self) -> bool:
        """Say whether somebody listens, and the last line was written a while ago."""
        return self._descriptor is not None and self._now() >= self._next

    def write(self, progress: Progress) -> None:
        """Write a line, if somebody listens and has read enough of the last ones."""
        if self._descriptor is None:
            return
        self._next = self._now() + _SECONDS_BETWEEN
        try:
            os.write(self._descriptor, (json.dumps(asdict(progress)) + "\n").encode())
        except BlockingIOError:
            pass  # the reader has not read the last ones: the next will do
        except BrokenPipeError:
            self._descriptor = None


class ProgressReader:
    """The other end: reads what was written since it was last asked."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor, self._rest = descriptor, b""
        os.set_blocking(descriptor, False)

    def latest(self) -> Progress | None:
        """Return the last progress written since the last call; None if there was none."""
        try:
            while chunk := os.read(self._descriptor, 65536):
                self._rest += chunk
        except BlockingIOError:
            pass
        *lines, self._rest = self._rest.split(b"\n")
        return Progress(**json.loads(lines[-1])) if lines else None
