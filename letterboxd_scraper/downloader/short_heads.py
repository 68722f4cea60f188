"""The head of an answer has an end: Twisted would take in headers until no memory is left."""

from typing import Any

from scrapy.core.downloader.handlers.http11 import _LenientHTTP11ClientFactory, _LenientHTTP11ClientProtocol
from twisted.internet.defer import Deferred
from twisted.web._newclient import HEADER, STATUS

# In bytes, with the beginning of the body that comes along; the site's heads have two thousand.
LONGEST = 256 * 1024


class _ShortHeadProtocol(_LenientHTTP11ClientProtocol):
    """Hangs up on who sends a longer head."""

    _head = 0

    def request(self, request: Any) -> Deferred[Any]:
        self._head = 0
        return super().request(request)

    def dataReceived(self, data: bytes) -> None:
        parser = self._parser
        if parser is not None and parser.state in (STATUS, HEADER):
            self._head += len(data)
            if self._head > LONGEST:
                self.abort()  # type: ignore[no-untyped-call]
                return
        super().dataReceived(data)  # type: ignore[no-untyped-call]


class ShortHeads(_LenientHTTP11ClientFactory):
    """Makes the connections of Scrapy's pool."""

    def buildProtocol(self, addr: Any) -> _ShortHeadProtocol:
        """Return the protocol of a new connection, which Twisted calls for each."""
        return _ShortHeadProtocol(self._quiescentCallback)  # type: ignore[no-untyped-call]
