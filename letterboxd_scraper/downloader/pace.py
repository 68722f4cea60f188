"""When a request may leave: one pace for the site, shared by all processes through the database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit
from uuid import uuid4
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.http import Response

from letterboxd_scraper import config
from letterboxd_scraper.downloader.stops import CrawlEnding
from letterboxd_scraper.store.crawl_state import pace
from letterboxd_scraper.store.open import open_store

# How long a waiting request may take to notice that the crawl is to end.
_NAP = 0.5


class SitePace:
    """The turns of one crawl's requests. With DOWNLOAD_DELAY=0 only its own holds are kept, here."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.settings = config.from_settings(crawler.settings)
        self._engine: sa.Engine | None = None
        self._held_until = 0.0

    @asynccontextmanager
    async def turn(self, url: str) -> AsyncIterator[None]:
        """Wait until a request to ``url`` may be sent, and keep all others waiting until it is answered."""
        name = uuid4().hex
        while wait := await self._ask(url, name):
            if not self.crawler.crawling:
                raise CrawlEnding("the crawl is ending")
            await asyncio.sleep(min(wait, _NAP))
        if not (delay := self.settings.DOWNLOAD_DELAY):
            yield
            return
        renewing = asyncio.create_task(self._renew(url, name))
        try:
            yield
        finally:
            renewing.cancel()
            with suppress(asyncio.CancelledError):
                await renewing
            await asyncio.to_thread(pace.end_turn, self._store(), _host(url), name, delay)

    async def _renew(self, url: str, turn: str) -> None:
        while True:
            await asyncio.sleep(pace.LEASE / 5)
            await asyncio.to_thread(pace.renew_turn, self._store(), _host(url), turn)

    async def hold(self, url: str, seconds: float) -> None:
        """Let nobody send a request to the site of ``url`` within the next ``seconds``."""
        if self.settings.DOWNLOAD_DELAY:
            await asyncio.to_thread(pace.hold, self._store(), _host(url), seconds)
        else:
            self._held_until = max(self._held_until, _now() + seconds)

    async def _ask(self, url: str, turn: str) -> float:
        """Return in how many seconds to ask again; 0: now is the turn."""
        if not self.settings.DOWNLOAD_DELAY:
            return max(0.0, self._held_until - _now())
        return await asyncio.to_thread(pace.take_turn, self._store(), _host(url), turn)

    def _store(self) -> sa.Engine:
        if self._engine is None:
            self._engine = open_store(self.settings.DATABASE_URL)
        return self._engine


_paces: WeakKeyDictionary[Crawler, SitePace] = WeakKeyDictionary()


def pace_of(crawler: Crawler) -> SitePace:
    """Return the crawl's pace: one for all its parts."""
    if crawler not in _paces:
        _paces[crawler] = SitePace(crawler)
    return _paces[crawler]


class PacedDownloadHandler(HTTP11DownloadHandler):
    """Scrapy's downloader, waiting for its turn at the last moment before a request leaves."""

    async def download_request(self, request: Request) -> Response:
        async with pace_of(self._crawler).turn(request.url):
            return await super().download_request(request)


def _host(url: str) -> str:
    return urlsplit(url).netloc


def _now() -> float:
    return asyncio.get_running_loop().time()
