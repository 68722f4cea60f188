"""Downloader middleware: failed requests are retried after a pause; a refusal by the site ends the crawl."""

import logging
import random
from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response, TextResponse
from scrapy.utils.misc import load_object

from letterboxd_scraper import config
from letterboxd_scraper.downloader import log_fields
from letterboxd_scraper.downloader.pace import pace_of
from letterboxd_scraper.downloader.stops import SiteBlocked, retried
from letterboxd_scraper.pages.proof import block_in
from letterboxd_scraper.retry_after import retry_after
from letterboxd_scraper.words import counted

logger = logging.getLogger(__name__)

# Statuses that may be better the next time.
TRANSIENT = frozenset({408, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
# Statuses that hold for the whole site, not for one page.
OVERLOADED = frozenset({429, 503})
# A site that asks for a longer wait than config.LONGEST_WAIT ends the crawl.
LONGEST_WAIT = config.LONGEST_WAIT


class Refusals:
    """Retries transient failures with growing pauses, and ends the crawl when the site refuses us.

    After a challenge nothing is sent for CHALLENGE_PAUSE seconds, then its page is tried once more. Two
    challenges with no good page between them are a block, and so is one ban page.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.settings = config.from_settings(crawler.settings)
        self.pace = pace_of(crawler)
        self.failures = tuple(load_object(name) for name in crawler.settings.getlist("RETRY_EXCEPTIONS"))
        self.challenges = 0  # since the last good page
        self.blocked: str | None = None  # the reason; from then on every request is refused

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Pause before a request whose last page could not be read. Raises SiteBlocked, and CrawlEnding."""
        self._refuse_if_blocked()
        if request.meta.pop("page_was_bad", False):
            await self.pace.sleep(self._backoff(request))

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        """Return the response, or the request to be sent again. Raises SiteBlocked when the site refuses."""
        self._refuse_if_blocked()
        text = response.text if isinstance(response, TextResponse) else ""
        block = block_in(response.status, lower_case_headers(response), text)
        if block == "ban":
            self._stop("the site answered with a ban page", request.url)
        if block == "challenge":
            return await self._challenged(request)
        if response.status in (200, 304):
            self.challenges = 0
        if response.status in TRANSIENT:
            return await self._retry(request, response) or response
        return response

    async def process_exception(self, request: Request, exception: Exception) -> Request | None:
        """Return the request to be sent again after a network error; None when it was sent often enough."""
        if isinstance(exception, self.failures):
            return await self._retry(request, None)
        return None

    async def _challenged(self, request: Request) -> Request:
        self.challenges += 1
        if self.challenges > 1:
            self._stop("the site answered with a challenge, twice", request.url)
        pause = self.settings.CHALLENGE_PAUSE
        challenged = "The site answered %s with a challenge: silent for %g s"
        logger.warning(challenged, request.url, pause, extra=log_fields.of_request(request))
        await self.pace.hold(request.url, pause)
        return request.replace(dont_filter=True)

    async def _retry(self, request: Request, response: Response | None) -> Request | None:
        """Return the request to be sent again after a pause; None when it was sent often enough."""
        status = response.status if response else None
        if request.meta.get("retry_times", 0) >= self.settings.RETRY_TIMES:
            if status == 429:
                self._stop("the site still says that we ask too much", request.url)
            return None
        again = retried(request)
        header = response.headers.get("Retry-After") if response else None
        wait = retry_after((header or b"").decode("latin-1")) or self._backoff(again)
        if wait > LONGEST_WAIT:
            self._stop(f"the site asks for silence for {counted(round(wait / 60), 'minute')}", request.url)
        about = log_fields.of_request(request, response)
        logger.info("%s: %s; again in %.1f s", request.url, status or "no answer", wait, extra=about)
        if status in OVERLOADED:
            await self.pace.hold(request.url, wait)
        else:
            await self.pace.sleep(wait)
        return again

    def _backoff(self, request: Request) -> float:
        """Return a pause in seconds that doubles with each retry; its random part keeps clients apart."""
        longest = self.settings.RETRY_BACKOFF_BASE * 2.0 ** (request.meta["retry_times"] - 1)
        return float(longest) * random.uniform(0.5, 1.0)  # noqa: S311

    def _refuse_if_blocked(self) -> None:
        if self.blocked:
            raise SiteBlocked(self.blocked)

    def _stop(self, reason: str, url: str) -> None:
        self.blocked = reason
        logger.error(
            "Blocked: %s (%s). What was read is kept. Another way: members' own export archives "
            "(letterboxd import zip FILE… --cohort LABEL); or try again in some hours.",
            reason,
            url,
            extra={"url": url},
        )
        raise SiteBlocked(reason)


def lower_case_headers(response: Response) -> dict[str, str]:
    """Return the response's headers with lower-case names."""
    return {str(name).lower(): value for name, value in response.headers.to_unicode_dict().items()}
