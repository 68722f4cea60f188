"""What happens to items: first they are checked, then they are stored."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import cached_property
from typing import Any, Self

import sqlalchemy as sa
from itemadapter import ItemAdapter
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider, DropItem, NotConfigured

from letterboxd_scraper.downloader.database import LOSSES, end_crawl, is_lost
from letterboxd_scraper.extensions.run import LeaseLost, Run, Superseded
from letterboxd_scraper.items.members import (
    RATED,
    STARS,
    Failure,
    MemberRead,
    MemberRefreshed,
    MemberStatus,
)
from letterboxd_scraper.items.tasks import Provenance
from letterboxd_scraper.spiders.site import SiteSpider
from letterboxd_scraper.store.crawl_state import leases, runs
from letterboxd_scraper.store.crawl_state.changed_rows import ChangedRatings
from letterboxd_scraper.store.patience import transact
from letterboxd_scraper.store.save import save


class CheckPipeline:
    """Drops an item that cannot be true, loudly; its listing then never counts as complete."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_item(self, item: Any) -> Any:
        """Return an item that can be true. Raises DropItem for any other."""
        if wrong := what_is_wrong(ItemAdapter(item)):
            raise DropItem(f"{type(item).__name__}: {wrong}", log_level="ERROR")
        return item


def what_is_wrong(item: ItemAdapter) -> str | None:
    """Return what cannot be true of an item, in one line; None if nothing is wrong."""
    member = item.get("member") or item.get("owner")
    if member is not None and member != member.lower():
        return f"the member {member!r} is not in lower case"
    for tile in item.get("tiles") or item.get("entries") or ():
        if not tile.film.slug or not tile.film.title:
            return f"a film without slug or title: {tile.film}"
        if tile.stars is not None and tile.stars not in STARS:
            return f"{tile.film.slug} has {tile.stars} stars"
        if tile.stars is None and item.get("listing") in RATED:
            return f"{tile.film.slug} is among the rated films without a rating"
    return None


class StorePipeline:
    """Stores each item in a transaction of its own, in one thread beside the event loop.

    One thread keeps the order in which items were found, and SQLite takes one writer at a time.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not issubclass(crawler.spidercls, SiteSpider):
            raise NotConfigured  # as for the run: what `scrapy shell` and `fetch` read is not stored
        return cls(crawler)

    def open_spider(self) -> None:
        """Find the crawl's run. Raises CloseSpider where there is none."""
        run = self.crawler.get_extension(Run)
        if run is None:
            raise CloseSpider("not_started")  # nothing can be stored without a run
        self.run = run

    async def process_item(self, item: Any) -> Any:
        """Return an item once it is stored. Raises DropItem where it is no longer this crawl's to store."""
        at = self.run.settings.now()
        try:
            await self._in_thread(self._store_or_drop, item, at)
        except LOSSES as error:
            if not end_crawl(self.crawler, error):
                raise
            raise DropItem("the database is lost", log_level="DEBUG") from None
        except Superseded:
            self.run.end_superseded()
            raise
        except LeaseLost:
            if members := self.run.crawl_run.members:
                members.lose(item.member)
            raise
        return item

    async def close_spider(self) -> None:
        """Wait until all that was found is stored."""
        await asyncio.to_thread(self._thread.shutdown)

    async def _in_thread(self, function: Any, *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)

    def _store_or_drop(self, item: Any, at: datetime) -> None:
        if is_lost(self.crawler):  # while this item waited for the thread
            raise DropItem("the database is lost", log_level="DEBUG")
        transact(self._changed.engine, self._store, item, at)

    @cached_property
    def _changed(self) -> ChangedRatings:
        return ChangedRatings(self.run.engine)  # which is opened after the pipelines

    def _store(self, connection: sa.Connection, item: Any, at: datetime) -> None:
        self._changed.take()  # what was rolled back did not happen
        self._save(connection, item, at)
        if rows := self._changed.take():
            runs.add_changes(connection, self.run.crawl_run.number, rows)

    def _save(self, connection: sa.Connection, item: Any, at: datetime) -> None:
        """Store an item, unless another crawl is at it by now.

        Where members are leased, it is stored only while they are, and what ends them ends the lease.
        """
        run = self.run.crawl_run.number
        provenance = Provenance(at, run)
        if self.run.crawl_run.members is None:
            self.run.refuse_if_superseded(connection)
            save(item, connection, provenance)
            return
        # What could not be read is no fact that would be in another crawl's way.
        if not isinstance(item, Failure) and not leases.holds(connection, run, item.member):
            raise LeaseLost(f"{item.member} is read by another crawl", log_level="DEBUG")
        save(item, connection, provenance)
        # Here, after all else that was found of them, and not when the spider is done with them.
        if isinstance(item, MemberRead | MemberRefreshed | MemberStatus | Failure):
            leases.release(connection, run, item.member)
