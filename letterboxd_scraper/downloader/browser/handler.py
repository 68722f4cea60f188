"""Scrapy's downloader with a browser in it: the same turns, one request at a time, the same refusals."""

import asyncio
from contextlib import suppress
from uuid import uuid4

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeoutError
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadFailedError, DownloadTimeoutError
from scrapy.http import Response
from scrapy_playwright.handler import ScrapyPlaywrightDownloadHandler

from letterboxd_scraper.downloader.browser.visit import Visit
from letterboxd_scraper.downloader.pace import pace_of
from letterboxd_scraper.downloader.robots import Robots
from letterboxd_scraper.downloader.stops import BrowserUnusable


class BrowserDownloadHandler(ScrapyPlaywrightDownloadHandler):  # type: ignore[misc]
    """Every request to the site is a visit of the browser's, robots.txt, feeds and fragments too."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._name = ""
        # A page that was lost with its browser is for `Refusals` to try again, after a pause.
        self.config.target_closed_max_retries = 0

    async def download_request(self, request: Request) -> Response:
        agent = await self._agent()
        async with pace_of(self._crawler).turn(request.url):
            return await self._visit(request, agent)

    async def _agent(self) -> str:
        """Return the browser's own agent followed by ours.

        Its own, because it is the browser that asks, and what it says of itself stays true (HeadlessChrome);
        ours, because the site shall know whom to ask. Page scripts see what the site sees.
        """
        try:
            await self._maybe_launch_browser()
            if not self._name:
                session = await self.browser.new_browser_cdp_session()
                own = (await session.send("Browser.getVersion"))["userAgent"]
                self._name = f"{own} {self._crawler.settings['USER_AGENT']}"
        except PlaywrightError as error:
            program = self.config.launch_options["executable_path"]
            raise BrowserUnusable(f"the browser {program} does not start: {_first_line(error)}") from None
        return self._name

    async def _visit(self, request: Request, agent: str) -> Response:
        seconds = self._crawler.settings.getfloat("DOWNLOAD_TIMEOUT")
        visit = Visit(request, self._pause_before, seconds)
        name = uuid4().hex
        meta = {
            "playwright": True,
            "playwright_include_page": True,
            # No cookie outlives its page, as without a browser.
            "playwright_context": name,
            "playwright_context_kwargs": {"user_agent": agent, "service_workers": "block"},
            "playwright_page_init_callback": visit.begin,
            "playwright_page_goto_kwargs": {"wait_until": "commit"},
        }
        loading = request.replace(meta=request.meta | meta)
        try:
            # Scripts that never let go of the page hang even what has time limits of its own.
            async with asyncio.timeout(2 * seconds):
                loaded = await super().download_request(loading)
                return visit.answer or await visit.rendered(loaded)
        except TimeoutError:
            raise DownloadTimeoutError(
                f"the page holds the browser for more than {2 * seconds:g} s"
            ) from None
        except PlaywrightError as error:
            if visit.answer:
                return visit.answer
            failed = (
                DownloadTimeoutError if isinstance(error, PlaywrightTimeoutError) else DownloadFailedError
            )
            raise failed(_first_line(error)) from None
        finally:
            request.meta["download_latency"] = loading.meta.get("download_latency")
            visit.end()
            if wrapper := self.context_wrappers.get(name):
                with suppress(PlaywrightError):
                    await wrapper.context.close()

    async def _pause_before(self, url: str) -> float | None:
        """Return how long a page's own request must wait for the one before it; None: it may not be sent."""
        settings = self._crawler.settings
        robots = self._crawler.get_downloader_middleware(Robots)
        rules = await robots.robot_parser(Request(url)) if robots else None
        if rules and not rules.allowed(url, settings["USER_AGENT"]):
            return None
        self.stats.inc_value("downloader/request_count")
        return float(settings.getfloat("DOWNLOAD_DELAY"))


def _first_line(error: PlaywrightError) -> str:
    return error.message.splitlines()[0]
