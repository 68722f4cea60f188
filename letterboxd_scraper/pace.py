"""When a request may leave: one pace for the site, shared by all processes through the database."""

import asyncio
import time
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.http import Response

from letterboxd_scraper import config
from letterboxd_scraper.stops import CrawlEnding
from letterboxd_scraper.store import pace
from letterboxd_scraper.store.migrate import open_store

# Between the database's word and the request on the wire lie some milliseconds, not always the same.
MARGIN = 0.02
# How long a waiting request may take to notice that the crawl is to end.
_NAP = 0.5


class SitePace:
    """The turns of one crawl's requests. With DOWNLOAD_DELAY=0 only its own holds are kept, here."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.settings = config.from_settings(crawler.settings)
        self._engine: sa.Engine | None = None
        self._held_until = 0.0

    async def turn(self, url: str) -> None:
        """Return when a request to ``url`` may be sent, which must then be done at once."""
        while True:
            wait, answered = await self._ask(url)
            if wait <= 0 and time.monotonic() - answered < MARGIN:
                return
            # A turn that was noticed late, because a page was being parsed, is not used: the next
            # one's may be due already.
            if not self.crawler.crawling:
                raise CrawlEnding("the crawl is ending")
            await asyncio.sleep(min(max(wait, 0.0), _NAP))

    async def hold(self, url: str, seconds: float) -> None:
        """Let nobody send a request to the site of ``url`` within the next ``seconds``."""
        if self.settings.DOWNLOAD_DELAY:
            await asyncio.to_thread(pace.hold, self._store(), _host(url), seconds)
        else:
            self._held_until = max(self._held_until, _now() + seconds)

    async def _ask(self, url: str) -> tuple[float, float]:
        """Return in how many seconds to ask again (0: now is the turn), and when that was answered."""
        if not self.settings.DOWNLOAD_DELAY:
            return self._held_until - _now(), time.monotonic()

        def ask() -> tuple[float, float]:
            delay = self.settings.DOWNLOAD_DELAY + MARGIN
            return pace.take_turn(self._store(), _host(url), delay), time.monotonic()

        return await asyncio.to_thread(ask)

    def _store(self) -> sa.Engine:
        if self._engine is None:
            self._engine = open_store(self.settings.DATABASE_URL)
        return self._engine


_paces: WeakKeyDictionary[Crawler, SitePace] = WeakKeyDictionary()


def pace_of(crawler: Crawler) -> SitePace:
    """Return the crawl's pace: one for all its parts."""
    return _paces.setdefault(crawler, SitePace(crawler))


class PacedDownloadHandler(HTTP11DownloadHandler):
    """Scrapy's downloader, waiting for its turn at the last moment before a request leaves."""

    async def download_request(self, request: Request) -> Response:
        await pace_of(self._crawler).turn(request.url)
        return await super().download_request(request)


def _host(url: str) -> str:
    return urlsplit(url).netloc


def _now() -> float:
    return asyncio.get_running_loop().time()
