"""One page in the browser, from its request to the state that its scripts leave it in."""

import asyncio
from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page, Route, WebSocketRoute
from playwright.async_api import Request as PageRequest
from playwright.async_api import TimeoutError as PlaywrightTimeoutError
from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Headers, HtmlResponse, Response, TextResponse
from scrapy.responsetypes import responsetypes

from letterboxd_scraper.downloader.retries import OVERLOADED, lower_case_headers
from letterboxd_scraper.errors import PageError
from letterboxd_scraper.pages import proof

# What a page may fetch from its own host to build itself; nothing is read from pictures and styles.
_NEEDED = frozenset({"script", "xhr", "fetch"})
# In seconds: how long a page with all that is read may go on fetching more.
_CALM = 5.0
# In bytes: how much of a response is asked for at once.
_PIECE = 1 << 20
# In bytes, unpacked: what is handed on to run is copied several times on its way. The largest page of the
# site has half a megabyte.
_MOST_TO_RUN = 5_000_000
# What no longer holds of a body that the browser has unpacked.
_OF_TRANSPORT = frozenset({"content-encoding", "content-length", "transfer-encoding"})

Pause = Callable[[str], Awaitable[float | None]]


class _TooLarge(Exception):
    """A response has more bytes than are taken."""


class BrowserPage:
    """The page of one request. Its document is judged as the site sends it, before any script of it runs.

    A document that refuses us, is cut short, leads elsewhere, is no page or too much of one becomes the
    ``answer`` as it came, so that a challenge never gets to run. A page's own requests wait for each other as
    ours do, obey robots.txt, and never leave its host. ``seconds`` is how long the page may take to build
    itself; of a document with more than ``most`` bytes, unpacked, nothing is kept but that it
    ``is_too_large``. A page that was too much to run, or posted anything, ``is_heavy``.
    """

    def __init__(self, request: Request, pause_before: Pause, seconds: float, most: int) -> None:
        self.request = request
        self.answer: Response | None = None
        self.is_heavy = self.is_too_large = False
        self._most = most
        self._pause_before = pause_before
        self._deadline = _now() + seconds
        self._is_judged = False
        self._may_navigate = False
        self._ended = asyncio.Event()
        self._turn = asyncio.Lock()
        self._latest: PageRequest | None = None

    async def intercept(self, page: Page, request: Request) -> None:
        """Put this object between the page and the site; until that is done, nothing gets out."""
        self.page = page
        # scrapy-playwright takes the content out at once, however much it is; we do when the page is built.
        page.content = _nothing_yet  # type: ignore[assignment, method-assign]
        await page.route("**", self._handle_request)
        # Only what the route above does not see gets here: another window, say.
        await page.context.route("**", _abort)
        await page.context.route_web_socket("**", _leave_unconnected)
        self._session = await page.context.new_cdp_session(page)
        self._session.on("Fetch.requestPaused", self._handle_response)
        # Playwright reports redirects only when they are followed, and documents when they run already.
        await self._session.send("Fetch.enable", {"patterns": [{"requestStage": "Response"}]})
        self._may_navigate = True

    def end(self) -> None:
        """Let no waiting request of the page leave any more."""
        self._ended.set()

    async def rendered(self, loaded: TextResponse) -> Response:
        """Return the page once ``meta["shows"]`` selects something, or as it is at the end of its time."""
        with suppress(PlaywrightTimeoutError):
            selector = self.request.meta["shows"]
            await self.page.wait_for_selector(selector, state="attached", timeout=self._milliseconds())
            await self.page.wait_for_load_state("networkidle", timeout=self._milliseconds(_CALM))
        body = (await self._content()).encode(errors="replace")
        if self.answer:
            return self.answer
        if len(body) > _MOST_TO_RUN:
            raise IgnoreRequest(f"the page has grown in the browser to more than {_MOST_TO_RUN:,} bytes")
        return loaded.replace(body=body, encoding="utf-8", request=self.request)

    async def _content(self) -> str:
        """Return the page as its scripts have built it, and of one that has grown too large the beginning.

        It is asked for where no script of the page can answer, and where it can be cut.
        """
        tree = await self._session.send("Page.getFrameTree")
        frame = {"frameId": tree["frameTree"]["frame"]["id"]}
        world = (await self._session.send("Page.createIsolatedWorld", frame))["executionContextId"]
        text = f"document.documentElement.outerHTML.slice(0, {_MOST_TO_RUN + 1})"
        script = {"expression": text, "contextId": world, "returnByValue": True}
        result: str = (await self._session.send("Runtime.evaluate", script))["result"].get("value", "")
        return result

    def _milliseconds(self, most: float = float("inf")) -> float:
        return 1000 * max(0.001, min(self._deadline - _now(), most))  # 0 would be no limit at all

    async def _handle_request(self, route: Route) -> None:
        if await self._may_leave(route.request):
            await route.fallback()
        else:
            await _abort(route)

    async def _may_leave(self, request: PageRequest) -> bool:
        if request.is_navigation_request():
            # The first is the document itself. Where its scripts lead is not the page that was asked for.
            first, self._may_navigate = self._may_navigate, False
            return first
        # What is posted is refused, but has been handed to us, whatever its size.
        self.is_heavy = self.is_heavy or request.method != "GET"
        if request.resource_type not in _NEEDED or request.method != "GET" or not self._is_of_site(request):
            return False
        async with self._turn:
            if (pause := await self._pause_before(request.url)) is None:
                return False
            with suppress(PlaywrightError):  # the page was closed meanwhile
                if self._latest:
                    await self._latest.response()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), pause)
            self._latest = request
        return not self._ended.is_set()

    def _is_of_site(self, request: PageRequest) -> bool:
        return urlsplit(request.url)[:2] == urlsplit(self.request.url)[:2]

    async def _handle_response(self, event: dict[str, Any]) -> None:
        """Decide what the browser gets of a response whose headers have arrived."""
        with suppress(PlaywrightError):  # the page was closed meanwhile
            if "responseErrorReason" in event:
                await self._fetch(event, "continueRequest")
                return
            try:
                response = await self._whole_response(event)
            except PlaywrightError:  # the connection broke
                response = None
            except _TooLarge:
                self.is_too_large = self.is_too_large or not self._is_judged
                response = None
            if response is None:
                await self._fetch(event, "failRequest", errorReason="ConnectionClosed")
            elif not self._is_judged:
                await self._judge_document(event, response)
            else:
                await self._judge_part(event, response)

    async def _judge_document(self, event: dict[str, Any], document: Response) -> None:
        self._is_judged = True
        if self.request.meta.get("shows") and _is_page(document):
            await self._hand_on(event, document)
            return
        self.answer = document
        html = [{"name": "Content-Type", "value": "text/html"}]
        await self._fetch(event, "fulfillRequest", responseCode=200, responseHeaders=html, body="")

    async def _judge_part(self, event: dict[str, Any], response: Response) -> None:
        if len(response.body) > _MOST_TO_RUN:
            await self._fetch(event, "failRequest", errorReason="ConnectionClosed")
        elif _is_refusal(response):
            # Without its parts the page is refused as well.
            self.answer = response.replace(url=self.request.url)
            self.end()
            await self.page.close()
        elif _is_redirect(response.status):
            await self._fetch(event, "failRequest", errorReason="Aborted")
        else:
            await self._hand_on(event, response)

    async def _hand_on(self, event: dict[str, Any], response: Response) -> None:
        """Give the browser a response as it came; its body was taken out and cannot simply go on."""
        headers = [
            header for header in event["responseHeaders"] if header["name"].lower() not in _OF_TRANSPORT
        ]
        await self._fetch(
            event,
            "fulfillRequest",
            responseCode=response.status,
            responseHeaders=headers,
            body=b64encode(response.body).decode(),
        )

    async def _whole_response(self, event: dict[str, Any]) -> Response | None:
        """Return what the site answered; None if not all of it came. Raises _TooLarge."""
        status = event["responseStatusCode"]
        headers = Headers()
        for header in event["responseHeaders"]:
            headers.appendlist(header["name"], header["value"])
        body = b""
        if not _is_redirect(status):
            body = await self._body((await self._fetch(event, "takeResponseBodyAsStream"))["stream"])
            packed = headers.pop("Content-Encoding", None)  # the browser has unpacked it
            length = headers.get("Content-Length") or b""
            if not packed and length.isdigit() and int(length) != len(body):
                return None
        url = event["request"]["url"]
        response_class = responsetypes.from_args(headers=headers, url=url, body=body)
        return response_class(url, status=status, headers=headers, body=body, request=self.request)

    async def _body(self, stream: str) -> bytes:
        """Return what a stream of the browser holds, unpacked. Raises _TooLarge."""
        body = bytearray()
        try:
            while True:
                piece = await self._session.send("IO.read", {"handle": stream, "size": _PIECE})
                body += b64decode(piece["data"]) if piece.get("base64Encoded") else piece["data"].encode()
                self.is_heavy = self.is_heavy or len(body) > _MOST_TO_RUN
                if len(body) > self._most:
                    raise _TooLarge
                if piece["eof"]:
                    return bytes(body)
        finally:
            with suppress(PlaywrightError):
                await self._session.send("IO.close", {"handle": stream})

    async def _fetch(self, event: dict[str, Any], method: str, **parameters: Any) -> Any:
        """Call a method of the browser's Fetch domain for the request of ``event``."""
        return await self._session.send(f"Fetch.{method}", {"requestId": event["requestId"], **parameters})


def _is_page(document: Response) -> bool:
    """Say whether a document is a whole page of the site's, which its scripts may complete."""
    if document.status != 200 or not isinstance(document, HtmlResponse) or _is_refusal(document):
        return False
    if len(document.body) > _MOST_TO_RUN:
        return False
    try:
        proof.refuse_monstrous(document.body)
        # The browser mends both; afterwards nobody could tell.
        proof.refuse_other_encoding(document.body, document.encoding)
        proof.refuse_truncated(document.text)
    except PageError:
        return False
    return True


def _is_refusal(response: Response) -> bool:
    text = response.text if isinstance(response, TextResponse) else ""
    block = proof.block_in(response.status, lower_case_headers(response), text)
    return response.status in OVERLOADED or block is not None


def _is_redirect(status: int) -> bool:
    return 300 <= status < 400


async def _abort(route: Route) -> None:
    # Any other reason than this would replace the page by one that says so.
    with suppress(PlaywrightError):  # the page was closed meanwhile
        await route.abort("aborted")


async def _nothing_yet() -> str:
    return "<html></html>"


def _leave_unconnected(socket: WebSocketRoute) -> None:
    """Do nothing: a socket that is routed is connected by its handler only."""


def _now() -> float:
    return asyncio.get_running_loop().time()
