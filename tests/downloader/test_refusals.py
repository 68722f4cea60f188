"""What becomes of each answer of the site: it is handed on, tried again after a pause, or ends the crawl."""

import asyncio
import random
from typing import Any

import pytest
from scrapy import Request
from scrapy.exceptions import DownloadTimeoutError
from scrapy.http import HtmlResponse, Response

from letterboxd_scraper.downloader.retries import LONGEST_WAIT, Refusals, lower_case_headers
from letterboxd_scraper.downloader.stops import SiteBlocked
from tests.downloader.fakes import make_crawler

URL = "https://site.test/marla/"
CHALLENGE = "<title>Just a moment...</title>"
BAN = "The owner has banned you temporarily"


class Middleware:
    """The middleware, and the pauses that it made: ("site" or "request", seconds)."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> None:
        usual = {"RETRY_BACKOFF_BASE": 2.0, "RETRY_TIMES": 3, "CHALLENGE_PAUSE": 60.0}
        self.crawler = make_crawler(**usual | settings)
        self.refusals = Refusals.from_crawler(self.crawler)
        monkeypatch.setattr(random, "uniform", lambda least, most: most)

    @property
    def pauses(self) -> list[tuple[str, float]]:
        holds = [("site", seconds) for url, seconds in self.crawler.pace.holds if url == URL]
        return holds + [("request", seconds) for seconds in self.crawler.pace.sleeps]

    def answer(self, status: int, text: str = "", retries: int = 0, **headers: str) -> Request | Response:
        """Let the site answer a request that was retried so often; return what the middleware returns."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = Request(URL, meta={"retry_times": retries} if retries else {})
        response = HtmlResponse(URL, status=status, body=text.encode(), headers=named)
        return asyncio.run(self.refusals.process_response(request, response))


@pytest.fixture
def middleware(monkeypatch: pytest.MonkeyPatch) -> Middleware:
    return Middleware(monkeypatch)


# Status: who waits before the request is sent again; nobody: the answer is handed on.
STATUSES = {
    **dict.fromkeys((200, 206, 301, 304, 403, 404, 410, 501), None),
    **dict.fromkeys((408, 500, 502, 504, 520, 521, 522, 523, 524), "request"),
    **dict.fromkeys((429, 503), "site"),
}


@pytest.mark.parametrize(("status", "waits"), STATUSES.items())
def test_a_status_is_handed_on_or_tried_again(middleware: Middleware, status: int, waits: str | None) -> None:
    result = middleware.answer(status)
    if waits is None:
        assert isinstance(result, Response)
        assert middleware.pauses == []
    else:
        assert isinstance(result, Request)
        assert (result.url, result.dont_filter, result.meta["retry_times"]) == (URL, True, 1)
        assert middleware.pauses == [(waits, 2.0)]


def test_the_pause_doubles_with_each_retry_and_half_of_it_is_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    middleware = Middleware(monkeypatch, RETRY_TIMES=9)
    for retries in range(4):
        middleware.answer(500, retries=retries)
    assert middleware.crawler.pace.sleeps == [2, 4, 8, 16]
    monkeypatch.setattr(random, "uniform", lambda least, most: least)
    middleware.answer(500, retries=3)
    assert middleware.crawler.pace.sleeps[-1] == 8


@pytest.mark.parametrize("status", [500, 503])
@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7), (" 7 ", 7), ("0", 2), ("soon", 2), ("", 2), ("-7", 2), ("9" * 5000, 2), ("900", 900)],
)
def test_the_pause_is_the_one_asked_for(
    middleware: Middleware, status: int, header: str, seconds: float
) -> None:
    middleware.answer(status, Retry_After=header)
    assert middleware.pauses == [("site" if status == 503 else "request", seconds)]


@pytest.mark.parametrize(
    ("header", "minutes"),
    [
        ("901", "15"),
        ("172800", "2,880"),
        ("Fri, 01 Jan 2100 00:00:00 GMT", r"[\d,]{10,}"),
        ("9" * 30, r"[\d,]{10,}"),
    ],
)
def test_who_asks_for_too_long_a_pause_refuses_us(middleware: Middleware, header: str, minutes: str) -> None:
    assert LONGEST_WAIT == 900
    with pytest.raises(SiteBlocked, match=f"silence for {minutes} minutes"):
        middleware.answer(503, Retry_After=header)
    assert middleware.pauses == []


def test_a_status_may_be_a_ban_by_itself(middleware: Middleware) -> None:
    with pytest.raises(SiteBlocked, match="ban page"):
        middleware.answer(426)


def test_a_status_that_stays_is_handed_on_in_the_end_but_too_many_requests_is_a_block(
    middleware: Middleware,
) -> None:
    assert isinstance(middleware.answer(500, retries=2), Request)
    assert isinstance(middleware.answer(500, retries=3), Response)
    assert isinstance(middleware.answer(503, retries=3), Response)
    assert isinstance(middleware.answer(429, retries=2), Request)
    with pytest.raises(SiteBlocked, match=r"^the site still says that we ask too much$"):
        middleware.answer(429, retries=3)


def test_without_retries_the_first_answer_is_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(Middleware(monkeypatch, RETRY_TIMES=1).answer(500), Request)
    assert isinstance(Middleware(monkeypatch, RETRY_TIMES=0).answer(500), Response)


def test_the_log_tells_of_which_page_it_speaks(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    Middleware(monkeypatch).answer(500)
    with pytest.raises(SiteBlocked):
        Middleware(monkeypatch).answer(503, Retry_After="901")
    with pytest.raises(SiteBlocked):
        Middleware(monkeypatch).answer(429, retries=3)
    again, *stops = caplog.records
    assert again.getMessage() == f"{URL}: 500; again in 2.0 s"
    assert (vars(again)["url"], vars(again)["status"], vars(again)["attempt"]) == (URL, 500, 1)
    assert [vars(stop)["url"] for stop in stops] == [URL, URL]


def test_a_network_error_is_tried_again_and_other_errors_are_not(middleware: Middleware) -> None:
    async def after(error: Exception, retries: int) -> Request | None:
        request = Request(URL, meta={"retry_times": retries})
        return await middleware.refusals.process_exception(request, error)

    again = asyncio.run(after(DownloadTimeoutError(), 1))
    assert again is not None
    assert again.meta["retry_times"] == 2
    assert middleware.pauses == [("request", 4)]
    assert asyncio.run(after(DownloadTimeoutError(), 3)) is None
    assert asyncio.run(after(ZeroDivisionError(), 0)) is None
    assert len(middleware.pauses) == 1


def test_a_challenge_is_waited_out_once(middleware: Middleware, caplog: pytest.LogCaptureFixture) -> None:
    again = middleware.answer(403, CHALLENGE)
    assert isinstance(again, Request)
    assert again.dont_filter
    assert "retry_times" not in again.meta
    assert middleware.pauses == [("site", 60)]
    assert caplog.messages == [f"The site answered {URL} with a challenge: silent for 60 s"]
    with pytest.raises(SiteBlocked, match=r"^the site answered with a challenge, twice$"):
        middleware.answer(200, CHALLENGE)
    assert len(middleware.pauses) == 1
    assert f"the site answered with a challenge, twice ({URL})" in caplog.messages[-1]


# After a challenge, an answer; whether the next challenge is the first again.
BETWEEN = {200: True, 304: True, 404: False, 403: False, 500: False}


@pytest.mark.parametrize(("status", "is_good"), BETWEEN.items())
def test_only_a_good_page_ends_a_challenge(middleware: Middleware, status: int, is_good: bool) -> None:
    middleware.answer(403, CHALLENGE)
    middleware.answer(status)
    if is_good:
        assert isinstance(middleware.answer(403, CHALLENGE), Request)
    else:
        with pytest.raises(SiteBlocked):
            middleware.answer(403, CHALLENGE)


def test_a_challenge_may_be_told_by_a_header_alone(middleware: Middleware) -> None:
    assert isinstance(middleware.answer(403, CF_Mitigated="challenge"), Request)
    assert middleware.pauses == [("site", 60)]


def test_after_a_ban_nothing_is_sent_any_more(
    middleware: Middleware, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(SiteBlocked, match="ban page"):
        middleware.answer(403, BAN)
    (record,) = (record for record in caplog.records if record.levelname == "ERROR")
    assert "letterboxd import zip" in record.getMessage()
    assert URL in record.getMessage()
    with pytest.raises(SiteBlocked, match="ban page"):
        asyncio.run(middleware.refusals.process_request(Request(URL)))
    with pytest.raises(SiteBlocked, match="ban page"):
        middleware.answer(200)


def test_an_answer_that_is_no_text_is_handed_on(middleware: Middleware) -> None:
    response = Response(URL, body=b"\xff")
    assert asyncio.run(middleware.refusals.process_response(Request(URL), response)) is response


def test_before_a_page_that_could_not_be_read_there_is_a_pause(middleware: Middleware) -> None:
    async def ask(request: Request) -> None:
        await middleware.refusals.process_request(request)

    asyncio.run(ask(Request(URL, meta={"retry_times": 2})))
    assert middleware.pauses == []
    request = Request(URL, meta={"retry_times": 2, "page_was_bad": True})
    asyncio.run(ask(request))
    assert middleware.pauses == [("request", 4)]
    asyncio.run(ask(request))  # of the same request, sent again for another reason, only once
    assert len(middleware.pauses) == 1


def test_headers_have_lower_case_names() -> None:
    response = Response(URL, headers={"CF-Mitigated": "Challenge"})
    assert lower_case_headers(response) == {"cf-mitigated": "Challenge"}
