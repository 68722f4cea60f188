"""Scrapy's feeds, as `-O items.jsonl`: one that cannot be written is told in one line, and ends the crawl.

Scrapy itself logs a traceback for each item, crawls on and calls it a success.
"""

import asyncio
import io
import logging
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from scrapy import Spider
from scrapy.crawler import Crawler
from scrapy.extensions.feedexport import FileFeedStorage, StdoutFeedStorage

from letterboxd_scraper.errors import InputError, refusal
from letterboxd_scraper.machine import files

logger = logging.getLogger(__name__)
# The reason for which a crawl is closed whose feed is lost, and the stat that tells of it.
LOST = "feed_lost"
_STAT = "letterboxd/feed_lost"


def refuse_unwritable(feeds: Mapping[Any, Any]) -> None:
    """Raise InputError for a feed that cannot be written, before anything is asked of the site."""
    for uri in map(str, feeds):
        if uri.partition(":")[0] == "stdout":
            if sys.stdout is None:
                raise InputError("cannot write the feed: standard output is closed")
        elif (uri.startswith("file:") or "://" not in uri) and "%(" not in uri:
            file = Path(FileFeedStorage(uri).path)
            try:
                file.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise InputError(f"cannot write {file}: {refusal(error)}") from None
            files.refuse_unwritable(file)


def is_lost(crawler: Crawler) -> bool:
    """Say whether a crawl's items were not all written where they were to be."""
    return bool(crawler.stats.get_value(_STAT, False))


class FileFeed(FileFeedStorage):
    """A feed in a file; a crawl that could not start leaves what stands there."""

    def open(self, spider: Spider) -> Any:
        has_started = getattr(spider, "task", None) is not None
        return _Feed(super().open(spider), self.path, spider.crawler) if has_started else io.BytesIO()


class StdoutFeed(StdoutFeedStorage):
    """A feed on standard output."""

    def open(self, spider: Spider) -> Any:
        return _Feed(super().open(spider), "standard output", spider.crawler)

    def store(self, file: IO[bytes]) -> None:
        file.flush()


class _Feed:
    """A file that takes everything; what it cannot write it tells once, and ends the crawl."""

    def __init__(self, file: IO[bytes], name: str, crawler: Crawler) -> None:
        self._file, self._name, self._crawler = file, name, crawler

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def write(self, content: Any) -> int:
        self._try(self._file.write, content)
        return len(content)

    def flush(self) -> None:
        self._try(self._file.flush)

    def close(self) -> None:
        self._try(self._file.close)

    def _try(self, action: Callable[..., Any], *arguments: Any) -> None:
        try:
            action(*arguments)
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        if is_lost(self._crawler):
            return
        self._crawler.stats.set_value(_STAT, True)
        logger.error("Stopped: cannot write %s: %s", self._name, refusal(error))
        self._ending = asyncio.ensure_future(self._crawler.engine.close_spider_async(reason=LOST))
