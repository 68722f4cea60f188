"""What happens to items: first they are checked, then they are stored."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import sqlalchemy as sa
from itemadapter import ItemAdapter
from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from letterboxd_scraper import config
from letterboxd_scraper.extensions.member_queue import LeaseLost
from letterboxd_scraper.items.members import (
    STARS,
    STARS_OF,
    Failure,
    Listing,
    MemberRead,
    MemberRefreshed,
    MemberStatus,
)
from letterboxd_scraper.items.tasks import Provenance
from letterboxd_scraper.store.crawl_state import leases, runs
from letterboxd_scraper.store.crawl_state.changed_rows import ChangedRatings
from letterboxd_scraper.store.engine import first_line
from letterboxd_scraper.store.open import open_store
from letterboxd_scraper.store.save import save

logger = logging.getLogger(__name__)
_RATED = frozenset({Listing.RATED, Listing.RATED_BY_DATE, *STARS_OF})


class CheckPipeline:
    """Drops an item that cannot be true, loudly; its listing then never counts as complete."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_item(self, item: Any) -> Any:
        if wrong := what_is_wrong(ItemAdapter(item)):
            raise DropItem(f"{type(item).__name__}: {wrong}", log_level="ERROR")
        return item


def what_is_wrong(item: ItemAdapter) -> str | None:
    """Return what cannot be true of an item, in one line; None if nothing is wrong."""
    member = item.get("member") or item.get("owner")
    if member is not None and member != member.lower():
        return f"the member {member!r} is not in lower case"
    for shown in item.get("tiles") or item.get("entries") or ():
        if not shown.film.slug or not shown.film.title:
            return f"a film without slug or title: {shown.film}"
        if shown.stars is not None and shown.stars not in STARS:
            return f"{shown.film.slug} has {shown.stars} stars"
        if shown.stars is None and item.get("listing") in _RATED:
            return f"{shown.film.slug} is among the rated films without a rating"
    return None


class StorePipeline:
    """Stores each item in a transaction of its own, in one thread beside the event loop.

    One thread keeps the order in which items were found, and SQLite takes one writer at a time.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.settings = config.from_settings(crawler.settings)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._connection: sa.Connection | None = None
        self.lost = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def open_spider(self) -> None:
        self.engine = await self._in_thread(open_store, self.settings.DATABASE_URL)

    async def process_item(self, item: Any) -> Any:
        provenance = Provenance(self.settings.now(), getattr(self.crawler.spider, "run", None))
        try:
            await self._in_thread(self._keep, ItemAdapter(item).item, provenance)
        except (sa.exc.OperationalError, sa.exc.InterfaceError) as error:
            self._give_up(error)
            raise DropItem("the database is lost", log_level="DEBUG") from None
        except LeaseLost:
            self.crawler.spider.leases.lose(item.member)  # type: ignore[union-attr]
            raise
        return item

    def _give_up(self, error: sa.exc.DBAPIError) -> None:
        """End the crawl: what it reads from now on could not be kept."""
        if not self.lost:
            self.lost = True
            logger.error("Stopped: the database cannot be written to: %s", first_line(error))
            engine = self.crawler.engine
            self._ending = asyncio.ensure_future(engine.close_spider_async(reason="store_lost"))

    async def close_spider(self) -> None:
        if self._connection:
            await self._in_thread(self._connection.close)
        await asyncio.to_thread(self._thread.shutdown)

    async def _in_thread(self, function: Any, *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)

    def _keep(self, item: Any, provenance: Provenance) -> None:
        if self.lost:  # while this item waited for the thread
            raise DropItem("the database is lost", log_level="DEBUG")
        self._save(item, provenance)

    # A deadlock, a lost connection or a row that another crawl inserted at the same moment rolled
    # the whole page back: it can be saved again.
    @retry(
        retry=retry_if_exception_type((sa.exc.OperationalError, sa.exc.IntegrityError)),
        stop=stop_after_attempt(5),
        wait=wait_random_exponential(max=5),
        reraise=True,
    )
    def _save(self, item: Any, provenance: Provenance) -> None:
        if self._connection is None or self._connection.invalidated:
            self._connection = self.engine.connect()
            self._changed = ChangedRatings(self._connection)
        self._changed.take()  # what was rolled back did not happen
        with self._connection.begin():
            self._save_leased(item, self._connection, provenance)
            if provenance.run is not None and (rows := self._changed.take()):
                runs.add_changes(self._connection, provenance.run, rows)

    def _save_leased(self, item: Any, connection: sa.Connection, provenance: Provenance) -> None:
        """Store an item; where members are leased, only while they are, and what ends them ends the lease."""
        if provenance.run is None or not hasattr(self.crawler.spider, "leases"):
            save(item, connection, provenance)
            return
        # What could not be read is no fact that would be in another crawl's way.
        if not isinstance(item, Failure) and not leases.holds(connection, provenance.run, item.member):
            raise LeaseLost(f"{item.member} is read by another crawl", log_level="DEBUG")
        save(item, connection, provenance)
        # Here, after all else that was found of them, and not when the spider is done with them.
        if isinstance(item, MemberRead | MemberRefreshed | MemberStatus | Failure):
            leases.release(connection, provenance.run, item.member)
