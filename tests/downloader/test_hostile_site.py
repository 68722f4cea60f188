"""A site that is not to be trusted: what leads elsewhere, wrong certificates, bombs, drips, odd robots.txt.

With real memory and real times in benchmarks/hostile_site.py.
"""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import certifi
import pytest
import sqlalchemy as sa

from letterboxd_scraper.store.schema import cohort_members, scrape_failures
from tests.conftest import Shell, assert_ended, make_shell, on_sqlite, stored_facts
from tests.site import FEW, Fault, Site, own_world
from tests.site.certificates import DAY, Authority

# Every spider, with what it is told to read.
SPIDERS: dict[str, dict[str, str]] = {
    "follow_graph": {"cohort": "friends"},
    "profile": {"cohort": "friends"},
    "when_rated": {"cohort": "friends", "audit": "all"},
    "rss": {"cohort": "friends"},
    "film": {"cohort": "friends", "histograms": "true", "limit": "3"},
}
PAGES = r"/(?!robots\.txt|3/).*"


@pytest.fixture
def elsewhere() -> Iterator[Site]:
    """Another site, which nobody is to ask for anything."""
    with Site(own_world(follows=())) as other:
        yield other
        assert other.log == []


def failures(engine: sa.Engine) -> list[str]:
    """Return what was recorded of pages that could not be read."""
    with engine.connect() as connection:
        return list(connection.scalars(sa.select(scrape_failures.c.error)))


def stored(engine: sa.Engine) -> tuple[Any, ...]:
    """Return who belongs to the cohort, and what is stored of them."""
    with engine.connect() as connection:
        members = connection.scalars(sa.select(cohort_members.c.user_id)).all()
    return set(members), stored_facts(engine)


@pytest.mark.parametrize("spider", SPIDERS)
def test_a_redirect_elsewhere_is_a_failure_and_no_request(
    crawled: Shell, site: Site, crawled_engine: sa.Engine, elsewhere: Site, spider: str
) -> None:
    before = stored(crawled_engine)
    site.faults.add(Fault("elsewhere", PAGES, to=elsewhere.url.removeprefix("http:")))
    process = crawled.scrapy(spider, **SPIDERS[spider])
    assert_ended(process, 3)
    assert "Traceback" not in process.stderr
    errors = failures(crawled_engine)
    assert errors
    assert all(error.startswith(f"it leads to {elsewhere.url}/") for error in errors)
    assert stored(crawled_engine) == before


@pytest.mark.parametrize("to", ["file://", "ftp://127.0.0.1:1", "data:text/html,"])
def test_a_redirect_to_what_is_no_page_is_a_failure(
    known: Shell, site: Site, known_engine: sa.Engine, to: str
) -> None:
    site.faults.add(Fault("elsewhere", "/kip/", to=to))
    assert_ended(known.scrapy("profile", user="kip"), 3)
    assert failures(known_engine) == [f"status 302, which leads to {to}/kip/"]
    assert [hit.path for hit in site.log] == ["/robots.txt", "/kip/"]


def test_what_the_site_writes_does_not_fill_the_log(
    known: Shell, site: Site, known_engine: sa.Engine
) -> None:
    site.faults.add(Fault("rewrite", "/kip/", pattern='(?<=<body class=")', by="x" * 100_000))
    process = known.scrapy("profile", "-s", "RETRY_TIMES=0", user="kip")
    assert_ended(process, 3)
    assert len(process.stderr) < 1000
    (error,) = failures(known_engine)
    assert error.startswith("expected a 'profile' page, found body class 'xxx")
    assert error.endswith("…")


def robots(text: str, charset: str = "latin-1") -> Fault:
    """Return the fault that puts a text in the place of robots.txt."""
    return Fault("rewrite", "/robots.txt", pattern=".+", by=text, charset=charset)


ODD_ROBOTS = {
    "a page": robots("<!DOCTYPE html><html><body>User-agent: *</body></html>"),
    "longer than anybody writes": Fault("huge", "/robots.txt", megabytes=1),
    "a redirect elsewhere": Fault("elsewhere", "/robots.txt", to="http://127.0.0.1:1"),
    "a redirect to nothing": Fault("elsewhere", "/robots.txt", to="/nobody"),
}


@pytest.mark.parametrize("fault", ODD_ROBOTS.values(), ids=ODD_ROBOTS)
def test_what_is_no_robots_txt_allows_nothing(known: Shell, site: Site, fault: Fault) -> None:
    site.faults.add(fault)
    process = known.scrapy("profile", cohort="friends")
    assert_ended(process, 3)
    assert process.stderr.count("robots.txt cannot be read") == 1
    assert not {hit.path.split("/")[1] for hit in site.log} & {"marla", *FEW}


def test_a_crawl_delay_is_kept(known: Shell, site: Site) -> None:
    site.faults.add(robots("User-agent: *\nCrawl-delay: 0.2\n"))
    assert_ended(known.scrapy("profile", user="kip"), 0)
    times = [hit.time for hit in site.log]
    assert len(times) >= 3
    assert all(later - earlier >= 0.2 for earlier, later in pairwise(times))


def test_a_crawl_delay_that_nobody_waits_for_is_a_block(known: Shell, site: Site) -> None:
    site.faults.add(robots("User-agent: *\nCrawl-delay: 1000000\n"))
    assert_ended(known.scrapy("profile", user="kip"), 4)
    assert [hit.path for hit in site.log] == ["/robots.txt"]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


# Whose certificate the site shows; how long it lasts; which variables name authorities, the first one ours.
CERTIFICATES: dict[str, tuple[str, timedelta, tuple[str, ...]]] = {
    "nobody's": ("127.0.0.1", DAY, ()),
    "another site's": ("elsewhere.test", DAY, ("SSL_CERT_FILE",)),
    "one of yesterday": ("127.0.0.1", -DAY, ("SSL_CERT_FILE",)),
    "the operator's": ("127.0.0.1", DAY, ("SSL_CERT_FILE",)),
    "one of several": ("127.0.0.1", DAY, ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")),
}


@on_sqlite
@pytest.mark.parametrize(("host", "lasts", "variables"), CERTIFICATES.values(), ids=CERTIFICATES)
def test_certificates_are_verified(
    tmp_path: Path,
    known_engine: sa.Engine,
    authority: Authority,
    host: str,
    lasts: timedelta,
    variables: tuple[str, ...],
) -> None:
    is_trusted = bool(variables) and host == "127.0.0.1" and lasts > timedelta(0)
    with Site(own_world(follows=FEW), certificate=authority.certificate(host, lasts)) as site:
        shell = make_shell(tmp_path, site, known_engine)
        named = dict(zip(variables, (str(authority.file), certifi.where()), strict=False))
        environment = shell.environment | named
        crawl = replace(shell, environment=environment).scrapy("profile", user="kip")
    assert_ended(crawl, 0 if is_trusted else 3)
    assert bool(site.log) is is_trusted
    if not is_trusted:
        assert crawl.stderr.count("robots.txt cannot be read (its certificate is not to be trusted") == 1


def test_an_authority_that_is_not_there_is_said(known: Shell) -> None:
    environment = known.environment | {"SSL_CERT_FILE": "/nowhere/authority.pem"}
    crawl = replace(known, environment=environment).scrapy("profile", user="kip")
    assert_ended(crawl, 2)
    assert "SSL_CERT_FILE names /nowhere/authority.pem" in crawl.stderr


BOMBS = {
    "gzip": Fault("bomb", PAGES, encoding="gzip", megabytes=21),
    "two layers": Fault("bomb", PAGES, encoding="gzip, gzip", megabytes=21),
    "deflate": Fault("bomb", PAGES, encoding="deflate", megabytes=21),
    "br": Fault("bomb", PAGES, encoding="br", megabytes=21),
    "zstd": Fault("bomb", PAGES, encoding="zstd", megabytes=21),
    "not packed": Fault("huge", PAGES, megabytes=21),
    "without an end": Fault("endless-body", PAGES),
}


@pytest.mark.parametrize("fault", BOMBS.values(), ids=BOMBS)
def test_an_answer_that_is_too_large_is_not_unpacked(
    known: Shell, site: Site, known_engine: sa.Engine, fault: Fault
) -> None:
    site.faults.add(fault)
    for name in ("core.downloader.handlers.http11", "downloadermiddlewares.httpcompression"):
        logging.getLogger(f"scrapy.{name}").setLevel(logging.NOTSET)  # as when a process starts
    process = known.scrapy("rss", user="kip")
    assert_ended(process, 3)
    assert "Traceback" not in process.stderr
    (error,) = failures(known_engine)
    assert "DOWNLOAD_MAXSIZE" in error
    assert len(process.stderr.splitlines()) == 1
    assert len(site.log) == 2  # it is not asked for again


@pytest.mark.parametrize("head", [False, True], ids=["the body", "the head, too"])
def test_who_answers_byte_by_byte_is_given_up(
    known: Shell, site: Site, known_engine: sa.Engine, head: bool
) -> None:
    site.faults.add(Fault("drip", "/kip/", seconds=0.1, head=head))
    options = ("-s", "DOWNLOAD_TIMEOUT=3", "-s", "RETRY_TIMES=0")
    assert_ended(known.scrapy("profile", *options, user="kip"), 3)
    (error,) = failures(known_engine)
    assert "took longer than 3.0 seconds" in error


@pytest.mark.parametrize("kind", ["endless-head", "endless-interim"])
def test_who_sends_headers_without_an_end_is_hung_up_on(
    known: Shell, site: Site, known_engine: sa.Engine, kind: str
) -> None:
    site.faults.add(Fault(kind, "/kip/"))
    assert_ended(known.scrapy("profile", "-s", "RETRY_TIMES=0", user="kip"), 3)
    (error,) = failures(known_engine)
    assert "ConnectionAborted" in error


@on_sqlite
def test_a_host_with_an_ipv6_address_alone_is_reached(tmp_path: Path, known_engine: sa.Engine) -> None:
    with Site(own_world(follows=FEW), host="::1") as site:
        assert_ended(make_shell(tmp_path, site, known_engine).scrapy("profile", user="kip"), 0)
