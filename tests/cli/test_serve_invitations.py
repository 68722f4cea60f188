"""`letterboxd serve --invitations`: where it listens, under which name, and what it is not."""

import asyncio
from typing import Any

import pytest

from letterboxd_scraper.errors import ExitCode
from letterboxd_scraper.server import running
from tests.asked import ask
from tests.cli.conftest import Run

HOST = "films.example.org"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """What each server answered: under its public name, and under another."""
    replies: list[list[int]] = []

    async def statuses(app: Any) -> list[int]:
        whole = [(path, HOST) for path in ("/", "/password", "/drop", "/cohorts/club")]
        return [(await ask(app, path, host=host)).status for path, host in (*whole, ("/", "evil.example"))]

    monkeypatch.setattr(running, "serve", lambda app, _: replies.append(asyncio.run(statuses(app))))
    return replies


def test_people_are_let_in_under_the_public_name(
    club: Run, asked: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LETTERBOXD_PUBLIC_URL", f"https://{HOST}")
    for words in ((), ("--host", "0.0.0.0")):  # each reads what is theirs, from wherever it is reached
        ended = club("serve", "--invitations", "--port", "0", *words)
        assert (ended.code, f"for others: https://{HOST}" in ended.err) == (ExitCode.DONE, True)
    assert asked == [[200, 200, 404, 404, 421]] * 2


def test_without_a_public_address_or_with_a_page_for_files_nobody_is_let_in(
    club: Run, asked: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = club("serve", "--invitations", "--port", "0")
    assert (ended.code, "set LETTERBOXD_PUBLIC_URL" in ended.err) == (ExitCode.BAD_INPUT, True)
    monkeypatch.setenv("LETTERBOXD_PUBLIC_URL", f"https://{HOST}")
    ended = club("serve", "--invitations", "--drop", "--port", "0")
    assert (ended.code, "--drop is for this machine alone" in ended.err) == (ExitCode.BAD_INPUT, True)
    assert asked == []
