"""The driver of a delta crawl: likes, watched films and the feed."""

import asyncio
from dataclasses import replace

import pytest

from letterboxd_scraper.crawl.delta_choice import DeltaRules
from letterboxd_scraper.crawl.member import MemberPage
from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.members import (
    Changes,
    FeedEntry,
    FeedPage,
    FilmsPage,
    Listing,
    Tile,
)
from letterboxd_scraper.items.tasks import Stored
from tests.crawl.delta_pages import (
    FEED,
    FOUR,
    LIKES,
    MORE_ROWS,
    ROWS,
    START,
    THREE,
    TWO,
    WATCHED,
    Driven,
    complete,
    film,
    profile,
    tiles,
)
from tests.crawl.delta_site import TONIGHT, YESTERDAY

LIKES_MOVED = replace(START, likes=2)


def liking(*numbers: int) -> tuple[Tile, ...]:
    return tiles(None, *numbers, liked=True)


def test_likes_stop_at_a_run_of_known_ones_if_they_are_as_many_as_the_page_says() -> None:
    rows = (*ROWS, *(Stored(film(number), None, True) for number in (7, 8)))
    delta = Driven(replace(START, likes=4, crawled_likes=3), DeltaRules(known_run=2), rows)
    delta.saw(profile(2, 1))
    page = liking(9, 8, 7)
    assert delta.saw_films(LIKES, page, last=False, total=4) == [FilmsPage("ida", LIKES, 1, page, False, 4)]
    refreshed = delta.refreshed()
    assert (refreshed.likes, refreshed.liked, refreshed.changes) == (4, 4, Changes(added=1))


def test_a_run_of_known_films_begins_anew_with_each_listing() -> None:
    delta = Driven(LIKES_MOVED, DeltaRules(known_run=2), MORE_ROWS)
    delta.saw(profile(2, 2, 144))
    delta.saw_films(FOUR, tiles(4.0, 4) + tiles(4.0, 3, liked=True))
    delta.saw_films(LIKES, tiles(4.0, 3, liked=True), last=False, total=1)
    assert delta.next_page() == (LIKES, 2)


def test_the_page_itself_says_how_many_likes_there_are() -> None:
    delta = Driven(LIKES_MOVED)
    delta.saw(profile(2, 1))
    (page,) = delta.saw_films(LIKES, liking(9) + tiles(4.0, 3, liked=True) + liking(8), total=3)
    assert complete(page) == {3, 8, 9}
    assert isinstance(page, FilmsPage)
    assert page.total == 3
    assert delta.refreshed().likes == 3


def test_likes_that_disagree_are_read_again_and_then_given_up() -> None:
    delta = Driven(LIKES_MOVED)
    delta.saw(profile(2, 1))
    for _ in range(2):
        (page,) = delta.saw_films(LIKES, liking(9), total=2)
        assert complete(page) is None
        assert isinstance(page, FilmsPage)
        assert page.last is True
    says = "the page says 2 films, the listing shows 1: nothing was removed"
    assert delta.failures() == [(LIKES, says)]


def test_likes_that_agree_the_second_time_take_back_what_is_not_among_them() -> None:
    delta = Driven(LIKES_MOVED)
    delta.saw(profile(2, 1))
    delta.saw_films(LIKES, liking(9), total=2)
    (page,) = delta.saw_films(LIKES, liking(9, 8), total=2)
    assert complete(page) == {8, 9}
    refreshed = delta.refreshed()
    assert (refreshed.liked, refreshed.changes) == (2, Changes(added=2, changed=1))


def test_likes_without_a_total_of_their_own_have_that_of_the_start() -> None:
    delta = Driven(LIKES_MOVED)
    delta.saw(profile(2, 1))
    delta.saw_films(LIKES, liking(9) + tiles(4.0, 3, liked=True))
    assert delta.refreshed().likes == 2


def test_likes_that_nobody_counts_are_not_known_afterwards() -> None:
    delta = Driven(replace(START, likes=None))
    delta.saw(profile(2, 1))
    delta.saw_films(LIKES, tiles(4.0, 3, liked=True))
    refreshed = delta.refreshed()
    assert (refreshed.likes, refreshed.liked) == (None, 1)


def test_what_stands_among_the_likes_is_liked_though_its_tile_does_not_say_so() -> None:
    delta = Driven(LIKES_MOVED)
    delta.saw(profile(2, 1))
    delta.saw_films(LIKES, tiles(4.0, 3, liked=True) + tiles(None, 9), total=2)
    assert delta.refreshed().liked == 2


def test_what_is_to_be_saved_gathers_until_it_is_taken_out() -> None:
    delta = Driven(rows=MORE_ROWS)
    pages: list[MemberPage] = [
        profile(1, 2, 144),
        FilmsPage("ida", THREE, 1, tiles(3.0, 1), last=True, total=1),
        FilmsPage("ida", FOUR, 1, tiles(4.0, 3, liked=True) + tiles(4.0, 4), last=True, total=2),
        FilmsPage("ida", TWO, 1, tiles(2.0, *range(1_000, 1_072)), last=False, total=144),
        FilmsPage("ida", TWO, 2, tiles(2.0, *range(1_072, 1_144)), last=True, total=144),
    ]
    for page in pages:
        asyncio.run(delta.crawl.saw(page, TONIGHT))
        delta.next_page()
    *seen, proof = delta.saved()
    assert seen == pages
    assert complete(proof) == {1, 3, 4, *range(1_000, 1_144)}


SEED = replace(START, is_seed=True)


def test_watched_films_are_read_where_the_counts_tell_of_others() -> None:
    delta = Driven(SEED, watched=frozenset({5}))
    delta.saw(profile(2, 1, films=5))
    (page,) = delta.saw_films(WATCHED, tiles(None, 5, 6))
    assert complete(page) == {5, 6}
    assert isinstance(page, FilmsPage)
    assert page.total == 2
    refreshed = delta.refreshed()
    assert (refreshed.films, refreshed.changes) == (5, Changes())


def test_watched_films_that_have_gone_take_a_second_reading_where_the_counts_disagree() -> None:
    delta = Driven(SEED, watched=frozenset({5, 6}))
    delta.saw(profile(2, 1, films=4))
    (page,) = delta.saw_films(WATCHED, ())
    assert complete(page) is None
    (page,) = delta.saw_films(WATCHED, ())
    assert complete(page) == set()
    assert delta.refreshed().films == 4


def test_watched_films_that_disagree_twice_remove_nothing() -> None:
    delta = Driven(SEED, watched=frozenset({5, 6}))
    delta.saw(profile(2, 1, films=4))
    delta.saw_films(WATCHED, tiles(None, 6, 7))
    delta.saw_films(WATCHED, ())
    says = "the page says 1 film, the listing shows 0: nothing was removed"
    assert delta.failures() == [(WATCHED, says)]


NEW = tuple(
    FeedEntry("", Film(f"film-{number}", ""), TONIGHT.date(), TONIGHT, stars, None, "")
    for number, stars in ((900, 1.0), (901, 3.0), (902, 4.0))
)
# Three levels have a film more.
THREE_LEVELS = replace(profile(3, 2, 300), ratings=306, histogram=(0, 1, 0, 300, 0, 3, 0, 2, 0, 0))
LONG = ROWS + tuple(Stored(film(number), 2.0) for number in range(1_000, 1_300))


def test_of_a_feed_what_is_new_is_saved() -> None:
    delta = Driven(rows=LONG)
    delta.saw(THREE_LEVELS)
    assert delta.next_page() == (FEED, 1)
    old = replace(NEW[0], published=YESTERDAY)
    assert delta.saw(FeedPage("ida", (*NEW, old))) == [FeedPage("ida", NEW)]
    assert delta.refreshed().changes == Changes(added=3)


def test_a_feed_without_news_is_nothing_to_save_and_is_not_asked_for_again() -> None:
    delta = Driven(rows=LONG)
    delta.saw(THREE_LEVELS)
    assert delta.next_page() == (FEED, 1)
    assert delta.saw(FeedPage("ida", (replace(NEW[0], published=YESTERDAY),))) == []
    assert delta.next_page() == (Listing.RATED_1_0, 1)


@pytest.mark.parametrize(("profile_says", "films"), [(7, 7), (None, None)])
def test_the_profile_says_how_many_films_were_watched(profile_says: int | None, films: int | None) -> None:
    delta = Driven()
    delta.saw(profile(2, 1, films=profile_says))
    assert delta.refreshed().films == films
