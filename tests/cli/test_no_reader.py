"""Nobody reads what is printed any more: the command ends, and that is all."""

import io
import sys

import pytest

from letterboxd_scraper.cli.main import run
from letterboxd_scraper.errors import ExitCode


class _NoReader(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError


def test_an_error_that_nobody_reads_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", _NoReader())
    assert run(["rank", "sho"]) == ExitCode.INTERNAL_ERROR
