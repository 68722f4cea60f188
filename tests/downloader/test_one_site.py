"""Where requests may go at all, and what is said of those that got no answer."""

import pytest
from scrapy import Request
from scrapy.exceptions import DownloadCancelledError, DownloadFailedError, IgnoreRequest
from scrapy.resolver import CachingHostnameResolver
from scrapy.utils.misc import load_object

from letterboxd_scraper import settings
from letterboxd_scraper.downloader.one_site import OneSite
from letterboxd_scraper.downloader.stops import LedElsewhere, SiteBlocked, in_words
from tests.downloader.fakes import make_crawler

BASE = "https://site.test"
OF_SITE = [
    "https://site.test/",
    "https://site.test:443/ada/",
    "https://SITE.test/ada/",
    "https://me@site.test/",
]
ELSEWHERE = [
    "http://site.test/",  # where anybody on the way could read and answer
    "https://site.test:8443/",
    "https://www.site.test/",
    "https://site.test.evil.test/",
    "https://site.test@evil.test/",
    "https://site.test:443@evil.test/",
    "https://site.test./",
]


@pytest.mark.parametrize("url", OF_SITE)
def test_what_is_of_the_site_passes(url: str) -> None:
    OneSite.from_crawler(make_crawler(LETTERBOXD_BASE_URL=BASE)).process_request(Request(url))


@pytest.mark.parametrize("url", ELSEWHERE)
def test_nothing_else_does(url: str) -> None:
    one_site = OneSite.from_crawler(make_crawler(LETTERBOXD_BASE_URL=BASE))
    with pytest.raises(LedElsewhere, match=r"but of https://site\.test "):
        one_site.process_request(Request(url))


def test_a_site_at_a_path_or_a_port() -> None:
    one_site = OneSite.from_crawler(make_crawler(LETTERBOXD_BASE_URL="http://[::1]:8000"))
    one_site.process_request(Request("http://[::1]:8000/ada/"))
    with pytest.raises(LedElsewhere):
        one_site.process_request(Request("http://[::1]:8001/ada/"))


WORDS = {
    LedElsewhere("it leads away"): "it leads away",
    SiteBlocked("banned"): "banned",
    IgnoreRequest("max redirections reached"): "max redirections reached",
    DownloadCancelledError("Received 21 bytes in request <GET https://site.test/>."): (
        "the answer is larger than DOWNLOAD_MAXSIZE allows: Received 21 bytes"
    ),
    DownloadFailedError(
        "[<twisted.python.failure.Failure OpenSSL.SSL.Error: [('SSL', '', 'certificate verify failed')]>]"
    ): "its certificate is not to be trusted (certificate verify failed)",
    DownloadFailedError("Page.goto: net::ERR_CERT_AUTHORITY_INVALID at https://site.test/robots.txt"): (
        "its certificate is not to be trusted (net::ERR_CERT_AUTHORITY_INVALID); Chromium believes its own"
        " authorities, whatever SSL_CERT_FILE names: certutil -d sql:$HOME/.pki/nssdb -A"
    ),
    DownloadFailedError("[ConnectionLost]"): "DownloadFailedError: [ConnectionLost]",
}


@pytest.mark.parametrize(("error", "words"), WORDS.items(), ids=WORDS.values())
def test_in_words(error: Exception, words: str) -> None:
    assert in_words(error).startswith(words)
    assert " in request " not in in_words(error)


def test_an_address_elsewhere_is_named_in_short() -> None:
    one_site = OneSite.from_crawler(make_crawler(LETTERBOXD_BASE_URL=BASE))
    with pytest.raises(LedElsewhere) as error:
        one_site.process_request(Request(f"https://evil.test/{'x' * 100_000}"))
    assert len(str(error.value)) < 500


def test_names_are_looked_up_for_ipv6_too() -> None:
    """The crawl sets its resolver when it starts a reactor, which the tests' crawls do not."""
    assert issubclass(load_object(settings.TWISTED_DNS_RESOLVER), CachingHostnameResolver)
