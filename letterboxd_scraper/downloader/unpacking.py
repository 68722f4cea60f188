"""Downloader middleware: answers are unpacked up to DOWNLOAD_MAXSIZE; larger ones leave nothing behind."""

from typing import Any

from scrapy import Request
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response


class Unpacking(HttpCompressionMiddleware):
    """Scrapy's error of an answer that is too large holds all of it, up to the next look for garbage."""

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
