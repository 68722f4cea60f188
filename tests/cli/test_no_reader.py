"""Nobody reads what is printed, or it cannot be told: the command ends without a traceback."""

import errno
import io
import os
import subprocess
import sys

import pytest

from letterboxd_scraper.cli.main import run
from letterboxd_scraper.errors import ExitCode
from tests.conftest import ROOT


class _Refusing(io.StringIO):
    def __init__(self, error: OSError) -> None:
        super().__init__()
        self._error = error

    def write(self, text: str) -> int:
        raise self._error


@pytest.mark.parametrize("error", [BrokenPipeError(), OSError(errno.ENOSPC, "No space left on device")])
def test_an_error_that_cannot_be_told_is_no_traceback(
    error: OSError, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", _Refusing(error))
    assert run(["rank", "sho"]) == ExitCode.INTERNAL_ERROR


def test_what_is_said_where_stderr_is_closed_is_lost(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    monkeypatch.setenv("LOG_FORMAT", "json")
    assert run(["rank", "sho"]) == ExitCode.BAD_INPUT
    assert capsys.readouterr().out == ""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "stdout", "code", "said"),
    [
        ("letterboxd_scraper rank", ">/dev/full", 2, "letterboxd: cannot write the output: No space left"),
        ("ranking", ">&-", 2, "python -m ranking: cannot write the output: Bad file descriptor"),
        ("letterboxd_scraper rank", "", 141, ""),
    ],
    ids=["full", "closed", "nobody reads"],
)
def test_a_process_ends_in_the_same_way(module: str, stdout: str, code: int, said: str) -> None:
    """Python itself tries at its end to print what is left, and has a word, and a code, of its own."""
    reader, writer = os.pipe()
    os.close(reader)
    ended = subprocess.run(
        ["sh", "-c", f"'{sys.executable}' -P -m {module} list {stdout}"],
        env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
        cwd=ROOT,
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writer)
    assert (ended.returncode, ended.stderr.count("\n")) == (code, bool(said)), ended.stderr
    assert ended.stderr.startswith(said)
