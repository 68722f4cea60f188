"""The turns of requests, without a database: what is asked of it, and what is kept without it."""

import asyncio
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.http import Response

from letterboxd_scraper.downloader import pace as downloader_pace
from letterboxd_scraper.downloader.pace import PacedDownloadHandler, SitePace, pace_of
from letterboxd_scraper.downloader.stops import CrawlEnding
from letterboxd_scraper.store.crawl_state import pace
from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.schema import metadata, site_pace
from tests.downloader.fakes import make_crawler

URL = "https://site.test:8000/marla/"


class Turns:
    """Stands for the database's turns: notes the calls, and refuses so many turns before it gives one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, refusals: int = 0) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.refusals = refusals
        self.opened = 0
        monkeypatch.setattr(downloader_pace, "open_patiently", self._open)
        monkeypatch.setattr(pace, "take_turn", self._take)
        for name in ("end_turn", "renew_turn", "hold"):
            monkeypatch.setattr(pace, name, self._noted(name))

    def _open(self, settings: Any) -> str:
        self.opened += 1
        return "the engine"

    def _take(self, engine: Any, host: str, turn: str) -> float:
        self.calls.append(("take_turn", engine, host, turn))
        self.refusals -= 1
        return 0.0 if self.refusals < 0 else 100.0

    def _noted(self, name: str) -> Any:
        return lambda *arguments: self.calls.append((name, *arguments))

    def named(self, name: str) -> list[tuple[Any, ...]]:
        return [call[1:] for call in self.calls if call[0] == name]


async def one_turn(site_pace: SitePace, error: Exception | None = None) -> None:
    async with site_pace.turn(URL):
        if error:
            raise error


def test_each_request_takes_a_turn_and_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = Turns(monkeypatch)
    site_pace = SitePace.from_crawler(make_crawler(DOWNLOAD_DELAY=1.5))
    asyncio.run(one_turn(site_pace))
    with pytest.raises(ZeroDivisionError):
        asyncio.run(one_turn(site_pace, ZeroDivisionError()))
    names = [turn for _, _, turn in turns.named("take_turn")]
    assert len(set(names)) == 2
    assert turns.named("take_turn") == [("the engine", "site.test:8000", name) for name in names]
    assert turns.named("end_turn") == [("the engine", "site.test:8000", name, 1.5) for name in names]
    assert turns.opened == 1


def test_who_has_no_turn_asks_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = Turns(monkeypatch, refusals=3)
    naps = []

    async def nap(seconds: float) -> None:
        naps.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", nap)
    monkeypatch.setattr(SitePace, "_renew", lambda self, url, turn: asyncio.Event().wait())
    asyncio.run(one_turn(SitePace(make_crawler(DOWNLOAD_DELAY=1))))
    assert naps == [0.5] * 3
    assert len(turns.named("take_turn")) == 4


def test_who_waits_when_the_crawl_ends_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = Turns(monkeypatch, refusals=1)
    crawler = make_crawler(DOWNLOAD_DELAY=1)
    crawler.crawling = False
    with pytest.raises(CrawlEnding):
        asyncio.run(one_turn(SitePace(crawler)))
    assert turns.named("end_turn") == []


def told_to_end(crawler: Any) -> None:
    crawler.crawling = False


def spider_is_closed(crawler: Any) -> None:
    crawler.engine._slot.closing = "under way"


@pytest.mark.parametrize("end", [told_to_end, spider_is_closed])
def test_a_pause_is_over_when_the_crawl_ends(
    monkeypatch: pytest.MonkeyPatch, end: Callable[[Any], None]
) -> None:
    crawler, naps = make_crawler(), []

    async def nap(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 3:
            end(crawler)

    monkeypatch.setattr(asyncio, "sleep", nap)
    site_pace = SitePace(crawler)
    asyncio.run(site_pace.sleep(0.7))
    assert naps == [0.5, pytest.approx(0.2)]
    with pytest.raises(CrawlEnding):
        asyncio.run(site_pace.sleep(900))
    assert naps[2:] == [0.5]


def test_a_turn_is_renewed_while_the_request_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = Turns(monkeypatch)
    monkeypatch.setattr(pace, "LEASE", 0.05)

    async def slow_request() -> None:
        async with SitePace(make_crawler(DOWNLOAD_DELAY=1)).turn(URL):
            while len(turns.named("renew_turn")) < 2:
                await asyncio.sleep(0.001)
        count = len(turns.named("renew_turn"))
        await asyncio.sleep(0.05)
        assert len(turns.named("renew_turn")) == count  # and no longer

    asyncio.run(slow_request())
    ((_, _, name),) = turns.named("take_turn")
    assert set(turns.named("renew_turn")) == {("the engine", "site.test:8000", name)}


@pytest.mark.parametrize(("configured", "asked_for", "kept"), [(1.5, 30, 30), (1.5, 1, 1.5), (0, 30, 30)])
def test_the_larger_delay_is_kept(
    monkeypatch: pytest.MonkeyPatch, configured: float, asked_for: float, kept: float
) -> None:
    turns = Turns(monkeypatch)
    site_pace = SitePace(make_crawler(DOWNLOAD_DELAY=configured))
    site_pace.slow_down(asked_for)
    asyncio.run(one_turn(site_pace))
    assert [delay for *_, delay in turns.named("end_turn")] == [kept]
    asyncio.run(site_pace.hold(URL, 7))
    assert turns.named("hold") == [("the engine", "site.test:8000", 7)]


def test_a_hold_is_kept_in_the_database_for_all_crawls(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = Turns(monkeypatch)
    asyncio.run(SitePace(make_crawler(DOWNLOAD_DELAY=1)).hold(URL, 7))
    assert turns.named("hold") == [("the engine", "site.test:8000", 7)]


# Holds of so many seconds, one after the other; how long the crawl is silent.
HOLDS = [((), 0), ((0.2,), 0.2), ((0.2, 0.1), 0.2), ((0.1, 0.2), 0.2)]


@pytest.mark.parametrize(("holds", "silent"), HOLDS)
def test_without_a_delay_holds_are_kept_by_the_crawl(
    monkeypatch: pytest.MonkeyPatch, holds: tuple[float, ...], silent: float
) -> None:
    turns = Turns(monkeypatch)

    async def hold_and_ask() -> float:
        site_pace = SitePace(make_crawler(DOWNLOAD_DELAY=0))
        began = time.monotonic()
        for seconds in holds:
            await site_pace.hold(URL, seconds)
        await one_turn(site_pace)
        return time.monotonic() - began

    assert asyncio.run(hold_and_ask()) >= silent - 0.01
    assert turns.calls == []
    assert turns.opened == 0


def test_a_request_is_sent_within_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = Turns(monkeypatch)
    crawler = make_crawler(DOWNLOAD_DELAY=1)
    site_pace = SitePace(crawler)
    crawler.get_extension = lambda kind: site_pace
    sent = []

    async def send(self: Any, request: Request) -> Response:
        sent.append((request.url, len(turns.named("take_turn")), len(turns.named("end_turn"))))
        return Response(request.url)

    pool = SimpleNamespace()
    monkeypatch.setattr(HTTP11DownloadHandler, "__init__", lambda self, crawler: setattr(self, "_pool", pool))
    monkeypatch.setattr(HTTP11DownloadHandler, "download_request", send)
    handler = PacedDownloadHandler(crawler)
    handler.crawler = crawler
    response = asyncio.run(handler.download_request(Request(URL)))
    assert response.url == URL
    assert sent == [(URL, 1, 0)]
    (turn,) = turns.named("end_turn")
    assert turn[:2] == ("the engine", "site.test:8000")


def test_without_the_extension_there_is_no_pace_and_no_crawl() -> None:
    crawler = make_crawler()
    assert pace_of(crawler) is crawler.pace
    crawler.get_extension = lambda kind: None
    with pytest.raises(RuntimeError, match="EXTENSIONS"):
        pace_of(crawler)


@pytest.fixture
def memory() -> sa.Engine:
    engine = make_engine("sqlite://")
    metadata.create_all(engine)
    return engine


def test_ending_a_turn_leaves_other_sites_and_other_turns_alone(memory: sa.Engine) -> None:
    for host in ("site", "another"):
        assert pace.take_turn(memory, host, f"of {host}") == 0
    pace.end_turn(memory, "site", "of another", 0)
    pace.end_turn(memory, "another", "of site", 0)
    with memory.connect() as connection:
        turns = connection.execute(
            sa.select(site_pace.c.host, site_pace.c.turn, site_pace.c.busy_until)
        ).all()
    assert {(turn.host, turn.turn, turn.busy_until > 0) for turn in turns} == {
        ("site", "of site", True),
        ("another", "of another", True),
    }


def test_turns_of_the_same_name_at_two_sites_are_two(memory: sa.Engine) -> None:
    for host in ("site", "another"):
        assert pace.take_turn(memory, host, "turn") == 0
    pace.end_turn(memory, "site", "turn", 0)
    assert pace.take_turn(memory, "site", "next") == 0
    assert pace.take_turn(memory, "another", "next") > 0


def test_a_shorter_hold_does_not_shorten_a_longer_one(memory: sa.Engine) -> None:
    for seconds in (300, 100):
        pace.hold(memory, "site", seconds)
    assert 290 < pace.take_turn(memory, "site", "turn") <= 300
    pace.hold(memory, "site", 600)
    assert 590 < pace.take_turn(memory, "site", "turn") <= 600
    assert pace.take_turn(memory, "another", "turn") == 0
