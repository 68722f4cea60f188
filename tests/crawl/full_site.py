"""A little site with one member, a store, and a full crawl between them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil

from letterboxd_scraper.crawl.full import FullCrawl
from letterboxd_scraper.crawl.member import MemberPage
from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.members import Failure, FilmsPage, Listing, MemberRead, Profile, Tile
from letterboxd_scraper.items.tasks import Bookmark, MemberStart
from tests.crawl.delta_site import TONIGHT

PROFILE, RATED = Listing.PROFILE, Listing.RATED
LIKES, WATCHED = Listing.UNRATED_LIKES, Listing.UNRATED_WATCHED
Request = tuple[Listing, int]
Keys = frozenset[int | str]


def films(name: str, number: int, liked: int = 0) -> list[Tile]:
    """Return that many tiles, the first of them liked."""
    return [Tile(Film(f"{name}-{n}", name), liked=n < liked) for n in range(number)]


def keys(tiles: list[Tile]) -> Keys:
    return frozenset(tile.film.key for tile in tiles)


def pages(kind: Listing, size: int) -> list[Request]:
    return [(kind, number) for number in range(1, ceil(size / 72) + 1)]


@dataclass
class Site:
    """One member as the site shows them; ``changes`` happen before the request of that number."""

    rated: list[Tile] = field(default_factory=list)
    likes: list[Tile] = field(default_factory=list)
    watched: list[Tile] = field(default_factory=list)
    shows_total: bool = True
    total_is_off_by: int = 0
    changes: dict[int, Callable[["Site"], object]] = field(default_factory=dict)
    per_page: int = 72

    def listing(self, kind: Listing) -> list[Tile]:
        return {RATED: self.rated, LIKES: self.likes, WATCHED: self.watched}[kind]

    def films_count(self) -> int:
        return len(self.rated) + len(self.watched)

    def likes_count(self) -> int:
        return len(self.likes) + sum(tile.liked for tile in self.rated)

    def profile(self) -> Profile:
        total = len(self.rated) + self.total_is_off_by if self.shows_total else None
        return Profile("ida", None, None, None, self.films_count(), 0, 0, (), total, None)

    def answer(self, kind: Listing, number: int) -> MemberPage:
        if kind is PROFILE:
            return self.profile()
        start, listing = (number - 1) * self.per_page, self.listing(kind)
        tiles = tuple(listing[start : start + self.per_page])
        return FilmsPage("ida", kind, number, tiles, last=start + self.per_page >= len(listing))

    def start(self) -> MemberStart:
        """A member whose counts have just been seen."""
        return MemberStart("ida", films=self.films_count(), likes=self.likes_count())


@dataclass
class Store:
    """What is kept of the member: the films of each listing, and bookmarks as the database keeps them."""

    films: dict[Listing, Keys] = field(default_factory=dict)
    bookmarks: dict[Listing, Bookmark] = field(default_factory=dict)
    tiles: dict[Listing, dict[int | str, Tile]] = field(default_factory=dict)

    def stored(self, kind: Listing) -> Keys:
        return self.films.get(kind, frozenset())

    async def stored_films(self, member: str, kind: Listing) -> Keys:
        assert member == "ida"
        return self.stored(kind)

    def save(self, item: MemberPage) -> None:
        if isinstance(item, Profile):
            self.bookmarks[PROFILE] = Bookmark(1, True, item.films)
            self.bookmarks[RATED] = Bookmark(0, False, item.ratings)
        elif isinstance(item, FilmsPage):
            self._save_films(item)

    def _save_films(self, page: FilmsPage) -> None:
        assert page.member == "ida"
        kind = page.listing
        self.films[kind] = self.stored(kind) | keys(list(page.tiles))
        earlier = self.tiles.get(kind, {}) if page.number > 1 else {}
        self.tiles[kind] = tiles = {tile.film.key: tile for tile in page.tiles} | earlier
        liked = sum(tile.liked for tile in tiles.values())
        on_listing = tuple(tile.film for tile in tiles.values())
        if not page.last:
            self.bookmarks[kind] = Bookmark(page.number, False, page.total, on_listing, liked=liked)
        elif page.complete is None:
            self.bookmarks.pop(kind, None)
        else:
            # The rows say from now on which films they are; the bookmark keeps only how many.
            self.films[kind] = frozenset(film.key for film in page.complete)
            liked = liked if kind is RATED else 0
            self.bookmarks[kind] = Bookmark(page.number, True, len(page.complete), liked=liked)


@dataclass
class Run:
    """One run of a crawl: what it asked for, and what marked its end if it came to one."""

    crawl: FullCrawl
    store: Store
    asked: list[Request] = field(default_factory=list)
    end: list[MemberRead | Failure] = field(default_factory=list)

    def proved(self) -> dict[Listing, bool]:
        return {kind: progress.proved for kind, progress in self.crawl.listings.items()}

    def counts(self) -> tuple[int | None, int | None]:
        """Return the numbers of films and of likes with which the member's end was marked."""
        read = self.end[0]
        assert isinstance(read, MemberRead)
        return read.films, read.likes

    async def read(self, site: Site, stop_after: int | None) -> None:
        while len(self.asked) != stop_after:
            step = await self.crawl.next_page()
            self._save()
            if step is None:
                self.end = self.crawl.end(lambda listing: f"https://site/{listing}")
                return
            if change := site.changes.get(len(self.asked)):
                change(site)
            self.asked.append(step)
            assert len(self.asked) < 500, "the crawl does not end"
            await self.crawl.saw(site.answer(*step), TONIGHT)
            self._save()

    def _save(self) -> None:
        for item in self.crawl.items:
            self.store.save(item)
        self.crawl.items.clear()


def crawl(
    site: Site,
    start: MemberStart | None = None,
    store: Store | None = None,
    *,
    watched: bool = False,
    stop_after: int | None = None,
) -> Run:
    """Crawl the member to the end, or until the process is killed after so many requests."""
    store = store or Store()
    run = Run(FullCrawl(start or site.start(), store.stored_films, watched=watched), store)
    asyncio.run(run.read(site, stop_after))
    return run
