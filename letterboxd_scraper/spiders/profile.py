"""The full crawl: each member's profile, rated films and unrated likes, their diary if asked for."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any, ClassVar

from parsel import Selector

from letterboxd_scraper import urls
from letterboxd_scraper.arguments import Arguments, ProfileArguments
from letterboxd_scraper.crawl.full import MemberCrawl
from letterboxd_scraper.crawl.listing import Reading, Verdict
from letterboxd_scraper.errors import LayoutChanged
from letterboxd_scraper.extensions.member_queue import Leases, Start
from letterboxd_scraper.items.members import (
    STARS_OF,
    DiaryPage,
    Failure,
    FilmsPage,
    Listing,
    MemberRead,
    Tile,
)
from letterboxd_scraper.items.tasks import MemberStart, StoredFilms
from letterboxd_scraper.pages.diary import parse_diary
from letterboxd_scraper.pages.pagination import next_page
from letterboxd_scraper.pages.profile import parse_profile
from letterboxd_scraper.pages.tiles import parse_tiles
from letterboxd_scraper.spiders.member import MemberSpider


class ProfileSpider(MemberSpider):
    """Reads one member after the other; `members`, `leases`, which hands them out, and `stored_films` are
    filled before it starts.
    """

    name = "profile"
    arguments: ClassVar[type[Arguments]] = ProfileArguments
    members: tuple[MemberStart, ...] = ()
    leases: Leases
    stored_films: StoredFilms

    def __init__(self, name: str | None = None, **given: Any) -> None:
        super().__init__(name, **given)
        self.crawls: dict[str, MemberCrawl] = {}
        self._places: dict[str, int] = {}

    async def start(self) -> AsyncIterator[Any]:
        async for member in self.leases:
            self._places[member.name] = len(self._places)
            async for found in self.begin(member):
                yield found

    async def begin(self, start: Start) -> AsyncIterator[Any]:
        """Yield a member's first request, or what marks their end where everything was read before."""
        assert isinstance(start, MemberStart)  # noqa: S101  (the others are read by `when_rated`)
        self.crawls[start.name] = self.crawl_of(start)
        async for found in self.go_on(start.name):
            yield found

    def crawl_of(self, member: MemberStart) -> MemberCrawl:
        return MemberCrawl(member, watched=self.args.watched or member.is_seed, diary=self.args.diary)

    async def read_page(
        self, page: Selector, member: str, listing: Listing, number: int
    ) -> AsyncIterator[Any]:
        crawl = self.crawls[member]
        if listing is Listing.PROFILE:
            profile = parse_profile(page)
            crawl.saw_profile(profile)
            yield profile
        elif listing is Listing.DIARY:
            yield self._diary_page(crawl, page, number)
        else:
            yield await self._films_page(crawl, page, listing, number)
        async for found in self.go_on(member):
            yield found

    def gave_up(self, member: str, status: str | None = None) -> Iterator[Any]:
        self.leave(member)
        yield from ()

    def leave(self, member: str) -> None:
        """Have done with a member, or leave them to another crawl."""
        self.crawls.pop(member, None)
        self.leases.end(member)

    async def go_on(self, member: str) -> AsyncIterator[Any]:
        """Yield the request for the member's next page, or what marks the end of the member."""
        if self.leases.has_lost(member):
            self.leave(member)
            return
        crawl = self.crawls[member]
        while step := crawl.next_page():
            listing, number = step
            reading = crawl.readings.get(listing)
            if number or not reading:
                # Earlier members first: a member is finished before the next is begun.
                yield self.fetch(member, listing, number, priority=-self._places[member])
                return
            if item := await self._without_a_page(crawl, reading):
                yield item
        listings = tuple(listing for listing in crawl.readings if listing not in STARS_OF)
        yield MemberRead(member, listings, crawl.films, crawl.likes)
        for failure in self._unreconciled(crawl):
            yield failure
        self.leave(member)

    async def _without_a_page(self, crawl: MemberCrawl, reading: Reading) -> FilmsPage | None:
        """Return the end of a listing that takes no page: one read by its parts, or known to be empty."""
        stored = await self.stored_films(crawl.name, reading.listing)
        if stored and not reading.parts:
            reading.look = True  # counts alone remove nothing
            return None
        reading.put_together()
        verdict = reading.verdict(stored)
        item = _end_of(crawl.name, reading, verdict)
        crawl.finish(reading, verdict)
        return item

    async def _films_page(
        self, crawl: MemberCrawl, page: Selector, listing: Listing, number: int
    ) -> FilmsPage:
        reading = crawl.readings[listing]
        tiles = parse_tiles(page)
        check_filter(listing, tiles)
        following = next_page(page, urls.listing(crawl.name, listing, number))
        reading.add(number, tiles, self.now())
        item = FilmsPage(crawl.name, listing, number, tiles, last=False, total=reading.total)
        if following is not None and number < urls.LAST_PAGE:
            return item
        if listing in STARS_OF:
            reading.finished = True  # what it proves is seen when all levels have been read
            return replace(item, last=True)
        verdict = reading.verdict(await self.stored_films(crawl.name, listing))
        end = replace(_end_of(crawl.name, reading, verdict), number=number, tiles=tiles)
        crawl.finish(reading, verdict)
        return end

    def _diary_page(self, crawl: MemberCrawl, page: Selector, number: int) -> DiaryPage:
        site = str(self.settings["LETTERBOXD_BASE_URL"])
        entries = tuple(replace(entry, url=site + entry.url) for entry in parse_diary(page))
        following = next_page(page, urls.listing(crawl.name, Listing.DIARY, number))
        if following and not entries:
            raise LayoutChanged("a diary page without entries, but more pages after it")
        crawl.readings[Listing.DIARY].turn_to(number, last=following is None)
        return DiaryPage(crawl.name, number, entries, last=following is None)

    def _unreconciled(self, crawl: MemberCrawl) -> Iterator[Failure]:
        for reading in crawl.readings.values():
            if not reading.proved and reading.listing not in STARS_OF:
                url = self.address(crawl.name, reading.listing)
                says = f"the profile says {reading.total}"
                if reading.cut:
                    says = f"the site shows no page after the {urls.LAST_PAGE}th"
                shown = f"the listing shows {reading.size} films, {says}"
                yield Failure(reading.listing, url, f"{shown}: nothing was removed", crawl.name)


def _end_of(member: str, reading: Reading, verdict: Verdict) -> FilmsPage:
    """Return the item that ends a listing; if it is proved complete, it names all its films."""
    films = tuple(reading.films.values()) if verdict is Verdict.PROVED else None
    return FilmsPage(
        member, reading.listing, 0, (), last=True, total=reading.total, complete=films, begun=reading.begun
    )


def check_filter(listing: Listing, tiles: tuple[Tile, ...]) -> None:
    """Raise LayoutChanged if a film is on a listing of ratings that it does not belong on."""
    if listing in (Listing.RATED, Listing.RATED_BY_DATE) and any(tile.stars is None for tile in tiles):
        raise LayoutChanged("a film without a rating among the rated films")
    if listing in STARS_OF and any(tile.stars != STARS_OF[listing] for tile in tiles):
        raise LayoutChanged(f"a film with another rating among those rated {STARS_OF[listing]:g}")
