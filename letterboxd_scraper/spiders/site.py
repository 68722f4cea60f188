"""What all spiders of the site share: arguments, requests that report their failures, proof of pages."""

from collections.abc import AsyncIterator, Iterator
from typing import Any, ClassVar

from parsel import Selector
from scrapy import Request, Spider
from scrapy.exceptions import CloseSpider
from scrapy.http import Response, TextResponse
from twisted.python.failure import Failure as TwistedFailure

from letterboxd_scraper import urls
from letterboxd_scraper.arguments import Arguments
from letterboxd_scraper.errors import PageError, WrongPage
from letterboxd_scraper.items import STARS_OF, Failure, Listing, MemberStatus
from letterboxd_scraper.pages import proof
from letterboxd_scraper.stops import CrawlEnding, SiteStop

BODY_CLASS = {
    Listing.PROFILE: "profile",
    Listing.FOLLOWING: "following",
    Listing.FOLLOWERS: "followers",
    Listing.RATED: "films-watched",
    Listing.UNRATED_LIKES: "likes",
    Listing.UNRATED_WATCHED: "films-watched",
    Listing.LIKES: "likes",
    Listing.RATED_BY_DATE: "films-watched",
    Listing.DIARY: "films-diary",
    **dict.fromkeys(STARS_OF, "films-watched"),
}
# The pages whose absence means that the member has gone, not that a listing has changed.
_HOME = {Listing.PROFILE, Listing.FOLLOWING, Listing.FOLLOWERS}


class SiteSpider(Spider):
    """A spider that reads members' listings. Subclasses write `read_page` and `gave_up`."""

    arguments: ClassVar[type[Arguments]]

    def __init__(self, name: str | None = None, **given: Any) -> None:
        super().__init__(name)
        self.args: Any = self.read_arguments(given)

    @classmethod
    def read_arguments(cls, given: dict[str, Any]) -> Arguments:
        """Return the arguments, checked. Raises InputError."""
        # Scrapyd adds arguments of its own, such as _job.
        return cls.arguments.read({key: value for key, value in given.items() if not key.startswith("_")})

    def address(self, member: str, listing: Listing, number: int = 1) -> str:
        return str(self.settings["LETTERBOXD_BASE_URL"]) + urls.listing(member, listing, number)

    def fetch(self, member: str, listing: Listing, number: int, priority: int = 0) -> Request:
        """Return the request for one page of a member's listing."""
        return Request(
            self.address(member, listing, number),
            callback=self.parse_listing,
            errback=self.failed,
            cb_kwargs={"member": member, "listing": listing, "number": number},
            priority=priority,
            # A listing that must be read twice is asked for twice.
            dont_filter=True,
        )

    async def parse_listing(
        self, response: Response, member: str, listing: Listing, number: int
    ) -> AsyncIterator[Any]:
        try:
            page = prove(response, listing, member)
            async for found in self.read_page(page, member, listing, number):
                yield found
        except PageError as error:
            for found in self._bad_page(response, error, member, listing, number):
                yield found

    def _bad_page(
        self, response: Response, error: PageError, member: str, listing: Listing, number: int
    ) -> Iterator[Any]:
        """Ask for the page once more, it may have been an accident; in the end, record it."""
        request = response.request
        if request and request.meta.get("retry_times", 0) < self.settings.getint("RETRY_TIMES"):
            # The page's own address, not the one that it may have led to.
            again = self.fetch(member, listing, number, request.priority)
            again.meta["retry_times"] = request.meta.get("retry_times", 0) + 1
            again.meta["page_was_bad"] = True
            yield again
            return
        yield Failure(listing, self.address(member, listing, number), str(error), member)
        yield from self.gave_up(member)

    def failed(self, failure: TwistedFailure) -> Iterator[Any]:
        """Take what never became a page: a refusal, an error status, a network error."""
        if isinstance(failure.value, CrawlEnding):
            return
        request: Request = failure.request  # type: ignore[attr-defined]
        member, listing, number = (request.cb_kwargs[name] for name in ("member", "listing", "number"))
        response = getattr(failure.value, "response", None)
        # Only a first page speaks for the member: one past the end may be refused as well.
        first = number == 1 and isinstance(response, TextResponse)
        status = _status_of(response, listing) if first else None
        if status:
            yield MemberStatus(member, status)
        else:
            url = self.address(member, listing, number)
            yield Failure(listing, url, _described(failure, response), member)
        if isinstance(failure.value, SiteStop):
            raise CloseSpider(failure.value.reason)
        yield from self.gave_up(member, status)

    def read_page(self, page: Selector, member: str, listing: Listing, number: int) -> AsyncIterator[Any]:
        """Yield the items and requests that follow from one proved page."""
        raise NotImplementedError

    def gave_up(self, member: str, status: str | None = None) -> Iterator[Any]:
        """Yield what follows when a member cannot be read on: ``status`` is gone, private or None."""
        raise NotImplementedError

    def stop_for_bad_input(self, message: str) -> None:
        """End the crawl: what the user asked for does not exist on the site."""
        self.logger.error(message)
        raise CloseSpider("bad_input")


def prove(response: Response, listing: Listing, member: str) -> Selector:
    """Return the page, proved to be what was asked for. Raises PageError otherwise."""
    if not isinstance(response, TextResponse):
        raise WrongPage("expected a page, got something that is not text")
    proof.refuse_other_encoding(response.body, response.encoding)
    proof.refuse_truncated(response.text)
    # Not response.selector: the two refer to each other, and parsed pages would lie about until Python
    # looks for such cycles.
    page = Selector(body=response.body, encoding=response.encoding, type="html")
    proof.check(page, BODY_CLASS[listing], owner=member)
    return page


def _status_of(response: Any, listing: Listing) -> str | None:
    """Return the member's status that a refusal tells: gone, private, or None if it tells none."""
    if response.status == 404 and listing in _HOME:
        return "gone"
    if response.status == 403 and proof.is_private(response.selector):
        return "private"
    return None


def _described(failure: TwistedFailure, response: Response | None) -> str:
    if response is not None:
        return f"status {response.status}"
    if isinstance(failure.value, SiteStop):
        return str(failure.value)
    return f"{type(failure.value).__name__}: {failure.getErrorMessage()}"
