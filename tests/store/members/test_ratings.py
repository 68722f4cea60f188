"""What pages set and what their ends disprove, row by row."""

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.members import FeedEntry, FilmsPage, Listing, Profile, Tile
from letterboxd_scraper.store.crawl_state.bookmarks import ListingState
from letterboxd_scraper.store.members.ratings import (
    count_ratings,
    remove_absent,
    save_favourites,
    save_tiles,
    save_viewings,
)
from letterboxd_scraper.store.schema import ratings, user_scrape_state, watched
from tests.store.rows import DAY, HOUR, MONDAY, add_film, add_rating, add_user, rating_rows

TUESDAY = MONDAY + DAY
MARKS = ("rating", "liked", "favorite")
Marks = tuple[float | None, bool, bool]


@pytest.fixture
def ada(connection: sa.Connection) -> int:
    return add_user(connection, "ada")


def withdraw(connection: sa.Connection, user: int, listing: Listing, marks: Marks, **values: Any) -> Any:
    """Return what is left of a film's row after a listing was read whole that does not show the film."""
    film = add_film(connection, "x")
    add_rating(connection, user, film, **dict(zip(MARKS, marks, strict=True)), **values)
    remove_absent(connection, user, listing, {film + 1}, MONDAY, TUESDAY)
    return rating_rows(connection, *MARKS).get(film)


@pytest.mark.parametrize("listing", [Listing.RATED, Listing.RATED_BY_DATE])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((4.0, False, False), None),
        ((4.0, True, False), (None, True, False)),
        ((4.0, False, True), (None, False, True)),
        ((4.0, True, True), (None, True, True)),
        ((None, True, False), (None, True, False)),
    ],
)
def test_a_film_that_is_no_longer_rated(
    connection: sa.Connection, ada: int, listing: Listing, before: Marks, after: Marks | None
) -> None:
    assert withdraw(connection, ada, listing, before) == after


@pytest.mark.parametrize(
    ("listing", "before", "after"),
    [
        (Listing.UNRATED_LIKES, (None, True, False), None),
        (Listing.UNRATED_LIKES, (None, True, True), (None, False, True)),
        # It is among the rated ones, which that listing does not show.
        (Listing.UNRATED_LIKES, (4.0, True, False), (4.0, True, False)),
        (Listing.UNRATED_LIKES, (None, False, True), (None, False, True)),
        (Listing.LIKES, (None, True, False), None),
        (Listing.LIKES, (None, True, True), (None, False, True)),
        (Listing.LIKES, (4.0, True, False), (4.0, False, False)),
        (Listing.LIKES, (4.0, True, True), (4.0, False, True)),
    ],
)
def test_a_film_that_is_no_longer_liked(
    connection: sa.Connection, ada: int, listing: Listing, before: Marks, after: Marks | None
) -> None:
    assert withdraw(connection, ada, listing, before) == after


def test_an_unrated_film_has_no_day_of_its_rating_any_more(connection: sa.Connection, ada: int) -> None:
    withdraw(connection, ada, Listing.RATED, (4.0, True, False), rated_at=MONDAY)
    assert list(rating_rows(connection, "rated_at", "updated_at").values()) == [(None, TUESDAY)]


def test_an_unliked_film_keeps_the_day_of_its_rating(connection: sa.Connection, ada: int) -> None:
    withdraw(connection, ada, Listing.LIKES, (4.0, True, False), rated_at=MONDAY)
    assert list(rating_rows(connection, "rated_at", "updated_at").values()) == [(MONDAY, TUESDAY)]


@pytest.mark.parametrize(
    ("stored", "is_left"), [(MONDAY - HOUR, False), (MONDAY, False), (MONDAY + HOUR, True)]
)
def test_what_was_stored_after_the_listing_was_begun_stays(
    connection: sa.Connection, ada: int, stored: Any, is_left: bool
) -> None:
    left = withdraw(connection, ada, Listing.RATED, (4.0, False, False), updated_at=stored)
    assert (left is not None) is is_left


def test_films_on_the_listing_and_other_members_films_stay(connection: sa.Connection, ada: int) -> None:
    kept, lost = add_film(connection, "kept"), add_film(connection, "lost")
    ben = add_user(connection, "ben")
    for user, film in ((ada, kept), (ada, lost), (ben, lost)):
        add_rating(connection, user, film, rating=3.0)
    remove_absent(connection, ada, Listing.RATED, {kept}, MONDAY, TUESDAY)
    rows = connection.execute(sa.select(ratings.c.user_id, ratings.c.film_id, ratings.c.updated_at)).all()
    assert {tuple(row) for row in rows} == {(ada, kept, MONDAY), (ben, lost, MONDAY)}


def profile(*favourites: str) -> Profile:
    films = tuple(Film(slug, slug.title()) for slug in favourites)
    return Profile("ada", "Ada", None, None, 1, 0, 0, films, 1, None)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((None, False, True), None),
        ((None, True, True), (None, True, False)),
        ((4.0, False, True), (4.0, False, False)),
    ],
)
def test_a_film_that_is_no_favourite_any_more(
    connection: sa.Connection, ada: int, before: Marks, after: Marks | None
) -> None:
    film = add_film(connection, "x")
    add_rating(connection, ada, film, **dict(zip(MARKS, before, strict=True)), updated_at=TUESDAY)
    save_favourites(connection, ada, profile("y"), MONDAY)
    rows = rating_rows(connection, *MARKS)
    assert rows.pop(film, None) == after
    assert list(rows.values()) == [(None, False, True)]


def test_a_favourite_that_is_stored_stays_as_it_is(connection: sa.Connection, ada: int) -> None:
    film, rated = add_film(connection, "x"), add_film(connection, "y")
    add_rating(connection, ada, film, favorite=True)
    add_rating(connection, ada, rated, rating=2.0)
    save_favourites(connection, ada, profile("x", "y"), TUESDAY)
    assert rating_rows(connection, "favorite", "first_seen_at", "updated_at") == {
        film: (True, MONDAY, MONDAY),
        rated: (True, MONDAY, TUESDAY),
    }


def page(listing: Listing, *tiles: Tile) -> FilmsPage:
    return FilmsPage("ada", listing, 1, tiles, last=False)


def tile(slug: str, stars: float | None = None, liked: bool = False) -> Tile:
    return Tile(Film(slug, slug.title()), stars, liked)


def save(connection: sa.Connection, state: ListingState, *tiles: Tile) -> dict[int | str, int]:
    ids: dict[int | str, int] = {
        one.film.slug: add_film(connection, one.film.slug) for one in dict.fromkeys(tiles)
    }
    save_tiles(connection, state, page(state.listing, *tiles), ids, TUESDAY)
    return ids


def note_complete(connection: sa.Connection, user: int) -> None:
    """Note that all that a member has rated was known on Sunday."""
    row = {"user_id": user, "listing": Listing.RATED, "page": 1, "seen": [], "status": "complete"}
    row |= {"updated_at": TUESDAY, "complete_as_of": MONDAY - DAY}
    connection.execute(user_scrape_state.insert().values(row))


SEEN = ("rating", "liked", "first_seen_at", "seen_after", "updated_at")


def test_rated_films_are_new_since_the_listing_was_last_read_whole(
    connection: sa.Connection, ada: int
) -> None:
    state = ListingState(ada, Listing.RATED, complete_as_of=MONDAY)
    ids = save(connection, state, tile("x", 4.0), tile("y", 3.0, liked=True))
    assert rating_rows(connection, *SEEN) == {
        ids["x"]: (4.0, False, TUESDAY, MONDAY, TUESDAY),
        ids["y"]: (3.0, True, TUESDAY, MONDAY, TUESDAY),
    }


@pytest.mark.parametrize("listing", [Listing.RATED_4_0, Listing.RATED_BY_DATE, Listing.LIKES])
def test_of_other_listings_the_whole_listing_of_rated_films_counts(
    connection: sa.Connection, ada: int, listing: Listing
) -> None:
    note_complete(connection, ada)
    save(connection, ListingState(ada, listing, complete_as_of=MONDAY), tile("x", 4.0))
    liked = listing is Listing.LIKES
    assert list(rating_rows(connection, *SEEN).values()) == [(4.0, liked, TUESDAY, MONDAY - DAY, TUESDAY)]


def test_an_unrated_film_on_a_page_of_likes_gets_the_like_alone(connection: sa.Connection, ada: int) -> None:
    film = add_film(connection, "x")
    add_rating(connection, ada, film, rating=4.0, rated_at=MONDAY)
    state = ListingState(ada, Listing.UNRATED_LIKES, complete_as_of=MONDAY)
    save_tiles(connection, state, page(state.listing, tile("x")), {"x": film}, TUESDAY)
    assert rating_rows(connection, "rated_at", *SEEN) == {film: (MONDAY, 4.0, True, MONDAY, None, TUESDAY)}
    other = save(connection, state, tile("y"))["y"]
    assert rating_rows(connection, *SEEN)[other] == (None, True, TUESDAY, MONDAY, TUESDAY)


def test_another_rating_begins_a_new_interval_and_the_same_does_not(
    connection: sa.Connection, ada: int
) -> None:
    same, other = add_film(connection, "same"), add_film(connection, "other")
    before = {"first_seen_at": MONDAY - 9 * DAY, "seen_after": None, "updated_at": MONDAY - DAY}
    add_rating(connection, ada, same, rating=4.0, **before)
    add_rating(connection, ada, other, rating=4.0, **before)
    state = ListingState(ada, Listing.RATED, complete_as_of=MONDAY)
    tiles = (tile("same", 4.0, liked=True), tile("other", 3.0))
    save_tiles(connection, state, page(Listing.RATED, *tiles), {"same": same, "other": other}, TUESDAY)
    assert rating_rows(connection, *SEEN) == {
        same: (4.0, True, MONDAY - 9 * DAY, None, TUESDAY),
        other: (3.0, False, TUESDAY, MONDAY, TUESDAY),
    }


ENTRY = FeedEntry("letterboxd-watch-1", Film("x", "X"), MONDAY.date(), TUESDAY, 4.0, None, "https://l/1/")


@pytest.mark.parametrize(("says", "after"), [(None, True), (True, True), (False, False)])
def test_an_entry_of_a_feed_says_nothing_of_a_like_or_that_there_is_none(
    connection: sa.Connection, ada: int, says: bool | None, after: bool
) -> None:
    film = add_film(connection, "x")
    add_rating(connection, ada, film, liked=True)
    note_complete(connection, ada)
    save_viewings(connection, ada, {film: replace(ENTRY, liked=says)}, TUESDAY)
    columns = ("rating", "liked", "rated_at", "diary_entry_url", *SEEN[2:])
    day = MONDAY.replace(hour=0)
    assert rating_rows(connection, *columns) == {
        film: (4.0, after, day, "https://l/1/", TUESDAY, MONDAY - DAY, TUESDAY)
    }


def test_ratings_and_likes_are_counted(connection: sa.Connection, ada: int) -> None:
    ben = add_user(connection, "ben")
    for number, (user, stars, liked) in enumerate(
        [(ada, 0.5, True), (ada, 5.0, False), (ada, 5.0, True), (ada, None, True), (ben, 5.0, True)]
    ):
        add_rating(connection, user, add_film(connection, f"film-{number}"), rating=stars, liked=liked)
    assert count_ratings(connection, ada) == ((1, 0, 0, 0, 0, 0, 0, 0, 0, 2), 3)
    assert count_ratings(connection, ben + 1) == ((0,) * 10, 0)


def test_watched_are_the_rated_ones_and_those_on_the_listing(connection: sa.Connection, ada: int) -> None:
    ben = add_user(connection, "ben")
    rated, listed, liked, gone = (add_film(connection, slug) for slug in ("rated", "listed", "liked", "gone"))
    add_rating(connection, ada, rated, rating=4.0)
    add_rating(connection, ada, liked, liked=True)
    theirs = add_film(connection, "theirs")
    add_rating(connection, ben, theirs, rating=4.0)
    add_rating(connection, ben, gone, rating=4.0)
    rows = [(ada, listed), (ada, gone), (ben, theirs)]
    connection.execute(watched.insert(), [{"user_id": user, "film_id": film} for user, film in rows])
    remove_absent(connection, ada, Listing.UNRATED_WATCHED, {listed}, MONDAY, TUESDAY)
    assert {tuple(row) for row in connection.execute(sa.select(watched.c.user_id, watched.c.film_id))} == {
        (ada, rated),
        (ada, listed),
        (ben, theirs),
    }
