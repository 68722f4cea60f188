"""What a feed's entry sets, dates and links, rule by rule, at the store."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.members import (
    FeedEntry,
    FeedNews,
    FeedUnchanged,
    FilmsPage,
    Listing,
    MemberStatus,
    Profile,
    Tile,
)
from letterboxd_scraper.items.tasks import FeedStart, Provenance
from letterboxd_scraper.store.crawl_state import bookmarks
from letterboxd_scraper.store.due import full_crawl
from letterboxd_scraper.store.engine import read_transaction
from letterboxd_scraper.store.members import feeds
from letterboxd_scraper.store.save import save
from letterboxd_scraper.store.schema import films, ratings, users
from tests.conftest import on_sqlite
from tests.spiders.test_diary import midnight

READ_AT = datetime(2026, 11, 23, tzinfo=UTC)
OLD, NEWS = READ_AT - timedelta(days=3), READ_AT + timedelta(days=1)
WATCHED = (READ_AT - timedelta(days=5)).date()
DAY, LATER = midnight(WATCHED), midnight(WATCHED) + timedelta(days=1)
LINK, OTHER = "https://letterboxd.com/ada/film/x/", "https://letterboxd.com/ada/film/x/0/"
Store = Callable[..., None]


def viewing(
    slug: str,
    stars: float | None = None,
    published: datetime = OLD,
    *,
    liked: bool | None = None,
    number: int = 1,
    **more: Any,
) -> FeedEntry:
    film = Film(slug, slug.title(), 1999)
    url = LINK if number == 1 else f"{LINK}{number}/"
    return FeedEntry(f"letterboxd-watch-{number}", film, WATCHED, published, stars, liked, url, **more)


def undated(slug: str, stars: float, published: datetime = OLD) -> FeedEntry:
    """A review of no viewing."""
    return replace(viewing(slug, stars, published), watched=None)


def news(*entries: FeedEntry, **more: Any) -> FeedNews:
    return FeedNews("ada", entries, **more)


@pytest.fixture
def store(engine: sa.Engine) -> Store:
    """Save items as of a moment, the first when ada's films were read whole: she rated "x" with 4.0 stars."""

    def store(*items: Any, at: datetime = NEWS + timedelta(days=1), run: int = 2) -> None:
        for item in items:
            with engine.begin() as connection:
                save(item, connection, Provenance(at, run))

    x = Film("x", "X", 1999, 7)
    page = FilmsPage("ada", Listing.RATED, 1, (Tile(x, 4.0),), True, 1, (x,))
    store(Profile("ada", "Ada", None, None, 1, 0, 0, (), 1, None), page, at=READ_AT, run=1)
    return store


Row = tuple[float | None, bool, datetime | None, str | None]


def stored(engine: sa.Engine) -> dict[str, Row]:
    columns = (ratings.c.rating, ratings.c.liked, ratings.c.rated_at, ratings.c.diary_entry_url)
    query = sa.select(films.c.slug, *columns).join(ratings, ratings.c.film_id == films.c.id)
    with engine.connect() as connection:
        return {row[0]: (row[1], bool(row[2]), row[3], row[4]) for row in connection.execute(query)}


def date_x(engine: sa.Engine, **values: Any) -> None:
    with engine.begin() as connection:
        connection.execute(ratings.update().values(values))


UNTOLD: Row = (4.0, False, None, None)

# What is stored of "x" beforehand, the feed's entries, and what is stored of it after them.
RULES: dict[str, tuple[dict[str, Any], list[FeedEntry], Row | None]] = {
    "old, the same": ({}, [viewing("x", 4.0)], (4.0, False, DAY, LINK)),
    "old, the same, of a later day": (
        {"rated_at": DAY - timedelta(days=1), "diary_entry_url": OTHER},
        [viewing("x", 4.0)],
        (4.0, False, DAY, LINK),
    ),
    "old, the same, of an earlier day": (
        {"rated_at": LATER, "diary_entry_url": OTHER},
        [viewing("x", 4.0)],
        (4.0, False, LATER, OTHER),
    ),
    "old, another": ({}, [viewing("x", 3.0)], (4.0, False, None, LINK)),
    "old, another, after the date": (
        {"rated_at": DAY, "diary_entry_url": OTHER},
        [viewing("x", 3.0)],
        (4.0, False, None, OTHER),
    ),
    "old, another, before the date": (
        {"rated_at": LATER},
        [viewing("x", 3.0)],
        (4.0, False, LATER, LINK),
    ),
    "old, liked": ({}, [viewing("x", 4.0, liked=True)], (4.0, False, DAY, LINK)),
    "old, without stars": ({}, [viewing("x", liked=True)], (4.0, False, None, LINK)),
    "news, another": ({}, [viewing("x", 3.0, NEWS)], (3.0, False, DAY, LINK)),
    "news, another, dated": (
        {"rated_at": LATER, "diary_entry_url": OTHER},
        [viewing("x", 3.0, NEWS)],
        (3.0, False, DAY, LINK),
    ),
    "news, the same, of an earlier day": (
        {"rated_at": LATER, "diary_entry_url": OTHER},
        [viewing("x", 4.0, NEWS, liked=True)],
        (4.0, True, LATER, OTHER),
    ),
    "news, liked": ({}, [viewing("x", 3.0, NEWS, liked=True)], (3.0, True, DAY, LINK)),
    "news, not liked": ({"liked": True}, [viewing("x", 3.0, NEWS, liked=False)], (3.0, True, DAY, LINK)),
    "news, of likes nothing": ({"liked": True}, [viewing("x", 3.0, NEWS)], (3.0, True, DAY, LINK)),
    "news, without stars": ({}, [viewing("x", None, NEWS, liked=True)], (4.0, True, None, LINK)),
    "news, but stored since": (
        {"updated_at": NEWS + timedelta(seconds=1)},
        [viewing("x", 3.0, NEWS, liked=True)],
        (4.0, False, None, LINK),
    ),
    "news, then without stars": (
        {},
        [viewing("x", None, NEWS, number=2), viewing("x", 3.0, NEWS)],
        (3.0, False, DAY, LINK),
    ),
    "news, then other news": (
        {},
        [viewing("x", 2.0, NEWS, number=2), viewing("x", 3.0, NEWS, liked=True)],
        (2.0, True, DAY, f"{LINK}2/"),
    ),
    "news, then not liked": (
        {},
        [viewing("x", 2.0, NEWS, number=2, liked=False), viewing("x", 3.0, NEWS, liked=True)],
        (2.0, False, DAY, f"{LINK}2/"),
    ),
    "news of another film": ({}, [viewing("y", 3.0, NEWS)], UNTOLD),
    "old, undated": ({}, [undated("x", 4.0)], (4.0, False, None, LINK)),
    "old, undated, of a dated rating": ({"rated_at": DAY}, [undated("x", 4.0)], (4.0, False, DAY, LINK)),
    "news, another, undated": (
        {"rated_at": DAY, "diary_entry_url": OTHER},
        [undated("x", 3.0, NEWS)],
        (3.0, False, None, LINK),
    ),
    "nothing": ({"rated_at": DAY, "diary_entry_url": OTHER}, [], (4.0, False, DAY, OTHER)),
}  # fmt: skip


@pytest.mark.parametrize("rule", RULES)
@on_sqlite
def test_an_entry_sets_dates_and_links_what_it_can_speak_of(
    store: Store, engine: sa.Engine, rule: str
) -> None:
    before, entries, after = RULES[rule]
    if before:
        date_x(engine, **before)
    store(news(*entries))
    assert stored(engine)["x"] == after
    with engine.connect() as connection:
        changed = connection.scalar(sa.select(ratings.c.updated_at).order_by(ratings.c.film_id).limit(1))
    store(news(*entries), at=NEWS + timedelta(days=9))
    assert stored(engine)["x"] == after
    with engine.connect() as connection:
        again = connection.scalar(sa.select(ratings.c.updated_at).order_by(ratings.c.film_id).limit(1))
    assert again == changed


@pytest.mark.parametrize(
    ("entry", "row"),
    [
        (viewing("y", 3.0), None),
        (viewing("y", liked=True), None),
        (viewing("y", 3.0, READ_AT), None),
        (viewing("y", 3.0, NEWS), (3.0, False, DAY, LINK)),
        (viewing("y", 3.0, NEWS, liked=True), (3.0, True, DAY, LINK)),
        (viewing("y", None, NEWS, liked=True), (None, True, None, LINK)),
        (viewing("y", None, NEWS), None),
    ],
)
@on_sqlite
def test_only_news_make_rows(store: Store, engine: sa.Engine, entry: FeedEntry, row: Row | None) -> None:
    store(news(entry))
    rows = {"x": UNTOLD} | ({"y": row} if row else {})
    assert stored(engine) == rows
    with engine.connect() as connection:
        assert set(connection.scalars(sa.select(films.c.slug))) == rows.keys()


def test_of_who_was_never_read_all_entries_are_news(store: Store, engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(users.insert().values(letterboxd_username="ben", created_at=READ_AT))
    store(replace(news(viewing("y", 3.0), viewing("z", None, number=2)), member="ben"))
    assert stored(engine) == {"x": UNTOLD, "y": (3.0, False, DAY, LINK)}
    # The whole listing, read later, knows better; the feed is then asked for once more, in full.
    with read_transaction(engine) as connection:
        assert feeds.due(connection, None, "ben")[0].marks
    begun = NEWS + timedelta(days=2)
    store(Profile("ben", "Ben", None, None, 0, 0, 0, (), 0, None), at=begun)
    store(FilmsPage("ben", Listing.RATED, 1, (), True, 0, (), begun), at=begun)
    assert stored(engine) == {"x": UNTOLD}
    with read_transaction(engine) as connection:
        assert feeds.due(connection, None, "ben") == [FeedStart("ben")]


def test_what_is_known_is_not_stored_again(store: Store, engine: sa.Engine) -> None:
    entries = [viewing("y", 3.0, NEWS, number=number) for number in range(100, 160)]
    store(news(*entries, etag='"1"', last_modified="then"))
    with read_transaction(engine) as connection:
        (start,) = feeds.due(connection, None, "ada")
        assert feeds.ratings_set_by(connection, 2) == 1
        # What a profile crawl goes on from is none of it.
        (carried_on,) = full_crawl.member_start(connection, "ada", 1, NEWS + timedelta(days=1))
    assert carried_on.bookmarks.keys() == {Listing.PROFILE, Listing.RATED}
    assert (start.etag, start.last_modified, start.read_at) == ('"1"', "then", NEWS + timedelta(days=1))
    assert start.marks == {str(number): f"{WATCHED} 3.0 None" for number in range(100, 150)}
    with engine.begin() as connection:
        connection.execute(ratings.delete().where(ratings.c.rating == 3.0))
        bookmarks.replace(connection, films, 100, 1)  # their numbers are not those of films
    store(news(*entries, read_before=tuple(entry.guid for entry in entries)), at=NEWS + timedelta(days=2))
    assert stored(engine) == {"x": UNTOLD}
    with read_transaction(engine) as connection:
        (again,) = feeds.due(connection, None, "ada")
    assert (again.marks, again.etag, again.last_modified) == (start.marks, None, None)


def test_an_entry_that_is_not_the_newest_says_nothing_though_it_is_new(
    store: Store, engine: sa.Engine
) -> None:
    newest, edited = viewing("x", 4.0, NEWS), viewing("x", 1.0, NEWS, number=2)
    store(news(newest, edited, read_before=(newest.guid,)))
    assert stored(engine)["x"] == (4.0, False, None, f"{LINK}2/")


def test_an_edited_entry_is_news_of_after_the_last_reading(store: Store, engine: sa.Engine) -> None:
    first = NEWS + timedelta(days=1)
    store(news(viewing("x", 3.0, NEWS)), at=first)
    store(news(viewing("x", 2.0, first)), at=first + timedelta(days=1))  # as the spider tells it
    assert stored(engine)["x"] == (2.0, False, DAY, LINK)


def test_where_tmdb_has_a_film_is_filled_and_never_overwritten(store: Store, engine: sa.Engine) -> None:
    def at_tmdb() -> set[tuple[str, str | None, int | None]]:
        with engine.connect() as connection:
            rows = connection.execute(sa.select(films.c.slug, films.c.tmdb_media_type, films.c.tmdb_id))
            return {(row[0], row[1], row[2]) for row in rows}

    store(news(viewing("x"), viewing("y", 3.0, NEWS, number=2, tmdb_kind="tv", tmdb_id=9)))
    assert at_tmdb() == {("x", None, None), ("y", "tv", 9)}
    store(news(viewing("x", tmdb_kind="movie", tmdb_id=5)))
    store(news(viewing("x", tmdb_kind="tv", tmdb_id=6), viewing("y", tmdb_kind="movie", tmdb_id=7)))
    assert at_tmdb() == {("x", "movie", 5), ("y", "tv", 9)}


def test_a_feed_tells_the_status_and_nothing_of_when_the_profile_is_due(
    store: Store, engine: sa.Engine
) -> None:
    def told() -> tuple[str, datetime | None]:
        with engine.connect() as connection:
            row = connection.execute(sa.select(users.c.status, users.c.last_incremental_scrape_at)).one()
            return row.status, row.last_incremental_scrape_at

    store(MemberStatus("ada", "gone", Listing.FEED))
    assert told() == ("gone", None)
    store(FeedUnchanged("ada"))
    assert told() == ("ok", None)
    store(MemberStatus("ada", "private"))
    assert told() == ("private", NEWS + timedelta(days=1))
    store(news())
    assert told() == ("ok", NEWS + timedelta(days=1))
