"""The driver of a delta crawl, page by page: what it asks for, what it saves, and what marks the end."""

import asyncio
from dataclasses import replace

import pytest

from letterboxd_scraper.crawl import delta_choice
from letterboxd_scraper.crawl.delta import DeltaCrawl
from letterboxd_scraper.crawl.delta_choice import DeltaRules
from letterboxd_scraper.crawl.member import MemberPage
from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.members import (
    STARS_OF,
    Changes,
    Failure,
    FeedEntry,
    FeedPage,
    FilmsPage,
    Listing,
    MemberRefreshed,
    Profile,
    Tile,
)
from letterboxd_scraper.items.tasks import DeltaStart, Reason, Stored
from tests.crawl.delta_site import TONIGHT, YESTERDAY, Request

PROFILE, FEED, LIKES = Listing.PROFILE, Listing.FEED, Listing.LIKES
WHOLE, NEWEST, WATCHED = Listing.RATED, Listing.RATED_BY_DATE, Listing.UNRATED_WATCHED
TWO, THREE, FOUR = Listing.RATED_2_0, Listing.RATED_3_0, Listing.RATED_4_0
START = DeltaStart("ida", Reason.MOVED, 5, 1, crawled_films=4, crawled_likes=1, read_at=YESTERDAY)


def film(number: int) -> Film:
    return Film(f"film-{number}", f"Film {number}", film_id=number)


def tiles(stars: float | None, *numbers: int, liked: bool = False) -> tuple[Tile, ...]:
    return tuple(Tile(film(number), stars, liked) for number in numbers)


def histogram(threes: int, fours: int, twos: int = 0) -> tuple[int, ...]:
    return (0, 0, 0, twos, 0, threes, 0, fours, 0, 0)


def profile(threes: int, fours: int, twos: int = 0, films: int | None = 5) -> Profile:
    counts = histogram(threes, fours, twos)
    return Profile("ida", None, None, None, films, 0, 0, (), sum(counts), counts)


# Films 1 and 2 are rated with 3 stars, 3 with 4 and liked.
ROWS = (Stored(film(1), 3.0), Stored(film(2), 3.0), Stored(film(3), 4.0, True))
# And 144 others with 2 stars, so that a level or two are cheaper to read than all three pages.
MORE_ROWS = ROWS + tuple(Stored(film(number), 2.0) for number in range(1_000, 1_144))


class Driven:
    """A delta crawl that is shown its pages one by one."""

    def __init__(
        self,
        start: DeltaStart = START,
        rules: DeltaRules = DeltaRules(),  # noqa: B008
        rows: tuple[Stored, ...] = ROWS,
        watched: frozenset[int | str] = frozenset(),
    ) -> None:
        self.rows, self.watched = rows, watched
        self.questions: list[str] = []
        self.crawl = DeltaCrawl(start, rules, self.stored_rows, self.stored_films)

    async def stored_rows(self, member: str) -> tuple[Stored, ...]:
        self.questions.append(f"rows of {member}")
        return self.rows

    async def stored_films(self, member: str, listing: Listing) -> frozenset[int | str]:
        self.questions.append(f"{listing} of {member}")
        return self.watched

    def next_page(self) -> Request | None:
        return asyncio.run(self.crawl.next_page())

    def saw(self, page: MemberPage) -> list[MemberPage]:
        """Show it a page; return what is to be saved."""
        asyncio.run(self.crawl.saw(page, TONIGHT))
        return self.saved()

    def saw_films(
        self,
        listing: Listing,
        on_page: tuple[Tile, ...],
        number: int = 1,
        *,
        last: bool = True,
        total: int | None = None,
    ) -> list[MemberPage]:
        assert self.next_page() == (listing, number)
        return self.saw(FilmsPage("ida", listing, number, on_page, last, total))

    def saved(self) -> list[MemberPage]:
        items, self.crawl.items = self.crawl.items, []
        return items

    def end(self) -> list[MemberRefreshed] | list[Failure]:
        return self.crawl.end(lambda listing: f"https://site/ida/{listing}")

    def failures(self) -> list[tuple[str, str]]:
        assert self.next_page() is None
        return [(item.stage, item.error) for item in self.end() if isinstance(item, Failure)]

    def refreshed(self) -> MemberRefreshed:
        assert self.next_page() is None
        (end,) = self.end()
        assert isinstance(end, MemberRefreshed)
        return end


def complete(page: MemberPage) -> set[int | str] | None:
    """Return the films that a page names as all that are on its listing; None if it names none."""
    assert isinstance(page, FilmsPage)
    assert page.last or page.complete is None
    return None if page.complete is None else {one.key for one in page.complete}


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
    assert proof.last is False


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
    assert page.last is False
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
        assert page.last is False
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
    says = "the page says 1 films, the listing shows 0: nothing was removed"
    assert delta.failures() == [(WATCHED, says)]


MANY = tuple(Stored(film(number), 4.0) for number in range(1, 200))


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
