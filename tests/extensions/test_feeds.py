"""Feeds that cannot be written are told once, before anything is asked of the site where they can be."""

import sys
from pathlib import Path

import pytest

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.extensions.feeds import refuse_unwritable
from tests.conftest import Shell
from tests.refusals import refused
from tests.site import Site


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("{folder}", "Is a directory; name a file in it"),
        ("file://{folder}", "Is a directory; name a file in it"),
        ("{folder}/file/items.jsonl", "; a file is where a folder should be: name another place"),
        ("stdout:", "^cannot write the feed: standard output is closed$"),
    ],
)
def test_a_feed_that_cannot_be_written_is_refused(
    uri: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("a file")
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(InputError, match=said):
        refuse_unwritable({uri.format(folder=tmp_path): {}})
    refuse_unwritable({f"{tmp_path}/new/items.jsonl": {}, "s3://bucket/items": {}, "%(name)s.jsonl": {}})
    assert {path.name for path in tmp_path.iterdir()} == {"file", "new"}


@pytest.mark.parametrize("form", ["jsonlines", "csv"])
def test_a_feed_that_is_full_is_one_line_and_ends_the_crawl(form: str, known: Shell) -> None:
    ended = known.scrapy("profile", "-O", f"/dev/full:{form}", "-s", "LOG_LEVEL=ERROR", user="marla")
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "Stopped: cannot write /dev/full: No space left on device; make room there" in ended.stderr


def test_a_crawl_that_could_not_start_leaves_the_feed_of_the_last_one(
    known: Shell, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = known.folder / "items.jsonl"
    assert known.scrapy("rss", "-O", str(items), user="marla").returncode == 0
    before = items.read_text()
    assert before.count("\n") == 1
    with refused("INSERT INTO SCRAPE_RUNS")(items):
        ended = known.scrapy("rss", "-O", str(items), user="marla")
    assert (ended.returncode, items.read_text()) == (2, before)
