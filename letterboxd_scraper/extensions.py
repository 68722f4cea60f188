"""What stands around a crawl: its starting points, its row in the log of runs, its summary."""

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Any, Self

import sqlalchemy as sa
from scrapy import Spider, signals
from scrapy.crawler import Crawler

from letterboxd_scraper import clock, config
from letterboxd_scraper.arguments import (
    Definition,
    FollowGraphArguments,
    ProfileArguments,
    WhenRatedArguments,
)
from letterboxd_scraper.delta import Rules
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.items import Changes, Failure, Listing, MemberRead, MemberRefreshed
from letterboxd_scraper.starts import Stored
from letterboxd_scraper.store import cohorts, failures, gate, opt_outs, reader, runs
from letterboxd_scraper.store.engine import first_line, reading, shown, writing
from letterboxd_scraper.store.opening import open_store
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
        self.refreshed: list[MemberRefreshed] = []
        self.read_whole = 0

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
        elif isinstance(item, MemberRefreshed):
            self.refreshed.append(item)
        elif isinstance(item, MemberRead):
            self.read_whole += 1

    def went_wrong(self) -> None:
        self.errors += 1

    async def spider_closed(self, spider: Spider, reason: str) -> None:
        if hasattr(spider, "run"):
            try:
                await asyncio.to_thread(self._finish, spider, reason)
            except sa.exc.DBAPIError as error:
                logger.error("The end of the run could not be noted: %s", first_line(error))
            finally:
                self.crawler.stats.set_value(OUTCOME, self._outcome(reason))
        else:
            self.crawler.stats.set_value(OUTCOME, self._outcome(reason))

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
                case WhenRatedArguments():
                    self._begin_when_rated(connection, spider, at)

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
        via = Listing(spider.definition.via)
        if args.cohort is not None and self.settings.FAR_CIRCLE_DAYS:
            since = at - timedelta(days=self.settings.FAR_CIRCLE_DAYS)
            spider.bookmarks = reader.people_known(connection, via, spider.seed, since)
        if work is not None:
            spider.bookmarks |= reader.people_bookmarks(connection, via, work, at)

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

    def _begin_when_rated(self, connection: sa.Connection, spider: Any, at: datetime) -> None:
        args = spider.args
        cohort = find_target(connection, args)
        work = self._open_run(connection, spider, cohort.label if cohort else None, args.user, at)
        when = gate.When(at, work, runs.began(connection, work) if work is not None else None)
        if cohort is None:
            night = gate.member_night(connection, args.user, when, args.audit)
        else:
            days = self.settings.DELTA_AUDIT_DAYS
            night = gate.cohort_night(connection, cohort, when, args.audit, days)
        spider.members, spider.starts, spider.skipped = night.full, night.starts, night.skipped
        spider.rules = Rules(
            by_date=not self.settings.ROBOTSTXT_OBEY,
            known_run=self.settings.DELTA_KNOWN_RUN,
            most_pages=args.pages or self.settings.DELTA_MAX_PAGES or None,
        )
        spider.stored_films = self._stored_films
        spider.stored_rows = self._stored_rows

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

    async def _stored_rows(self, member: str) -> tuple[Stored, ...]:
        def ask() -> tuple[Stored, ...]:
            with reading(self.engine) as connection:
                return gate.stored_rows(connection, member)

        return await asyncio.to_thread(ask)

    def _summary(self, spider: Any, requests: int) -> str:
        """Return what the run did, in one line."""
        failed = f"{self.failures} failures, {self.errors} errors"
        if not isinstance(spider.args, WhenRatedArguments):
            return failed
        rows = sum((item.changes for item in self.refreshed), Changes())
        changed = sum(bool(item.changes) for item in self.refreshed)
        members = (
            f"{spider.skipped} skipped by the gate, {len(self.refreshed)} read, {changed} of them changed"
        )
        films = f"{rows.added} added, {rows.changed} changed, {rows.removed} removed"
        whole = f", {self.read_whole} read in full" if self.read_whole else ""
        return f"members: {members}{whole}; films: {films}; {requests} requests; {failed}"

    def _finish(self, spider: Any, reason: str) -> None:
        requests = self.crawler.stats.get_value("downloader/request_count", 0)
        at = clock.now(self.settings.LETTERBOXD_NOW)
        with writing(self.engine) as connection:
            # These come to light in the store, after the items were found to be good.
            self.failures += failures.stored_by(connection, spider.run)
            outcome = self._outcome(reason)
            status = "failed" if outcome in ("bad_input", "no_robots") else outcome
            notes = self._summary(spider, requests)
            runs.finish(connection, spider.run, status, requests, at, notes)
        self.engine.dispose()
        logger.info("%s: %s, %d requests, %s", spider.name, outcome, requests, notes)
        logger.info("Database: %s", shown(self.settings.DATABASE_URL))
