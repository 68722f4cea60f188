"""A command in a process of its own, with those that it starts: to be watched, stopped and killed."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path


class Started:
    """`python -m …`, running; what it tells goes to a file, so that nobody waits for its children's end."""

    def __init__(self, words: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        self._output = tempfile.TemporaryFile("w+")  # noqa: SIM115  (as long as this lives)
        self._process = subprocess.Popen(
            [sys.executable, "-m", *words],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
        )

    def poll(self) -> int | None:
        """Return its exit code; None while it runs."""
        return self._process.poll()

    def wait(self, timeout: float) -> tuple[int, str]:
        """Return its exit code, and what it told."""
        code = self._process.wait(timeout)
        self._output.seek(0)
        return code, self._output.read()

    def send_signal(self, number: int) -> None:
        """Send a signal to it and to those that it has started."""
        for process in self._all():
            _send(process, number)

    def kill(self, *, alone: bool = False) -> None:
        """Kill it, and, unless it is to go ``alone``, those that it has started."""
        others = [] if alone else self._all()[1:]
        self._process.kill()
        for process in others:
            _send(process, signal.SIGKILL)
        self._process.wait()

    def _all(self) -> list[int]:
        return [self._process.pid, *children(self._process.pid)] if self.poll() is None else []


def children(process: int) -> list[int]:
    """Return whom a process has started, and whom those have."""
    numbers = []
    for thread in Path(f"/proc/{process}/task").glob("*/children"):  # each has its own
        with suppress(OSError):  # it has ended
            numbers += thread.read_text().split()
    return [one for child in map(int, numbers) for one in (child, *children(child))]


def _send(process: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, number)
