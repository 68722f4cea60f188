"""The database beside the event loop: where it is lost the crawl ends, and nobody waits for it once more."""

import asyncio
from typing import Any

import pytest

from letterboxd_scraper.downloader.database import in_thread, is_lost
from letterboxd_scraper.downloader.stops import CrawlEnding
from letterboxd_scraper.errors import StoreNotReady
from tests.downloader.fakes import make_crawler


def test_after_it_was_waited_for_in_vain_it_is_asked_no_more() -> None:
    crawler, asked, closed = make_crawler(), [], []

    async def close(reason: str) -> None:
        closed.append(reason)

    crawler.engine.close_spider_async = close

    def ask(what: str) -> Any:
        asked.append(what)
        raise StoreNotReady("nobody answers")

    async def ask_twice() -> None:
        for what in ("first", "second"):
            with pytest.raises(CrawlEnding):
                await in_thread(crawler, ask, what)

    assert not is_lost(crawler)
    asyncio.run(ask_twice())
    assert asked == ["first"]
    assert closed == ["store_lost"]
