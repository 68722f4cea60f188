"""When a request may leave: one pace for the site, shared by all processes through the database."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit
from uuid import uuid4

import sqlalchemy as sa
from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.http import Response

from letterboxd_scraper import config
from letterboxd_scraper.downloader.database import in_thread
from letterboxd_scraper.downloader.short_heads import ShortHeads
from letterboxd_scraper.downloader.stops import CrawlEnding
from letterboxd_scraper.store.crawl_state import pace
from letterboxd_scraper.store.open import open_patiently

_Answer = TypeVar("_Answer")
# In seconds: how long a waiting request may take to notice that the crawl is to end.
_NAP = 0.5


class SitePace:
    """Extension: the turns of one crawl's requests, ``delay`` seconds apart; 0: only its own holds are kept.

    The delay is DOWNLOAD_DELAY, or what robots.txt asks for where that is more.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.settings = config.from_settings(crawler.settings)
        self.delay = self.settings.DOWNLOAD_DELAY
        self._engine: sa.Engine | None = None
        self._opening = asyncio.Lock()
        self._held_until = 0.0  # by the event loop's clock; used with DOWNLOAD_DELAY=0 only

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    @asynccontextmanager
    async def turn(self, url: str) -> AsyncIterator[None]:
        """Wait until a request to ``url`` may be sent, and keep all others waiting until it is answered.

        Raises CrawlEnding if the crawl ends meanwhile.
        """
        turn = uuid4().hex
        while wait := await self._take(url, turn):
            await self.sleep(min(wait, _NAP))
        if not (delay := self.delay):
            yield
            return
        renewing = asyncio.create_task(self._renew(url, turn))
        try:
            yield
        finally:
            renewing.cancel()
            with suppress(asyncio.CancelledError, CrawlEnding):
                await renewing
            # A turn that cannot be given back ends by itself: what was answered is not lost with it.
            with suppress(CrawlEnding):
                await self._ask(pace.end_turn, url, turn, delay)

    async def sleep(self, seconds: float) -> None:
        """Sleep; raise CrawlEnding as soon as the crawl is to end."""
        while seconds > 0:
            if self._is_ending():
                raise CrawlEnding("the crawl is ending")
            await asyncio.sleep(nap := min(seconds, _NAP))
            seconds -= nap

    def _is_ending(self) -> bool:
        """Say whether the crawl was told to end, or its spider is being closed, whatever for.

        Scrapy has no public word for the latter: `tests/extensions/test_coverage_of_crawls.py` fails where
        that changes.
        """
        slot = self.crawler.engine._slot
        return not self.crawler.crawling or (slot is not None and slot.closing is not None)

    def slow_down(self, seconds: float) -> None:
        """Keep requests at least so many seconds apart from now on."""
        self.delay = max(self.delay, seconds)

    async def hold(self, url: str, seconds: float) -> None:
        """Let nobody send a request to the site of ``url`` within the next ``seconds``."""
        if self.delay:
            await self._ask(pace.hold, url, seconds)
        else:
            self._held_until = max(self._held_until, _now() + seconds)

    async def _take(self, url: str, turn: str) -> float:
        """Take the turn and return 0, or return in how many seconds to try again."""
        if not self.delay:
            return max(0.0, self._held_until - _now())
        return await self._ask(pace.take_turn, url, turn)

    async def _renew(self, url: str, turn: str) -> None:
        while True:
            await asyncio.sleep(pace.LEASE / 5)
            await self._ask(pace.renew_turn, url, turn)

    async def _ask(self, function: Callable[..., _Answer], url: str, *arguments: Any) -> _Answer:
        async with self._opening:
            if self._engine is None:
                self._engine = await in_thread(self.crawler, open_patiently, self.settings)
        return await in_thread(self.crawler, function, self._engine, urlsplit(url).netloc, *arguments)


def pace_of(crawler: Crawler) -> SitePace:
    """Return the crawl's pace: one for all its parts. Raises RuntimeError if EXTENSIONS lacks it."""
    if site_pace := crawler.get_extension(SitePace):
        return site_pace
    raise RuntimeError("the setting EXTENSIONS lacks SitePace, without which no request is polite")


class PacedDownloadHandler(HTTP11DownloadHandler):
    """Scrapy's downloader, waiting for its turn at the last moment before a request leaves."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._pool._factory = ShortHeads
        # As in `Unpacking`: what Scrapy warns of it raises as well.
        logging.getLogger(HTTP11DownloadHandler.__module__).setLevel(logging.ERROR)

    async def download_request(self, request: Request) -> Response:
        """Return the response to a request that was sent in its turn."""
        async with pace_of(self.crawler).turn(request.url):
            return await super().download_request(request)


def _now() -> float:
    return asyncio.get_running_loop().time()
