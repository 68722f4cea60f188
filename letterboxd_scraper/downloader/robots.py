"""robots.txt: obeyed, read once a day, and without it nothing is read at all."""

import asyncio
import logging
from urllib.parse import urljoin

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.http.request import NO_CALLBACK
from scrapy.robotstxt import RobotParser
from scrapy.utils.misc import build_from_crawler, load_object

from letterboxd_scraper import config
from letterboxd_scraper.downloader.stops import RobotsUnreadable, SiteStop
from letterboxd_scraper.store.crawl_state import robots
from letterboxd_scraper.store.open import open_store

logger = logging.getLogger(__name__)
# No robots.txt at all: everything is allowed (RFC 9309, 2.3.1.3).
_ABSENT = frozenset({404, 410})


class Robots(RobotsTxtMiddleware):
    """Scrapy's middleware takes an unreadable robots.txt for leave to read everything; this one stops."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.config = config.from_settings(crawler.settings)
        self._reading = asyncio.Lock()
        self._parsers_or_stops: dict[str, RobotParser | SiteStop] = {}

    async def robot_parser(self, request: Request) -> RobotParser | None:
        """Return the rules of the request's site, read at most once. Raises SiteStop if nobody can tell."""
        url = urljoin(request.url, "/robots.txt")
        async with self._reading:
            if url not in self._parsers_or_stops:
                self._parsers_or_stops[url] = await self._read(url)
        parser = self._parsers_or_stops[url]
        if isinstance(parser, SiteStop):
            raise parser
        return parser

    async def _read(self, url: str) -> RobotParser | SiteStop:
        engine = open_store(self.config.DATABASE_URL)
        now = self.config.now()
        try:
            body = await asyncio.to_thread(robots.recall, engine, url, now - robots.READ_EVERY)
            if body is None:
                body = await self._fetch(url)
                await asyncio.to_thread(robots.remember, engine, url, body, now)
        except SiteStop as stop:
            return stop
        finally:
            engine.dispose()
        parser = load_object(self.crawler.settings["ROBOTSTXT_PARSER"])
        return build_from_crawler(parser, self.crawler, body)  # type: ignore[no-any-return]

    async def _fetch(self, url: str) -> bytes:
        request = Request(url, meta={"dont_obey_robotstxt": True}, callback=NO_CALLBACK)
        self.crawler.stats.inc_value("robotstxt/request_count")
        try:
            response = await self.crawler.engine.download_async(request)
        except SiteStop:
            raise
        except Exception as error:
            raise _unreadable(url, f"{type(error).__name__}: {error}") from None
        if response.status in _ABSENT:
            return b""
        if response.status != 200:
            raise _unreadable(url, f"status {response.status}")
        return response.body


def _unreadable(url: str, reason: str) -> RobotsUnreadable:
    logger.error(
        "Stopped: %s cannot be read (%s), so nobody knows what is allowed. Try again later.", url, reason
    )
    return RobotsUnreadable(reason)
