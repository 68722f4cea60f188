"""Exceptions for requests that are not sent or not answered; and the request for a page once more."""

import re

from scrapy import Request
from scrapy.exceptions import DownloadCancelledError, IgnoreRequest

# What OpenSSL, who compares names, and Chromium say of a certificate, among the names of Twisted's classes.
_CERTIFICATE = re.compile(
    r"certificate verify failed|(?:VerificationError|CertificateError)[^>]*|net::ERR_CERT_\w+"
)
_AUTHORITIES = "an authority of your own is named by SSL_CERT_FILE"
# No option of its command names one, but such by which it would believe everybody.
_AUTHORITIES_OF_CHROMIUM = (
    "Chromium believes its own authorities, whatever SSL_CERT_FILE names:"
    " certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n NAME -i FILE adds one"
)


class CrawlEnding(IgnoreRequest):
    """The request was still waiting when the crawl was told to end."""


class LedElsewhere(IgnoreRequest):
    """The request would have left the site: a redirect of the site leads to another address."""


class SiteStop(IgnoreRequest):
    """Nothing more may be sent to the site; ``reason`` is the one for which the crawl is closed."""

    reason = "blocked"


class SiteBlocked(SiteStop):
    """The site has refused us."""


class BrowserUnusable(SiteStop):
    """The browser that pages are to be loaded in does not start."""

    reason = "bad_input"


class RobotsUnreadable(SiteStop):
    """robots.txt could not be read: nobody knows what is allowed."""

    reason = "no_robots"


def in_words(error: BaseException) -> str:
    """Say in a few words why no answer came."""
    text = str(error)
    if isinstance(error, IgnoreRequest):
        return text
    if isinstance(error, DownloadCancelledError):
        size, _, _ = text.partition(" in request ")
        return f"the answer is larger than DOWNLOAD_MAXSIZE allows: {size}"
    if untrusted := _CERTIFICATE.search(text):
        how = _AUTHORITIES_OF_CHROMIUM if untrusted[0].startswith("net::") else _AUTHORITIES
        return f"its certificate is not to be trusted ({untrusted[0]}); {how}"
    return f"{type(error).__name__}: {text}"


def retried(request: Request) -> Request:
    """Return a copy of ``request`` to be sent once more, with its count of retries."""
    again = request.replace(dont_filter=True)
    again.meta["retry_times"] = request.meta.get("retry_times", 0) + 1
    return again
