"""Where it does not run, it says so."""

import sys

import pytest

from letterboxd_scraper.cli.main import main


def test_windows_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(SystemExit) as ended:
        main(lambda: 0)
    assert ended.value.code == 2
    assert capsys.readouterr().err == "letterboxd runs on Linux and macOS; on Windows, use it within WSL\n"
