"""The full crawl: each member's profile, rated films and unrated likes, their diary if asked for."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from typing import Any

from parsel import Selector

from letterboxd_scraper import urls
from letterboxd_scraper.arguments import ProfileArguments
from letterboxd_scraper.crawl.full import FullCrawl
from letterboxd_scraper.crawl.member import MemberCrawl, MemberPage
from letterboxd_scraper.crawl.member_queue import MemberQueue, Start
from letterboxd_scraper.errors import LayoutChanged
from letterboxd_scraper.items.members import RATED, STARS_OF, DiaryPage, FilmsPage, Listing, Tile
from letterboxd_scraper.items.tasks import MemberStart, StoredFilms
from letterboxd_scraper.pages.diary import parse_total as parse_diary_total
from letterboxd_scraper.pages.diary import read_diary
from letterboxd_scraper.pages.pagination import proved_next_page
from letterboxd_scraper.pages.profile import parse_profile
from letterboxd_scraper.pages.tiles import parse_filtered_total, parse_likes_total, parse_tiles
from letterboxd_scraper.spiders.member import MemberSpider, MemberTask


@dataclass(frozen=True, slots=True)
class ProfileTask(MemberTask):
    """The members to be read, as the queue hands them out, and what is stored of each."""

    members: MemberQueue
    stored_films: StoredFilms


class QueueSpider(MemberSpider):
    """Reads the members of a queue, one after the other. What is read of each, `crawl_of` says."""

    task: ProfileTask

    def __init__(self, name: str | None = None, **kwargs: Any) -> None:
        super().__init__(name, **kwargs)
        self.crawls: dict[str, MemberCrawl] = {}
        self._places: dict[str, int] = {}

    async def start(self) -> AsyncIterator[Any]:
        """Yield the first request of each member, as the queue hands them out."""
        async for member in self.task.members:
            self._places[member.name] = len(self._places)
            self.crawls[member.name] = self.crawl_of(member)
            async for output in self.go_on(member.name):
                yield output

    def crawl_of(self, start: Start) -> MemberCrawl:
        """Return the crawl that a member begins with."""
        raise NotImplementedError

    async def read_page(
        self, page: Selector, text: str, member: str, listing: Listing, number: int
    ) -> AsyncIterator[Any]:
        """Hand what the page says to the member's crawl, and yield what follows."""
        async for output in self.take(member, self.parsed(page, text, member, listing, number)):
            yield output

    async def take(self, member: str, page: MemberPage) -> AsyncIterator[Any]:
        """Hand a page to the member's crawl, and yield what follows."""
        await self.crawls[member].saw(page, self.now())
        async for output in self.go_on(member):
            yield output

    async def go_on(self, member: str) -> AsyncIterator[Any]:
        """Yield what the pages told, then the request for the next one, or what marks the member's end."""
        if self.task.members.has_lost(member):
            self.leave(member)
            return
        crawl = self.crawls[member]
        for item in _taken_out(crawl):
            yield item
        step = await crawl.next_page()
        for item in _taken_out(crawl):
            yield item
        if step:
            # Earlier members first: a member is finished before the next is begun.
            yield self.fetch(member, *step, priority=-self._places[member])
            return
        for last in crawl.end(lambda listing: self.address(member, listing)):
            yield last
        self.leave(member)

    def renamed(self, member: str, name: str) -> Iterator[Any]:
        """Begin the member anew, under the new name."""
        self.crawls.pop(member, None)
        self.task.members.rename(member, name)
        yield from ()

    def gave_up(self, member: str, status: str | None = None) -> Iterator[Any]:
        """Leave the member; others are read on."""
        self.leave(member)
        yield from ()

    def leave(self, member: str) -> None:
        """Have done with a member, or leave them to another crawl."""
        self.crawls.pop(member, None)
        self.forget_extents(member)
        self.task.members.end(member)

    def parsed(self, page: Selector, text: str, member: str, listing: Listing, number: int) -> MemberPage:
        """Return what a proved page says. Raises LayoutChanged where it cannot be read."""
        if listing is Listing.PROFILE:
            return parse_profile(page)
        following = proved_next_page(page, urls.listing(member, listing, number), text)
        if listing is Listing.DIARY:
            return self._parse_diary(page, member, number, last=following is None)
        tiles = parse_tiles(page)
        check_filter(listing, tiles)
        last = following is None or number >= urls.LAST_PAGE
        total = parse_likes_total(page) if listing is Listing.LIKES else parse_filtered_total(page)
        if number < urls.LAST_PAGE:  # after which nothing is shown, however much there is
            self.check_extent(member, listing, number, (tile.film.key for tile in tiles), total, last=last)
        # What is rated must agree with the profile, which was read before.
        own_total = None if listing in RATED else total
        return FilmsPage(member, listing, number, tiles, last, own_total)

    def _parse_diary(self, page: Selector, member: str, number: int, *, last: bool) -> DiaryPage:
        entries, unread = read_diary(page)
        entries = tuple(replace(entry, url=self.url(entry.url)) for entry in entries)
        numbers: set[int | str] = {entry.viewing_id for entry in entries} | {entry.name for entry in unread}
        self.check_extent(member, Listing.DIARY, number, numbers, parse_diary_total(page), last=last)
        return DiaryPage(member, number, entries, last, unread)


class ProfileSpider(QueueSpider):
    """Reads members in full."""

    name = "profile"
    arguments = ProfileArguments
    args: ProfileArguments

    def crawl_of(self, start: Start) -> MemberCrawl:
        """Return the full crawl of a member."""
        assert isinstance(start, MemberStart)  # noqa: S101  (the others are read by `when_rated`)
        watched = self.args.watched or start.is_seed
        return FullCrawl(start, self.task.stored_films, watched=watched, diary=self.args.diary)


def _taken_out(crawl: MemberCrawl) -> list[MemberPage]:
    items, crawl.items = crawl.items, []
    return items


def check_filter(listing: Listing, tiles: tuple[Tile, ...]) -> None:
    """Raise LayoutChanged if a film is on a listing of ratings that it does not belong on."""
    if listing in (Listing.RATED, Listing.RATED_BY_DATE) and any(tile.stars is None for tile in tiles):
        raise LayoutChanged("a film without a rating among the rated films")
    if listing in STARS_OF and any(tile.stars != STARS_OF[listing] for tile in tiles):
        raise LayoutChanged(f"a film with another rating among those rated {STARS_OF[listing]:g}")
