"""How far listings were read, what could not be read, and robots.txt."""

from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.items.members import Failure, Listing
from letterboxd_scraper.items.tasks import Provenance
from letterboxd_scraper.store.crawl_state import bookmarks, failures, robots
from letterboxd_scraper.store.crawl_state.bookmarks import ListingState
from letterboxd_scraper.store.crawl_state.changed_rows import ChangedRatings
from letterboxd_scraper.store.schema import films, ratings, scrape_failures, user_scrape_state, users
from tests.store.rows import DAY, HOUR, MONDAY, add_film, add_rating, add_run, add_user

RUN_7 = Provenance(MONDAY, 7)


def move(connection: sa.Connection, number: int, seen: list[int], **more: Any) -> bool:
    """Move ada's bookmark of a listing, by default of rated films, half read."""
    more = {"listing": Listing.RATED, "status": "reading"} | more
    state = bookmarks.find(connection, "ada", more.pop("listing"))
    return bookmarks.move(connection, state, number, seen, more.pop("provenance", RUN_7), **more)


def states(connection: sa.Connection, *columns: str) -> list[Any]:
    table = user_scrape_state
    query = sa.select(*(table.c[name] for name in columns)).order_by(table.c.user_id, table.c.listing)
    return [tuple(row) for row in connection.execute(query)]


def test_a_listing_that_was_never_read(connection: sa.Connection) -> None:
    ada = add_user(connection, "ada")
    assert bookmarks.find(connection, "ada", Listing.RATED) == ListingState(ada, Listing.RATED)


def test_a_bookmark_goes_from_page_to_page(connection: sa.Connection) -> None:
    ada = add_user(connection, "ada")
    add_user(connection, "ben")
    assert move(connection, 1, [3, 1], total=9)
    assert bookmarks.find(connection, "ada", Listing.RATED) == ListingState(ada, Listing.RATED, 1, [3, 1])
    assert move(connection, 2, [2])
    state = bookmarks.find(connection, "ada", Listing.RATED)
    assert (state.page, state.seen) == (2, [3, 1, 2])
    assert bookmarks.find(connection, "ben", Listing.RATED).page is None
    assert bookmarks.find(connection, "ada", Listing.LIKES).page is None


def test_a_page_whose_predecessor_is_missing_moves_nothing(connection: sa.Connection) -> None:
    add_user(connection, "ada")
    assert not move(connection, 2, [1])
    assert states(connection, "page") == []
    move(connection, 1, [1])
    assert not move(connection, 3, [3], status="complete")
    assert not move(connection, 1 + 2, [3])
    assert states(connection, "page", "seen", "status") == [(1, [1], "reading")]


def test_the_first_page_begins_anew(connection: sa.Connection) -> None:
    add_user(connection, "ada")
    for number in (1, 2, 3):
        move(connection, number, [number])
    assert move(connection, 1, [9])
    assert states(connection, "page", "seen") == [(1, [9])]
    assert move(connection, 0, [])
    assert states(connection, "page", "seen") == [(0, [])]


@pytest.mark.parametrize(
    ("number", "page", "before"),
    [(0, 5, []), (1, None, []), (1, 5, []), (2, 1, [4]), (2, None, None), (3, 1, None)],
)
def test_what_was_seen_before_a_page(number: int, page: int | None, before: list[int] | None) -> None:
    assert ListingState(1, Listing.RATED, page, (4,)).seen_before(number) == before


@pytest.mark.parametrize(
    ("listing", "status", "kept"),
    [
        (Listing.RATED, "reading", True),
        (Listing.RATED, "complete", False),
        (Listing.RATED, "unproved", False),
        (Listing.RATED_4_0, "complete", True),
        (Listing.FOLLOWING, "complete", True),
        (Listing.FOLLOWERS, "complete", True),
        (Listing.DIARY, "complete", False),
    ],
)
def test_what_was_seen_is_kept_as_long_as_somebody_asks(
    connection: sa.Connection, listing: Listing, status: str, kept: bool
) -> None:
    add_user(connection, "ada")
    move(connection, 1, [5, 6], listing=listing, status=status, total=2)
    as_of = MONDAY if status == "complete" else None
    columns = ("listing", "page", "seen", "status", "total", "run", "updated_at", "complete_as_of")
    expected = (listing, 1, [5, 6] if kept else [], status, 2, 7, MONDAY, as_of)
    assert states(connection, *columns) == [expected]


def test_a_listing_stays_complete_as_of_the_last_time(connection: sa.Connection) -> None:
    ada = add_user(connection, "ada")
    move(connection, 1, [5], status="complete")
    move(connection, 1, [], status="reading", provenance=Provenance(MONDAY + DAY, 8))
    move(connection, 1, [], listing=Listing.LIKES)
    assert states(connection, "run", "updated_at") == [(7, MONDAY), (8, MONDAY + DAY)]
    assert bookmarks.complete_listings(connection, ada) == {Listing.RATED: MONDAY}
    assert bookmarks.complete_listings(connection, ada + 1) == {}
    assert bookmarks.find(connection, "ada", Listing.RATED).complete_as_of == MONDAY


def test_a_bookmark_is_dropped(connection: sa.Connection) -> None:
    ada, ben = add_user(connection, "ada"), add_user(connection, "ben")
    for user in (ada, ben):
        for listing in (Listing.FOLLOWING, Listing.RATED):
            bookmarks.move(connection, ListingState(user, listing), 1, [], RUN_7, status="reading")
    bookmarks.drop(connection, ada, Listing.FOLLOWING)
    assert states(connection, "user_id", "listing") == [
        (ada, "rated"),
        (ben, "following"),
        (ben, "rated"),
    ]


SEEN = {
    Listing.FOLLOWERS: [1, 2],
    Listing.FOLLOWING: [3, 2, 1],
    Listing.RATED: [2, 1, 3],
    Listing.RATED_4_0: [1],
}


@pytest.mark.parametrize(
    ("table", "changed"),
    [
        (users, {Listing.FOLLOWERS: [9, 2], Listing.FOLLOWING: [3, 2, 9]}),
        (films, {Listing.RATED: [2, 9, 3], Listing.RATED_4_0: [9]}),
    ],
)
def test_a_film_or_member_that_became_another_is_replaced(
    connection: sa.Connection, table: sa.Table, changed: dict[Listing, list[int]]
) -> None:
    ada = add_user(connection, "ada")
    for listing, seen in SEEN.items():
        bookmarks.move(connection, ListingState(ada, listing), 1, seen, RUN_7, status="reading")
    bookmarks.replace(connection, table, 1, 9)
    assert dict(states(connection, "listing", "seen")) == SEEN | changed


def test_who_was_seen_under_both_names_is_seen_once(connection: sa.Connection) -> None:
    ada, ben = add_user(connection, "ada"), add_user(connection, "ben")
    for user in (ada, ben):
        state = ListingState(user, Listing.FOLLOWING)
        bookmarks.move(connection, state, 1, [1, 2, 3] if user == ada else [4], RUN_7, status="reading")
    bookmarks.replace(connection, users, 1, 3)
    assert states(connection, "seen") == [([3, 2],), ([4],)]


def test_a_person_is_removed_from_lists_of_people_alone(connection: sa.Connection) -> None:
    ada = add_user(connection, "ada")
    for listing, seen in SEEN.items():
        bookmarks.move(connection, ListingState(ada, listing), 1, seen, RUN_7, status="reading")
    bookmarks.remove_person(connection, 1)
    people = {Listing.FOLLOWERS: [2], Listing.FOLLOWING: [3, 2]}
    assert dict(states(connection, "listing", "seen")) == SEEN | people


# Failures


def failure(url: str = "https://l/ada/", stage: str = Listing.RATED, error: str = "broken") -> Failure:
    return Failure(stage, url, error, "ada", "x")


def open_failures(connection: sa.Connection, *columns: str) -> set[Any]:
    query = sa.select(*(scrape_failures.c[name] for name in columns or ("stage",)))
    rows = connection.execute(query.where(scrape_failures.c.resolved_at.is_(None)))
    return {tuple(row) if columns else row[0] for row in rows}


def test_a_failure_that_is_open_counts_up(connection: sa.Connection) -> None:
    run = add_run(connection)
    failures.record(connection, failure(), MONDAY)
    failures.record(connection, failure(error="again"), MONDAY + HOUR, run)
    columns = (
        "member",
        "film",
        "url",
        "stage",
        "error",
        "first_seen_at",
        "last_seen_at",
        "attempts",
        "run_id",
    )
    first = ("ada", "x", "https://l/ada/", "rated", "again", MONDAY, MONDAY + HOUR, 2, run)
    assert open_failures(connection, *columns) == {first}
    failures.record(connection, failure("https://l/ada/2/"), MONDAY, run)
    failures.record(connection, failure(stage="likes"), MONDAY)
    assert open_failures(connection, "url", "stage", "attempts", "run_id") == {
        ("https://l/ada/", "rated", 2, run),
        ("https://l/ada/2/", "rated", 1, run),
        ("https://l/ada/", "likes", 1, None),
    }


def test_a_failure_after_a_success_is_a_new_one(connection: sa.Connection) -> None:
    failures.record(connection, failure(), MONDAY)
    failures.resolve(connection, "ada", MONDAY + HOUR)
    failures.record(connection, failure(), MONDAY + DAY)
    query = sa.select(scrape_failures.c.attempts, scrape_failures.c.resolved_at).order_by(
        scrape_failures.c.id
    )
    rows = connection.execute(query)
    assert [tuple(row) for row in rows] == [(1, MONDAY + HOUR), (1, None)]


def record_four(connection: sa.Connection) -> None:
    for stage, member, film in (
        ("rated", "ada", "x"),
        ("likes", "ada", "y"),
        ("film", "ben", "x"),
        ("tmdb", None, "x"),
    ):
        failures.record(connection, Failure(stage, f"https://l/{stage}/", "broken", member, film), MONDAY)


@pytest.mark.parametrize(
    ("stages", "left"),
    [
        (None, {"film", "tmdb"}),
        (["rated", "film"], {"likes", "film", "tmdb"}),
        ([], {"rated", "likes", "film", "tmdb"}),
    ],
)
def test_a_members_failures_are_made_good(
    connection: sa.Connection, stages: list[str] | None, left: set[str]
) -> None:
    record_four(connection)
    failures.resolve(connection, "ada", MONDAY + HOUR, stages)
    assert open_failures(connection) == left
    failures.resolve(connection, "ada", MONDAY + DAY)
    resolved = connection.scalars(
        sa.select(scrape_failures.c.resolved_at).where(scrape_failures.c.stage == "rated")
    )
    assert resolved.one() == (MONDAY + HOUR if "rated" not in left else MONDAY + DAY)


@pytest.mark.parametrize(
    ("stages", "left"),
    [(None, {"likes"}), (["tmdb"], {"rated", "likes", "film"}), ([], {"rated", "likes", "film", "tmdb"})],
)
def test_a_films_failures_are_made_good(
    connection: sa.Connection, stages: list[str] | None, left: set[str]
) -> None:
    record_four(connection)
    failures.resolve_film(connection, ["x", "z"], MONDAY + HOUR, stages)
    assert open_failures(connection) == left
    failures.resolve_film(connection, ["x"], MONDAY + DAY)
    resolved = connection.scalars(
        sa.select(scrape_failures.c.resolved_at).where(scrape_failures.c.stage == "tmdb")
    )
    assert resolved.one() == (MONDAY + HOUR if "tmdb" not in left else MONDAY + DAY)


def test_an_addresss_failures_are_made_good(connection: sa.Connection) -> None:
    record_four(connection)
    failures.resolve_url(connection, "https://l/film/", MONDAY + HOUR)
    assert open_failures(connection) == {"rated", "likes", "tmdb"}
    failures.resolve_url(connection, "https://l/film/", MONDAY + DAY)
    assert set(connection.scalars(sa.select(scrape_failures.c.resolved_at))) == {None, MONDAY + HOUR}


def test_open_failures_of_a_film_follow_its_slug(connection: sa.Connection) -> None:
    record_four(connection)
    failures.resolve(connection, "ada", MONDAY, ["rated"])
    failures.rename_film(connection, "x", "new")
    rows = connection.execute(sa.select(scrape_failures.c.stage, scrape_failures.c.film))
    assert {tuple(row) for row in rows} == {("rated", "x"), ("likes", "y"), ("film", "new"), ("tmdb", "new")}


def test_what_a_run_has_read_that_is_not_stored(connection: sa.Connection) -> None:
    runs = [add_run(connection) for _ in range(2)]
    for number, (run, stage) in enumerate([(0, "stored"), (0, "stored"), (1, "stored"), (0, "rated")]):
        failures.record(connection, failure(f"https://l/{number}/", stage), MONDAY, runs[run])
    assert [failures.stored_by(connection, run) for run in (*runs, runs[1] + 1)] == [2, 1, 0]
    failures.resolve_url(connection, "https://l/0/", MONDAY)
    assert failures.stored_by(connection, runs[0]) == 1


@pytest.mark.parametrize(
    ("stage", "is_read"),
    [
        ("stored", True),
        ("profile", True),
        ("rated", True),
        ("likes", True),
        ("rated_4.0", True),
        ("diary", False),
    ],
)
def test_who_is_to_be_read_again(connection: sa.Connection, stage: str, is_read: bool) -> None:
    failures.record(connection, failure(stage=stage), MONDAY)
    failures.record(connection, Failure("rated", "https://l/", "broken"), MONDAY)
    assert failures.to_be_read_again(connection) == ({"ada"} if is_read else set())
    failures.resolve(connection, "ada", MONDAY)
    assert failures.to_be_read_again(connection) == set()


# robots.txt


def test_robots_txt_is_remembered_for_so_long(memory: sa.Engine) -> None:
    url = "https://letterboxd.com/robots.txt"
    robots.remember(memory, url, b"old", MONDAY)
    robots.remember(memory, url, b"Disallow", MONDAY + HOUR)
    assert robots.recall(memory, url, MONDAY) == b"Disallow"
    assert robots.recall(memory, url, MONDAY + HOUR) is None
    assert robots.recall(memory, url, MONDAY - 48 * HOUR) is None, "read by a clock that was wrong"
    assert robots.recall(memory, "https://elsewhere/robots.txt", MONDAY) is None


# Rows that change


def test_only_ratings_that_change_are_counted(memory: sa.Engine) -> None:
    changed = ChangedRatings(memory)
    with changed.engine.connect() as connection:
        ada, x = add_user(connection, "ada"), add_film(connection, "x")
        assert changed.take() == 0
        add_rating(connection, ada, x, rating=4.0)
        add_rating(connection, ada, add_film(connection, "y"), rating=4.0)
        assert changed.take() == 2
        assert changed.take() == 0
        connection.execute(ratings.update().where(ratings.c.film_id == 0).values(rating=1.0))
        connection.execute(sa.select(ratings)).all()
        assert changed.take() == 0
        connection.execute(ratings.delete())
        assert changed.take() == 2
        connection.commit()
    with memory.connect() as other:
        add_rating(other, ada, x, rating=4.0)
        other.rollback()
    assert changed.take() == 0, "through another engine"
