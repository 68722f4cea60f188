"""The driver of a delta crawl, page by page: what it asks for, what it saves, and what marks the end."""

import asyncio
from dataclasses import replace

import pytest

from letterboxd_scraper.crawl import delta_choice
from letterboxd_scraper.crawl.delta_choice import DeltaRules
from letterboxd_scraper.items.members import (
    STARS_OF,
    Changes,
    Failure,
    FeedPage,
    FilmsPage,
    Listing,
    MemberRefreshed,
    Tile,
)
from letterboxd_scraper.items.tasks import Bookmark, Stored
from tests.crawl.delta_pages import (
    FEED,
    FOUR,
    MORE_ROWS,
    NEWEST,
    PROFILE,
    START,
    THREE,
    TWO,
    WHOLE,
    Driven,
    complete,
    film,
    histogram,
    profile,
    tiles,
)
from tests.crawl.delta_site import TONIGHT


def test_what_is_stored_is_asked_for_once_and_after_the_first_page() -> None:
    delta = Driven(rows=MORE_ROWS)
    assert delta.next_page() == (PROFILE, 1)
    assert delta.questions == []
    assert delta.saw(profile(2, 2, 144)) == [profile(2, 2, 144)]
    delta.saw_films(FOUR, tiles(4.0, 3, liked=True) + tiles(4.0, 4))
    assert delta.questions == ["rows of ida"]


def test_of_the_seed_the_watched_films_are_asked_for_too() -> None:
    delta = Driven(replace(START, is_seed=True), watched=frozenset({5}))
    delta.saw(profile(2, 1))
    assert delta.questions == ["unrated_watched of ida", "rows of ida"]


def test_a_level_ends_with_its_last_page_and_the_member_is_up_to_date() -> None:
    delta = Driven(rows=MORE_ROWS)
    delta.saw(profile(2, 3, 144))
    first, rest = tiles(4.0, 3, liked=True), tiles(4.0, 4, 5)
    assert delta.saw_films(FOUR, first, last=False) == [FilmsPage("ida", FOUR, 1, first, False, 3)]
    assert delta.saw_films(FOUR, rest, 2) == [FilmsPage("ida", FOUR, 2, rest, True, 3)]
    assert delta.refreshed() == MemberRefreshed(
        "ida",
        films=5,
        likes=1,
        histogram=histogram(2, 3, 144),
        liked=1,
        url="https://site/ida/profile",
        changes=Changes(added=2),
    )


def test_a_level_that_is_empty_by_its_count_takes_no_page() -> None:
    delta = Driven(rows=MORE_ROWS)
    delta.saw(profile(0, 3, 144))
    delta.saw_films(FOUR, tiles(4.0, 1, 2) + tiles(4.0, 3, liked=True))
    assert delta.refreshed().changes == Changes(changed=2)


def test_a_level_that_disagrees_with_the_profile_is_read_once_more_with_it() -> None:
    delta = Driven(rows=MORE_ROWS)
    delta.saw(profile(2, 2, 144))
    delta.saw_films(FOUR, tiles(4.0, 3, liked=True))
    assert delta.next_page() == (PROFILE, 1)
    delta.saw(profile(2, 2, 144))
    delta.saw_films(FOUR, tiles(4.0, 3, liked=True))
    says = "the profile says 148 ratings, the listings show 147: nothing was removed"
    assert delta.next_page() is None
    assert delta.end() == [Failure(WHOLE, "https://site/ida/rated", says, "ida")]


def all_levels_but(level: Listing, on_page: tuple[Tile, ...]) -> Driven:
    """Return a crawl that has lost film 2 and read the level of 3 stars, and this one.

    One film is rated with 3 stars now, and two with 4.
    """
    delta = Driven(rows=MORE_ROWS)
    delta.saw(profile(1, 2, 144))
    delta.saw_films(THREE, tiles(3.0, 1))
    delta.saw_films(level, on_page)
    return delta


def test_ten_levels_prove_together_that_what_is_lost_has_gone() -> None:
    delta = all_levels_but(FOUR, tiles(4.0, 3, liked=True) + tiles(4.0, 4))
    delta.saw_films(TWO, tiles(2.0, *range(1_000, 1_072)), last=False)
    (page,) = delta.saw_films(TWO, tiles(2.0, *range(1_072, 1_144)), 2)
    assert complete(page) is None
    # The others have no films, and take no page.
    assert delta.refreshed().changes == Changes(added=1, removed=1)
    (proof,) = delta.saved()
    assert complete(proof) == {1, 3, 4, *range(1_000, 1_144)}
    assert isinstance(proof, FilmsPage)
    assert (proof.member, proof.listing, proof.number, proof.tiles) == ("ida", WHOLE, 0, ())
    assert proof.total == 147
    assert (proof.last, proof.begun) == (True, TONIGHT)


def test_ten_levels_on_two_of_which_a_film_stands_prove_nothing() -> None:
    delta = all_levels_but(FOUR, tiles(4.0, 3, liked=True) + tiles(4.0, 1_000))
    delta.saw_films(TWO, tiles(2.0, *range(1_000, 1_144)))
    assert delta.next_page() == (PROFILE, 1)
    (proof,) = delta.saved()
    assert complete(proof) is None
    assert isinstance(proof, FilmsPage)
    assert proof.last is True


def test_ten_levels_are_no_proof_where_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delta_choice, "MOST_SHOWN", 9)  # else the whole listing would be read, a single page
    delta = Driven(rows=(), start=replace(START, likes=0, crawled_likes=0))
    delta.saw(replace(profile(0, 0), ratings=10, histogram=(1,) * 10))
    assert delta.next_page() == (FEED, 1)
    delta.saw(FeedPage("ida", ()))
    for number, (level, stars) in enumerate(STARS_OF.items()):
        (page,) = delta.saw_films(level, tiles(stars, number))
        assert complete(page) is None
    assert delta.refreshed().changes == Changes(added=10)


def test_the_whole_listing_takes_back_what_is_not_on_it() -> None:
    delta = Driven()
    delta.saw(profile(1, 1))
    (page,) = delta.saw_films(WHOLE, tiles(3.0, 1) + tiles(4.0, 3, liked=True))
    assert complete(page) == {1, 3}
    assert isinstance(page, FilmsPage)
    assert (page.total, page.begun, page.last) == (2, TONIGHT, True)
    assert delta.refreshed().changes == Changes(removed=1)


def test_the_whole_listing_must_agree_with_the_profile() -> None:
    delta = Driven()
    delta.saw(profile(1, 1))
    (page,) = delta.saw_films(WHOLE, tiles(3.0, 1))
    assert complete(page) is None
    assert isinstance(page, FilmsPage)
    assert page.last is True
    assert delta.next_page() == (PROFILE, 1)


def test_the_whole_listing_without_a_total_is_read_twice_before_it_takes_back() -> None:
    delta = Driven()
    delta.saw(replace(profile(1, 1), ratings=None, histogram=None))
    (page,) = delta.saw_films(WHOLE, tiles(3.0, 1) + tiles(4.0, 3, liked=True))
    assert complete(page) is None
    (page,) = delta.saw_films(WHOLE, tiles(3.0, 1) + tiles(4.0, 3, liked=True))
    assert complete(page) == {1, 3}
    assert delta.refreshed().histogram == histogram(1, 1)


BY_DATE = DeltaRules(by_date=True, known_run=2, most_pages=2)


def test_by_date_a_run_of_known_films_is_enough() -> None:
    delta = Driven(rules=BY_DATE)
    page = tiles(4.0, 4) + tiles(3.0, 2, 1)
    assert delta.saw_films(NEWEST, page, last=False) == [FilmsPage("ida", NEWEST, 1, page, False)]
    assert delta.refreshed().changes == Changes(added=1)


def test_by_date_a_new_film_breaks_the_run() -> None:
    delta = Driven(rules=BY_DATE)
    delta.saw_films(NEWEST, tiles(3.0, 2) + tiles(4.0, 4) + tiles(3.0, 1), last=False)
    assert delta.next_page() == (NEWEST, 2)


def test_by_date_a_run_goes_over_the_border_of_a_page() -> None:
    delta = Driven(rules=BY_DATE)
    delta.saw_films(NEWEST, tiles(4.0, 4) + tiles(3.0, 2), last=False)
    delta.saw_films(NEWEST, tiles(3.0, 1), 2, last=False)
    assert delta.refreshed().changes == Changes(added=1)


def test_by_date_no_more_pages_are_read_than_the_rules_allow() -> None:
    delta = Driven(rules=BY_DATE)
    delta.saw_films(NEWEST, tiles(4.0, 4), last=False)
    delta.saw_films(NEWEST, tiles(4.0, 5), 2, last=False)
    assert delta.next_page() == (PROFILE, 1)


def test_the_pages_by_date_go_on_as_the_whole_listing() -> None:
    delta = Driven(replace(START, films=6), replace(BY_DATE, most_pages=1))
    delta.saw_films(NEWEST, tiles(4.0, 4), last=False)
    assert delta.next_page() == (PROFILE, 1)
    delta.saw(profile(1, 2))
    # Known films and the limit of pages do not end it any more.
    (page,) = delta.saw_films(NEWEST, tiles(4.0, 3, liked=True), 2, last=False)
    assert page == FilmsPage("ida", NEWEST, 2, tiles(4.0, 3, liked=True), False, 3)
    (page,) = delta.saw_films(NEWEST, tiles(3.0, 2), 3)
    assert complete(page) == {2, 3, 4}
    assert delta.refreshed().changes == Changes(added=1, removed=1)


def test_the_pages_by_date_that_came_to_their_end_are_the_whole_listing() -> None:
    delta = Driven(rules=BY_DATE)
    (page,) = delta.saw_films(NEWEST, tiles(3.0, 2) + tiles(4.0, 3, liked=True))
    assert isinstance(page, FilmsPage)
    assert (page.last, page.complete) == (True, None)
    asyncio.run(delta.crawl.saw(profile(1, 1), TONIGHT))
    assert delta.refreshed().changes == Changes(removed=1)
    seen, proof = delta.saved()
    assert seen == profile(1, 1)
    assert complete(proof) == {2, 3}
    assert isinstance(proof, FilmsPage)
    assert (proof.listing, proof.number, proof.total) == (NEWEST, 0, 2)


def test_the_pages_by_date_without_a_total_are_read_twice_before_they_take_back() -> None:
    delta = Driven(rules=BY_DATE)
    delta.saw_films(NEWEST, tiles(3.0, 2) + tiles(4.0, 3, liked=True))
    delta.saw(replace(profile(1, 1), ratings=None, histogram=None))
    assert delta.next_page() == (NEWEST, 1)
    (proof,) = delta.saved()
    assert complete(proof) is None
    (page,) = delta.saw_films(NEWEST, tiles(3.0, 2) + tiles(4.0, 3, liked=True))
    assert complete(page) == {2, 3}
    assert delta.refreshed().changes == Changes(removed=1)


# After an interruption


def test_a_whole_listing_goes_on_where_it_was_left_though_the_counts_agree_by_now() -> None:
    read = tuple(film(number) for number in (1, 2, 3))
    start = replace(
        START, bookmarks={WHOLE: Bookmark(1, False, 147, read), FOUR: Bookmark(1, False, 1, read)}
    )
    delta = Driven(start, rows=MORE_ROWS)
    assert delta.next_page() == (PROFILE, 1)
    assert delta.saw(profile(2, 1, 144)) == [], "stored, it would begin the listing anew"
    rest = tiles(2.0, *range(1_000, 1_144))
    (page,) = delta.saw_films(WHOLE, rest, 2)
    assert complete(page) == {1, 2, 3, *range(1_000, 1_144)}
    assert delta.refreshed().histogram == histogram(2, 1, 144)


def test_levels_that_were_read_are_not_read_again_and_one_that_was_begun_goes_on() -> None:
    marks = {FOUR: Bookmark(1, True, 2, (film(3), film(4))), TWO: Bookmark(1, False, 145, (film(5),))}
    rows = (*MORE_ROWS, Stored(film(4), 4.0), Stored(film(5), 2.0))
    delta = Driven(replace(START, bookmarks=marks), rows=rows)
    assert delta.next_page() == (PROFILE, 1)
    assert delta.saw(profile(1, 2, 145)) == [profile(1, 2, 145)]
    assert delta.next_page() == (TWO, 2)
    delta.saw_films(TWO, tiles(2.0, *range(1_000, 1_144)), 2)
    assert delta.next_page() == (THREE, 1), "where the counts differ still"


def test_a_level_that_the_profile_counts_otherwise_by_now_is_read_again() -> None:
    marks = {FOUR: Bookmark(1, True, 1, (film(3),))}
    delta = Driven(replace(START, bookmarks=marks), rows=MORE_ROWS)
    delta.saw(profile(2, 2, 144))
    assert delta.next_page() == (FOUR, 1)
