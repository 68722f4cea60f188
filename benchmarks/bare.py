"""Bare Scrapy: fetches the pages that a file lists and does nothing with them."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from scrapy import Request, Spider
from scrapy.http import Response


class BareSpider(Spider):
    """What everything else is compared with; ``pages`` is a file with one address on a line."""

    name = "bare"
    pages: str

    async def start(self) -> AsyncIterator[Any]:
        for url in Path(self.pages).read_text().split():
            yield Request(url)

    def parse(self, response: Response) -> None:
        """Do nothing."""
