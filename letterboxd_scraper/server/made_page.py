"""A page that was made whole, and is answered again until what it shows changes."""

import gzip
from dataclasses import dataclass
from typing import Self

from fastapi import Response
from fastapi.responses import HTMLResponse

from letterboxd_scraper.server.conditional import tag_of

_COMPRESSION = 6


@dataclass(frozen=True, slots=True)
class MadePage:
    """A page as made, and the tag that changes with it."""

    compressed: bytes
    tag: str

    @classmethod
    def of(cls, html: str) -> Self:
        """Return a page of this text."""
        page = html.encode()
        return cls(gzip.compress(page, _COMPRESSION), tag_of(page))

    def answer(self, accept_encoding: str, policy: str) -> Response:
        """Return the answer to who asks for it; ``policy`` holds beside the one that stands in the page."""
        headers = {"ETag": self.tag, "Content-Security-Policy": policy, "Vary": "Accept-Encoding"}
        if "gzip" in accept_encoding:
            return HTMLResponse(self.compressed, headers=headers | {"Content-Encoding": "gzip"})
        return HTMLResponse(gzip.decompress(self.compressed), headers=headers)
