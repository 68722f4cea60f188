"""Items are stored with their bookmark: one small case for each kind that this module stores itself."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.members import (
    DiaryEntry,
    DiaryPage,
    Failure,
    FeedEntry,
    FeedPage,
    FilmsPage,
    Listing,
    MemberRead,
    MemberRefreshed,
    Membership,
    MemberStatus,
    PeoplePage,
    Person,
    Profile,
    Tile,
)
from letterboxd_scraper.items.tasks import Provenance
from letterboxd_scraper.store.crawl_state import failures
from letterboxd_scraper.store.members import opt_outs
from letterboxd_scraper.store.save import save
from letterboxd_scraper.store.schema import (
    cohort_members,
    cohorts,
    films,
    scrape_failures,
    user_scrape_state,
    users,
    watched,
)
from tests.store.rows import DAY, MONDAY, add_film, add_rating, add_run, add_user, rating_rows

ALIEN, BRAZIL = Film("alien", "Alien", 1979, 1), Film("brazil", "Brazil", 1985, 2)
PROFILE = Profile("ann", "Ann", "a.jpg", "lid", 5, 1, 2, (ALIEN,), 3, None)


def store(connection: sa.Connection, *items: Any, days: int = 0, run: int | None = None) -> None:
    for item in items:
        save(item, connection, Provenance(MONDAY + days * DAY, run))


def user(connection: sa.Connection, name: str = "ann") -> Any:
    return connection.execute(sa.select(users).where(users.c.letterboxd_username == name)).one()


def states(connection: sa.Connection) -> dict[str, tuple[int, str, int | None]]:
    """Return of each listing the last page, its status and the total."""
    return {
        row.listing: (row.page, row.status, row.total)
        for row in connection.execute(sa.select(user_scrape_state))
    }


def film_id(connection: sa.Connection, film: Film) -> int:
    query = sa.select(films.c.id).where(films.c.letterboxd_film_id == film.film_id)
    return int(connection.execute(query).scalar_one())


def test_what_is_no_item_is_an_error(connection: sa.Connection) -> None:
    with pytest.raises(TypeError, match="no way to store a str"):
        store(connection, "item")


def test_nothing_is_stored_of_who_asked_to_be_forgotten(connection: sa.Connection) -> None:
    opt_outs.add(connection, "ann", None, MONDAY)
    store(connection, PROFILE)
    assert connection.execute(sa.select(users)).all() == []


def test_a_profile_is_its_own_listing_and_starts_that_of_rated_films(connection: sa.Connection) -> None:
    store(connection, PROFILE)
    row = user(connection)
    assert (row.display_name, row.avatar_url, row.letterboxd_lid) == ("Ann", "a.jpg", "lid")
    assert (row.status, row.created_at) == ("ok", MONDAY)
    assert states(connection) == {"profile": (1, "complete", 5), "rated": (0, "reading", 3)}
    assert rating_rows(connection, "favorite") == {film_id(connection, ALIEN): True}


def test_a_profile_that_shows_less_takes_nothing_away(connection: sa.Connection) -> None:
    store(connection, PROFILE, MemberStatus("ann", "private"))
    store(connection, replace(PROFILE, display_name=None, avatar_url=None), days=1)
    row = user(connection)
    assert (row.display_name, row.avatar_url, row.status, row.created_at) == ("Ann", "a.jpg", "ok", MONDAY)


def page(listing: Listing, number: int, *tiles: Tile, **options: Any) -> FilmsPage:
    return FilmsPage("ann", listing, number, tiles, **{"last": True} | options)


def test_pages_of_rated_films_end_in_a_complete_listing_that_removes_what_is_absent(
    connection: sa.Connection,
) -> None:
    store(connection, PROFILE)
    gone = add_film(connection, "gone")
    add_rating(connection, user(connection).id, gone, rating=3.0, updated_at=MONDAY - DAY)
    store(connection, page(Listing.RATED, 1, Tile(ALIEN, 4.0, liked=True), last=False), days=1)
    assert states(connection)["rated"] == (1, "reading", None)
    last = page(Listing.RATED, 2, Tile(BRAZIL, 2.5), complete=(ALIEN, BRAZIL))
    store(connection, last, days=1)
    assert states(connection)["rated"] == (2, "complete", 2)
    stored = rating_rows(connection, "rating", "liked")
    assert stored == {film_id(connection, ALIEN): (4.0, True), film_id(connection, BRAZIL): (2.5, False)}


def test_a_listing_with_a_hole_removes_nothing(connection: sa.Connection) -> None:
    store(connection, PROFILE)
    add_rating(connection, user(connection).id, add_film(connection, "gone"), rating=3.0)
    store(connection, page(Listing.RATED, 2, Tile(BRAZIL, 2.5), complete=(BRAZIL,)), days=1)
    assert len(rating_rows(connection, "rating")) == 3
    assert states(connection)["rated"] == (0, "reading", 3)


def test_a_listing_that_is_not_proved_whole_removes_nothing_but_a_level_is_read(
    connection: sa.Connection,
) -> None:
    store(connection, PROFILE)
    store(connection, page(Listing.UNRATED_LIKES, 1, Tile(BRAZIL), total=7))
    store(connection, page(Listing.RATED_5_0, 1, Tile(BRAZIL, 5.0)))
    assert states(connection)[Listing.UNRATED_LIKES] == (1, "unproved", 7)
    assert states(connection)[Listing.RATED_5_0][1] == "complete"


def test_what_another_crawl_stored_since_a_listing_began_stays(connection: sa.Connection) -> None:
    store(connection, replace(PROFILE, favourites=()))
    gone = add_film(connection, "gone")
    add_rating(connection, user(connection).id, gone, rating=3.0, updated_at=MONDAY + DAY)
    store(connection, page(Listing.RATED, 1, complete=(), begun=MONDAY), days=2)
    assert gone in rating_rows(connection, "rating")
    store(connection, page(Listing.RATED, 1, complete=()), days=2)
    assert rating_rows(connection, "rating") == {}


def test_watched_films_are_no_ratings(connection: sa.Connection) -> None:
    store(connection, replace(PROFILE, favourites=()))
    store(connection, page(Listing.UNRATED_WATCHED, 1, Tile(BRAZIL), Tile(ALIEN), complete=(BRAZIL, ALIEN)))
    rows = {film_id(connection, ALIEN), film_id(connection, BRAZIL)}
    assert set(connection.scalars(sa.select(watched.c.film_id))) == rows
    assert rating_rows(connection, "rating") == {}


def test_a_film_that_one_member_has_not_watched_after_all_stays_with_the_others(
    connection: sa.Connection,
) -> None:
    store(connection, replace(PROFILE, favourites=()))
    both = (BRAZIL, ALIEN)
    store(connection, page(Listing.UNRATED_WATCHED, 1, *map(Tile, both), complete=both))
    bob = add_user(connection, "bob")
    alien = {"film_id": film_id(connection, ALIEN)}
    connection.execute(watched.insert().values(alien | {"user_id": bob}))
    last = page(Listing.UNRATED_WATCHED, 1, Tile(BRAZIL), complete=(BRAZIL,))
    store(connection, last, days=1)
    rows = {tuple(row) for row in connection.execute(sa.select(watched.c.user_id, watched.c.film_id))}
    assert rows == {(user(connection).id, film_id(connection, BRAZIL)), (bob, film_id(connection, ALIEN))}


def entry(film: Film, day: int, stars: float | None) -> DiaryEntry:
    return DiaryEntry(day, film, date(2026, 1, day), stars, False, False, False, f"/ann/{film.slug}/")


def test_a_diary_dates_the_ratings_of_stored_films(connection: sa.Connection) -> None:
    store(connection, replace(PROFILE, favourites=()))
    store(connection, page(Listing.RATED, 1, Tile(ALIEN, 4.0), complete=(ALIEN,)))
    diary = DiaryPage("ann", 1, (entry(ALIEN, 2, 4.0), entry(BRAZIL, 1, 3.0)), last=False)
    store(connection, replace(diary, number=2), days=1)
    assert rating_rows(connection, "rated_at") == {film_id(connection, ALIEN): None}
    store(connection, diary, days=1)
    (dated,) = rating_rows(connection, "rated_at").values()
    assert dated.date() == date(2026, 1, 2)
    assert states(connection)["diary"][:2] == (1, "reading")
    store(connection, DiaryPage("ann", 2, (entry(ALIEN, 1, 4.0),), last=True), days=1)
    assert rating_rows(connection, "rated_at") == {film_id(connection, ALIEN): dated}
    assert states(connection)["diary"][:2] == (2, "complete")
    assert connection.scalar(sa.select(sa.func.count()).select_from(films)) == 1


def test_a_feed_tells_ratings_with_their_days(connection: sa.Connection) -> None:
    store(connection, replace(PROFILE, favourites=()))
    store(connection, FeedPage("ann", (FeedEntry("g", ALIEN, date(2026, 1, 2), MONDAY, 4.5, True, "/a/"),)))
    (stored,) = rating_rows(connection, "rating", "liked", "diary_entry_url").values()
    assert stored == (4.5, True, "/a/")


ANN, BOB = Person("ann", "Ann", "a.jpg", 10, 2), Person("bob", "Bob", None, None, 3)


def people(*persons: Person, number: int = 1, **options: Any) -> PeoplePage:
    return PeoplePage("kip", Listing.FOLLOWING, number, persons, **{"last": True} | options)


def test_people_are_stored_with_their_counts(connection: sa.Connection) -> None:
    store(connection, people(ANN, BOB))
    ann, bob = user(connection), user(connection, "bob")
    assert (ann.display_name, ann.films_count, ann.likes_count, ann.counts_seen_at) == ("Ann", 10, 2, MONDAY)
    assert (bob.films_count, bob.likes_count, bob.counts_seen_at) == (None, 3, None)
    assert user(connection, "kip").display_name is None
    assert states(connection) == {"following": (1, "complete", None)}
    seen = connection.scalar(sa.select(user_scrape_state.c.seen))
    assert seen == [ann.id, bob.id]


def test_counts_follow_the_page_and_names_stay(connection: sa.Connection) -> None:
    store(connection, people(ANN))
    store(connection, people(replace(ANN, display_name="Other", avatar_url="b.jpg", films=11)), days=1)
    ann = user(connection)
    assert (ann.display_name, ann.avatar_url, ann.films_count) == ("Ann", "a.jpg", 11)
    assert (ann.counts_seen_at, ann.created_at) == (MONDAY + DAY, MONDAY)
    store(connection, people(replace(ANN, films=None, likes=4)), days=2)
    ann = user(connection)
    assert (ann.films_count, ann.likes_count, ann.counts_seen_at) == (11, 4, None)


def test_a_name_and_a_picture_that_were_not_known_are_filled_in(connection: sa.Connection) -> None:
    store(connection, people(replace(ANN, display_name=None, avatar_url=None)))
    store(connection, people(ANN), days=1)
    ann = user(connection)
    assert (ann.display_name, ann.avatar_url) == ("Ann", "a.jpg")


def test_a_part_of_a_page_moves_no_bookmark_and_the_last_page_makes_failures_good(
    connection: sa.Connection,
) -> None:
    failure = Failure(Listing.FOLLOWING, "/kip/following/", "x", member="kip")
    store(connection, people(ANN, last=False), failure)
    assert states(connection) == {"following": (1, "reading", None)}
    assert open_failures(connection) == ["following"]
    store(connection, people(BOB, number=2, whole=False, last=False))
    assert states(connection) == {}
    store(connection, people(BOB, number=2, whole=False))
    assert open_failures(connection) == []


def open_failures(connection: sa.Connection) -> list[str]:
    failed = scrape_failures.c
    query = sa.select(failed.stage).where(failed.resolved_at.is_(None)).order_by(failed.stage)
    return list(connection.scalars(query))


def membership(connection: sa.Connection) -> dict[str, tuple[int, Any]]:
    query = sa.select(users.c.letterboxd_username, cohort_members.c.depth, cohort_members.c.followed_at)
    return {row[0]: (row[1], row[2]) for row in connection.execute(query.join(cohort_members))}


def test_a_cohort_is_made_and_brought_up_to_date(connection: sa.Connection) -> None:
    for name in ("kip", "ann", "bob"):
        add_user(connection, name)
    item = Membership("friends", "kip", (("kip", 0), ("ann", 1)), True, {"depth": 1})
    store(connection, item)
    store(connection, item, days=1)
    (row,) = connection.execute(sa.select(cohorts)).all()
    assert (row.label, row.definition, row.created_at, row.updated_at) == (
        "friends",
        {"depth": 1},
        MONDAY,
        MONDAY,
    )
    assert row.seed_user_id == user(connection, "kip").id
    store(connection, replace(item, members=(("ann", 2), ("bob", 1)), complete=False), days=2)
    assert membership(connection) == {
        "kip": (0, MONDAY), "ann": (2, MONDAY), "bob": (1, MONDAY + 2 * DAY)
    }  # fmt: skip
    store(connection, replace(item, members=(("ann", 2),), definition={"depth": 2}), days=3)
    assert set(membership(connection)) == {"ann"}
    (row,) = connection.execute(sa.select(cohorts)).all()
    assert (row.definition, row.created_at, row.updated_at) == ({"depth": 2}, MONDAY, MONDAY + 3 * DAY)


def test_a_member_who_cannot_be_read_is_a_result(connection: sa.Connection) -> None:
    store(connection, PROFILE, Failure("rated", "/ann/films/", "x", member="ann"))
    store(connection, MemberStatus("ann", "gone"), days=1)
    row = user(connection)
    assert (row.status, row.last_incremental_scrape_at) == ("gone", MONDAY + DAY)
    assert open_failures(connection) == []


def test_a_feed_that_cannot_be_read_is_no_look_at_the_member(connection: sa.Connection) -> None:
    store(connection, PROFILE, MemberStatus("ann", "private", Listing.FEED))
    assert user(connection).last_incremental_scrape_at is None


def test_a_member_is_read_when_all_listings_are_complete(connection: sa.Connection) -> None:
    run = add_run(connection)
    store(connection, PROFILE, Failure("profile", "/ann/", "x", member="ann"))
    store(connection, Failure("diary", "/ann/diary/", "x", member="ann"))
    read = MemberRead("ann", (Listing.RATED, Listing.PROFILE), 5, 6)
    store(connection, read, run=run)
    assert (user(connection).last_full_scrape_at, open_failures(connection)) == (None, ["diary", "profile"])
    store(connection, page(Listing.RATED, 1, Tile(ALIEN, 4.0), complete=(ALIEN,)))
    store(connection, read, days=1, run=run)
    row = user(connection)
    assert (row.last_full_scrape_at, row.last_full_scrape_run) == (MONDAY + DAY, run)
    assert (row.crawled_films_count, row.crawled_likes_count) == (5, 6)
    assert open_failures(connection) == ["diary"]


def refreshed(stars: int, liked: int) -> MemberRefreshed:
    return MemberRefreshed("ann", 5, 6, (0,) * 7 + (stars, 0, 0), liked, "/ann/")


def test_a_refreshed_member_is_as_complete_as_after_the_whole_listing(connection: sa.Connection) -> None:
    store(connection, replace(PROFILE, favourites=()))
    store(connection, Failure(failures.STORED, "/ann/", "x", member="ann"))
    store(connection, page(Listing.RATED, 1, Tile(ALIEN, 4.0, liked=True), last=False))
    store(connection, refreshed(1, 1), days=1)
    row = user(connection)
    assert (row.last_incremental_scrape_at, row.last_full_scrape_at) == (MONDAY + DAY, None)
    assert (row.crawled_films_count, row.crawled_likes_count) == (5, 6)
    assert states(connection)["rated"][1] == "complete"
    assert open_failures(connection) == []
    as_of = sa.select(user_scrape_state.c.complete_as_of).where(user_scrape_state.c.listing == "rated")
    assert connection.scalar(as_of) == MONDAY + DAY


@pytest.mark.parametrize(("stars", "liked"), [(2, 1), (1, 0)])
def test_counts_that_disagree_are_a_failure_and_not_a_silence(
    connection: sa.Connection, stars: int, liked: int
) -> None:
    run = add_run(connection)
    store(connection, replace(PROFILE, favourites=()))
    store(connection, page(Listing.RATED, 1, Tile(ALIEN, 4.0, liked=True), last=False))
    store(connection, refreshed(stars, liked), days=1, run=run)
    failure = connection.execute(sa.select(scrape_failures)).one()
    assert failure.error.startswith("1 rating and 1 like are stored, not those")
    assert (failure.stage, failure.url, failure.member, failure.run_id) == ("stored", "/ann/", "ann", run)
    assert user(connection).last_incremental_scrape_at is None
    assert states(connection)["rated"][1] == "reading"
