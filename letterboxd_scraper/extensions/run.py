"""What stands around a crawl: its row in the log of runs, how far it is, and how it ended."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Any, Self

import sqlalchemy as sa
from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider, DropItem, NotConfigured
from scrapy.http import Response

from letterboxd_scraper import config
from letterboxd_scraper.downloader.database import LOSSES, LOST, in_thread, say_that_it_ends
from letterboxd_scraper.downloader.pace import pace_of
from letterboxd_scraper.downloader.stops import CrawlEnding
from letterboxd_scraper.errors import ExitCode, InputError
from letterboxd_scraper.extensions import feeds
from letterboxd_scraper.extensions.coverage import Coverage
from letterboxd_scraper.extensions.start import CrawlRun, Opening, Target, start
from letterboxd_scraper.items.members import Failure
from letterboxd_scraper.items.progress import ProgressWriter
from letterboxd_scraper.spiders.site import SiteSpider
from letterboxd_scraper.store.crawl_state import coverage, failures, leases, runs
from letterboxd_scraper.store.engine import masked_url
from letterboxd_scraper.store.members import sources
from letterboxd_scraper.store.patience import NONE, OPTION, ask, transact
from letterboxd_scraper.terminal import json_log, outside
from letterboxd_scraper.words import counted

logger = logging.getLogger(__name__)

# The setting under which a command that has opened the database hands it on; else the crawl opens it.
TARGET = "LETTERBOXD_TARGET"
# The stat under which the name of the crawl's outcome is left for the command.
OUTCOME = "letterboxd/outcome"
# The reason for which a crawl is closed that another has taken for dead, and does again.
SUPERSEDED = "superseded"
# So many within the time after which a run that gives none is thought to be dead.
SIGNS_OF_LIFE = 4


@dataclass(frozen=True, slots=True)
class CrawlOutcome:
    """How a crawl ended: in a word for the user, in the log of runs, and as an exit code."""

    name: str
    status: str
    code: ExitCode


FINISHED = CrawlOutcome("finished", "finished", ExitCode.DONE)
FAILURES = CrawlOutcome("failures", "failures", ExitCode.FAILURES)
FAILED = CrawlOutcome("failed", "failed", ExitCode.INTERNAL_ERROR)
# By the reason for which the spider was closed; any other is a failure of ours.
OUTCOMES = {
    "finished": FINISHED,
    "blocked": CrawlOutcome("blocked", "blocked", ExitCode.BLOCKED),
    # Without robots.txt nobody may crawl on, as after a block.
    "no_robots": CrawlOutcome("no_robots", "blocked", ExitCode.FAILURES),
    "shutdown": CrawlOutcome("interrupted", "interrupted", ExitCode.INTERRUPTED),
    "coverage": FAILURES,
    "bad_input": CrawlOutcome("bad_input", "failed", ExitCode.BAD_INPUT),
    LOST: CrawlOutcome("store_lost", "interrupted", ExitCode.INTERNAL_ERROR),
    SUPERSEDED: CrawlOutcome("superseded", "interrupted", ExitCode.INTERRUPTED),
    feeds.LOST: CrawlOutcome("feed_lost", "interrupted", ExitCode.BAD_INPUT),
}
EXIT_CODES = {outcome.name: outcome.code for outcome in (FAILURES, FAILED, *OUTCOMES.values())}


class LeaseLost(DropItem):
    """An item was not stored: its member's lease had ended unnoticed, and another crawl reads them."""


class Superseded(DropItem):
    """An item was not stored: the run had shown no life for long, and another one does the same by now."""


class Run:
    """Opens a run before the first request and closes it after the last item was stored.

    The pipeline that stores items finds it by `Crawler.get_extension`.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.settings = config.from_settings(crawler.settings)
        self.failures = 0
        self.errors = 0
        self.progress = ProgressWriter.from_environment()
        self._target: Target | None = None
        self._crawl_run: CrawlRun | None = None
        self.coverage = Coverage({})
        self._lost_field: str | None = None
        self._signs_of_life: asyncio.Task[None] | None = None
        self._ending: asyncio.Future[None] | None = None
        self._superseded = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not issubclass(crawler.spidercls, SiteSpider):
            raise NotConfigured  # `scrapy shell` and `fetch` read pages, and that is no run
        run = cls(crawler)
        crawler.signals.connect(run.spider_opened, signals.spider_opened)
        crawler.signals.connect(run.item_scraped, signals.item_scraped)
        crawler.signals.connect(run.item_dropped, signals.item_dropped)
        crawler.signals.connect(run.item_error, signals.item_error)
        crawler.signals.connect(run.spider_error, signals.spider_error)
        crawler.signals.connect(run.spider_closed, signals.spider_closed)
        return run

    @property
    def crawl_run(self) -> CrawlRun:
        """The run, once the spider is open."""
        if self._crawl_run is None:
            raise RuntimeError("the crawl has not started")
        return self._crawl_run

    @property
    def engine(self) -> sa.Engine:
        """The crawl's database, once the spider is open."""
        if self._target is None:
            raise RuntimeError("the crawl has not started")
        return self._target.engine

    async def spider_opened(self, spider: SiteSpider) -> None:
        """Open the run, and give the spider its task; where that fails, the crawl ends at once."""
        try:
            self._crawl_run = await asyncio.to_thread(self._start, spider)
        except Exception as error:
            # What leaves a signal's handler is only logged: the crawl would go on, knowing nobody.
            refusal = str(error) if isinstance(error, InputError) else outside.in_words(error)
            refused = {"is_refusal": refusal is not None}
            logger.error(
                "The crawl cannot start: %s", refusal or error, exc_info=refusal is None, extra=refused
            )
            raise CloseSpider("not_started" if refusal is None else "bad_input") from None
        spider.task = self._crawl_run.task
        json_log.tell_crawl(run=self._crawl_run.number)
        self._signs_of_life = asyncio.create_task(self._show_life(self._crawl_run))

    def item_scraped(self, item: Any) -> None:
        """Count an item that was stored; end the crawl where a field of its kind has become rare."""
        if isinstance(item, Failure):
            self.failures += 1
            about = {"member": item.member, "film": item.film, "url": item.url}
            logger.error("%s %s: %s", item.stage, item.url, item.error, extra=about)
        if self._lost_field is None and (lost := self.coverage.add(item)):
            self._end_for(lost)
        summary = self.crawl_run.summary
        summary.add(item)
        if self.progress.is_due():
            self.progress.write(summary.progress(self._requests()))

    def _end_for(self, lost_field: str) -> None:
        """End the crawl: what else it would read lacks the same field."""
        self._lost_field = lost_field
        self.failures += 1
        logger.error("Stopped: %s. Look at a page with `letterboxd doctor`", lost_field)
        self._close("coverage")

    def refuse_if_superseded(self, connection: sa.Connection) -> None:
        """Raise Superseded where the crawl showed no life for long, and another one does the same."""
        run, silence = self.crawl_run.number, self.settings.silence
        if self._superseded or runs.is_superseded(connection, run, silence):
            self._superseded = True  # whatever sign of life is noted from now on
            raise Superseded("another crawl does the same", log_level="DEBUG")

    def end_superseded(self) -> None:
        """End the crawl, once: what it reads from now on is another's to store."""
        if self._ending is None:
            logger.error("Stopped: it showed no life for so long that another crawl does the same by now")
            self._close(SUPERSEDED)

    def _close(self, reason: str) -> None:
        self._ending = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason=reason))

    def item_dropped(self, exception: BaseException) -> None:
        """Count an item that was not stored as an error, unless another crawl is to store it."""
        # Those two are for another crawl to store.
        self.errors += not isinstance(exception, LeaseLost | Superseded)

    def item_error(self) -> None:
        """Count an item that could not be stored."""
        self.errors += 1

    def spider_error(self, response: Response) -> None:
        """Count an error of ours; nobody waits any longer for the member whose page it came from."""
        self.errors += 1
        # What was to be done next for that member was never said: the others shall not wait for them.
        members = self._crawl_run.members if self._crawl_run else None
        if members and response.request and (name := response.request.cb_kwargs.get("member")):
            members.end(name)

    async def spider_closed(self, spider: SiteSpider, reason: str) -> None:
        """Close the run, with what came of it; where the database is lost, the next crawl does so."""
        if self._signs_of_life:
            self._signs_of_life.cancel()
        try:
            if self._crawl_run:
                if self._crawl_run.close:
                    await self._crawl_run.close()
                await asyncio.to_thread(self._finish, self._crawl_run, spider.name, reason)
        except LOSSES as error:
            reason = LOST
            say_that_it_ends(self.crawler, error)
            logger.error("The next crawl will note that this one was interrupted")
        finally:
            self.crawler.stats.set_value(OUTCOME, self._outcome(reason).name)

    def end_at_once(self) -> None:
        """Note that the run was interrupted, for a process that does not wait for its spider to be closed."""
        if self._crawl_run and self.crawler.spider:
            self._finish(self._crawl_run, self.crawler.spider.name, "shutdown")

    def _requests(self) -> int:
        return int(self.crawler.stats.get_value("downloader/request_count", 0))

    def _outcome(self, reason: str) -> CrawlOutcome:
        outcome = OUTCOMES.get(reason, FAILED)
        if outcome is FINISHED and self.errors:
            return FAILED
        return FAILURES if outcome is FINISHED and self.failures else outcome

    def _start(self, spider: SiteSpider) -> CrawlRun:
        target: Target | None = self.crawler.settings.get(TARGET)
        self._target = target or Target.find(self.settings, spider.args)
        return transact(self._target.engine, self._open, spider, self._target)

    def _open(self, connection: sa.Connection, spider: SiteSpider, target: Target) -> CrawlRun:
        self.coverage = Coverage(coverage.load(connection))
        now, sleep = self.settings.now(), pace_of(self.crawler).sleep
        opening = Opening(self.crawler, spider.name, target, self.settings, connection, now, sleep)
        return start(spider.args, opening)

    async def _show_life(self, run: CrawlRun) -> None:
        """Note again and again that the run is at work, however long the site lets it wait."""
        while True:
            await asyncio.sleep(self.settings.LEASE_SECONDS / SIGNS_OF_LIFE)
            try:
                await in_thread(self.crawler, transact, self.engine, self._note_life, run)
            except CrawlEnding:
                continue
            except Superseded:
                self.end_superseded()
                return

    def _note_life(self, connection: sa.Connection, run: CrawlRun) -> None:
        if run.members is None:
            self.refuse_if_superseded(connection)
        leases.renew(connection, run.number, self.settings.LEASE_SECONDS)
        runs.show_life(connection, run.number, self._requests())

    def _finish(self, run: CrawlRun, spider: str, reason: str) -> None:
        requests = self._requests()
        # Who has waited in vain for the database does not wait once more: the next crawl notes the end.
        engine = self.engine.execution_options(**{OPTION: NONE}) if reason == LOST else self.engine
        # These come to light in the store, after the items were found to be good.
        self.failures += ask(engine, failures.stored_by, run.number)
        ask(engine, run.summary.add_from_store, run.number)
        sources.fold_stale(engine)
        outcome, notes = self._outcome(reason), self._notes(run, requests)
        transact(engine, self._note_end, run.number, outcome.status, requests, notes)
        self.engine.dispose()
        logger.info("%s: %s, %s, %s", spider, outcome.name, counted(requests, "request"), notes)
        logger.info("Database: %s", masked_url(self.settings.DATABASE_URL))

    def _note_end(self, connection: sa.Connection, run: int, status: str, requests: int, notes: str) -> None:
        if self._lost_field is None:
            coverage.learn(connection, self.coverage.counts)
        runs.finish(connection, run, status, requests, self.settings.now(), notes)
        leases.release(connection, run)

    def _notes(self, run: CrawlRun, requests: int) -> str:
        """Return what the run did, in one line."""
        words = run.summary.in_words(requests)
        failed = f"{counted(self.failures, 'failure')}, {counted(self.errors, 'error')}"
        if self._lost_field:
            failed += f"; stopped: {self._lost_field}"
        return f"{words}; {failed}" if words else failed
