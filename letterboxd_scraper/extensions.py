"""What stands around a crawl: its starting points, its row in the log of runs, its summary."""

import asyncio
import logging
from datetime import datetime
from typing import Any, Self

import sqlalchemy as sa
from scrapy import Spider, signals
from scrapy.crawler import Crawler

from letterboxd_scraper import clock, config
from letterboxd_scraper.arguments import Definition, FollowGraphArguments, ProfileArguments
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.items import Failure, Listing
from letterboxd_scraper.store import cohorts, opt_outs, reader, runs
from letterboxd_scraper.store.engine import reading, shown, writing
from letterboxd_scraper.store.migrate import first_line, open_store
from letterboxd_scraper.targets import find_target

logger = logging.getLogger(__name__)

# The stat under which the crawl's outcome is left for the command's exit code.
OUTCOME = "letterboxd/outcome"
_OUTCOMES = {
    "finished": "finished",
    "blocked": "blocked",
    "no_robots": "no_robots",
    "shutdown": "interrupted",
    "bad_input": "bad_input",
}


class Run:
    """Opens a run before the first request and closes it after the last item was stored."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.settings = config.from_settings(crawler.settings)
        self.failures = 0
        self.errors = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        run = cls(crawler)
        crawler.signals.connect(run.spider_opened, signals.spider_opened)
        crawler.signals.connect(run.item_scraped, signals.item_scraped)
        for signal in (signals.item_dropped, signals.item_error, signals.spider_error):
            crawler.signals.connect(run.went_wrong, signal)
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

    def item_scraped(self, item: Any) -> None:
        if isinstance(item, Failure):
            self.failures += 1
            logger.error("%s %s: %s", item.stage, item.url, item.error)

    def went_wrong(self) -> None:
        self.errors += 1

    async def spider_closed(self, spider: Spider, reason: str) -> None:
        outcome = self._outcome(reason)
        self.crawler.stats.set_value(OUTCOME, outcome)
        if hasattr(spider, "run"):
            try:
                await asyncio.to_thread(self._finish, spider, outcome)
            except sa.exc.DBAPIError as error:
                logger.error("The end of the run could not be noted: %s", first_line(error))

    def _outcome(self, reason: str) -> str:
        outcome = _OUTCOMES.get(reason, "failed")
        if self.errors and outcome == "finished":
            return "failed"
        return "failures" if self.failures and outcome == "finished" else outcome

    def _begin(self, spider: Any) -> None:
        self.engine = open_store(self.settings.DATABASE_URL)
        at = clock.now(self.settings.LETTERBOXD_NOW)
        with writing(self.engine) as connection:
            match spider.args:
                case FollowGraphArguments():
                    self._begin_follow_graph(connection, spider, at)
                case ProfileArguments():
                    self._begin_profile(connection, spider, at)

    def _begin_follow_graph(self, connection: sa.Connection, spider: Any, at: datetime) -> None:
        args = spider.args
        cohort = find_target(connection, args)
        spider.label, spider.seed = (cohort.label, cohort.seed) if cohort else (args.label, args.seed)
        spider.opted_out = opt_outs.load(connection)
        stored = cohort.definition if cohort else {}
        if cohort is not None:
            present = cohorts.members(connection, cohort)
            spider.stored_members = frozenset(row.member for row in present)
        # Built again, a cohort keeps what its definition says beyond the arguments: filters, parameters.
        spider.definition = Definition.read(stored | args.chosen())
        work = self._open_run(connection, spider, spider.label, None, at)
        if work is not None:
            spider.bookmarks = reader.people_bookmarks(connection, Listing(spider.definition.via), work, at)

    def _begin_profile(self, connection: sa.Connection, spider: Any, at: datetime) -> None:
        args = spider.args
        cohort = find_target(connection, args)
        label = cohort.label if cohort else None
        work = self._open_run(connection, spider, label, args.user, at, args.options())
        if cohort is None:
            members = reader.member_start(connection, args.user, work, at)
        else:
            members = reader.cohort_starts(connection, cohort, work, at, args.resume_from)
        spider.members = tuple(members)
        spider.stored_films = self._stored_films

    def _open_run(
        self,
        connection: sa.Connection,
        spider: Any,
        cohort: str | None,
        member: str | None,
        at: datetime,
        options: str = "",
    ) -> int | None:
        anew = self.settings.CRAWL_ANEW
        spider.run, work = runs.begin(connection, spider.name, cohort, member, at, options, anew=anew)
        return work

    async def _stored_films(self, member: str, listing: Listing) -> frozenset[int | str]:
        def ask() -> frozenset[int | str]:
            with reading(self.engine) as connection:
                return reader.stored_films(connection, member, listing)

        return await asyncio.to_thread(ask)

    def _finish(self, spider: Any, outcome: str) -> None:
        requests = self.crawler.stats.get_value("downloader/request_count", 0)
        status = "failed" if outcome in ("bad_input", "no_robots") else outcome
        notes = f"{self.failures} failures, {self.errors} errors"
        at = clock.now(self.settings.LETTERBOXD_NOW)
        with writing(self.engine) as connection:
            runs.finish(connection, spider.run, status, requests, at, notes)
        self.engine.dispose()
        logger.info("%s: %s, %d requests, %s", spider.name, outcome, requests, notes)
        logger.info("Database: %s", shown(self.settings.DATABASE_URL))
