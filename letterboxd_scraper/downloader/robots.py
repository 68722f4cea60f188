"""robots.txt: obeyed, read once a day, and without it nothing is read at all."""

import asyncio
import logging
import re
from urllib.parse import urljoin

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.http.request import NO_CALLBACK
from scrapy.robotstxt import RobotParser
from scrapy.utils.misc import build_from_crawler, load_object

from letterboxd_scraper import config
from letterboxd_scraper.downloader.database import in_thread
from letterboxd_scraper.downloader.pace import pace_of
from letterboxd_scraper.downloader.retries import LONGEST_WAIT
from letterboxd_scraper.downloader.stops import (
    CrawlEnding,
    RobotsUnreadable,
    SiteBlocked,
    SiteStop,
    in_words,
)
from letterboxd_scraper.store.crawl_state import robots
from letterboxd_scraper.store.open import open_patiently

logger = logging.getLogger(__name__)
# No robots.txt at all: everything is allowed (RFC 9309, 2.3.1.3).
_ABSENT = frozenset({404, 410})
# In bytes; half a megabyte is what everybody has to be able to read (RFC 9309, 2.5).
_LONGEST = 500 * 1024
_RULE = re.compile(r"\s*(user-agent|allow|disallow|crawl-delay|sitemap|host)\s*:", re.IGNORECASE)


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
        now = self.config.now()
        engine = await in_thread(self.crawler, open_patiently, self.config)
        try:
            body = await in_thread(self.crawler, robots.recall, engine, url, now - robots.READ_EVERY)
            is_new = body is None or not is_robots_txt(body)
            if body is None or is_new:
                body = await self._fetch(url)
                await in_thread(self.crawler, robots.remember, engine, url, body, now)
            parser = load_object(self.crawler.settings["ROBOTSTXT_PARSER"])
            rules: RobotParser = build_from_crawler(parser, self.crawler, body)
            await self._slow_down(rules, url, is_new=is_new)
        except SiteStop as stop:
            return stop
        finally:
            engine.dispose()
        return rules

    async def _slow_down(self, rules: RobotParser, url: str, *, is_new: bool) -> None:
        """Keep the pace that robots.txt asks for. Raises SiteBlocked where nobody can wait for so long."""
        delay = rules.crawl_delay(self._robotstxt_useragent or self._default_useragent)
        if delay is None or delay <= 0:
            return
        if delay > LONGEST_WAIT:
            reason = f"robots.txt asks for {delay:g} s between two requests"
            logger.error("Blocked: %s (%s); more than %g are not waited for.", reason, url, LONGEST_WAIT)
            raise SiteBlocked(reason)
        pace = pace_of(self.crawler)
        pace.slow_down(delay)
        if is_new:  # to read it was a request already
            await pace.hold(url, delay)

    async def _fetch(self, url: str) -> bytes:
        meta = {"dont_obey_robotstxt": True, "download_maxsize": _LONGEST}
        request = Request(url, meta=meta, callback=NO_CALLBACK)
        self.crawler.stats.inc_value("robotstxt/request_count")
        try:
            response = await self.crawler.engine.download_async(request)
        except (CrawlEnding, SiteStop):
            raise
        except Exception as error:
            raise _unreadable(url, in_words(error)) from None
        if response.status in _ABSENT and response.url == url:
            return b""
        if response.status != 200:
            led = "" if response.url == url else f" at {response.url}, where it leads"
            raise _unreadable(url, f"status {response.status}{led}")
        if not is_robots_txt(response.body):
            raise _unreadable(url, "what stands there is no text of rules")
        return response.body


def is_robots_txt(body: bytes) -> bool:
    """Say whether a body is text of the form of robots.txt: empty, or with rules and no markup.

    >>> [is_robots_txt(body) for body in (b"", b"# nobody", b"User-agent: *\\nDisallow: /")]
    [True, True, True]
    >>> [is_robots_txt(body) for body in (b"<html>User-agent: *", b"Not found", b"\\xff\\xfeU\\0s\\0")]
    [False, False, False]
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if "\0" in text or any(line.lstrip().startswith("<") for line in lines):
        return False
    return not lines or any(_RULE.match(line) for line in lines)


def _unreadable(url: str, reason: str) -> RobotsUnreadable:
    logger.error(
        "Stopped: %s cannot be read (%s), so nobody knows what is allowed. Try again later.", url, reason
    )
    return RobotsUnreadable(f"robots.txt: {reason}")
