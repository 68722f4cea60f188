"""What the end of one listing proves: the site's total, or a second reading with the same films."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from letterboxd_scraper.crawl.listing import ListingProgress, Verdict
from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.members import LEVELS, Listing, Tile
from letterboxd_scraper.items.tasks import Bookmark
from letterboxd_scraper.urls import LAST_PAGE
from tests.crawl.full_site import LIKES, RATED, Keys, films

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
NOTHING: Keys = frozenset()
SAME: Keys = frozenset({"film-0", "film-1"})
ONE_MORE = SAME | {"gone"}


def progress(
    count: int = 2, *, total: int | None = None, binding: bool = False, **more: object
) -> ListingProgress:
    """Return a listing of which so many films were read."""
    listing = replace(ListingProgress(LIKES, total, binding), **more)  # type: ignore[arg-type]
    listing.add(1, tuple(films("film", count)))
    return listing


# What was read, what is stored of the listing, and what follows.
JUDGED: dict[str, tuple[ListingProgress, Keys, Verdict]] = {
    "the total on the profile": (progress(total=2, binding=True), NOTHING, Verdict.PROVED),
    "the total on the profile, and a film has gone": (
        progress(total=2, binding=True),
        ONE_MORE,
        Verdict.PROVED,
    ),
    "fewer than the profile says": (progress(total=3, binding=True), NOTHING, Verdict.AGAIN),
    "fewer than the profile says, though nothing has gone": (
        progress(total=3, binding=True),
        SAME,
        Verdict.AGAIN,
    ),
    "more than the profile says": (progress(total=1, binding=True), NOTHING, Verdict.AGAIN),
    "more than an older count says": (progress(total=1), SAME, Verdict.PROVED),
    "another number than an older count says, and a film has gone": (
        progress(total=3),
        ONE_MORE,
        Verdict.AGAIN,
    ),
    "no total": (progress(), SAME, Verdict.PROVED),
    "no total, and a film has gone": (progress(), ONE_MORE, Verdict.AGAIN),
    "a second reading agrees": (progress(first_reading=SAME), ONE_MORE, Verdict.PROVED),
    "a second reading differs": (progress(first_reading=ONE_MORE), ONE_MORE, Verdict.UNRECONCILED),
    "a second reading agrees, and not with the profile": (
        progress(total=3, binding=True, first_reading=SAME),
        ONE_MORE,
        Verdict.UNRECONCILED,
    ),
    "carried on, and nothing has gone": (progress(total=2, resumed=True), SAME, Verdict.PROVED),
    "carried on, and a film has gone": (progress(total=2, resumed=True), ONE_MORE, Verdict.AGAIN),
    "a film on two parts": (progress(total=2, overlaps=True), SAME, Verdict.AGAIN),
}


@pytest.mark.parametrize(("listing", "stored", "verdict"), JUDGED.values(), ids=JUDGED)
def test_a_listing_is_judged_at_its_end(listing: ListingProgress, stored: Keys, verdict: Verdict) -> None:
    assert listing.verdict(stored) is verdict
    assert listing.removes is ("gone" in stored)


def test_a_film_stored_without_its_number_is_known_by_its_slug() -> None:
    listing = ListingProgress(RATED)
    listing.add(1, (Tile(Film("tin-weather", "Tin Weather", film_id=7)),))
    assert listing.verdict(frozenset({"tin-weather"})) is Verdict.PROVED
    assert not listing.removes


@pytest.mark.parametrize(
    ("number", "total", "cut"),
    [(LAST_PAGE, 50, False), (LAST_PAGE, None, True), (LAST_PAGE, 51, True), (LAST_PAGE - 1, 51, False)],
)
def test_a_listing_that_ends_at_the_last_page_is_proved_only_by_its_total(
    number: int, total: int | None, cut: bool
) -> None:
    listing = ListingProgress(LIKES, total)
    listing.add(number, tuple(films("liked", 50)))
    assert listing.cut is cut
    assert (listing.verdict(NOTHING) is Verdict.CUT) is cut


def test_a_film_that_is_listed_twice_counts_once() -> None:
    listing = ListingProgress(RATED)
    listing.add(1, tuple(films("film", 3, liked=2)), NOON)
    listing.add(2, tuple(films("film", 4, liked=4)), NOON + timedelta(minutes=1))
    assert (listing.page, listing.size, listing.liked, listing.begun) == (2, 4, 3, NOON)


def test_a_listing_that_is_read_again_remembers_only_which_films_were_on_it() -> None:
    part = ListingProgress(LEVELS[3.5], page=3, finished=True)
    listing = ListingProgress(RATED, total=9, binding=True, parts=(part,))
    listing.carry_on(Bookmark(2, True, 9, tuple(tile.film for tile in films("film", 2)), liked=1))
    listing.add(2, (), NOON)
    listing.start_again()
    assert listing.first_reading == SAME
    assert (listing.page, listing.films, listing.liked, listing.size) == (0, {}, 0, 0)
    assert (listing.finished, listing.resumed, listing.begun) == (False, False, None)
    assert listing.total == 9
    assert (part.page, part.finished) == (0, False)
    listing.add(1, tuple(films("film", 1)), NOON + timedelta(hours=1))
    assert listing.begun == NOON + timedelta(hours=1)


@pytest.mark.parametrize(
    ("bookmark", "size", "resumed"),
    [
        (Bookmark(0, False, 9), 0, False),
        (Bookmark(1, False, 9, tuple(tile.film for tile in films("film", 2)), liked=1), 2, True),
        (Bookmark(1, True, 9, liked=1), 9, True),
        (Bookmark(1, True), 0, True),
    ],
)
def test_a_bookmark_is_carried_on(bookmark: Bookmark, size: int, resumed: bool) -> None:
    listing = ListingProgress(RATED)
    listing.carry_on(bookmark)
    assert (listing.page, listing.total, listing.liked) == (bookmark.page, bookmark.total, bookmark.liked)
    assert listing.finished is listing.proved is bookmark.finished
    assert (listing.size, listing.resumed) == (size, resumed)


def part_of(name: str, count: int, at: datetime | None = NOON, liked: int = 0) -> ListingProgress:
    listing = ListingProgress(Listing.RATED_3_5)
    listing.add(1, tuple(films(name, count, liked)), at)
    return listing


def test_parts_are_put_together() -> None:
    parts = (
        part_of("low", 2, None, liked=1),
        part_of("high", 3, NOON, 2),
        part_of("top", 1, NOON + timedelta(1)),
    )
    whole = ListingProgress(RATED, parts=parts)
    whole.put_together()
    assert (whole.size, whole.liked, whole.begun) == (6, 3, NOON)
    assert (whole.overlaps, whole.resumed, whole.cut) == (False, False, False)


def test_what_holds_for_one_part_holds_for_the_whole() -> None:
    resumed, cut = part_of("low", 2), part_of("high", 3)
    resumed.resumed, cut.cut = True, True
    for part in (resumed, cut):
        whole = ListingProgress(RATED, parts=(part_of("top", 2), part))
        whole.put_together()
        assert (whole.overlaps, whole.resumed, whole.cut) == (False, part is resumed, part is cut)
    whole = ListingProgress(RATED, parts=(part_of("same", 2), part_of("same", 3)))
    whole.put_together()
    assert (whole.overlaps, whole.size) == (True, 3)


def test_a_diary_proves_nothing_and_is_done_with_its_last_page() -> None:
    diary = ListingProgress(Listing.DIARY)
    diary.turn_to(1, last=False)
    assert (diary.page, diary.finished, diary.proved) == (1, False, False)
    diary.turn_to(2, last=True)
    assert (diary.page, diary.finished, diary.proved) == (2, True, True)
