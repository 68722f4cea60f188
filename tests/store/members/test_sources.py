"""Archives and saved pages in the store: what they set, remove and leave."""

import sqlite3
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.items.members import Listing
from letterboxd_scraper.items.sources import DatedFilm, NamedFilm, RatedFilm, Snapshot, Viewed
from letterboxd_scraper.items.tasks import Provenance
from letterboxd_scraper.store.crawl_state.bookmarks import complete_listings
from letterboxd_scraper.store.members.sources import save_snapshots
from letterboxd_scraper.store.schema import ratings, user_scrape_state, users, watched, watchlist
from tests.store.rows import DAY, HOUR, MONDAY, add_film, add_rating, add_user, rating_rows

X, Y, Z = (NamedFilm(slug.title(), slug=slug) for slug in "xyz")
IMPORTED = Provenance(MONDAY + 9 * DAY, None)
URL = "https://letterboxd.com/ada/film/x/"


@pytest.fixture
def ada(connection: sa.Connection) -> int:
    return add_user(connection, "ada")


@pytest.fixture
def films(connection: sa.Connection) -> dict[str, int]:
    return {slug: add_film(connection, slug) for slug in "xyz"}


def save(connection: sa.Connection, as_of: datetime = MONDAY, **parts: Any) -> None:
    for name in ("watched", "watchlist"):
        if name in parts:
            parts[name] = tuple(map(DatedFilm, parts[name]))
    save_snapshots(connection, [Snapshot("ada", as_of, "archive", **parts)], IMPORTED)


def by_slug(connection: sa.Connection, films: dict[str, int], *columns: str) -> dict[str, Any]:
    rows = rating_rows(connection, *columns)
    return {slug: rows[film] for slug, film in films.items() if film in rows}


def test_a_member_and_films_may_be_new(connection: sa.Connection) -> None:
    save(connection, ratings=(RatedFilm(X, 4.0, MONDAY.date()),))
    (row,) = connection.execute(sa.select(ratings))
    assert (row.rating, row.liked, row.rated_at) == (4.0, False, MONDAY.replace(hour=0))
    assert (row.first_seen_at, row.seen_after, row.updated_at) == (MONDAY, None, MONDAY)
    query = sa.select(users.c.letterboxd_username, users.c.created_at)
    assert [tuple(user) for user in connection.execute(query)] == [("ada", IMPORTED.at)]


MARKS = ("rating", "liked", "favorite")


def furnish(connection: sa.Connection, ada: int, films: dict[str, int]) -> None:
    """Of ada are stored, as of Monday: x rated, y rated and liked, z liked and a favourite."""
    add_rating(connection, ada, films["x"], rating=4.0)
    add_rating(connection, ada, films["y"], rating=3.0, liked=True)
    add_rating(connection, ada, films["z"], liked=True, favorite=True)


STORED = {"x": (4.0, False, False), "y": (3.0, True, False), "z": (None, True, True)}
ONLY_X = {
    "ratings": (RatedFilm(X, 4.0),),
    "likes": (X,),
    "favourites": (X,),
}


@pytest.mark.parametrize(
    ("part", "after"),
    [
        ("ratings", {"x": (4.0, False, False), "y": (None, True, False), "z": (None, True, True)}),
        ("likes", {"x": (4.0, True, False), "y": (3.0, False, False), "z": (None, False, True)}),
        ("favourites", {"x": (4.0, False, True), "y": (3.0, True, False), "z": (None, True, False)}),
    ],
)
def test_a_complete_source_says_what_has_gone_from_what_it_tells(
    connection: sa.Connection, ada: int, films: dict[str, int], part: str, after: dict[str, Any]
) -> None:
    furnish(connection, ada, films)
    save(connection, MONDAY + DAY, **{part: ONLY_X[part]})
    assert by_slug(connection, films, *MARKS) == after


def test_an_incomplete_source_removes_nothing(
    connection: sa.Connection, ada: int, films: dict[str, int]
) -> None:
    furnish(connection, ada, films)
    save(connection, MONDAY + DAY, complete=False, **ONLY_X)
    assert by_slug(connection, films, *MARKS) == STORED | {"x": (4.0, True, True)}
    assert complete_listings(connection, ada) == {}


def test_rows_that_say_nothing_any_more_go_and_other_members_stay(
    connection: sa.Connection, ada: int, films: dict[str, int]
) -> None:
    furnish(connection, ada, films)
    ben = add_user(connection, "ben")
    for film in films.values():
        add_rating(connection, ben, film, rating=1.0)
    save(connection, MONDAY + DAY, ratings=(), likes=(), favourites=())
    assert set(connection.scalars(sa.select(ratings.c.user_id))) == {ben}
    assert len(rating_rows(connection, "rating")) == 3


def test_many_rows_go_at_once(connection: sa.Connection, ada: int) -> None:
    films = [add_film(connection, f"film-{number}") for number in range(1001)]
    for film in films:
        add_rating(connection, ada, film, rating=4.0)
    save(connection, MONDAY + DAY, ratings=())
    assert rating_rows(connection, "rating") == {}


def test_rows_that_do_not_change_are_not_written(
    connection: sa.Connection, ada: int, films: dict[str, int]
) -> None:
    furnish(connection, ada, films)
    before = connection.execute(sa.select(ratings)).all()
    told = {"ratings": (RatedFilm(X, 4.0), RatedFilm(Y, 3.0)), "likes": (Y, Z), "favourites": (Z,)}
    save(connection, MONDAY + DAY, **told)
    assert connection.execute(sa.select(ratings)).all() == before


# As of when listings are known


def note(connection: sa.Connection, user: int, **as_of: datetime) -> None:
    """Note that listings were read whole, on their third page, as of these moments."""
    for listing, moment in as_of.items():
        row = {"user_id": user, "listing": listing, "page": 3, "seen": [1], "status": "reading", "run": 7}
        row |= {"updated_at": MONDAY, "complete_as_of": moment}
        connection.execute(user_scrape_state.insert().values(row))


def test_a_complete_source_makes_what_it_tells_known_whole(
    connection: sa.Connection, ada: int, films: dict[str, int]
) -> None:
    parts = {
        "ratings": Listing.RATED,
        "likes": Listing.LIKES,
        "favourites": Listing.PROFILE,
        "watched": Listing.UNRATED_WATCHED,
        "watchlist": Listing.WATCHLIST,
    }
    for number, part in enumerate(parts):
        save(connection, MONDAY + number * DAY, **{part: ()})
    complete = {listing: MONDAY + number * DAY for number, listing in enumerate(parts.values())}
    assert complete_listings(connection, ada) == complete
    table = user_scrape_state.c
    query = sa.select(table.page, table.seen, table.status, table.updated_at, table.run)
    rows = [tuple(row) for row in connection.execute(query)]
    assert rows == [(0, [], "complete", as_of, None) for as_of in complete.values()]


def test_how_far_a_crawl_has_read_stays_as_it_is(connection: sa.Connection, ada: int) -> None:
    note(connection, ada, rated=MONDAY - DAY, likes=MONDAY + DAY, watchlist=MONDAY)
    save(connection, ratings=(), likes=(), watchlist=())
    complete = {Listing.RATED: MONDAY, Listing.LIKES: MONDAY + DAY, Listing.WATCHLIST: MONDAY}
    assert complete_listings(connection, ada) == complete
    table = user_scrape_state.c
    query = sa.select(table.page, table.seen, table.status, table.updated_at, table.run)
    assert {(*row[:1], *row[2:]) for row in connection.execute(query)} == {(3, "reading", MONDAY, 7)}


@pytest.mark.parametrize(
    ("part", "listing"),
    [("ratings", "rated"), ("likes", "likes"), ("favourites", "profile")],
)
@pytest.mark.parametrize(("hours", "is_right"), [(-1, True), (0, True), (1, False)])
def test_marks_are_those_of_the_newest_source(
    connection: sa.Connection,
    ada: int,
    films: dict[str, int],
    part: str,
    listing: str,
    hours: int,
    is_right: bool,
) -> None:
    """A newer one has told all of it, and did not name x."""
    note(connection, ada, **{listing: MONDAY + hours * HOUR})
    save(connection, MONDAY, **{part: ONLY_X[part]})
    assert (by_slug(connection, films, "rating") != {}) is is_right


@pytest.mark.parametrize(
    ("whole", "is_right"),
    [
        ({"rated": 1}, True),
        ({"unrated_likes": 1}, True),
        ({"rated": 1, "unrated_likes": 1}, False),
        ({"rated": 1, "unrated_likes": -1}, True),
        ({"rated": -1, "unrated_likes": 1}, True),
        ({"likes": 1}, False),
        ({"likes": -1}, True),
        ({"likes": -1, "rated": 1, "unrated_likes": 1}, False),
        ({"likes": 1, "rated": -1, "unrated_likes": -1}, False),
    ],
)
def test_all_likes_are_known_by_both_listings_or_by_the_one_of_all(
    connection: sa.Connection, ada: int, films: dict[str, int], whole: dict[str, int], is_right: bool
) -> None:
    note(connection, ada, **{listing: MONDAY + hours * HOUR for listing, hours in whole.items()})
    save(connection, likes=(X,))
    assert (by_slug(connection, films, "liked") == {"x": True}) is is_right


@pytest.mark.parametrize(
    ("table", "part", "listing"),
    [(watched, "watched", "unrated_watched"), (watchlist, "watchlist", "watchlist")],
)
def test_lists_of_films_are_those_of_the_newest_source(
    connection: sa.Connection, ada: int, films: dict[str, int], table: sa.Table, part: str, listing: str
) -> None:
    ben = add_user(connection, "ben")
    rows = [{"user_id": user, "film_id": films[slug]} for user, slug in ((ada, "x"), (ada, "y"), (ben, "x"))]
    connection.execute(table.insert(), rows)

    def of_ada() -> set[str]:
        stored = set(connection.scalars(sa.select(table.c.film_id).where(table.c.user_id == ada)))
        return {slug for slug, film in films.items() if film in stored}

    save(connection, MONDAY, complete=False, **{part: (Y, Z)})
    assert of_ada() == {"x", "y", "z"}
    save(connection, MONDAY, **{part: (Y,)})
    assert of_ada() == {"y"}
    save(connection, MONDAY - DAY, **{part: (Z,)})
    assert of_ada() == {"y"}
    save(connection, MONDAY, **{part: (X,)})
    assert of_ada() == {"x"}
    assert connection.scalar(sa.select(sa.func.count()).where(table.c.user_id == ben)) == 1


# Days and links


def test_links_go_to_what_is_marked(connection: sa.Connection, ada: int, films: dict[str, int]) -> None:
    add_rating(connection, ada, films["x"], rating=4.0, diary_entry_url="https://boxd.it/a")
    add_rating(connection, ada, films["y"], rating=4.0, diary_entry_url=URL)
    links = ((X, "https://boxd.it/b"), (Y, "https://boxd.it/c"), (Z, "https://boxd.it/d"))
    save(connection, links=links, watched=(X, Y, Z))
    assert by_slug(connection, films, "diary_entry_url") == {"x": "https://boxd.it/b", "y": URL}


def viewing(film: NamedFilm, stars: float | None, day: int, url: str = URL) -> Viewed:
    return Viewed(film, (MONDAY + day * DAY).date(), stars, url)


def test_each_films_newest_viewing_with_stars_dates_it(
    connection: sa.Connection, ada: int, films: dict[str, int]
) -> None:
    add_rating(connection, ada, films["x"], rating=4.0)
    add_rating(connection, ada, films["y"], liked=True)
    viewings = (
        viewing(X, None, -1, f"{URL}3/"),
        viewing(X, 4.0, -2, f"{URL}2/"),
        viewing(X, 4.0, -3, f"{URL}1/"),
        viewing(Y, None, -4, f"{URL}4/"),
        viewing(Y, None, -5, f"{URL}5/"),
        viewing(Z, 2.0, -5),
        viewing(NamedFilm("Nowhere"), 2.0, -5),
    )
    save(connection, viewings=viewings)
    midnight = MONDAY.replace(hour=0)
    assert by_slug(connection, films, "rated_at", "diary_entry_url") == {
        "x": (midnight - 2 * DAY, f"{URL}2/"),
        "y": (None, f"{URL}4/"),
    }


def test_a_rating_and_its_viewing_may_come_together(connection: sa.Connection, films: dict[str, int]) -> None:
    rated = (RatedFilm(X, 4.0), RatedFilm(NamedFilm("Nowhere"), 1.0))
    save(connection, ratings=rated, viewings=(viewing(X, 4.0, -1),), likes=(X, NamedFilm("Nowhere")))
    rows = by_slug(connection, films, "rating", "liked", "rated_at", "diary_entry_url")
    assert rows == {"x": (4.0, True, MONDAY.replace(hour=0) - DAY, URL)}


def test_what_a_feed_has_told_since_stays(connection: sa.Connection, ada: int, films: dict[str, int]) -> None:
    """The feed's like is newer than the archive, which was made before it."""
    add_rating(connection, ada, films["x"], liked=True, updated_at=MONDAY + HOUR)
    save(connection, likes=(), ratings=())
    assert by_slug(connection, films, "liked") == {"x": True}
    save(connection, MONDAY + DAY, likes=(), ratings=())
    assert by_slug(connection, films, "liked") == {}


def test_a_snapshot_of_nothing_changes_nothing(
    connection: sa.Connection, ada: int, films: dict[str, int]
) -> None:
    furnish(connection, ada, films)
    save_snapshots(connection, [Snapshot("ada", MONDAY + DAY, "archive")], IMPORTED)
    assert by_slug(connection, films, *MARKS) == STORED
    assert complete_listings(connection, ada) == {}


def test_more_films_may_go_at_once_than_a_statement_has_parameters(
    connection: sa.Connection, ada: int
) -> None:
    lids = [f"c{number}" for number in range(1000)]
    many = tuple(NamedFilm(lid, lid=lid) for lid in lids)
    save(connection, likes=many, watchlist=many)
    driver: Any = connection.connection.dbapi_connection
    before = driver.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 999)  # as in SQLite before 3.32
    try:
        save(connection, MONDAY + DAY, likes=(), watchlist=())
    finally:
        driver.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, before)
    assert connection.execute(sa.select(ratings)).all() == []
    assert connection.execute(sa.select(watchlist)).all() == []
