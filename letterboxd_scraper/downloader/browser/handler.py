"""Scrapy's downloader with a browser in it: the same turns, one request at a time, the same refusals."""

import asyncio
import gc
from contextlib import suppress
from uuid import uuid4

from playwright.async_api import Browser
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeoutError
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadCancelledError, DownloadFailedError, DownloadTimeoutError
from scrapy.http import Response
from scrapy_playwright.handler import Config as PlaywrightConfig
from scrapy_playwright.handler import ScrapyPlaywrightDownloadHandler
from scrapy_playwright.provider import PlaywrightBrowserProvider

from letterboxd_scraper.downloader.browser.page import BrowserPage
from letterboxd_scraper.downloader.pace import pace_of
from letterboxd_scraper.downloader.robots import Robots
from letterboxd_scraper.downloader.stops import BrowserUnusable


class OneBrowser(PlaywrightBrowserProvider):  # type: ignore[misc]
    """Launches the browser when it is first asked for, and again only when that one has ended."""

    def __init__(self, config: PlaywrightConfig) -> None:
        super().__init__(config)
        self.browser: Browser | None = None
        self.user_agent = ""  # what the browser calls itself
        self._launching = asyncio.Lock()

    async def launch_browser(self) -> Browser:
        """Return the browser that runs. Raises playwright's Error if it does not start."""
        async with self._launching:
            if self.browser is None or not self.browser.is_connected():
                self.browser = await super().launch_browser()
                session = await self.browser.new_browser_cdp_session()
                self.user_agent = (await session.send("Browser.getVersion"))["userAgent"]
        return self.browser

    async def close(self) -> None:
        """End the browser, whether or not a page was ever loaded in it."""
        if self.browser and self.browser.is_connected():
            await self.browser.close()
        await super().close()


class BrowserDownloadHandler(ScrapyPlaywrightDownloadHandler):  # type: ignore[misc]
    """Loads every page of the site in the browser, robots.txt, feeds and fragments too."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        # A page that was lost with its browser is for `Refusals` to try again, after a pause.
        self.config.target_closed_max_retries = 0

    async def download_request(self, request: Request) -> Response:
        """Return the page as its scripts have built it. Raises BrowserUnusable, and Scrapy's errors."""
        user_agent = await self._combined_user_agent()
        async with pace_of(self.crawler).turn(request.url):
            return await self._load(request, user_agent)

    async def _combined_user_agent(self) -> str:
        """Return the browser's user agent followed by ours, once the browser runs.

        Its own, because it is the browser that asks, and what it says of itself stays true (HeadlessChrome);
        ours, because the site shall know whom to ask. Page scripts see what the site sees.
        """
        try:
            await self.browser_provider.launch_browser()
        except PlaywrightError as error:
            program = self.config.launch_options["executable_path"]
            raise BrowserUnusable(f"the browser {program} does not start: {_first_line(error)}") from None
        return f"{self.browser_provider.user_agent} {self.crawler.settings['USER_AGENT']}"

    async def _load(self, request: Request, user_agent: str) -> Response:
        seconds = self.crawler.settings.getfloat("DOWNLOAD_TIMEOUT")
        most = request.meta.get("download_maxsize", self.crawler.settings.getint("DOWNLOAD_MAXSIZE"))
        page = BrowserPage(request, self._pause_before, seconds, most)
        context = uuid4().hex
        meta = {
            "playwright": True,
            "playwright_include_page": True,
            # No cookie outlives its page, as without a browser.
            "playwright_context": context,
            "playwright_context_kwargs": {"user_agent": user_agent, "service_workers": "block"},
            "playwright_page_init_callback": page.intercept,
            "playwright_page_goto_kwargs": {"wait_until": "commit"},
        }
        loading = request.replace(meta=request.meta | meta)
        try:
            # Scripts that never let go of the page hang even what has time limits of its own.
            async with asyncio.timeout(2 * seconds):
                response = await super().download_request(loading)
                return page.answer or await page.rendered(response)
        except TimeoutError:
            raise DownloadTimeoutError(
                f"the page holds the browser for more than {2 * seconds:g} s"
            ) from None
        except PlaywrightError as error:
            if page.answer:
                return page.answer
            if page.is_too_large:
                raise DownloadCancelledError(f"The browser received more than {most} bytes") from None
            timed_out = isinstance(error, PlaywrightTimeoutError)
            raise (DownloadTimeoutError if timed_out else DownloadFailedError)(_first_line(error)) from None
        finally:
            request.meta["download_latency"] = loading.meta.get("download_latency")
            page.end()
            page.answer = None
            if page.is_heavy:  # playwright keeps what was at work on it until Python looks for garbage
                gc.collect()
            if wrapper := self.context_wrappers.get(context):
                with suppress(PlaywrightError):
                    await wrapper.context.close()

    async def _pause_before(self, url: str) -> float | None:
        """Return how long a page's own request must wait for the one before it; None: it may not be sent."""
        robots = self.crawler.get_downloader_middleware(Robots)
        parser = await robots.robot_parser(Request(url)) if robots else None
        if parser and not parser.allowed(url, self.crawler.settings["USER_AGENT"]):
            return None
        self.stats.inc_value("downloader/request_count")
        return pace_of(self.crawler).delay


def _first_line(error: PlaywrightError) -> str:
    return error.message.splitlines()[0]
