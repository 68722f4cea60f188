"""Delta crawls that are killed after any of their pages, and begun again, find what they would have found."""

import asyncio
import copy
from dataclasses import replace
from random import Random

import pytest

from letterboxd_scraper.crawl.delta import DeltaCrawl
from letterboxd_scraper.crawl.delta_choice import DeltaRules
from letterboxd_scraper.crawl.member import MemberPage
from letterboxd_scraper.items.members import STARS, STARS_OF, FilmsPage, Listing, Profile
from letterboxd_scraper.items.tasks import Bookmark
from tests.crawl.delta_site import TONIGHT, Delta, Site, Store, member, start_of
from tests.crawl.test_delta_histories import OPERATIONS, live

Marks = dict[Listing, Bookmark]


def killed(site: Site, store: Store, rules: DeltaRules, pages: int, before: Marks) -> Marks:
    """Let a crawl read so many pages and no more, the first or one that goes on with what was read before.

    Return the bookmarks that are stored then.
    """
    delta, marks = carried_on(site, store, rules, before), dict(before)

    async def read() -> None:
        for _ in range(pages):
            if (step := await delta.crawl.next_page()) is None:
                return
            await delta.crawl.saw(site.answer(*step), TONIGHT)
            for item in delta.crawl.items:
                mark(marks, item)
            delta._save()

    asyncio.run(read())
    return marks


def mark(marks: Marks, item: MemberPage) -> None:
    """Move the bookmarks as the store does with a page."""
    if isinstance(item, Profile):
        marks |= {Listing.PROFILE: Bookmark(1, True), Listing.RATED: Bookmark(0, False)}
    if not isinstance(item, FilmsPage):
        return
    before = marks.get(item.listing)
    if item.number > 1 and (before is None or before.page != item.number - 1):
        return
    films = before.films if before and item.number > 1 else ()
    films += tuple(tile.film for tile in item.tiles)
    proves = item.complete is not None or item.listing in STARS_OF
    ended = Bookmark(0, False) if item.last and not proves else None
    marks[item.listing] = ended or Bookmark(item.number, item.last, item.total, films)


def carried_on(site: Site, store: Store, rules: DeltaRules, marks: Marks) -> Delta:
    delta = Delta(site, store, rules)
    start = replace(start_of(site, store), bookmarks=marks)
    delta.crawl = DeltaCrawl(start, rules, delta.stored_rows, delta.stored_films)
    return delta


@pytest.mark.parametrize("by_date", [False, True])
def test_killed_after_any_page_it_ends_as_without(by_date: bool) -> None:
    rules, chance = DeltaRules(by_date=by_date), Random(7)
    kills = 0
    for seed in range(50):
        site = member(chance.choice([20, 200, 300]), seed)
        before = Store(site)
        night = [
            (chance.choice(OPERATIONS), chance.randrange(10_000), chance.choice(STARS)) for _ in range(6)
        ]
        live(site, night)
        store = copy.deepcopy(before)
        whole = Delta(site, store, rules).read()
        for pages in range(1, len(whole.asked)):
            again = copy.deepcopy(before)
            marks = killed(site, again, rules, pages, {})
            if twice := chance.randrange(2):
                marks = killed(site, again, rules, chance.randrange(1, len(whole.asked) + 3), marks)
            delta = carried_on(site, again, rules, marks).read()
            # By date, it may find even more: what it has stored hides that counts could explain the rest.
            assert again.truth() in (store.truth(), site.truth()), (seed, pages, twice, night)
            assert len(delta.failures) == len(whole.failures)
            kills += 1
    assert kills > 50
