"""robots.txt: when it is fetched, what is obeyed, and that without it nothing is sent."""

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from letterboxd_scraper import config
from letterboxd_scraper.downloader import robots as downloader_robots
from letterboxd_scraper.downloader.robots import Robots
from letterboxd_scraper.downloader.stops import RobotsUnreadable, SiteBlocked
from letterboxd_scraper.store.crawl_state import robots
from tests.downloader.fakes import make_crawler

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
RULES = b"User-agent: *\nDisallow: /private/\n"


class Fetches:
    """A site with this robots.txt; notes what is asked for. What is stored is in ``stored``."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, answer: Response | Exception) -> None:
        self.answer = answer
        self.requests: list[Request] = []
        self.stored: dict[str, tuple[bytes, datetime]] = {}
        self.disposed = 0
        crawler = make_crawler(ROBOTSTXT_OBEY=True, LETTERBOXD_NOW=NOW.isoformat())
        crawler.settings["ROBOTSTXT_PARSER"] = "scrapy.robotstxt.ProtegoRobotParser"
        crawler.engine = SimpleNamespace(download_async=self._fetch)
        self.engines = {config.load().DATABASE_URL: SimpleNamespace(dispose=self._dispose)}
        monkeypatch.setattr(
            downloader_robots, "open_patiently", lambda config: self.engines[config.DATABASE_URL]
        )
        monkeypatch.setattr(robots, "recall", self._recall)
        monkeypatch.setattr(robots, "remember", self._remember)
        self.crawler = crawler
        self.middleware = Robots.from_crawler(crawler)

    async def _fetch(self, request: Request) -> Response:
        self.requests.append(request)
        await asyncio.sleep(0)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def _dispose(self) -> None:
        self.disposed += 1

    def _recall(self, engine: Any, url: str, not_before: datetime) -> bytes | None:
        assert engine in self.engines.values()
        body, read_at = self.stored.get(url, (None, NOW))
        return body if read_at > not_before else None

    def _remember(self, engine: Any, url: str, body: bytes, at: datetime) -> None:
        assert engine in self.engines.values()
        self.stored[url] = body, at

    def ask(self, *urls: str) -> list[BaseException | None]:
        """Let requests pass through the middleware at once; return what stops each."""

        async def all_at_once() -> list[Any]:
            passing = (self.middleware.process_request(Request(url)) for url in urls)
            return list(await asyncio.gather(*passing, return_exceptions=True))

        return asyncio.run(all_at_once())


def answer_of(body: bytes = RULES, status: int = 200) -> Response:
    return Response("https://site.test/robots.txt", status=status, body=body)


def test_the_rules_are_fetched_once_stored_and_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    fetches = Fetches(monkeypatch, answer_of())
    free, private = fetches.ask("https://site.test/marla/", "https://site.test/private/")
    assert free is None
    assert isinstance(private, IgnoreRequest)
    (request,) = fetches.requests
    assert request.url == "https://site.test/robots.txt"
    assert request.meta["dont_obey_robotstxt"] is True
    assert fetches.stored == {request.url: (RULES, NOW)}
    assert fetches.disposed == 1
    assert fetches.crawler.stats == {"robotstxt/request_count": 1, "robotstxt/forbidden": 1}
    assert fetches.ask("https://site.test/marla/films/") == [None]
    assert len(fetches.requests) == 1


def test_each_host_has_rules_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    fetches = Fetches(monkeypatch, answer_of())
    fetches.ask("https://site.test/", "http://site.test/", "https://tmdb.test/")
    assert sorted(request.url for request in fetches.requests) == [
        "http://site.test/robots.txt",
        "https://site.test/robots.txt",
        "https://tmdb.test/robots.txt",
    ]


@pytest.mark.parametrize(("age", "fetched"), [(23, 0), (24, 1), (25, 1)])
def test_rules_hold_for_a_day(monkeypatch: pytest.MonkeyPatch, age: int, fetched: int) -> None:
    fetches = Fetches(monkeypatch, answer_of(b""))
    fetches.stored["https://site.test/robots.txt"] = RULES, NOW - timedelta(hours=age)
    (stopped,) = fetches.ask("https://site.test/private/")
    assert isinstance(stopped, IgnoreRequest) is not bool(fetched)
    assert len(fetches.requests) == fetched


@pytest.mark.parametrize("status", [404, 410])
def test_without_a_robots_txt_all_is_allowed(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    fetches = Fetches(monkeypatch, answer_of(status=status))
    assert fetches.ask("https://site.test/private/") == [None]
    assert fetches.stored["https://site.test/robots.txt"] == (b"", NOW)


NO_RULES = {
    "a page": b"<!DOCTYPE html><html><body>\nUser-agent: *\nDisallow: /\n</body></html>",
    "a message": b"Service temporarily unavailable",
    "UTF-16": "User-agent: *\nDisallow: /\n".encode("utf-16"),
    "UTF-16 without a mark": "User-agent: *\nDisallow: /\n".encode("utf-16-le"),
    "bytes": bytes(range(256)),
}
READABLE = {
    "nothing": b"",
    "comments": b"# Welcome, robots.\n\n",
    "a mark at the beginning": b"\xef\xbb\xbfUser-agent: *\nDisallow: /nothing/\n",
    "a site map alone": b"Sitemap: https://site.test/sitemap.xml\n",
    "old ends of lines, and a line that means nothing": b"hello\rUSER-AGENT : *\rDisallow:\r",
}


@pytest.mark.parametrize("body", READABLE.values(), ids=READABLE)
def test_text_of_that_form_is_read(monkeypatch: pytest.MonkeyPatch, body: bytes) -> None:
    fetches = Fetches(monkeypatch, answer_of(body))
    assert fetches.ask("https://site.test/marla/") == [None]


def test_what_was_stored_and_is_no_text_of_rules_is_read_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    fetches = Fetches(monkeypatch, answer_of())
    fetches.stored["https://site.test/robots.txt"] = NO_RULES["a page"], NOW
    (private,) = fetches.ask("https://site.test/private/")
    assert isinstance(private, IgnoreRequest)
    assert len(fetches.requests) == 1


def crawl_delay(text: str) -> Response:
    return answer_of(f"User-agent: *\nCrawl-delay: {text}\n".encode())


@pytest.mark.parametrize(
    ("text", "delay"), [("30", 30), ("0.5", 0.5), ("900", 900), ("0", 0), ("-3", 0), ("inf", 0), ("soon", 0)]
)
def test_the_pace_that_it_asks_for_is_kept(monkeypatch: pytest.MonkeyPatch, text: str, delay: float) -> None:
    fetches = Fetches(monkeypatch, crawl_delay(text))
    assert fetches.ask("https://site.test/") == [None]
    assert fetches.crawler.pace.delay == delay
    holds = [("https://site.test/robots.txt", delay)] if delay else []
    assert fetches.crawler.pace.holds == holds


def test_a_stored_one_asks_for_a_pace_too_but_was_no_request(monkeypatch: pytest.MonkeyPatch) -> None:
    fetches = Fetches(monkeypatch, answer_of())
    fetches.stored["https://site.test/robots.txt"] = crawl_delay("30").body, NOW
    fetches.ask("https://site.test/")
    assert (fetches.crawler.pace.delay, fetches.crawler.pace.holds) == (30, [])


def test_one_that_asks_for_a_pace_for_others_is_free_for_us(monkeypatch: pytest.MonkeyPatch) -> None:
    fetches = Fetches(
        monkeypatch, answer_of(b"User-agent: other\nCrawl-delay: 30\n\nUser-agent: *\nDisallow:\n")
    )
    fetches.ask("https://site.test/")
    assert fetches.crawler.pace.delay == 0


def test_a_pace_that_nobody_waits_for_is_a_block(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fetches = Fetches(monkeypatch, crawl_delay("901"))
    (stop,) = fetches.ask("https://site.test/")
    assert isinstance(stop, SiteBlocked)
    assert "robots.txt asks for 901 s between two requests" in caplog.text


UNREADABLE: dict[str, tuple[Response | Exception, str]] = {
    "an error of the server": (answer_of(status=500), "status 500"),
    "refused": (answer_of(status=403), "status 403"),
    "an empty answer": (answer_of(status=204), "status 204"),
    "no answer": (TimeoutError("too slow"), "TimeoutError: too slow"),
    "nothing where it leads": (
        Response("https://site.test/moved/", status=404),
        "status 404 at https://site.test/moved/, where it leads",
    ),
    **{name: (answer_of(body), "what stands there is no text of rules") for name, body in NO_RULES.items()},
}


@pytest.mark.parametrize(("answer", "reason"), UNREADABLE.values(), ids=UNREADABLE)
def test_with_an_unreadable_one_nothing_is_sent(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, answer: Any, reason: str
) -> None:
    fetches = Fetches(monkeypatch, answer)
    for stop in fetches.ask("https://site.test/", "https://site.test/marla/"):
        assert isinstance(stop, RobotsUnreadable)
        assert str(stop) == f"robots.txt: {reason}"
        assert stop.reason == "no_robots"
    assert len(fetches.requests) == 1
    assert fetches.stored == {}
    assert fetches.disposed == 1
    assert f"https://site.test/robots.txt cannot be read ({reason})" in caplog.text


def test_a_block_stays_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    fetches = Fetches(monkeypatch, SiteBlocked("banned"))
    (stop,) = fetches.ask("https://site.test/")
    assert isinstance(stop, SiteBlocked)
    assert stop.reason == "blocked"
