"""Downloader middleware: what leads away from the base address is not asked for."""

from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler

from letterboxd_scraper import config, urls
from letterboxd_scraper.downloader.stops import LedElsewhere
from letterboxd_scraper.items.texts import in_short


class OneSite:
    """Lets requests pass to the scheme, host and port of LETTERBOXD_BASE_URL, and to nobody else.

    Our spiders ask for nothing else; where a redirect leads, the site says, or whoever stands in its place.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._base_url = config.from_settings(crawler.settings).LETTERBOXD_BASE_URL

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Return None for a request to the site. Raises LedElsewhere."""
        if urls.origin(request.url) != urls.origin(self._base_url):
            raise LedElsewhere(
                f"it leads to {in_short(request.url, 200)}, and nothing is asked for but of {self._base_url}"
                " (if the site has moved: LETTERBOXD_BASE_URL)"
            )
