"""When a listing can end, or go on, as its pages say."""

import pytest

from letterboxd_scraper.crawl.extent import Extent
from letterboxd_scraper.errors import LayoutChanged

FULL, NEXT = range(25), range(25, 50)


def extent(*pages: range, total: int | None = 61, before: int = 0) -> Extent:
    """Return what is seen after these full pages."""
    extent = Extent(25, before)
    for page in pages:
        extent.take(page, total, last=False)
    return extent


ENDS: dict[str, tuple[Extent, range, int | None]] = {
    "one page": (extent(), range(3), 3),
    "a full page, and that is all": (extent(), FULL, 25),
    "a page that is not full, of a total that counts closed accounts": (extent(FULL), range(25, 41), 43),
    "no total": (extent(FULL), NEXT, None),
    "nothing, and nothing is said": (extent(), range(0), None),
    "nothing after all was seen, for one has left": (extent(FULL, total=26), range(0), 25),
    "more than there are films": (extent(FULL), NEXT, 40),
    "full, after pages of an earlier run": (extent(before=25), NEXT, 50),
}
NO_ENDS: dict[str, tuple[Extent, range, int | None]] = {
    "a full page of a larger total": (extent(), FULL, 61),
    "a full second page": (extent(FULL), NEXT, 61),
    "nothing": (extent(FULL), range(0), 61),
    "a full page after pages of an earlier run": (extent(before=25), NEXT, 61),
}


@pytest.mark.parametrize(("extent", "page", "total"), ENDS.values(), ids=ENDS)
def test_a_listing_ends(extent: Extent, page: range, total: int | None) -> None:
    extent.take(page, total, last=True)


@pytest.mark.parametrize(("extent", "page", "total"), NO_ENDS.values(), ids=NO_ENDS)
def test_what_is_no_end(extent: Extent, page: range, total: int | None) -> None:
    with pytest.raises(LayoutChanged, match="of 61 were seen"):
        extent.take(page, total, last=True)


@pytest.mark.parametrize("page", [FULL, range(5), range(0)], ids=["again", "a part", "nothing"])
def test_a_page_that_brings_nothing_new_is_followed_by_none(page: range) -> None:
    with pytest.raises(LayoutChanged, match="nothing"):
        extent(FULL).take(page, None, last=False)


def test_a_listing_is_no_longer_than_it_says() -> None:
    listing = extent(FULL, NEXT, range(50, 75), range(60, 85))  # others came meanwhile
    with pytest.raises(LayoutChanged, match="61"):
        listing.take(range(85, 110), 61, last=False)
    listing.take(range(85, 110), 61, last=True)


def test_a_listing_that_does_not_say_how_long_it_is_ends_some_day() -> None:
    with pytest.raises(LayoutChanged):
        extent(range(49_999), total=None).take([-1], None, last=False)


def test_a_page_that_was_refused_can_be_read_again() -> None:
    listing = extent(FULL)
    with pytest.raises(LayoutChanged):
        listing.take(NEXT, 61, last=True)
    listing.take(NEXT, 61, last=False)
    listing.take(range(50, 61), 61, last=True)
