"""What changed since members were read: for a handful of requests instead of a full crawl."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

from parsel import Selector
from scrapy.http import Response
from twisted.python.failure import Failure as TwistedFailure

from letterboxd_scraper import urls
from letterboxd_scraper.arguments import WhenRatedArguments
from letterboxd_scraper.crawl.delta import MemberDelta, Rules
from letterboxd_scraper.crawl.full import MemberCrawl
from letterboxd_scraper.downloader.stops import CrawlEnding, SiteStop
from letterboxd_scraper.errors import PageError
from letterboxd_scraper.extensions.member_queue import Start
from letterboxd_scraper.items.members import Failure, FeedEntry, Listing, MemberRefreshed
from letterboxd_scraper.items.tasks import DeltaStart, MemberStart, StoredRows
from letterboxd_scraper.pages.feed import parse_feed
from letterboxd_scraper.pages.pagination import next_page
from letterboxd_scraper.pages.profile import parse_profile
from letterboxd_scraper.pages.tiles import parse_likes_total, parse_tiles
from letterboxd_scraper.spiders.profile import ProfileSpider, check_filter


class WhenRatedSpider(ProfileSpider):
    """Brings members up to date; those who were never read before are read in full.

    `members` (to be read in full), `starts`, `leases`, `rules` and `stored_rows` are filled before it starts.
    """

    name = "when_rated"
    arguments = WhenRatedArguments
    starts: tuple[DeltaStart, ...] = ()
    skipped = 0
    rules = Rules()
    stored_rows: StoredRows

    def __init__(self, name: str | None = None, **given: Any) -> None:
        super().__init__(name, **given)
        self.deltas: dict[str, MemberDelta] = {}

    async def begin(self, start: Start) -> AsyncIterator[Any]:
        if isinstance(start, MemberStart):
            async for found in super().begin(start):
                yield found
            return
        self.deltas[start.name] = MemberDelta(start, self.rules)
        for found in self.go_on_with_delta(start.name):
            yield found

    def crawl_of(self, member: MemberStart) -> MemberCrawl:
        return MemberCrawl(member, watched=member.is_seed)

    async def read_page(
        self, page: Selector, member: str, listing: Listing, number: int
    ) -> AsyncIterator[Any]:
        if member not in self.deltas:
            async for found in super().read_page(page, member, listing, number):
                yield found
            return
        delta = self.deltas[member]
        if not delta.knows:
            watched = (
                await self.stored_films(member, Listing.UNRATED_WATCHED) if delta.start.is_seed else None
            )
            delta.know(await self.stored_rows(member), watched)
        if listing is Listing.PROFILE:
            profile = parse_profile(page)
            delta.saw_profile(profile)
            yield profile
        else:
            self._saw_films(delta, page, listing, number)
        for found in self.go_on_with_delta(member):
            yield found

    def _saw_films(self, delta: MemberDelta, page: Selector, listing: Listing, number: int) -> None:
        tiles = parse_tiles(page)
        check_filter(listing, tiles)
        following = next_page(page, urls.listing(delta.name, listing, number))
        last = following is None or number == urls.LAST_PAGE
        total = parse_likes_total(page) if listing is Listing.LIKES else None
        delta.saw_page(number, tiles, last=last, total=total, at=self.now())

    def go_on_with_delta(self, member: str) -> Iterator[Any]:
        """Yield what the pages told, then the request for the next one, or what marks the member's end."""
        if self.leases.has_lost(member):
            self.leave(member)
            return
        delta = self.deltas[member]
        step = delta.next_page()
        yield from delta.items
        delta.items.clear()
        if step:
            listing, number = step
            # Earlier members first: a member is finished before the next is begun.
            yield self.fetch(member, listing, number, priority=-self._places[member])
            return
        for listing, doubt in delta.doubts:
            yield Failure(listing, self.address(member, listing), doubt, member)
        if not delta.doubts:
            yield MemberRefreshed(
                member,
                delta.films,
                delta.likes,
                histogram=delta.histogram(),
                liked=len(delta.rows.liked()),
                url=self.address(member, Listing.PROFILE),
                changes=delta.changes(),
            )
        self.leave(member)

    def leave(self, member: str) -> None:
        self.deltas.pop(member, None)
        super().leave(member)

    async def parse_listing(
        self, response: Response, member: str, listing: Listing, number: int
    ) -> AsyncIterator[Any]:
        if listing is not Listing.FEED:
            async for found in super().parse_listing(response, member, listing, number):
                yield found
            return
        try:
            entries = parse_feed(response.body, member)
        except PageError as error:
            self.logger.info("The feed of %s explains nothing: %s", member, error)
            entries = ()
        for found in self._saw_feed(member, entries):
            yield found

    def failed(self, failure: TwistedFailure) -> Iterator[Any]:
        listing, member = (failure.request.cb_kwargs[name] for name in ("listing", "member"))  # type: ignore[attr-defined]
        if listing is Listing.FEED and not isinstance(failure.value, CrawlEnding | SiteStop):
            # It would only have been the cheapest explanation: the listings have them all.
            self.logger.info("The feed of %s cannot be read: %s", member, failure.getErrorMessage())
            yield from self._saw_feed(member, ())
        else:
            yield from super().failed(failure)

    def _saw_feed(self, member: str, entries: tuple[FeedEntry, ...]) -> Iterator[Any]:
        self.deltas[member].saw_feed(entries)
        yield from self.go_on_with_delta(member)
