"""What stands around a crawl: its starting points, its row in the log of runs, its summary."""

import asyncio
import logging
from typing import Any, Self

import sqlalchemy as sa
from scrapy import Spider, signals
from scrapy.crawler import Crawler

from letterboxd_scraper import config
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.extensions.member_queue import LeaseLost
from letterboxd_scraper.extensions.start import Beginning
from letterboxd_scraper.extensions.summary import Tally
from letterboxd_scraper.items.members import Failure
from letterboxd_scraper.items.progress import Teller
from letterboxd_scraper.store.crawl_state import failures, leases, runs
from letterboxd_scraper.store.engine import first_line, masked_url, write_transaction
from letterboxd_scraper.store.members import feeds
from letterboxd_scraper.store.open import open_store

logger = logging.getLogger(__name__)

# The stat under which the crawl's outcome is left for the command's exit code.
OUTCOME = "letterboxd/outcome"
# So many within the time after which a run that gives none is thought to be dead.
SIGNS_OF_LIFE = 4
_OUTCOMES = {
    "finished": "finished",
    "blocked": "blocked",
    "no_robots": "no_robots",
    "shutdown": "interrupted",
    "bad_input": "bad_input",
}
# How the log of runs has it: without robots.txt nobody may crawl on, as after a block.
_STATUSES = {"no_robots": "blocked", "bad_input": "failed"}


class Run:
    """Opens a run before the first request and closes it after the last item was stored."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.settings = config.from_settings(crawler.settings)
        self.failures = 0
        self.errors = 0
        self.tally = Tally()
        self.teller = Teller.from_environment()
        self._life: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        run = cls(crawler)
        crawler.signals.connect(run.spider_opened, signals.spider_opened)
        crawler.signals.connect(run.item_scraped, signals.item_scraped)
        crawler.signals.connect(run.item_dropped, signals.item_dropped)
        crawler.signals.connect(run.item_error, signals.item_error)
        crawler.signals.connect(run.spider_error, signals.spider_error)
        crawler.signals.connect(run.spider_closed, signals.spider_closed)
        return run

    async def spider_opened(self, spider: Spider) -> None:
        try:
            await asyncio.to_thread(self._begin, spider)
        except Exception as error:
            # What leaves a signal's handler is only logged: the crawl would go on, knowing nobody.
            expected = isinstance(error, InputError)
            logger.error("The crawl cannot start: %s", error, exc_info=not expected)
            await self.crawler.engine.close_spider_async(reason="bad_input" if expected else "not_started")
        else:
            self._life = asyncio.create_task(self._show_life(spider))

    def item_scraped(self, item: Any) -> None:
        if isinstance(item, Failure):
            self.failures += 1
            logger.error("%s %s: %s", item.stage, item.url, item.error)
        self.tally.add(item)
        if self.teller.is_due():
            self.teller.tell(self.tally.progress(self.crawler.spider, self._requests()))

    def item_dropped(self, exception: BaseException) -> None:
        self.errors += not isinstance(exception, LeaseLost)  # which is for the other crawl to store

    def item_error(self) -> None:
        self.errors += 1

    def spider_error(self, response: Any, spider: Any) -> None:
        self.errors += 1
        # What was to be done next for that member was never said: the others shall not wait for them.
        request = getattr(response, "request", None)
        if request and hasattr(spider, "leases") and (member := request.cb_kwargs.get("member")):
            spider.leases.end(member)

    async def spider_closed(self, spider: Spider, reason: str) -> None:
        if self._life:
            self._life.cancel()
        if client := getattr(spider, "tmdb", None):
            await client.close()
        if hasattr(spider, "run"):
            try:
                await asyncio.to_thread(self._finish, spider, reason)
            except sa.exc.DBAPIError as error:
                logger.error("The end of the run could not be noted: %s", first_line(error))
            finally:
                self.crawler.stats.set_value(OUTCOME, self._outcome(reason))
        else:
            self.crawler.stats.set_value(OUTCOME, self._outcome(reason))

    def _requests(self) -> int:
        return int(self.crawler.stats.get_value("downloader/request_count", 0))

    def _outcome(self, reason: str) -> str:
        outcome = _OUTCOMES.get(reason, "failed")
        if self.errors and outcome == "finished":
            return "failed"
        return "failures" if self.failures and outcome == "finished" else outcome

    def _begin(self, spider: Any) -> None:
        self.engine = open_store(self.settings.DATABASE_URL)
        at = self.settings.now()
        with write_transaction(self.engine) as connection:
            Beginning(self.engine, self.settings, connection, at).of(spider)

    async def _show_life(self, spider: Any) -> None:
        """Note again and again that the run is at work, however long the site lets it wait."""
        while True:
            await asyncio.sleep(self.settings.LEASE_SECONDS / SIGNS_OF_LIFE)
            try:
                await asyncio.to_thread(self._note_life, spider)
            except sa.exc.DBAPIError as error:
                logger.warning("Cannot tell the database that the crawl goes on: %s", first_line(error))

    def _note_life(self, spider: Any) -> None:
        with write_transaction(self.engine) as connection:
            leases.renew(connection, spider.run, self.settings.LEASE_SECONDS)
            runs.show_life(connection, spider.run, self._requests())

    def _summary(self, spider: Any, requests: int) -> str:
        """Return what the run did, in one line."""
        failed = f"{self.failures} failures, {self.errors} errors"
        did = self.tally.in_words(spider, requests)
        return f"{did}; {failed}" if did else failed

    def _finish(self, spider: Any, reason: str) -> None:
        requests = self._requests()
        at = self.settings.now()
        with write_transaction(self.engine) as connection:
            # These come to light in the store, after the items were found to be good.
            self.failures += failures.stored_by(connection, spider.run)
            self.tally.ratings_set = feeds.ratings_set_by(connection, spider.run)
            outcome = self._outcome(reason)
            status = _STATUSES.get(outcome, outcome)
            notes = self._summary(spider, requests)
            runs.finish(connection, spider.run, status, requests, at, notes)
            leases.release(connection, spider.run)
        self.engine.dispose()
        logger.info("%s: %s, %d requests, %s", spider.name, outcome, requests, notes)
        logger.info("Database: %s", masked_url(self.settings.DATABASE_URL))
