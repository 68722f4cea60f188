"""Downloader middleware: answers are unpacked up to DOWNLOAD_MAXSIZE; larger ones leave nothing behind."""

import logging
from typing import Any, Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response


class Unpacking(HttpCompressionMiddleware):
    """Scrapy's error of an answer that is too large holds all of it, up to the next look for garbage."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        # What Scrapy warns of it raises as well, and then it is said with the page that it is about. Not in
        # the settings: Scrapy sets the levels of its loggers after it has read them.
        logging.getLogger(HttpCompressionMiddleware.__module__).setLevel(logging.ERROR)
        return super().from_crawler(crawler)

    def process_response(
        self, request: Request, response: Response, spider: Any = None
    ) -> Request | Response:
        """Return the response, unpacked. Raises IgnoreRequest if it is too large."""
        try:
            return super().process_response(request, response)
        except IgnoreRequest:
            size = len(response.body)
        # Here, where the first error is no more.
        raise IgnoreRequest(f"the answer, of {size:,} bytes, unpacks to more than DOWNLOAD_MAXSIZE allows")
