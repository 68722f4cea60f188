"""The full crawl: each member's profile, rated films and unrated likes."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

from parsel import Selector

from letterboxd_scraper import clock, urls
from letterboxd_scraper.arguments import ProfileArguments
from letterboxd_scraper.errors import LayoutChanged
from letterboxd_scraper.items import Failure, FilmsPage, Listing, MemberRead
from letterboxd_scraper.pages.pagination import next_page
from letterboxd_scraper.pages.profile import parse_profile
from letterboxd_scraper.pages.tiles import parse_tiles
from letterboxd_scraper.reading import MemberCrawl, Verdict
from letterboxd_scraper.spiders.site import SiteSpider
from letterboxd_scraper.starts import MemberStart, StoredFilms


class ProfileSpider(SiteSpider):
    """Reads one member after the other; `members` and `stored_films` are filled before it starts."""

    name = "profile"
    arguments = ProfileArguments
    members: tuple[MemberStart, ...] = ()
    stored_films: StoredFilms

    def __init__(self, name: str | None = None, **given: Any) -> None:
        super().__init__(name, **given)
        self.crawls: dict[str, MemberCrawl] = {}
        self._places: dict[str, int] = {}

    async def start(self) -> AsyncIterator[Any]:
        for place, member in enumerate(self.members):
            self._places[member.name] = place
            self.crawls[member.name] = MemberCrawl(member, watched=self.args.watched or member.is_seed)
            async for found in self.go_on(member.name):
                yield found

    async def read_page(
        self, page: Selector, member: str, listing: Listing, number: int
    ) -> AsyncIterator[Any]:
        crawl = self.crawls[member]
        if listing is Listing.PROFILE:
            profile = parse_profile(page)
            crawl.saw_profile(profile)
            yield profile
        else:
            yield await self._films_page(crawl, page, listing, number)
        async for found in self.go_on(member):
            yield found

    def gave_up(self, member: str, status: str | None = None) -> Iterator[Any]:
        del self.crawls[member]
        yield from ()

    async def go_on(self, member: str) -> AsyncIterator[Any]:
        """Yield the request for the member's next page, or what marks the end of the member."""
        crawl = self.crawls[member]
        while step := crawl.next_page():
            listing, number = step
            reading = crawl.readings.get(listing)
            if number or not reading:
                # Earlier members first: a member is finished before the next is begun.
                yield self.fetch(member, listing, number, priority=-self._places[member])
                return
            if await self.stored_films(member, listing):
                reading.look = True  # counts alone remove nothing
            else:
                yield FilmsPage(member, listing, 0, (), last=True, total=0, complete=())
                crawl.finish(reading, Verdict.PROVED)
        for failure in self._unreconciled(crawl):
            yield failure
        yield MemberRead(member, tuple(crawl.readings), crawl.films, crawl.likes)
        del self.crawls[member]

    async def _films_page(
        self, crawl: MemberCrawl, page: Selector, listing: Listing, number: int
    ) -> FilmsPage:
        reading = crawl.readings[listing]
        tiles = parse_tiles(page)
        if listing is Listing.RATED and any(tile.stars is None for tile in tiles):
            raise LayoutChanged("a film without a rating among the rated films")
        last = next_page(page, urls.listing(crawl.name, listing, number)) is None
        reading.add(number, tiles, clock.now(self.settings["LETTERBOXD_NOW"]))
        item = FilmsPage(crawl.name, listing, number, tiles, last=last, total=reading.total)
        if last:
            films, begun = tuple(reading.films.values()), reading.begun
            verdict = reading.verdict(await self.stored_films(crawl.name, listing))
            crawl.finish(reading, verdict)
            if verdict is Verdict.PROVED:
                return replace(item, complete=films, begun=begun)
        return item

    def _unreconciled(self, crawl: MemberCrawl) -> Iterator[Failure]:
        for reading in crawl.readings.values():
            if not reading.proved:
                url = self.address(crawl.name, reading.listing)
                shown = f"the listing shows {reading.size} films, the profile says {reading.total}"
                yield Failure(reading.listing, url, f"{shown}: nothing was removed", crawl.name)
