"""A full crawl of a member who has rated more films than one listing shows: level by level of ratings."""

import asyncio
from dataclasses import replace

import pytest

from letterboxd_scraper.crawl.full import FullCrawl
from letterboxd_scraper.crawl.listing import MOST_SHOWN
from letterboxd_scraper.crawl.member import MemberPage
from letterboxd_scraper.items.members import LEVELS, STARS_OF, FilmsPage, Listing, MemberRead, Profile, Tile
from letterboxd_scraper.items.tasks import Bookmark, MemberStart
from letterboxd_scraper.urls import LAST_PAGE
from tests.crawl.delta_site import TONIGHT
from tests.crawl.full_site import LIKES, PROFILE, RATED, Keys, Request, films, keys

LOW, HIGH = LEVELS[3.5], LEVELS[4.0]
HISTOGRAM = (0, 0, 0, 0, 0, 0, 4_000, 6_000, 0, 0)
LONG = Profile("ida", None, None, None, 10_000, 0, 0, (), 10_000, HISTOGRAM)


class LongCrawl:
    """A full crawl with what is stored of the member's rated films."""

    def __init__(self, stored: Keys = frozenset(), start: MemberStart = MemberStart("ida")) -> None:  # noqa: B008
        self.stored = stored
        self.crawl = FullCrawl(start, self.stored_films)

    async def stored_films(self, member: str, listing: Listing) -> Keys:
        assert member == "ida"
        return self.stored if listing is RATED else frozenset()

    def next_page(self) -> Request | None:
        return asyncio.run(self.crawl.next_page())

    def saw(self, page: MemberPage) -> MemberPage:
        """Let the crawl see a page; return what it makes of it."""
        asyncio.run(self.crawl.saw(page, TONIGHT))
        return self.crawl.items.pop()

    def saw_films(
        self, listing: Listing, tiles: list[Tile], number: int = 1, *, last: bool = True
    ) -> FilmsPage:
        page = self.saw(FilmsPage("ida", listing, number, tuple(tiles), last))
        assert isinstance(page, FilmsPage)
        return page

    def proof(self) -> FilmsPage:
        """Return what the levels prove together, once they were read."""
        (page,) = self.crawl.items
        assert isinstance(page, FilmsPage)
        assert (page.listing, page.number, page.tiles) == (RATED, 0, ())
        return page


def long_crawl(stored: Keys = frozenset(), profile: Profile = LONG) -> LongCrawl:
    crawl = LongCrawl(stored)
    crawl.saw(profile)
    return crawl


def test_a_listing_that_is_too_long_is_read_by_its_levels() -> None:
    crawl = long_crawl(frozenset({"gone"}))
    assert crawl.next_page() == (LOW, 1)
    assert crawl.saw_films(LOW, films("low", 2_000, liked=10), last=False).last is False
    assert crawl.next_page() == (LOW, 2)
    page = crawl.saw_films(LOW, films("lower", 2_000), 2)
    assert (page.last, page.complete) == (True, None)
    assert crawl.next_page() == (HIGH, 1)
    high = films("high", 6_000, liked=5)
    crawl.saw_films(HIGH, high)
    assert crawl.next_page() == (LIKES, 1)
    proof = crawl.proof()
    assert len(proof.complete or ()) == proof.total == 10_000
    assert (proof.last, proof.begun) == (True, TONIGHT)
    crawl.saw_films(LIKES, films("likes", 3))
    assert crawl.next_page() is None
    assert crawl.crawl.end(str) == [MemberRead("ida", (RATED, LIKES), 10_000, 18)]


@pytest.mark.parametrize(("ratings", "first"), [(MOST_SHOWN, RATED), (MOST_SHOWN + 1, LOW)])
def test_the_site_shows_so_many_films_on_one_listing(ratings: int, first: Listing) -> None:
    assert MOST_SHOWN == 9_216
    profile = replace(LONG, ratings=ratings, histogram=(0, 0, 0, 0, 0, 0, 4_000, ratings - 4_000, 0, 0))
    assert long_crawl(profile=profile).next_page() == (first, 1)


def test_a_listing_whose_length_nobody_told_is_cut_at_the_last_page_and_read_by_its_levels() -> None:
    crawl = long_crawl(profile=replace(LONG, ratings=None, histogram=None))
    assert crawl.next_page() == (RATED, 1)
    page = crawl.saw_films(RATED, films("first", MOST_SHOWN), LAST_PAGE)
    assert (page.last, page.complete) == (True, None)
    assert [crawl.next_page()] == [(LEVELS[0.5], 1)]  # no histogram says that there is none


def test_a_film_on_two_levels_was_rated_meanwhile_and_they_are_read_again() -> None:
    crawl = long_crawl()
    twice = films("twice", 1)
    crawl.next_page()
    crawl.saw_films(LOW, films("low", 3_999) + twice)
    crawl.next_page()
    crawl.saw_films(HIGH, films("high", 6_000) + twice)
    assert crawl.next_page() == (PROFILE, 1)  # 10,000 different films, but one may be missing
    assert crawl.proof().complete is None
    crawl.crawl.items.clear()
    crawl.saw(LONG)
    assert crawl.next_page() == (LOW, 1)


def test_a_level_that_is_too_long_itself_proves_nothing() -> None:
    crawl = long_crawl(frozenset({"gone"}))
    crawl.next_page()
    crawl.saw_films(LOW, films("low", 4_000))
    crawl.next_page()
    crawl.saw_films(HIGH, films("high", 5_000), LAST_PAGE)
    assert crawl.next_page() == (LIKES, 1)
    assert crawl.proof().complete is None
    crawl.saw_films(LIKES, [])
    assert crawl.next_page() is None
    _, failure = crawl.crawl.end(str)
    assert failure.error == (  # type: ignore[union-attr]
        "the listing shows 9,000 films, the site shows no page after the 128th: nothing was removed"
    )


BOOKMARKS = {
    PROFILE: Bookmark(1, True, 10_000),
    RATED: Bookmark(0, False, 10_000),
    LOW: Bookmark(1, True, None, tuple(tile.film for tile in films("low", 4_000)), liked=4),
}


def resumed(stored: Keys) -> LongCrawl:
    """Return a crawl that goes on where an earlier run had read one level, and reads the others."""
    crawl = LongCrawl(stored, MemberStart("ida", bookmarks=BOOKMARKS))
    for level in STARS_OF:
        if level is not LOW:
            assert crawl.next_page() == (level, 1)
            crawl.saw_films(level, films("high", 6_000) if level is HIGH else [])
    return crawl


def test_levels_that_an_earlier_run_has_read_are_not_read_again() -> None:
    crawl = resumed(keys(films("low", 4_000)))
    assert crawl.next_page() == (LIKES, 1)
    assert len(crawl.proof().complete or ()) == 10_000
    assert crawl.crawl.listings[RATED].liked == 4


def test_levels_read_on_different_days_remove_nothing_though_they_add_up() -> None:
    crawl = resumed(frozenset({"gone"}))
    assert crawl.next_page() == (PROFILE, 1)
    assert crawl.proof().complete is None
    crawl.crawl.items.clear()
    crawl.saw(LONG)
    assert crawl.next_page() == (LOW, 1)
    crawl.saw_films(LOW, films("low", 4_000))
    assert crawl.next_page() == (HIGH, 1)
    crawl.saw_films(HIGH, films("high", 6_000))
    assert crawl.next_page() == (LIKES, 1)
    assert len(crawl.proof().complete or ()) == 10_000
