"""What is known of a member's films: as stored, and corrected by what the pages show."""

from datetime import UTC, date, datetime, timedelta

import pytest

from letterboxd_scraper.crawl.delta_choice import DeltaRules, Known
from letterboxd_scraper.crawl.delta_ledger import Attempt, Ledger, all_known
from letterboxd_scraper.crawl.listing import ListingProgress
from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.members import STARS_OF, Changes, FeedEntry, Listing, Profile, Tile
from letterboxd_scraper.items.tasks import DeltaStart, Reason, Stored

RATED, LIKES, WATCHED = Listing.RATED, Listing.LIKES, Listing.UNRATED_WATCHED
THREE, FOUR = Listing.RATED_3_0, Listing.RATED_4_0
READ_AT = datetime(2026, 11, 23, tzinfo=UTC)
LATER = READ_AT + timedelta(hours=1)


def film(number: int, slug: str | None = None) -> Film:
    return Film(slug or f"film-{number}", f"Film {number}", film_id=number)


def row(
    number: int, stars: float | None = None, *, liked: bool = False, since: datetime | None = None
) -> Stored:
    return Stored(film(number), stars, liked, since)


# Film 1 is rated, 2 is rated and liked, 3 is liked.
ROWS = (row(1, 3.0), row(2, 4.0, liked=True), row(3, liked=True))


def test_what_is_stored_is_what_is_known_at_first() -> None:
    ledger = Ledger(ROWS)
    assert ledger.rated() == {1, 2} == ledger.stored_on(RATED)
    assert ledger.liked() == {2, 3} == ledger.stored_on(LIKES)
    assert (ledger.rated(THREE), ledger.rated(FOUR), ledger.rated(Listing.RATED_5_0)) == ({1}, {2}, set())
    assert ledger.histogram() == (0, 0, 0, 0, 0, 1, 0, 1, 0, 0)
    assert ledger.changes() == Changes()
    assert (ledger.lost, ledger.lost_a_like) == (set(), False)


def test_what_a_page_shows_is_taken_over_and_what_is_stored_is_remembered() -> None:
    ledger = Ledger(ROWS)
    ledger.see(FOUR, Tile(film(1), 4.0))
    ledger.see(FOUR, Tile(film(4), 4.0, True))
    assert ledger.rated(FOUR) == {1, 2, 4}
    assert ledger.liked() == {2, 3, 4}
    assert ledger.stored_on(RATED) == {1, 2}
    assert ledger.stored_on(LIKES) == {2, 3}
    assert ledger.changes() == Changes(added=1, changed=1)


@pytest.mark.parametrize(
    ("listing", "tile", "unchanged"),
    [
        (FOUR, Tile(film(2), 4.0, True), True),
        (FOUR, Tile(film(2), 4.0, False), False),
        (FOUR, Tile(film(1), 4.0), False),
        (FOUR, Tile(film(9), 4.0), False),
        (LIKES, Tile(film(2), 4.0, True), True),
        (LIKES, Tile(film(2), 5.0, True), True),  # its like is what counts
        (LIKES, Tile(film(3), None, True), True),
        (LIKES, Tile(film(1), 3.0, True), False),
        (LIKES, Tile(film(9), None, True), False),
    ],
)
def test_a_film_was_known_just_so_or_not(listing: Listing, tile: Tile, unchanged: bool) -> None:
    assert Ledger(ROWS).see(listing, tile) is unchanged


def test_whatever_is_among_the_likes_is_liked() -> None:
    ledger = Ledger(ROWS)
    ledger.see(LIKES, Tile(film(1), 3.0))
    assert ledger.liked() == {1, 2, 3}


def test_a_film_keeps_its_number_under_another_slug_and_is_found_by_it_where_it_has_none() -> None:
    ledger = Ledger([Stored(Film("old", "Film"), 3.0), row(1, 3.0)])
    assert not ledger.see(FOUR, Tile(Film("old", "Film", film_id=7), 4.0))
    assert not ledger.see(FOUR, Tile(film(1, "new-slug"), 4.0))
    assert ledger.rated() == {"old", 1}
    assert not ledger.see(THREE, Tile(Film("new-slug", "Film 1"), 3.0))
    assert ledger.rated(THREE) == {1}


def test_a_number_says_more_than_a_slug_that_was_another_films() -> None:
    ledger = Ledger([row(1, 3.0), row(2, 3.0)])
    ledger.see(FOUR, Tile(film(1, "film-2"), 4.0))
    assert ledger.rated(FOUR) == {1}
    assert ledger.rated(THREE) == {2}


def test_a_film_that_left_its_level_is_lost_until_it_is_seen_elsewhere() -> None:
    ledger = Ledger([*ROWS, row(4, 3.0)])
    ledger.end_level(THREE, [film(4)])
    assert ledger.lost == {1}
    assert ledger.rated() == {2, 4}
    ledger.see(FOUR, Tile(film(1), 4.0))
    assert ledger.lost == set()
    assert ledger.changes() == Changes(changed=1)


def test_a_rated_film_that_is_liked_without_a_rating_is_lost() -> None:
    ledger = Ledger(ROWS)
    ledger.see(LIKES, Tile(film(2), None, True))
    ledger.see(LIKES, Tile(film(3), None, True))  # never was rated
    assert ledger.lost == {2}
    ledger.see(LIKES, Tile(film(2), 4.0, True))
    assert ledger.lost == set()


def test_the_whole_listing_takes_back_the_ratings_of_what_is_not_on_it() -> None:
    ledger = Ledger(ROWS)
    ledger.end_whole(RATED, [film(2)])
    assert ledger.rated() == {2}
    assert ledger.lost == set()  # it is known now where they are
    assert not ledger.lost_a_like
    assert ledger.changes() == Changes(removed=1)


def test_a_liked_film_whose_rating_was_taken_back_may_not_be_liked_any_more() -> None:
    ledger = Ledger(ROWS)
    ledger.end_whole(RATED, [film(1)])
    assert ledger.lost_a_like
    assert ledger.liked() == {2, 3}
    ledger.end_whole(RATED, [film(1)])
    assert ledger.lost_a_like  # until the likes have been read
    ledger.end_whole(LIKES, [film(3)])
    assert ledger.lost_a_like is False
    assert ledger.liked() == {3}
    assert ledger.changes() == Changes(removed=1)
    assert ledger.see(LIKES, Tile(film(2), None, True)) is False


def test_a_film_that_is_liked_no_more_is_known_just_so() -> None:
    ledger = Ledger(ROWS)
    ledger.end_whole(LIKES, [film(3)])
    assert ledger.changes() == Changes(changed=1)
    assert ledger.see(FOUR, Tile(film(2), 4.0, False))


def test_a_liked_film_that_was_lost_on_its_level_counts_as_well() -> None:
    ledger = Ledger(ROWS)
    ledger.end_level(FOUR, [])
    assert not ledger.lost_a_like  # it may have been rated anew
    ledger.end_whole(RATED, [film(1)])
    assert ledger.lost_a_like


def test_the_whole_listing_of_watched_films_takes_nothing_back() -> None:
    ledger = Ledger(ROWS, watched=frozenset({5}))
    ledger.end_whole(WATCHED, [])
    assert (ledger.rated(), ledger.liked(), ledger.lost) == ({1, 2}, {2, 3}, set())


@pytest.mark.parametrize(
    ("rows", "read_at", "lost_a_like"),
    [
        ([row(3, liked=True, since=LATER)], READ_AT, True),
        ([row(3, liked=True, since=READ_AT)], READ_AT, False),
        ([row(3, liked=True)], READ_AT, False),
        ([row(3, liked=True, since=LATER)], None, False),
        ([row(2, 4.0, liked=True, since=LATER)], READ_AT, False),
        ([row(1, since=LATER)], READ_AT, False),
        ([row(1, 3.0), row(3, liked=True, since=LATER)], READ_AT, True),
    ],
)
def test_a_killed_crawl_may_have_taken_back_a_rating_and_not_come_to_the_likes(
    rows: list[Stored], read_at: datetime | None, lost_a_like: bool
) -> None:
    assert Ledger(rows, read_at=read_at).lost_a_like is lost_a_like


def test_watched_films_without_a_rating_are_those_stored_and_those_that_lost_theirs() -> None:
    ledger = Ledger(ROWS, watched=frozenset({5, 6}))
    assert ledger.stored_on(WATCHED) == {5, 6}
    assert ledger.unrated_watched() == 2
    ledger.see(FOUR, Tile(film(5), 4.0))
    assert ledger.unrated_watched() == 1
    ledger.end_whole(RATED, [film(2), film(5)])
    assert ledger.unrated_watched() == 2  # 1 and 6
    assert Ledger(ROWS).unrated_watched() is None
    assert Ledger(ROWS).stored_on(WATCHED) == frozenset()


def entry(
    number: int,
    stars: float | None,
    published: datetime = LATER,
    *,
    liked: bool | None = None,
    slug: str | None = None,
) -> FeedEntry:
    named = Film(slug or f"film-{number}", f"Film {number}")
    return FeedEntry(f"guid-{number}", named, date(2026, 11, 23), published, stars, liked, "")


def test_an_entry_of_a_feed_names_a_film_that_is_stored_and_keeps_its_like() -> None:
    ledger = Ledger(ROWS)
    entries = (entry(2, 3.0), entry(9, 4.0))
    assert ledger.see_feed(entries, READ_AT) == entries
    assert ledger.rated(THREE) == {1, 2}
    assert ledger.rated(FOUR) == {"film-9"}
    assert ledger.liked() == {2, 3}
    assert ledger.see(THREE, Tile(film(2), 3.0, True))


@pytest.mark.parametrize(("liked", "films"), [(None, {2, 3}), (True, {2, 3, 1}), (False, {2, 3})])
def test_an_entry_may_say_that_the_film_is_liked(liked: bool | None, films: set[int]) -> None:
    ledger = Ledger(ROWS)
    ledger.see_feed([entry(1, 4.0, liked=liked)], READ_AT)
    assert ledger.liked() == films


def test_an_entry_may_say_that_the_film_is_liked_no_more() -> None:
    ledger = Ledger(ROWS)
    ledger.see_feed([entry(2, 4.0, liked=False)], READ_AT)
    assert ledger.liked() == {3}


@pytest.mark.parametrize(
    ("stars", "published", "since", "taken"),
    [
        (4.0, LATER, READ_AT, True),
        (4.0, READ_AT, READ_AT, False),
        (4.0, READ_AT - timedelta(hours=1), READ_AT, False),
        (4.0, READ_AT, None, True),
        (None, LATER, READ_AT, False),
    ],
)
def test_an_entry_from_before_the_last_crawl_is_old_news(
    stars: float | None, published: datetime, since: datetime | None, taken: bool
) -> None:
    ledger = Ledger(ROWS)
    old = entry(1, stars, published)
    assert ledger.see_feed([old], since) == ((old,) if taken else ())
    assert ledger.rated(FOUR) == ({1, 2} if taken else {2})


def test_of_a_film_that_is_twice_in_the_feed_the_newest_entry_counts() -> None:
    ledger = Ledger(ROWS)
    newest = entry(1, 4.0)
    assert ledger.see_feed([newest, entry(1, 5.0)], READ_AT) == (newest,)
    assert ledger.rated(FOUR) == {1, 2}


def test_changes_are_told_apart() -> None:
    ledger = Ledger([*ROWS, row(4, 3.0, liked=True), row(5), row(6, 3.0)])
    ledger.end_whole(RATED, [film(2), film(4), film(6)])  # 1 is no longer rated
    ledger.end_whole(LIKES, [film(2), film(3)])  # 4 is no longer liked
    ledger.see(FOUR, Tile(film(6), 4.0))
    ledger.see(FOUR, Tile(film(5), 4.0))  # said nothing before
    ledger.see(LIKES, Tile(film(7), None))
    assert ledger.changes() == Changes(added=2, changed=2, removed=1)


COUNTS = (0, 0, 0, 0, 0, 1, 0, 1, 0, 0)
PROFILE = Profile("ida", None, None, None, 2, 0, 0, (), 2, COUNTS)
START = DeltaStart("ida", Reason.MOVED)


def levels(*films: Film) -> dict[Listing, ListingProgress]:
    """Return all ten levels, read; these films are on the one of four stars."""
    read = {level: ListingProgress(level, page=1) for level in STARS_OF}
    read[FOUR].add(1, tuple(Tile(one, 4.0) for one in films))
    return read


def test_a_second_attempt_keeps_the_likes_and_the_feed_alone() -> None:
    likes, feed = ListingProgress(LIKES), ListingProgress(Listing.FEED)
    read = {LIKES: likes, Listing.FEED: feed, RATED: ListingProgress(RATED), FOUR: ListingProgress(FOUR)}
    attempt = Attempt(PROFILE, read, levels_moved=True, to_the_end=True)
    assert attempt.again() == Attempt(read={LIKES: likes, Listing.FEED: feed}, second=True)


def test_ten_levels_are_the_whole_listing() -> None:
    whole = Attempt(PROFILE, levels(film(1), film(2))).whole_by_levels()
    assert whole is not None
    assert (whole.listing, whole.total, whole.binding) == (RATED, 2, True)
    assert set(whole.films) == {1, 2}


def test_nine_levels_or_levels_without_a_profile_are_not() -> None:
    read = levels()
    assert Attempt(None, read).whole_by_levels() is None
    del read[Listing.RATED_0_5]
    assert Attempt(PROFILE, read).whole_by_levels() is None


def test_what_is_known_is_taken_from_the_ledger_and_the_attempt() -> None:
    rules = DeltaRules(by_date=True)
    assert all_known(START, rules, Ledger(), Attempt()) == Known(START, rules)
    ledger = Ledger([*ROWS, row(4, 4.0), row(5, 5.0)], watched=frozenset({6, 7, 8, 9}))
    ledger.end_level(FOUR, [])
    ledger.lost_a_like = True
    read = {LIKES: ListingProgress(LIKES, page=3), RATED: ListingProgress(RATED, page=2)}
    attempt = Attempt(PROFILE, read, levels_moved=True, to_the_end=True, second=True)
    assert all_known(START, rules, ledger, attempt) == Known(
        START,
        rules,
        PROFILE,
        {LIKES: 3, RATED: 2},
        whole_proved=False,
        histogram=(0, 0, 0, 0, 0, 1, 0, 0, 0, 1),
        rated_before=4,
        liked=2,
        unrated_watched=6,
        lost=2,
        lost_a_like=True,
        levels_moved=True,
        second_try=True,
        to_the_end=True,
    )
    read[RATED].proved = True
    assert all_known(START, rules, ledger, attempt).whole_proved


@pytest.mark.parametrize(
    ("listing", "total", "binding"),
    [(RATED, 9, True), (FOUR, 0, True), (LIKES, 3, True), (WATCHED, 3, False), (RATED, None, False)],
)
def test_a_listing_must_agree_with_a_count_that_is_about_it(
    listing: Listing, total: int | None, binding: bool
) -> None:
    assert Attempt().begin(listing, total) == ListingProgress(listing, total, binding)


def test_the_whole_is_read_on_where_the_newest_ratings_were_left() -> None:
    newest = ListingProgress(Listing.RATED_BY_DATE, page=2)
    attempt = Attempt()
    attempt.end(newest)
    assert attempt.read == {Listing.RATED_BY_DATE: newest}
    assert attempt.begin(FOUR, 9) == ListingProgress(FOUR, 9, binding=True)
    assert not attempt.to_the_end
    assert attempt.begin(RATED, 9) is newest
    assert (newest.page, newest.total, newest.binding) == (2, 9, True)
    assert attempt.to_the_end
    assert attempt.read == {}
    attempt.end(newest)
    assert attempt.read == {Listing.RATED_BY_DATE: newest, RATED: newest}


def test_a_level_with_another_number_of_films_than_the_profile_says_has_moved() -> None:
    attempt = Attempt()
    attempt.end(ListingProgress(THREE, total=0))
    attempt.end(ListingProgress(LIKES, total=5))
    assert attempt.levels_moved is False
    attempt.end(ListingProgress(FOUR, total=1))
    attempt.end(ListingProgress(Listing.RATED_5_0, total=0))
    assert attempt.levels_moved is True
    assert set(attempt.read) == {THREE, LIKES, FOUR, Listing.RATED_5_0}
