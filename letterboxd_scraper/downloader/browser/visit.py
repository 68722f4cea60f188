"""One page in the browser, from the request for it to what its scripts have made of it."""

import asyncio
from base64 import b64decode
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page, Route, WebSocketRoute
from playwright.async_api import Request as PageRequest
from playwright.async_api import TimeoutError as PlaywrightTimeoutError
from scrapy import Request
from scrapy.http import Headers, HtmlResponse, Response, TextResponse
from scrapy.responsetypes import responsetypes

from letterboxd_scraper.downloader.retries import OVERLOADED, lower_case
from letterboxd_scraper.errors import PageError
from letterboxd_scraper.pages import proof

# What a page may fetch from its own host to build itself; pictures and styles show nothing that is read.
_NEEDED = frozenset({"script", "xhr", "fetch"})
# How long a page that shows what it must may go on fetching more.
_CALM = 5.0

Pause = Callable[[str], Awaitable[float | None]]


class Visit:
    """The document is judged as the site sends it, before any script of it runs.

    What refuses us, is cut short, leads elsewhere or is no page becomes the ``answer`` as it came: a
    challenge never gets to run. A page's own requests wait for each other as ours do, obey robots.txt, and
    never leave its host.
    """

    def __init__(self, request: Request, pause_before: Pause, seconds: float) -> None:
        self.request = request
        self.answer: Response | None = None
        self._pause_before = pause_before
        self._deadline = _now() + seconds
        self._document: Response | None = None
        self._navigates = False
        self._over = asyncio.Event()
        self._turn = asyncio.Lock()
        self._latest: PageRequest | None = None

    async def begin(self, page: Page, request: Request) -> None:
        """Stand between the page and the site; until this is done, nothing gets out."""
        self.page = page
        await page.route("**", self._gate)
        # Nothing comes here but what has got out of the page: another window, say.
        await page.context.route("**", _refuse)
        await page.context.route_web_socket("**", _leave_unconnected)
        self._session = await page.context.new_cdp_session(page)
        self._session.on("Fetch.requestPaused", self._arrived)
        # Playwright shows no redirect before it is followed, and no document before it runs.
        await self._session.send("Fetch.enable", {"patterns": [{"requestStage": "Response"}]})
        self._navigates = True

    def end(self) -> None:
        """Let no waiting request of the page leave any more."""
        self._over.set()

    async def rendered(self, loaded: TextResponse) -> Response:
        """Return the page when it shows what it must, or as it is at the end of its time."""
        with suppress(PlaywrightTimeoutError):
            shows = self.request.meta["shows"]
            await self.page.wait_for_selector(shows, state="attached", timeout=self._milliseconds())
            await self.page.wait_for_load_state("networkidle", timeout=self._milliseconds(_CALM))
        text = await self.page.content()
        if self.answer:
            return self.answer
        body = text.encode(errors="replace")
        return loaded.replace(body=body, encoding="utf-8", request=self.request)

    def _milliseconds(self, most: float = float("inf")) -> float:
        return 1000 * max(0.001, min(self._deadline - _now(), most))  # 0 would be no limit at all

    async def _gate(self, route: Route) -> None:
        if await self._may_leave(route.request):
            await route.fallback()
        else:
            await _refuse(route)

    async def _may_leave(self, request: PageRequest) -> bool:
        if request.is_navigation_request():
            # The document itself. Where its scripts lead is not the page that was asked for.
            first, self._navigates = self._navigates, False
            return first
        if request.resource_type not in _NEEDED or request.method != "GET" or not self._is_of_site(request):
            return False
        async with self._turn:
            if (pause := await self._pause_before(request.url)) is None:
                return False
            with suppress(PlaywrightError):  # the page was closed meanwhile
                if self._latest:
                    await self._latest.response()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), pause)
            self._latest = request
        return not self._over.is_set()

    def _is_of_site(self, request: PageRequest) -> bool:
        return urlsplit(request.url)[:2] == urlsplit(self.request.url)[:2]

    async def _arrived(self, event: dict[str, Any]) -> None:
        """Decide about an answer of the site's whose headers are there."""
        with suppress(PlaywrightError):  # the page was closed meanwhile
            if reason := event.get("responseErrorReason"):
                await self._tell(event, "failRequest", errorReason=reason)
                return
            try:
                answer = await self._answer(event)
            except PlaywrightError:  # the connection broke
                answer = None
            if answer is None:
                await self._tell(event, "failRequest", errorReason="ConnectionClosed")
            elif self._document is None:
                await self._document_arrived(event, answer)
            else:
                await self._more_arrived(event, answer)

    async def _document_arrived(self, event: dict[str, Any], document: Response) -> None:
        self._document = document
        if self.request.meta.get("shows") and _is_page(document):
            await self._tell(event, "continueRequest")
            return
        self.answer = document
        nothing = [{"name": "Content-Type", "value": "text/html"}]
        await self._tell(event, "fulfillRequest", responseCode=200, responseHeaders=nothing, body="")

    async def _more_arrived(self, event: dict[str, Any], answer: Response) -> None:
        if _refuses(answer):
            # Who refuses what a page is made of refuses the page.
            self.answer = answer.replace(url=self.request.url)
            self.end()
            await self.page.close()
        elif _leads_elsewhere(answer.status):
            await self._tell(event, "failRequest", errorReason="Aborted")
        else:
            await self._tell(event, "continueRequest")

    async def _answer(self, event: dict[str, Any]) -> Response | None:
        """Return what the site answered; None if not all of it came."""
        status = event["responseStatusCode"]
        headers = Headers()
        for header in event["responseHeaders"]:
            headers.appendlist(header["name"], header["value"])
        body = b""
        if not _leads_elsewhere(status):
            got = await self._tell(event, "getResponseBody")
            body = b64decode(got["body"]) if got["base64Encoded"] else got["body"].encode()
            packed = headers.pop("Content-Encoding", None)  # the browser has unpacked it
            length = headers.get("Content-Length") or b""
            if not packed and length.isdigit() and int(length) != len(body):
                return None
        url = event["request"]["url"]
        kind = responsetypes.from_args(headers=headers, url=url, body=body)
        return kind(url, status=status, headers=headers, body=body, request=self.request)

    async def _tell(self, event: dict[str, Any], what: str, **more: Any) -> Any:
        return await self._session.send(f"Fetch.{what}", {"requestId": event["requestId"], **more})


def _is_page(document: Response) -> bool:
    """Say whether a document is a whole page of the site's, which its scripts may complete."""
    if document.status != 200 or not isinstance(document, HtmlResponse) or _refuses(document):
        return False
    try:
        # The browser mends both; afterwards nobody could tell.
        proof.refuse_other_encoding(document.body, document.encoding)
        proof.refuse_truncated(document.text)
    except PageError:
        return False
    return True


def _refuses(answer: Response) -> bool:
    text = answer.text if isinstance(answer, TextResponse) else ""
    return answer.status in OVERLOADED or bool(proof.block_in(answer.status, lower_case(answer), text))


def _leads_elsewhere(status: int) -> bool:
    return 300 <= status < 400


async def _refuse(route: Route) -> None:
    # Any other reason than this would replace the page by one that says so.
    with suppress(PlaywrightError):  # the page was closed meanwhile
        await route.abort("aborted")


def _leave_unconnected(socket: WebSocketRoute) -> None:
    """Do nothing: a socket that is routed is connected by its handler only."""


def _now() -> float:
    return asyncio.get_running_loop().time()
