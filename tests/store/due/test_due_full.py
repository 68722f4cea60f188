"""Who is read in full, and from where an earlier run's work is carried on."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.arguments import Shard
from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.members import Listing
from letterboxd_scraper.items.tasks import Bookmark, MemberStart
from letterboxd_scraper.store.due import full_crawl
from letterboxd_scraper.store.schema import user_scrape_state, watched
from tests.store.rows import DAY, HOUR, MONDAY, add_cohort, add_film, add_rating, add_run, add_user

SECOND = timedelta(seconds=1)


def add_state(connection: sa.Connection, user: int, listing: Listing, run: int, **values: Any) -> None:
    row = {"user_id": user, "listing": listing, "page": 1, "seen": [], "run": run}
    row |= {"status": "reading", "updated_at": MONDAY} | values
    connection.execute(user_scrape_state.insert().values(row))


def names(starts: list[MemberStart]) -> list[str]:
    return [start.name for start in starts]


def test_a_cohorts_members_are_read_the_nearest_first(connection: sa.Connection) -> None:
    for name in ("ada", "ben", "cleo", "dan"):
        add_user(connection, name)
    cohort = add_cohort(connection, "friends", ["dan", "ada", "cleo"], "dan")

    def starts(*arguments: Any) -> list[str]:
        return names(full_crawl.cohort_starts(connection, cohort, None, MONDAY, *arguments))

    assert starts() == ["dan", "ada", "cleo"]
    assert starts("ada") == ["ada", "cleo"]
    assert starts("dan") == ["dan", "ada", "cleo"]
    shards = [starts(None, Shard(number, 2)) for number in (1, 2)]
    assert sorted(shards[0] + shards[1]) == ["ada", "cleo", "dan"]
    for number, shard in enumerate(shards, start=1):
        assert shard == [name for name in starts() if Shard(number, 2).holds(name)]
    full = full_crawl.cohort_starts(connection, cohort, None, MONDAY)
    assert [start.is_seed for start in full] == [True, False, False]


def test_who_was_read_by_the_work_or_by_one_that_read_as_much_is_left_out(connection: sa.Connection) -> None:
    runs = [add_run(connection, options=options) for options in ("diary", "diary", "", "diary")]
    for number, run in enumerate(runs):
        add_user(connection, f"member-{number}", last_full_scrape_run=run)
    add_user(connection, "new")
    cohort = add_cohort(connection, "friends", [*(f"member-{number}" for number in range(4)), "new"])
    starts = full_crawl.cohort_starts(connection, cohort, runs[1], MONDAY)
    assert names(starts) == ["member-0", "member-2", "new"]
    assert full_crawl.member_start(connection, "member-3", runs[1], MONDAY) == []
    assert names(full_crawl.member_start(connection, "member-3", None, MONDAY)) == ["member-3"]
    (start,) = full_crawl.member_start(connection, "member-0", runs[1], MONDAY, "member-0")
    assert start.is_seed


@pytest.mark.parametrize(
    ("status", "asked", "is_left_out"),
    [
        ("gone", MONDAY + SECOND, True),
        ("private", MONDAY + SECOND, True),
        ("gone", MONDAY, False),
        ("gone", None, False),
        ("ok", MONDAY + SECOND, False),
    ],
)
def test_who_was_found_gone_or_private_by_the_work_is_not_asked_after_again(
    connection: sa.Connection, status: str, asked: datetime | None, is_left_out: bool
) -> None:
    run = add_run(connection)
    add_user(connection, "ada", status=status, last_incremental_scrape_at=asked)
    starts = full_crawl.member_start(connection, "ada", run, MONDAY + HOUR)
    assert names(starts) == ([] if is_left_out else ["ada"])
    assert names(full_crawl.member_start(connection, "ada", None, MONDAY + HOUR)) == ["ada"]


@pytest.mark.parametrize(
    ("seen", "read", "likes"),
    [
        (None, None, None),
        (MONDAY, None, 5),
        (MONDAY - DAY, None, 5),
        (MONDAY - DAY - SECOND, None, None),
        (MONDAY - HOUR, MONDAY - DAY, 5),
        (MONDAY - HOUR, MONDAY - HOUR, None),
        (MONDAY - HOUR, MONDAY, None),
    ],
)
def test_the_count_of_likes_holds_while_it_is_fresh(
    connection: sa.Connection, seen: datetime | None, read: datetime | None, likes: int | None
) -> None:
    row = {"films_count": 10, "likes_count": 5, "counts_seen_at": seen, "last_full_scrape_at": read}
    add_user(connection, "ada", **row)
    assert full_crawl.member_start(connection, "ada", None, MONDAY) == [
        MemberStart("ada", films=10, likes=likes)
    ]


@pytest.mark.parametrize(
    ("status", "age", "holds"),
    [
        ("reading", HOUR, True),
        ("reading", HOUR + SECOND, False),
        ("complete", 9 * DAY, True),
        ("unproved", SECOND, False),
    ],
)
def test_a_half_read_listing_is_carried_on_for_an_hour(
    connection: sa.Connection, status: str, age: timedelta, holds: bool
) -> None:
    run, ada = add_run(connection), add_user(connection, "ada")
    add_state(connection, ada, Listing.LIKES, run, status=status, updated_at=MONDAY - age, page=3, total=9)
    (start,) = full_crawl.member_start(connection, "ada", run, MONDAY)
    expected = {Listing.LIKES: Bookmark(3, status == "complete", total=9)} if holds else {}
    assert start.bookmarks == expected


def test_bookmarks_are_the_works_own_and_of_films(connection: sa.Connection) -> None:
    run = add_run(connection)
    ada, ben = add_user(connection, "ada"), add_user(connection, "ben")
    add_state(connection, ada, Listing.RATED, run - 1)
    add_state(connection, ada, Listing.LIKES, run)
    add_state(connection, ada, Listing.DIARY, run + 1)
    for listing in (Listing.FOLLOWING, Listing.FOLLOWERS, Listing.FEED):
        add_state(connection, ada, listing, run)
    add_state(connection, ben, Listing.WATCHLIST, run)
    (start,) = full_crawl.member_start(connection, "ada", run, MONDAY)
    assert start.bookmarks.keys() == {Listing.LIKES, Listing.DIARY}
    assert full_crawl.member_start(connection, "ada", None, MONDAY)[0].bookmarks == {}


def test_a_bookmark_names_the_films_read_so_far_and_counts_the_likes_among_them(
    connection: sa.Connection,
) -> None:
    run, ada, ben = add_run(connection), add_user(connection, "ada"), add_user(connection, "ben")
    x = add_film(connection, "x", letterboxd_film_id=7, letterboxd_lid="2aHi")
    y, z = add_film(connection, "y"), add_film(connection, "z")
    add_rating(connection, ada, x, rating=4.0, liked=True)
    add_rating(connection, ada, y, rating=4.0)
    for film in (x, y):
        add_rating(connection, ben, film, rating=4.0, liked=True)
    add_rating(connection, ada, z, liked=True)
    add_state(connection, ada, Listing.RATED, run, seen=[x, y], page=2, total=5)
    (start,) = full_crawl.member_start(connection, "ada", run, MONDAY)
    bookmark = start.bookmarks[Listing.RATED]
    assert set(bookmark.films) == {Film("x", "X", film_id=7, lid="2aHi"), Film("y", "Y")}
    assert (bookmark.page, bookmark.finished, bookmark.total, bookmark.liked) == (2, False, 5, 1)


def test_of_a_finished_listing_of_rated_films_the_likes_are_those_that_are_stored(
    connection: sa.Connection,
) -> None:
    run, ada = add_run(connection), add_user(connection, "ada")
    for number, (stars, liked) in enumerate([(4.0, True), (3.0, True), (2.0, False), (None, True)]):
        add_rating(connection, ada, add_film(connection, f"film-{number}"), rating=stars, liked=liked)
    add_state(connection, ada, Listing.RATED, run, status="complete")
    add_state(connection, ada, Listing.LIKES, run, status="complete")
    (start,) = full_crawl.member_start(connection, "ada", run, MONDAY)
    likes = {listing: bookmark.liked for listing, bookmark in start.bookmarks.items()}
    assert likes == {Listing.RATED: 2, Listing.LIKES: 0}


# Whom members lead to


def test_what_the_work_has_read_of_whom_members_follow(connection: sa.Connection) -> None:
    run = add_run(connection)
    ids = {name: add_user(connection, name) for name in ("ada", "ben", "cleo", "dan", "eve")}
    seen = [ids["dan"], ids["eve"], 999]
    add_state(connection, ids["ada"], Listing.FOLLOWING, run, seen=seen, page=2, updated_at=MONDAY - HOUR)
    add_state(connection, ids["ben"], Listing.FOLLOWING, run - 1, seen=seen)
    late = MONDAY - HOUR - SECOND
    add_state(connection, ids["cleo"], Listing.FOLLOWING, run, seen=seen, updated_at=late)
    add_state(connection, ids["dan"], Listing.FOLLOWERS, run, seen=seen)
    add_state(connection, ids["eve"], Listing.FOLLOWING, run + 1, seen=[], status="complete")
    assert full_crawl.people_bookmarks(connection, Listing.FOLLOWING, run, MONDAY) == {
        "ada": Bookmark(2, False, people=("dan", "eve")),
        "eve": Bookmark(1, True),
    }


def test_whom_members_were_seen_to_follow_lately(connection: sa.Connection) -> None:
    ids = {name: add_user(connection, name) for name in ("ada", "ben", "cleo", "dan")}
    for name, status, at in (
        ("ada", "complete", MONDAY + HOUR),
        ("ben", "complete", MONDAY + HOUR),
        ("cleo", "complete", MONDAY),
        ("dan", "reading", MONDAY + HOUR),
    ):
        values = {"status": status, "updated_at": at, "seen": [ids["dan"]]}
        add_state(connection, ids[name], Listing.FOLLOWING, 1, **values)
    add_state(connection, ids["ben"], Listing.FOLLOWERS, 1, status="complete", updated_at=MONDAY + HOUR)
    assert full_crawl.people_read_since(connection, Listing.FOLLOWING, "ada", MONDAY) == {
        "ben": Bookmark(1, True, people=("dan",))
    }


def test_the_films_stored_as_being_on_a_listing(connection: sa.Connection) -> None:
    ada, ben = add_user(connection, "ada"), add_user(connection, "ben")
    slugs = ("rated", "liked", "watched", "favourite")
    films = {slug: add_film(connection, slug) for slug in slugs}
    numbered = add_film(connection, "numbered", letterboxd_film_id=7)
    add_rating(connection, ada, films["rated"], rating=4.0)
    add_rating(connection, ada, numbered, rating=4.0, liked=True)
    add_rating(connection, ada, films["liked"], liked=True)
    add_rating(connection, ada, films["favourite"], favorite=True)
    add_rating(connection, ben, films["watched"], rating=1.0)
    rows = [(ada, films["watched"]), (ada, films["rated"]), (ada, films["liked"]), (ben, numbered)]
    connection.execute(watched.insert(), [{"user_id": user, "film_id": film} for user, film in rows])
    stored = {
        listing: full_crawl.stored_films(connection, "ada", listing)
        for listing in (Listing.RATED, Listing.UNRATED_LIKES, Listing.UNRATED_WATCHED)
    }
    assert stored == {
        Listing.RATED: {"rated", 7},
        Listing.UNRATED_LIKES: {"liked"},
        Listing.UNRATED_WATCHED: {"watched", "liked"},
    }
