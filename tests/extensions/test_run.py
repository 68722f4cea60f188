"""The extension around a crawl: a start that fails ends it; how it ended is left for the command."""

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider, DropItem
from scrapy.utils.test import get_crawler

from letterboxd_scraper.arguments import Arguments
from letterboxd_scraper.config import load
from letterboxd_scraper.errors import ExitCode
from letterboxd_scraper.extensions.run import EXIT_CODES, OUTCOME, LeaseLost, Run, Superseded
from letterboxd_scraper.spiders.rss import RssSpider
from letterboxd_scraper.spiders.site import SiteSpider


class NewArguments(Arguments):
    """Of a spider that somebody has just written."""


class NewSpider(SiteSpider):
    """A spider whose start nobody has written."""

    name = "new"
    arguments = NewArguments


@pytest.fixture
def crawler(tmp_path: Path) -> Crawler:
    settings = load(DATABASE_URL=f"sqlite:///{tmp_path}/films.db").model_dump(exclude={"LOG_FORMAT"})
    return get_crawler(SiteSpider, settings_dict=settings)


def ended(crawler: Crawler, reason: str, run: Run | None = None) -> tuple[str, ExitCode]:
    """Return how a crawl ended that was closed for this reason before it had begun."""
    asyncio.run((run or Run(crawler)).spider_closed(RssSpider(user="ada"), reason))
    outcome = crawler.stats.get_value(OUTCOME)
    return outcome, EXIT_CODES[outcome]


@pytest.mark.parametrize(
    ("spider", "reason", "code", "words"),
    [
        (NewSpider(), "not_started", ExitCode.INTERNAL_ERROR, "NewArguments"),
        (RssSpider(cohort="club"), "bad_input", ExitCode.BAD_INPUT, "there is no cohort yet"),
    ],
)
def test_a_crawl_that_cannot_start_ends_at_once_and_loudly(
    crawler: Crawler,
    spider: Any,
    reason: str,
    code: ExitCode,
    words: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    run = Run.from_crawler(crawler)
    with caplog.at_level(logging.ERROR), pytest.raises(CloseSpider) as closing:
        asyncio.run(run.spider_opened(spider))
    assert closing.value.reason == reason
    (record,) = caplog.records
    assert record.getMessage().startswith("The crawl cannot start: ")
    assert words in record.getMessage()
    assert bool(record.exc_info) is (code is ExitCode.INTERNAL_ERROR)
    assert ended(crawler, closing.value.reason, run)[1] is code
    with pytest.raises(RuntimeError, match="has not started"):
        _ = run.crawl_run


@pytest.mark.parametrize(
    ("reason", "outcome", "code"),
    [
        ("finished", "finished", ExitCode.DONE),
        ("blocked", "blocked", ExitCode.BLOCKED),
        ("no_robots", "no_robots", ExitCode.FAILURES),
        ("shutdown", "interrupted", ExitCode.INTERRUPTED),
        ("bad_input", "bad_input", ExitCode.BAD_INPUT),
        ("store_lost", "store_lost", ExitCode.INTERNAL_ERROR),
        ("superseded", "superseded", ExitCode.INTERRUPTED),
    ],
)
def test_the_reason_of_the_end_tells_the_exit_code(
    crawler: Crawler, reason: str, outcome: str, code: ExitCode
) -> None:
    assert ended(crawler, reason) == (outcome, code)


def test_errors_outweigh_failures_and_a_block_both(crawler: Crawler) -> None:
    run = Run(crawler)
    run.failures = 1
    assert ended(crawler, "finished", run) == ("failures", ExitCode.FAILURES)
    for by_another in (LeaseLost("read by another crawl"), Superseded("done by another crawl")):
        run.item_dropped(by_another)
    assert ended(crawler, "finished", run) == ("failures", ExitCode.FAILURES)
    run.item_dropped(DropItem("cannot be true"))
    assert ended(crawler, "finished", run) == ("failed", ExitCode.INTERNAL_ERROR)
    assert ended(crawler, "blocked", run) == ("blocked", ExitCode.BLOCKED)
