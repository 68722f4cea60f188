"""A command at a terminal, and somebody who answers its questions."""

import os
import pty
import select
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


def answer(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], answers: Mapping[str, str]
) -> str:
    """Run a command that ends well, giving each answer after its question; return what was seen."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command, cwd=folder, env=dict(environment), stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    seen = ""
    for question, said in answers.items():
        seen += _read_until(ours, question)
        os.write(ours, f"{said}\n".encode())
    seen += read_to_end(ours)
    assert process.wait(timeout=60) == 0, seen
    os.close(ours)
    return seen


def _read_until(terminal: int, text: str) -> str:
    seen = ""
    while text not in seen:
        ready, _, _ = select.select([terminal], [], [], 60)
        assert ready, f"waited for {text!r}, saw {seen!r}"
        seen += os.read(terminal, 4096).decode()
    return seen


def read_to_end(terminal: int) -> str:
    """Return all that a terminal shows until its program has ended."""
    seen = b""
    try:
        while chunk := os.read(terminal, 65536):
            seen += chunk
    except OSError:
        pass  # the other end is closed: Linux says so by an error
    return seen.decode()
