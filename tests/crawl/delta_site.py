"""A little site with one member, a store, and a delta crawl between them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from random import Random
from typing import Self

from letterboxd_scraper.crawl.delta import DeltaCrawl
from letterboxd_scraper.crawl.delta_choice import DeltaRules
from letterboxd_scraper.crawl.member import MemberPage
from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.members import (
    LEVELS,
    STARS,
    STARS_OF,
    Failure,
    FeedEntry,
    FeedPage,
    FilmsPage,
    Listing,
    Profile,
    Tile,
)
from letterboxd_scraper.items.tasks import DeltaStart, Reason, Stored

PER_PAGE = 72
BY_LEVELS = DeltaRules()
YESTERDAY, TONIGHT = datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC)
Request = tuple[Listing, int]
Truth = dict[str, tuple[float | None, bool]]


@dataclass
class Site:
    """One member; dictionaries hold the newest last."""

    ratings: dict[str, float] = field(default_factory=dict)
    likes: dict[str, None] = field(default_factory=dict)
    watched: set[str] = field(default_factory=set)
    names: dict[str, str] = field(default_factory=dict)  # films that have another slug by now
    feed: list[FeedEntry] = field(default_factory=list)

    def truth(self) -> Truth:
        return {name: (self.ratings.get(name), name in self.likes) for name in {*self.ratings, *self.likes}}

    def film(self, name: str) -> Film:
        return Film(self.names.get(name, name), name, film_id=int(name.split("-")[1]))

    def tile(self, name: str) -> Tile:
        return Tile(self.film(name), self.ratings.get(name), name in self.likes)

    def on(self, listing: Listing) -> list[str]:
        newest = list(self.ratings)[::-1]
        if listing is Listing.LIKES:
            return list(self.likes)[::-1]
        if listing is Listing.RATED_BY_DATE:
            return newest
        return sorted(n for n in newest if listing is Listing.RATED or LEVELS[self.ratings[n]] is listing)

    def page(self, listing: Listing, number: int) -> tuple[tuple[Tile, ...], bool]:
        names, start = self.on(listing), (number - 1) * PER_PAGE
        assert not start or start < len(names), f"{listing} has no page {number}"
        return tuple(map(self.tile, names[start : start + PER_PAGE])), start + PER_PAGE >= len(names)

    def answer(self, listing: Listing, number: int) -> MemberPage:
        """Return the page that is asked for."""
        if listing is Listing.PROFILE:
            return self.profile()
        if listing is Listing.FEED:
            return FeedPage("ida", tuple(self.feed))
        tiles, last = self.page(listing, number)
        total = len(self.likes) if listing is Listing.LIKES else None
        return FilmsPage("ida", listing, number, tiles, last, total)

    def histogram(self) -> tuple[int, ...]:
        return tuple(len(self.on(level)) for level in STARS_OF)

    def profile(self) -> Profile:
        counts = self.histogram()
        films = len(self.watched | self.ratings.keys())
        return Profile("ida", None, None, None, films, 0, 0, (), sum(counts), counts)


class Store:
    """What is stored of the member, changed as the database changes it."""

    def __init__(self, site: Site) -> None:
        self.rows: dict[int, Stored] = {}
        self.films, self.likes = 0, 0
        self.crawl(site)

    def crawl(self, site: Site) -> None:
        """Read everything, as a full crawl does."""
        tiles = [site.tile(name) for name in site.truth()]
        self.rows = {t.film.film_id or 0: Stored(t.film, t.stars, t.liked) for t in tiles}
        self.films, self.likes = site.profile().films or 0, len(site.likes)

    def truth(self) -> Truth:
        return {row.film.title: (row.stars, row.liked) for row in self.rows.values()}

    def save(self, page: FilmsPage | FeedPage) -> None:
        if isinstance(page, FeedPage):
            self._save_feed(page)
            return
        for tile in page.tiles:
            key, stars = tile.film.film_id or 0, tile.stars
            liked = tile.liked or page.listing is Listing.LIKES
            if page.listing is Listing.LIKES and stars is None and key in self.rows:
                stars = self.rows[key].stars  # only the whole listing takes a rating back
            self.rows[key] = Stored(tile.film, stars, liked)
        if page.complete is None:
            return
        for key in self.rows.keys() - {film.film_id for film in page.complete}:
            row = self.rows[key]
            gone = {"liked": False} if page.listing is Listing.LIKES else {"stars": None}
            self.rows[key] = replace(row, **gone, since=TONIGHT)
        self.rows = {key: row for key, row in self.rows.items() if row.stars or row.liked}

    def _save_feed(self, page: FeedPage) -> None:
        numbers = {row.film.slug: number for number, row in self.rows.items()}
        for entry in page.entries:
            key = numbers.get(entry.film.slug) or int(entry.film.slug.split("-")[1])
            film = replace(entry.film, film_id=key)
            liked = key in self.rows and self.rows[key].liked if entry.liked is None else entry.liked
            self.rows[key] = Stored(film, entry.stars, liked)


def start_of(site: Site, store: Store, reason: Reason = Reason.MOVED) -> DeltaStart:
    counted = reason is not Reason.UNCOUNTED
    films, likes = (site.profile().films, len(site.likes)) if counted else (None, None)
    return DeltaStart("ida", reason, films, likes, store.films, store.likes, YESTERDAY)


@dataclass
class Delta:
    """A delta crawl of the member, played with the site and the store: what it asked for and how it ended."""

    site: Site
    store: Store
    rules: DeltaRules = BY_LEVELS
    reason: Reason = Reason.MOVED
    meanwhile: dict[int, Callable[[], object]] = field(
        default_factory=dict
    )  # before the request of that number
    asked: list[Request] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def __post_init__(self) -> None:
        start = start_of(self.site, self.store, self.reason)
        self.crawl = DeltaCrawl(start, self.rules, self.stored_rows, self.stored_films)

    async def stored_rows(self, member: str) -> tuple[Stored, ...]:
        return tuple(self.store.rows.values())

    async def stored_films(self, member: str, listing: Listing) -> frozenset[int | str]:
        raise AssertionError("only the seed's watched films matter")

    def read(self) -> Self:
        """Let the crawl read the site to its end."""
        asyncio.run(self._read())
        return self

    async def _read(self) -> None:
        while step := await self.crawl.next_page():
            self.meanwhile.get(len(self.asked), lambda: None)()
            self.asked.append(step)
            assert len(self.asked) < 60, "the crawl does not end"
            await self.crawl.saw(self.site.answer(*step), TONIGHT)
            self._save()
        for item in self.crawl.end(lambda listing: f"https://site/{listing}"):
            if isinstance(item, Failure):
                self.failures.append(item)
            else:
                self.store.films, self.store.likes = item.films or 0, item.likes or 0

    def _save(self) -> None:
        for item in self.crawl.items:
            if isinstance(item, FilmsPage | FeedPage):
                self.store.save(item)
        self.crawl.items.clear()


def refresh(site: Site, store: Store, rules: DeltaRules = BY_LEVELS) -> list[Request]:
    """Refresh a member whose counts have moved; return what was asked for, nothing where none has."""
    start = start_of(site, store)
    if (start.films, start.likes) == (store.films, store.likes):
        return []
    delta = Delta(site, store, rules).read()
    assert not delta.failures
    return delta.asked


def member(count: int = 200, seed: int = 1) -> Site:
    """Return a member who has rated so many films, and likes a third of them and a few others."""
    rng = Random(seed)
    names = [f"film-{number}" for number in range(1, count + 11)]
    ratings = {name: rng.choice(STARS) for name in names[:count]}
    likes = dict.fromkeys([*(n for n in names[:count] if rng.random() < 0.3), *names[count : count + 4]])
    return Site(ratings, likes, set(names[: count + 8]))


def of_level(site: Site, stars: float) -> str:
    return next(name for name, own in site.ratings.items() if own == stars and name not in site.likes)
