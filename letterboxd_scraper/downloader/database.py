"""The database, asked beside the event loop; a crawl whose database is lost ends."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, TypeVar

import sqlalchemy as sa
from scrapy.crawler import Crawler

from letterboxd_scraper.downloader.stops import CrawlEnding
from letterboxd_scraper.errors import StoreNotReady
from letterboxd_scraper.store.engine import first_line
from letterboxd_scraper.store.outside_errors import in_words
from letterboxd_scraper.store.patience import is_passing

logger = logging.getLogger(__name__)
_Answer = TypeVar("_Answer")
# What is raised where the database was waited for in vain, or refuses.
LOSSES = (sa.exc.DBAPIError, sa.exc.TimeoutError, StoreNotReady)
# The reason for which a crawl is closed whose database is lost.
LOST = "store_lost"
# The stat that tells that it is being closed.
_ENDING = "letterboxd/store_lost"


async def in_thread(crawler: Crawler, function: Callable[..., _Answer], *arguments: Any) -> _Answer:
    """Call a function of the store in a thread, where it may wait for the database.

    Raises CrawlEnding where it waited in vain, or the database has refused: then the crawl ends, too, and
    nobody waits once more.
    """
    if is_lost(crawler):
        raise CrawlEnding("the database is lost")
    try:
        return await asyncio.to_thread(function, *arguments)
    except LOSSES as error:
        if not end_crawl(crawler, error):
            raise
        raise CrawlEnding("the database is lost") from None


def end_crawl(crawler: Crawler, error: Exception) -> bool:
    """Say, once, why the crawl ends, and end it: what it reads from now on could not be kept.

    Returns False, and does nothing, where the database refuses just one statement: that is an error of ours.
    """
    if isinstance(error, sa.exc.DBAPIError) and in_words(error) is None:
        return False
    if is_lost(crawler):
        return True
    say_that_it_ends(crawler, error)
    closing = asyncio.ensure_future(crawler.engine.close_spider_async(reason=LOST))
    _closings.add(closing)  # the event loop forgets a task that nobody keeps
    closing.add_done_callback(_closings.discard)
    return True


def say_that_it_ends(crawler: Crawler, error: Exception) -> None:
    """Say, once, why a crawl ends."""
    if is_lost(crawler):
        return
    crawler.stats.set_value(_ENDING, True)
    reason = in_words(error)
    if reason is None:
        reason = first_line(error) if isinstance(error, sa.exc.SQLAlchemyError) else str(error)
    waited = ", after waiting for as long as DATABASE_PATIENCE allows" if is_passing(error) else ""
    logger.error("Stopped: the database is lost%s: %s", waited, reason)


_closings: set["asyncio.Future[None]"] = set()


def is_lost(crawler: Crawler) -> bool:
    """Say whether a crawl ends because its database is lost."""
    return bool(crawler.stats.get_value(_ENDING, False))
