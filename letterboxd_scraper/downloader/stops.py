"""Exceptions for requests that are not sent or not answered; and the request for a page once more."""

from scrapy import Request
from scrapy.exceptions import IgnoreRequest


class CrawlEnding(IgnoreRequest):
    """The request was still waiting when the crawl was told to end."""


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


def retried(request: Request) -> Request:
    """Return a copy of ``request`` to be sent once more, with its count of retries."""
    again = request.replace(dont_filter=True)
    again.meta["retry_times"] = request.meta.get("retry_times", 0) + 1
    return again
