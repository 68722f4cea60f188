"""What sources add to what a crawl reads, and another service's ratings beside the site's."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.members import FilmsPage, Listing, MemberRead, Profile, Tile
from letterboxd_scraper.items.sources import DatedFilm, Service, Snapshot
from letterboxd_scraper.items.tasks import Provenance
from letterboxd_scraper.store.due import delta_crawl, full_crawl
from letterboxd_scraper.store.members.ratings import count_ratings
from letterboxd_scraper.store.members.renaming import note_renaming
from letterboxd_scraper.store.save import save
from letterboxd_scraper.store.schema import ratings, user_scrape_state, users, watched
from tests.store.rows import DAY
from tests.store.told import (
    MIDNIGHT,
    URL,
    X,
    Y,
    at,
    diary,
    entry,
    in_all_orders,
    rated,
    read_feed,
    tell,
    the_row,
    viewed,
)


def elsewhere(stars: float, as_of: int, day: int | None = None, service: Service = Service.IMDB) -> Snapshot:
    return rated(stars, as_of, day, service=service)


@pytest.mark.parametrize(
    ("told", "stars", "service"),
    [
        ([rated(3.0, 9, 4), elsewhere(4.0, 10, 5)], 4.0, "imdb"),
        ([rated(3.0, 9, 4), elsewhere(4.0, 10, 4)], 3.0, "letterboxd"),
        ([rated(3.0, 9, 4), elsewhere(4.0, 10, 3)], 3.0, "letterboxd"),
        # What is not dated counts as of when it was seen first.
        ([rated(3.0, 6), elsewhere(4.0, 10, 7)], 4.0, "imdb"),
        ([rated(3.0, 6), elsewhere(4.0, 10, 5)], 3.0, "letterboxd"),
        ([rated(3.0, 9, 4), elsewhere(4.0, 5)], 4.0, "imdb"),
        # Nobody knows at Letterboxd that it was not rated elsewhere.
        ([elsewhere(4.0, 3, 2), rated(3.0, 5, ratings=())], 4.0, "imdb"),
        ([elsewhere(4.0, 3, 2), elsewhere(2.0, 5, 4, Service.TRAKT)], 2.0, "trakt"),
        ([elsewhere(4.0, 3, 2), elsewhere(2.0, 5, 2, Service.TRAKT)], 4.0, "imdb"),
        ([elsewhere(4.0, 3, 2), elsewhere(1.0, 5, 4)], 1.0, "imdb"),
    ],
)
def test_of_two_services_the_newer_day_counts(
    connection: sa.Connection, told: list[Snapshot], stars: float, service: str
) -> None:
    assert in_all_orders(connection, told, "rating", "service") == {(stars, service)}


def test_marks_and_lists_of_the_site_stand_beside_another_services_rating(connection: sa.Connection) -> None:
    mine = rated(3.0, 9, 4, likes=(X,), favourites=(X,), links=((X, URL),), watched=(DatedFilm(X),))
    seen = (DatedFilm(X, at(1).date()), DatedFilm(Y, at(1).date()))
    other = replace(elsewhere(4.0, 10, 5), watched=seen, likes=(Y,), favourites=(Y,))
    columns = ("rating", "liked", "favorite", "rated_at", "diary_entry_url", "first_seen_at")
    assert in_all_orders(connection, [mine, other], *columns) == {
        (4.0, True, True, MIDNIGHT + 5 * DAY, URL, at(10))
    }
    tell(connection, mine, other)
    rows = connection.execute(sa.select(watched.c.source, watched.c.as_of).order_by(watched.c.film_id))
    assert {tuple(row) for row in rows} == {("of day 9", at(9)), ("of day 10", at(10))}


# Members whom a crawl reads


def crawl(
    connection: sa.Connection, day: int, *tiles: Tile, watched_films: tuple[Film, ...] | None = None
) -> None:
    """Read all that the site shows of ada."""
    read, on_page = Provenance(at(day), day), tuple(tile.film for tile in tiles)
    save(Profile("ada", "Ada", None, None, None, 0, 0, (), len(tiles), None), connection, read)
    save(FilmsPage("ada", Listing.RATED, 1, tiles, True, len(tiles), on_page, at(day)), connection, read)
    if watched_films is not None:
        page = tuple(map(Tile, watched_films))
        page_of = FilmsPage("ada", Listing.UNRATED_WATCHED, 1, page, True, len(page), watched_films, at(day))
        save(page_of, connection, read)
    save(MemberRead("ada", (Listing.RATED,), None, None), connection, read)


PAGE_X = Film("x", "X", 1999, 7, "xX")


def test_what_the_site_has_shown_is_not_made_anew_from_older_sources(connection: sa.Connection) -> None:
    tell(connection, rated(3.0, 9, 4, likes=(X,)))
    crawl(connection, 20, Tile(PAGE_X, 4.0))
    tell(connection, rated(3.0, 8, 4))
    assert the_row(connection, "rating", "liked") == (4.0, False)
    tell(connection, rated(2.0, 30, 29))
    assert the_row(connection, "rating", "rated_at") == (2.0, MIDNIGHT + 29 * DAY)


def test_at_the_end_of_a_crawl_kept_diaries_date_what_it_has_found(connection: sa.Connection) -> None:
    tell(connection, diary(15, viewed(4.0, 14)))
    crawl(connection, 20, Tile(PAGE_X, 4.0))
    assert the_row(connection, "rated_at", "diary_entry_url") == (MIDNIGHT + 14 * DAY, URL)


def test_a_diary_that_the_crawl_has_read_knows_better_than_an_older_one(connection: sa.Connection) -> None:
    crawl(connection, 20, Tile(PAGE_X, 4.0))
    note = {"listing": Listing.DIARY, "page": 1, "seen": [], "status": "complete", "run": 20}
    user = connection.scalar(sa.select(users.c.id))
    connection.execute(
        user_scrape_state.insert().values(
            note | {"user_id": user, "updated_at": at(20), "complete_as_of": at(20)}
        )
    )
    tell(connection, diary(20, viewed(4.0, 14)))
    assert the_row(connection, "rated_at") is None
    tell(connection, diary(21, viewed(4.0, 15)))
    assert the_row(connection, "rated_at") == MIDNIGHT + 15 * DAY


def test_another_services_ratings_are_none_of_the_sites(connection: sa.Connection) -> None:
    seen = (DatedFilm(X), DatedFilm(Y))
    tell(connection, replace(elsewhere(4.0, 10, 5), watched=seen))
    crawl(connection, 20, watched_films=())
    user = connection.scalar(sa.select(users.c.id)) or 0
    assert the_row(connection, "rating", "service") == (4.0, "imdb")
    assert count_ratings(connection, user) == ((0,) * 10, 0)
    assert [(row.stars, row.liked) for row in delta_crawl.stored_rows(connection, "ada")] == [(None, False)]
    for listing in (Listing.RATED, Listing.UNRATED_LIKES, Listing.UNRATED_WATCHED):
        assert full_crawl.stored_films(connection, "ada", listing) == frozenset()
    assert connection.scalar(sa.select(sa.func.count()).select_from(watched)) == 2


def test_a_like_of_what_is_rated_elsewhere_goes_with_the_sites_listing(
    connection: sa.Connection,
) -> None:
    tell(connection, elsewhere(4.0, 10, 5))
    crawl(connection, 20)
    liked = FilmsPage(
        "ada", Listing.UNRATED_LIKES, 1, (Tile(PAGE_X, None, True),), True, 1, (PAGE_X,), at(20)
    )
    save(liked, connection, Provenance(at(20), 20))
    assert the_row(connection, "rating", "liked", "service") == (4.0, True, "imdb")
    assert full_crawl.stored_films(connection, "ada", Listing.UNRATED_LIKES) == {7}
    save(replace(liked, tiles=(), total=0, complete=(), begun=at(21)), connection, Provenance(at(21), 21))
    assert the_row(connection, "rating", "liked") == (4.0, False)


@pytest.mark.parametrize("stars", [4.0, 3.0])
def test_the_sites_stars_take_the_place_of_another_services(connection: sa.Connection, stars: float) -> None:
    """And while they are there they stand, however new the other's day; when they go, that comes back."""
    tell(connection, elsewhere(4.0, 10, 5))
    crawl(connection, 20, Tile(PAGE_X, stars))
    columns = ("rating", "service", "rated_at", "first_seen_at")
    assert the_row(connection, *columns) == (stars, "letterboxd", None, at(20))
    tell(connection, elsewhere(2.0, 30, 29))
    assert the_row(connection, *columns) == (stars, "letterboxd", None, at(20))
    crawl(connection, 40)
    assert the_row(connection, *columns) == (2.0, "imdb", MIDNIGHT + 29 * DAY, at(30))
    before = connection.execute(sa.select(ratings)).all()
    crawl(connection, 41)
    assert connection.execute(sa.select(ratings)).all() == before


def test_a_feed_of_a_crawled_member_rates_what_is_rated_elsewhere(connection: sa.Connection) -> None:
    tell(connection, elsewhere(4.0, 30, 5))
    crawl(connection, 20)
    read_feed(connection, 22, entry(1, at(21), 3.0, 21))
    assert the_row(connection, "rating", "service", "updated_at") == (3.0, "letterboxd", at(21))


def test_of_who_was_crawled_under_one_name_nothing_is_made_anew(connection: sa.Connection) -> None:
    crawl(connection, 20, Tile(PAGE_X, 4.0))
    connection.execute(users.update().values(letterboxd_lid="aDa"))
    tell(connection, rated(3.0, 9, 4, member="ada_anew"))
    note_renaming(connection, Profile("ada_anew", "Ada", None, "aDa", 0, 0, 0, (), 0, None), at(21))
    assert connection.scalar(sa.select(users.c.sources_folded)) is None
