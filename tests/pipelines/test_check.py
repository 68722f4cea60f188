"""What cannot be true of an item is refused, and told in one line."""

import asyncio
from typing import Any

import pytest
from itemadapter import ItemAdapter
from scrapy.exceptions import DropItem

from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.members import FilmsPage, Listing, Membership, MemberStatus, Tile
from letterboxd_scraper.pipelines import CheckPipeline, what_is_wrong

CURE = Film("cure", "Cure", 1997)


def page(*tiles: Tile, member: str = "ada", listing: Listing = Listing.RATED) -> FilmsPage:
    return FilmsPage(member, listing, 1, tiles, last=True)


@pytest.mark.parametrize(
    ("item", "wrong"),
    [
        (page(Tile(CURE, 4.5), Tile(Film("pulse", "Pulse"), 0.5)), None),
        (page(), None),
        (MemberStatus("ada", "gone", Listing.PROFILE), None),
        (MemberStatus("Ada", "gone", Listing.PROFILE), "the member 'Ada' is not in lower case"),
        (page(member="ADA"), "the member 'ADA' is not in lower case"),
        (page(Tile(Film("", "Cure"), 4.5)), "a film without slug or title"),
        (page(Tile(Film("cure", ""), 4.5)), "a film without slug or title"),
        (page(Tile(CURE, 5.5)), "cure has 5.5 stars"),
        (page(Tile(CURE, 0.0)), "cure has 0.0 stars"),
        (page(Tile(CURE, 4.25)), "cure has 4.25 stars"),
        (page(Tile(CURE)), "cure is among the rated films without a rating"),
        (page(Tile(CURE), listing=Listing.RATED_BY_DATE), "cure is among the rated films without a rating"),
        (page(Tile(CURE), listing=Listing.UNRATED_LIKES), None),
        (Membership("friends", "marla", (("marla", 0),), True, {}), None),
    ],
)
def test_an_item_is_refused_for_what_cannot_be_true(item: Any, wrong: str | None) -> None:
    message = what_is_wrong(ItemAdapter(item))
    assert message == wrong or (wrong and message and message.startswith(wrong))


def test_a_page_is_refused_for_any_of_its_films() -> None:
    assert what_is_wrong(ItemAdapter(page(Tile(CURE, 4.0), Tile(CURE, 9.0)))) == "cure has 9.0 stars"


async def process(item: Any) -> Any:
    return await CheckPipeline(None).process_item(item)  # type: ignore[arg-type]


def test_what_is_refused_is_dropped_loudly_and_the_rest_passed_on() -> None:
    good, bad = page(Tile(CURE, 4.5)), page(Tile(CURE, 9.0))
    assert asyncio.run(process(good)) is good
    with pytest.raises(DropItem, match=r"FilmsPage: cure has 9\.0 stars") as dropped:
        asyncio.run(process(bad))
    assert dropped.value.log_level == "ERROR"
