"""What a source changes of what is stored: it may be older than the row, or than the one that told all."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from letterboxd_scraper.items.sources import NamedFilm, Viewed
from letterboxd_scraper.store.members.evidence import (
    Marks,
    is_better_link,
    is_outdated,
    midnight,
    rank_of_link,
    with_favourite,
    with_like,
    with_rating,
    with_viewings,
)

SECOND = timedelta(seconds=1)


def at(day: int, hour: int = 12) -> datetime:
    return datetime(2026, 1, day, hour, tzinfo=UTC)


def marks(**changes: Any) -> Marks:
    """Four stars, seen on the 10th."""
    usual = Marks(4.0, False, False, None, None, at(10), None, at(10))
    return replace(usual, **changes)


LIKED = marks(rating=None, liked=True)


@pytest.mark.parametrize(
    ("as_of", "complete", "outdated"),
    [(at(9), at(10), True), (at(10), at(10), False), (at(11), at(10), False), (at(9), None, False)],
)
def test_a_source_is_outdated_by_a_newer_one(
    as_of: datetime, complete: datetime | None, outdated: bool
) -> None:
    assert is_outdated(as_of, complete) is outdated


@pytest.mark.parametrize(
    ("changes", "say"),
    [
        ({}, True),
        ({"rating": None}, False),
        ({"rating": None, "liked": True}, True),
        ({"rating": None, "favorite": True}, True),
    ],
)
def test_marks_say_something(changes: dict[str, Any], say: bool) -> None:
    assert marks(**changes).say_something is say


# A film of which nothing is stored


def test_a_film_that_is_new_was_rated_since_the_newest_source_that_did_not_name_it() -> None:
    assert with_rating(None, 4.0, None, at(10), at(5)) == marks(seen_after=at(5))
    assert with_rating(None, 4.0, None, at(10), None) == marks()
    assert with_rating(None, 4.0, None, at(10), at(10)) == marks(seen_after=at(10))


def test_what_an_older_source_names_has_gone_since() -> None:
    assert with_rating(None, 4.0, None, at(9), at(10)) is None


def test_what_no_source_names_is_not_stored() -> None:
    assert with_rating(None, None, None, at(10), None) is None


@pytest.mark.parametrize(
    ("day", "kept"), [(at(9, 0), True), (at(10, 0), True), (at(8, 23), False), (at(1, 0), False)]
)
def test_a_day_from_before_the_rating_can_have_been_made_is_not_its_day(day: datetime, kept: bool) -> None:
    """Seen after noon of the 10th: zones make a day of difference, and no more."""
    dated = day if kept else None
    complete, as_of = at(10), at(20)
    assert with_rating(None, 3.0, day, as_of, complete) == marks(
        rating=3.0, rated_at=dated, first_seen_at=as_of, seen_after=complete, updated_at=as_of
    )
    assert with_rating(marks(), 3.0, day, as_of, complete) == marks(
        rating=3.0, rated_at=dated, first_seen_at=as_of, seen_after=complete, updated_at=as_of
    )
    stored = marks(seen_after=complete, first_seen_at=at(15))
    assert with_rating(stored, 4.0, day, as_of, at(15)) == replace(stored, rated_at=dated)


# Another rating


def test_a_newer_source_with_another_rating_is_right() -> None:
    stored = marks(liked=True, favorite=True, rated_at=at(3, 0), diary_entry_url="u", seen_after=at(2))
    assert with_rating(stored, 3.0, None, at(20), at(15)) == replace(
        stored, rating=3.0, rated_at=None, first_seen_at=at(20), seen_after=at(15), updated_at=at(20)
    )


def test_a_newer_source_that_does_not_name_it_any_more_is_right() -> None:
    stored = marks(liked=True, rated_at=at(3, 0), seen_after=at(2))
    assert with_rating(stored, None, None, at(20), at(15)) == marks(
        rating=None, liked=True, first_seen_at=at(20), updated_at=at(20)
    )


def test_a_rating_is_news_where_only_a_like_is_stored() -> None:
    stored = replace(LIKED, updated_at=at(25))
    assert with_rating(stored, 4.0, at(18, 0), at(20), at(15)) == marks(
        liked=True, rated_at=at(18, 0), first_seen_at=at(20), seen_after=at(15), updated_at=at(20)
    )
    assert with_rating(stored, 4.0, None, at(14), at(15)) == stored, (
        "a newer source told all, and did not name it"
    )
    assert with_rating(stored, None, None, at(20), at(15)) == stored


@pytest.mark.parametrize("complete", [None, at(3), at(8)])
def test_an_older_source_with_another_rating_tells_after_when_the_stored_one_was_made(
    complete: datetime | None,
) -> None:
    """The row is of the 10th; so is what the source says of the 7th older than it."""
    stored = marks(rated_at=at(9, 0))
    assert with_rating(stored, 3.0, None, at(7), complete) == replace(stored, seen_after=at(7))
    assert with_rating(stored, None, None, at(7), complete) == replace(stored, seen_after=at(7))


def test_an_older_source_takes_away_a_day_from_before_it() -> None:
    stored = marks(rated_at=at(5, 0))
    assert with_rating(stored, 3.0, at(2, 0), at(7), None) == replace(stored, rated_at=None, seen_after=at(7))


def test_an_older_source_does_not_make_an_interval_longer() -> None:
    stored = marks(seen_after=at(8))
    assert with_rating(stored, 3.0, None, at(7), None) == stored


def test_whoever_saw_the_rating_earlier_saw_it_before_it_was_something_else() -> None:
    """Four stars on the 5th, three on the 7th, four again on the 10th."""
    stored = marks(first_seen_at=at(5))
    assert with_rating(stored, 3.0, None, at(7), at(9)) == replace(
        stored, seen_after=at(7), first_seen_at=at(9)
    )
    assert with_rating(stored, 3.0, None, at(7), None) == replace(
        stored, seen_after=at(7), first_seen_at=at(10)
    )
    assert with_rating(stored, 3.0, None, at(5), None) == replace(
        stored, seen_after=at(5), first_seen_at=at(10)
    )
    stored = marks(first_seen_at=at(6))
    assert with_rating(stored, 3.0, None, at(5), None) == replace(stored, seen_after=at(5))


def test_a_source_of_the_rows_own_moment_is_not_older() -> None:
    assert with_rating(marks(), 3.0, None, at(10), None) == marks(rating=3.0)
    stored = with_rating(marks(), 3.0, None, at(10) - SECOND, None)
    assert stored == marks(seen_after=at(10) - SECOND)


# The same rating


@pytest.mark.parametrize("complete", [None, at(9), at(30)])
def test_the_same_rating_was_seen_since_the_earliest_and_dated_by_the_latest(
    complete: datetime | None,
) -> None:
    stored = marks(rated_at=at(4, 0))
    assert with_rating(stored, 4.0, at(6, 0), at(20), complete) == replace(stored, rated_at=at(6, 0))
    assert with_rating(stored, 4.0, at(2, 0), at(20), complete) == stored
    assert with_rating(stored, 4.0, at(4, 0), at(20), complete) == stored
    assert with_rating(stored, 4.0, None, at(20), complete) == stored
    assert with_rating(stored, 4.0, None, at(7), complete) == replace(stored, first_seen_at=at(7))
    assert with_rating(marks(), 4.0, None, at(20), complete) == marks()


@pytest.mark.parametrize(("as_of", "counts"), [(at(5), False), (at(6), False), (at(7), True)])
def test_a_source_from_before_the_rating_was_made_says_nothing_of_it(as_of: datetime, counts: bool) -> None:
    stored = marks(seen_after=at(6))
    expected = replace(stored, rated_at=at(7, 0), first_seen_at=as_of) if counts else stored
    assert with_rating(stored, 4.0, at(7, 0), as_of, None) == expected


# Likes and favourites


@pytest.mark.parametrize(
    ("stored", "liked", "as_of", "complete", "after"),
    [
        (None, False, at(10), None, None),
        (None, True, at(10), None, LIKED),
        (None, True, at(10), at(10), LIKED),
        (None, True, at(10), at(11), None),
        (marks(), True, at(20), None, marks(liked=True)),
        (marks(), True, at(9), None, marks(liked=True)),
        (marks(), False, at(20), None, marks()),
        (marks(liked=True), False, at(20), None, marks()),
        (marks(liked=True), False, at(10), None, marks()),
        # A feed, or a page, has told of the like since.
        (marks(liked=True), False, at(10) - SECOND, None, marks(liked=True)),
        (marks(liked=True), True, at(9), None, marks(liked=True)),
        (marks(liked=True), False, at(20), at(21), marks(liked=True)),
    ],
)
def test_likes(
    stored: Marks | None, liked: bool, as_of: datetime, complete: datetime | None, after: Marks | None
) -> None:
    assert with_like(stored, liked, as_of, complete) == after


FAVOURITE = marks(rating=None, favorite=True)


@pytest.mark.parametrize(
    ("stored", "favourite", "as_of", "complete", "after"),
    [
        (None, False, at(10), None, None),
        (None, True, at(10), None, FAVOURITE),
        (None, True, at(10), at(10), FAVOURITE),
        (None, True, at(10), at(11), None),
        (marks(), True, at(9), None, marks(favorite=True)),
        (marks(favorite=True), False, at(9), None, marks()),
        (marks(favorite=True), False, at(9), at(10), marks(favorite=True)),
        (marks(favorite=True), True, at(20), None, marks(favorite=True)),
    ],
)
def test_favourites(
    stored: Marks | None, favourite: bool, as_of: datetime, complete: datetime | None, after: Marks | None
) -> None:
    assert with_favourite(stored, favourite, as_of, complete) == after


# Viewings in a diary

URL = "https://letterboxd.com/ada/film/x/"
OTHER = "https://letterboxd.com/ada/film/x/1/"


def viewing(day: int, stars: float | None, url: str = URL) -> Viewed:
    return Viewed(NamedFilm("X", slug="x"), at(day).date(), stars, url)


@pytest.mark.parametrize(
    ("stored", "viewings", "after"),
    [
        # The stored rating was given then, or later, as another source knows.
        (marks(), [(9, 4.0)], marks(rated_at=at(9, 0))),
        (marks(rated_at=at(8, 0)), [(9, 4.0)], marks(rated_at=at(9, 0))),
        (marks(rated_at=at(9, 0)), [(8, 4.0)], marks(rated_at=at(9, 0))),
        (marks(), [(8, 4.0), (9, 4.0), (7, 4.0)], marks(rated_at=at(9, 0))),
        # The interval says that it was made later than that viewing.
        (marks(seen_after=at(9)), [(7, 4.0)], marks(seen_after=at(9))),
        (marks(seen_after=at(9)), [(8, 4.0)], marks(seen_after=at(9), rated_at=at(8, 0))),
        # With other stars: the stored ones were given later, nobody knows when.
        (marks(), [(9, 3.0)], marks()),
        (marks(rated_at=at(8, 0)), [(9, 3.0)], marks()),
        (marks(rated_at=at(9, 0)), [(9, 3.0)], marks()),
        (marks(rated_at=at(10, 0)), [(9, 3.0)], marks(rated_at=at(10, 0))),
        (marks(), [(8, 4.0), (9, 3.0)], marks()),
        (marks(), [(7, 3.0), (9, 3.0), (8, 4.0), (10, 4.0)], marks(rated_at=at(10, 0))),
        # Without stars it says nothing of a rating, nor do stars of a film that is only liked.
        (marks(rated_at=at(8, 0)), [(9, None)], marks(rated_at=at(8, 0))),
        (LIKED, [(9, 4.0)], LIKED),
        (marks(rated_at=at(8, 0)), [], marks(rated_at=at(8, 0))),
    ],
)
def test_viewings_date_the_rating_that_was_given_with_them(
    stored: Marks, viewings: list[tuple[int, float | None]], after: Marks
) -> None:
    assert with_viewings(stored, [viewing(*one) for one in viewings]) == after


CODES = ["https://boxd.it/b", "https://boxd.it/c", "https://boxd.it/aaa"]


def test_the_better_link_is_the_sites_own_that_of_stars_and_the_newest() -> None:
    # The beginning of an address decides, not what stands in it.
    review = "https://letterboxd.com/boxd.it/"
    ranks = [rank_of_link(url) for url in (*CODES, review)]
    ranks += [rank_of_link(viewing(9, None).url, viewing(9, None)), rank_of_link(URL, viewing(10, None))]
    ranks += [rank_of_link(URL, viewing(7, 3.0)), rank_of_link(URL, viewing(8, 4.0))]
    ranks.append(rank_of_link(OTHER, viewing(8, 1.0)))
    assert ranks == sorted(ranks)
    assert len(set(ranks)) == len(ranks)
    code = viewing(9, 4.0, CODES[0])
    assert rank_of_link(code.url, code) == rank_of_link(CODES[0])


@pytest.mark.parametrize(
    ("stored", "url", "better"),
    [
        (None, CODES[0], True),
        (None, URL, True),
        (CODES[1], CODES[0], False),
        (CODES[1], CODES[2], True),
        (CODES[1], CODES[1], False),
        (CODES[1], URL, True),
        (URL, CODES[2], False),
        # What the site itself has shown.
        (URL, OTHER, False),
        ("http://example.org/?https://boxd.it/zz", CODES[0], False),
    ],
)
def test_a_link_takes_the_place_of_none_or_of_a_code(stored: str | None, url: str, better: bool) -> None:
    assert is_better_link(url, stored) is better


def test_a_day_is_stored_as_its_midnight() -> None:
    assert midnight(date(2026, 1, 9)) == at(9, 0)
