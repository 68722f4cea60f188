"""What changed since members were read: for a handful of requests instead of a full crawl."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from scrapy.http import Response
from twisted.python.failure import Failure as TwistedFailure

from letterboxd_scraper.arguments import WhenRatedArguments
from letterboxd_scraper.crawl.delta import DeltaCrawl
from letterboxd_scraper.crawl.delta_choice import DeltaRules
from letterboxd_scraper.crawl.full import FullCrawl
from letterboxd_scraper.crawl.member import MemberCrawl
from letterboxd_scraper.crawl.member_queue import Start
from letterboxd_scraper.downloader.stops import CrawlEnding, SiteStop
from letterboxd_scraper.errors import PageError
from letterboxd_scraper.items.members import FeedPage, Listing
from letterboxd_scraper.items.tasks import MemberStart, StoredRows
from letterboxd_scraper.pages.feed import read_feed
from letterboxd_scraper.spiders.profile import ProfileTask, QueueSpider


@dataclass(frozen=True, slots=True)
class WhenRatedTask(ProfileTask):
    """The members to be brought up to date, or to be read in full, and the rules by which it is done."""

    stored_rows: StoredRows
    rules: DeltaRules


class WhenRatedSpider(QueueSpider):
    """Brings members up to date; those who were never read before are read in full."""

    name = "when_rated"
    arguments = WhenRatedArguments
    args: WhenRatedArguments
    task: WhenRatedTask

    def crawl_of(self, start: Start) -> MemberCrawl:
        """Return the delta crawl of a member, or the full one of a member who was never read."""
        if isinstance(start, MemberStart):
            return FullCrawl(start, self.task.stored_films, watched=start.is_seed)
        return DeltaCrawl(start, self.task.rules, self.task.stored_rows, self.task.stored_films)

    async def read_answer(
        self, response: Response, member: str, listing: Listing, number: int
    ) -> AsyncIterator[Any]:
        """Yield what follows from a page, or from a feed: one that cannot be read explains nothing."""
        if listing is not Listing.FEED:
            async for output in super().read_answer(response, member, listing, number):
                yield output
            return
        try:
            entries, unread = read_feed(response.body, member)
        except PageError as error:
            self.logger.warning("The feed of %s explains nothing: %s", member, error)
            entries, unread = (), ()
        for entry in unread:
            self.logger.warning("The feed of %s: %s", member, entry)
        async for output in self.take(member, FeedPage(member, entries)):
            yield output

    async def failed(self, failure: TwistedFailure) -> AsyncIterator[Any]:
        """Take what never became a page; a feed is done without."""
        listing, member = (failure.request.cb_kwargs[name] for name in ("listing", "member"))  # type: ignore[attr-defined]
        if listing is Listing.FEED and not isinstance(failure.value, CrawlEnding | SiteStop):
            # It would only have been the cheapest explanation: the listings have them all.
            self.logger.info("The feed of %s cannot be read: %s", member, failure.getErrorMessage())
            outputs = self.take(member, FeedPage(member, ()))
        else:
            outputs = super().failed(failure)
        async for output in outputs:
            yield output
