"""What came of a crawl is told under the name that is stored, however it was typed."""

import pytest

from letterboxd_scraper.cli import run_spider
from tests.cli.conftest import Run


@pytest.mark.parametrize("words", [("watch", "--user", "Marla"), ("enrich", "--slug", "/film/Ordet/")])
def test_a_summary_names_the_stored_member_or_film(
    club: Run, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setattr(run_spider, "crawl", lambda *arguments: 0)
    before, *_, after, _ = club(*words).err.splitlines()
    name = {"watch": "marla", "enrich": "ordet"}[words[0]]
    assert before.startswith(f"{name}: 1 ")
    assert after.startswith(f"{name}: ")
