"""What recordings cannot show: a server that fails, is slow, refuses or asks for patience. A real one."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from letterboxd_scraper import config
from letterboxd_scraper.config import Config
from letterboxd_scraper.errors import (
    TmdbError,
    TmdbNotFound,
    TmdbRefused,
    TmdbUnavailable,
    TmdbUnreadable,
)
from letterboxd_scraper.items.films import TmdbDetails, TmdbLink
from letterboxd_scraper.tmdb.api import TmdbApi
from letterboxd_scraper.tmdb.client import DOWN_AFTER, LONGEST_WAIT, TmdbClient
from tests.site import Fault, Site, own_world
from tests.site.certificates import Authority
from tests.tmdb.recording import film_of, link_of


@pytest.fixture(scope="module")
def only_site() -> Iterator[Site]:
    with Site(own_world()) as site:
        yield site


@pytest.fixture
def site(only_site: Site) -> Site:
    only_site.faults.clear()
    only_site.clear_log()
    return only_site


@pytest.fixture
def link(site: Site) -> TmdbLink:
    return link_of(film_of(site.world, "ordinary"))


def settings(site: Site, **changes: Any) -> Config:
    usual = {
        "TMDB_BASE_URL": f"{site.url}/3",
        "TMDB_API_KEY": Site.tmdb_key,
        "TMDB_REQUESTS_PER_SECOND": 1000,
        "RETRY_BACKOFF_BASE": 0.01,
        "RETRY_TIMES": 2,
    }
    return config.load(**usual | changes)


def ask(site: Site, *links: TmdbLink, **changes: Any) -> list[TmdbDetails | BaseException]:
    """Ask for all of them at once; return what comes of each."""

    async def all_at_once() -> list[TmdbDetails | BaseException]:
        client = TmdbClient(settings(site, **changes))
        try:
            return await asyncio.gather(*map(client.details, links), return_exceptions=True)
        finally:
            await client.close()

    return asyncio.run(all_at_once())


def test_an_answer(site: Site, link: TmdbLink) -> None:
    (answer,) = ask(site, link)
    assert isinstance(answer, TmdbDetails)
    assert answer.directors
    (hit,) = site.log
    assert hit.agent.startswith("letterboxd-scraper/")


FAULTS: dict[str, Fault] = {
    "500": Fault("status", code=500),
    "503 without a word": Fault("status", code=503),
    "half of the JSON": Fault("truncated", adapted=True),
    "half of the answer": Fault("truncated"),
    "garbage": Fault("garbage"),
    "a broken connection": Fault("reset"),
    "byte by byte": Fault("drip", seconds=0.05),
    "byte by byte from the first on": Fault("drip", seconds=0.05, head=True),
    "promises of an answer for ever": Fault("endless-interim"),
    "headers for ever": Fault("endless-head"),
    "no answer": Fault("hang"),
    "429 without a time": Fault("status", code=429),
    "a refusal that is not TMDB's": Fault("status", code=403),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_what_fails_is_tried_again_and_told_in_the_end(site: Site, link: TmdbLink, fault: Fault) -> None:
    options = {name: value for name, value in fault.given().items() if name != "kind"}
    site.faults.add(Fault(fault.kind, times=1, **options))  # type: ignore[arg-type]
    (answer,) = ask(site, link, TMDB_TIMEOUT=0.3)
    assert isinstance(answer, TmdbDetails)
    assert len(site.log) >= 1
    site.faults.replace([fault])
    site.clear_log()
    (error,) = ask(site, link, TMDB_TIMEOUT=0.3, RETRY_TIMES=1)
    assert isinstance(error, TmdbUnavailable)
    assert link.path in str(error)
    assert Site.tmdb_key not in repr(error)
    assert "\n" not in str(error)


@pytest.mark.parametrize(("code", "error"), [(404, TmdbNotFound), (401, TmdbRefused), (400, TmdbUnreadable)])
def test_some_answers_are_final(site: Site, link: TmdbLink, code: int, error: type[Exception]) -> None:
    site.faults.add(Fault("status", code=code))
    (answer,) = ask(site, link)
    assert isinstance(answer, error)
    assert len(site.log) == 1


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd"])
def test_an_answer_that_unpacks_to_too_much_is_final(site: Site, link: TmdbLink, encoding: str) -> None:
    site.faults.add(Fault("bomb", encoding=encoding, megabytes=21))
    (error,) = ask(site, link)
    assert isinstance(error, TmdbUnreadable)
    assert "more than 2,000,000 bytes" in str(error)
    assert len(site.log) == 1


def test_an_answer_that_would_fill_the_memory_is_final(site: Site, link: TmdbLink) -> None:
    """Each pair of brackets becomes objects of many times its length."""
    site.faults.add(Fault("rewrite", pattern="^{", by='{"x": [' + "[], " * 20_000 + "[]], "))
    (error,) = ask(site, link)
    assert isinstance(error, TmdbUnreadable)
    assert "more than 20,000 parts" in str(error)
    assert len(site.log) == 1


def test_certificates_are_verified(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with Site(own_world(follows=()), certificate=authority.certificate("127.0.0.1")) as site:
        link = link_of(film_of(site.world, "ordinary"))
        (error,) = ask(site, link, RETRY_TIMES=0)
        assert isinstance(error, TmdbUnavailable)
        assert "SSLError" in str(error)
        assert "SSL_CERT_FILE" in str(error)
        assert site.log == []


def test_a_wrong_key_is_bad_input(site: Site, link: TmdbLink) -> None:
    (error,) = ask(site, link, TMDB_API_KEY="wrong")
    assert isinstance(error, TmdbRefused)
    assert error.exit_code == 2
    assert "TMDB_API_KEY" in str(error)
    assert "wrong" not in str(error)


def test_a_read_access_token_goes_into_the_header(site: Site, link: TmdbLink, monkeypatch: Any) -> None:
    token = "eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOiIxIn0.c2lnbmF0dXJl"
    monkeypatch.setattr(site, "tmdb_key", token)
    (answer,) = ask(site, link, TMDB_API_KEY=token)
    assert isinstance(answer, TmdbDetails)
    (hit,) = site.log
    assert "api_key" not in hit.path
    assert "append_to_response=credits" in hit.path


def test_patience_asked_for_is_kept_by_all(site: Site, link: TmdbLink) -> None:
    site.faults.add(Fault("status", code=429, retry_after=1, times=1))
    series = link_of(film_of(site.world, "series"))

    async def one_after_the_other() -> None:
        client = TmdbClient(settings(site))
        first = asyncio.create_task(client.details(link))
        while not (site.log and site.log[0].done):
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.3)  # until the refusal has been read, too
        await asyncio.gather(first, client.details(series))
        await client.close()

    asyncio.run(one_after_the_other())
    refused, *later = site.log
    assert refused.status == 429
    assert len(later) == 2
    assert all(hit.time - refused.done >= 1 for hit in later)


def test_who_asks_for_too_much_patience_is_left_alone(site: Site, link: TmdbLink) -> None:
    site.faults.add(Fault("status", code=429, retry_after=int(LONGEST_WAIT) + 60))
    (error,) = ask(site, link)
    assert isinstance(error, TmdbUnavailable)
    assert "3 minutes" in str(error)
    assert len(site.log) == 1


def test_requests_are_spread_over_time(site: Site, link: TmdbLink) -> None:
    began = time.monotonic()
    ask(site, *8 * [link], TMDB_REQUESTS_PER_SECOND=10)
    assert time.monotonic() - began >= 0.69
    arrived = [hit.time for hit in site.log]
    assert all(later - earlier >= 0.45 for earlier, later in zip(arrived, arrived[5:], strict=False))


def test_nobody_waits_for_a_slow_answer(site: Site, link: TmdbLink) -> None:
    site.faults.add(Fault("slow", seconds=0.5))

    async def both() -> Any:
        client = TmdbClient(settings(site))
        asking = asyncio.ensure_future(client.details(link))
        for _ in range(5):
            await asyncio.sleep(0.01)
        assert not asking.done()
        answer = await asking
        await client.close()
        return answer

    assert isinstance(asyncio.run(both()), TmdbDetails)


def test_a_tmdb_that_is_down_is_not_asked_for_every_film(site: Site, link: TmdbLink) -> None:
    site.faults.add(Fault("status", code=503))

    async def in_a_row() -> tuple[list[str], int]:
        client = TmdbClient(settings(site, RETRY_TIMES=1))
        said = []
        for _ in range(DOWN_AFTER + 2):
            with pytest.raises(TmdbError) as error:
                await client.details(link)
            said.append(str(error.value))
        await client.close()
        return said, client.requests

    said, requests = asyncio.run(in_a_row())
    assert requests == len(site.log) == 2 * DOWN_AFTER
    assert "not asked again" in said[-1]
    assert "status 503" in said[0]


def test_an_answer_proves_that_it_is_not_down(site: Site, link: TmdbLink) -> None:
    site.faults.add(Fault("status", code=503, times=DOWN_AFTER - 1))
    site.faults.add(Fault("status", code=404, times=1))
    site.faults.add(Fault("status", code=503, times=DOWN_AFTER - 1))

    async def in_a_row() -> TmdbDetails:
        client = TmdbClient(settings(site, RETRY_TIMES=0))
        for _ in range(2 * DOWN_AFTER - 1):
            with pytest.raises(TmdbError):
                await client.details(link)
        details = await client.details(link)
        await client.close()
        return details

    assert isinstance(asyncio.run(in_a_row()), TmdbDetails)


def test_a_broken_head_does_not_bring_the_key_into_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """urllib3 warns of it, with the whole address."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        connection, _ = listener.accept()
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nno header\r\nContent-Length: 8\r\n\r\n{}      ")
        connection.close()

    thread = threading.Thread(target=answer)
    thread.start()
    api = TmdbApi(f"http://127.0.0.1:{listener.getsockname()[1]}/3", "secret-key", 2, "tests")
    with caplog.at_level("DEBUG"), pytest.raises(TmdbError) as error:
        api.details(TmdbLink("movie", 5))
    thread.join()
    listener.close()
    assert "secret-key" not in caplog.text + str(error.value)
