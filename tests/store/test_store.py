"""Saving items, on both databases: what is overwritten, what is left alone, what is removed and when."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.members import (
    Failure,
    FilmsPage,
    Listing,
    MemberRead,
    Membership,
    MemberStatus,
    PeoplePage,
    Person,
    Profile,
    Tile,
)
from letterboxd_scraper.items.tasks import Provenance
from letterboxd_scraper.store.crawl_state import runs
from letterboxd_scraper.store.crawl_state.runs import Work
from letterboxd_scraper.store.due import full_crawl
from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.save import save
from letterboxd_scraper.store.schema import (
    cohort_members,
    films,
    ratings,
    scrape_failures,
    user_scrape_state,
    users,
)
from tests.conftest import address, on_sqlite, stored_facts

MONDAY = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)
WEDNESDAY = MONDAY + timedelta(days=2)
ALIEN, BRAZIL, CURE = (
    Film("alien", "Alien", 1979, film_id=1, lid="a1"),
    Film("brazil", "Brazil", 1985, film_id=2, lid="b2"),
    Film("cure", "Cure", 1997, film_id=3, lid="c3"),
)
FILM_LISTINGS = (Listing.RATED, Listing.UNRATED_LIKES, Listing.UNRATED_WATCHED)
Store = Callable[..., None]


@pytest.fixture
def store(engine: sa.Engine) -> Store:
    """Save items as of a day; ada is known already."""

    def store(*items: Any, at: datetime = MONDAY) -> None:
        for item in items:
            with engine.begin() as connection:
                save(item, connection, Provenance(at, run=1))

    with engine.begin() as connection:
        runs.begin(connection, Work("profile", member="ada"), MONDAY)
    store(profile())
    return store


def profile(*favourites: Film, films: int = 10, ratings: int | None = None) -> Profile:
    return Profile("ada", "Ada", "https://pictures/ada.jpg", "1abc", films, 5, 6, favourites, ratings, None)


def rated(*tiles: Tile, number: int = 1, last: bool = True, complete: bool = True) -> FilmsPage:
    whole = tuple(tile.film for tile in tiles) if last and complete else None
    return FilmsPage("ada", Listing.RATED, number, tiles, last, total=len(tiles), complete=whole)


def likes(*liked: Film, complete: bool = True) -> FilmsPage:
    tiles = tuple(Tile(film, None, True) for film in liked)
    return FilmsPage("ada", Listing.UNRATED_LIKES, 1, tiles, True, complete=liked if complete else None)


def rows(engine: sa.Engine, table: sa.Table) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(sa.select(table).order_by(*table.primary_key)))


def facts(engine: sa.Engine) -> set[tuple[Any, ...]]:
    return {fact[1:] for fact in stored_facts(engine)}


def test_a_rated_page_sets_stars_and_likes(store: Store, engine: sa.Engine) -> None:
    store(rated(Tile(ALIEN, 4.5, True), Tile(BRAZIL, 0.5)))
    assert facts(engine) == {("alien", 4.5, True, False), ("brazil", 0.5, False, False)}


def test_saving_the_same_page_twice_keeps_the_rows(store: Store, engine: sa.Engine) -> None:
    page = rated(Tile(ALIEN, 4.5, True), Tile(BRAZIL, 0.5))
    store(page)
    before = rows(engine, ratings), rows(engine, films)
    store(page, profile(), at=TUESDAY)
    assert (rows(engine, ratings), rows(engine, films)) == before


def test_only_a_complete_listing_removes(store: Store, engine: sa.Engine) -> None:
    store(rated(Tile(ALIEN, 4.0), Tile(BRAZIL, 3.0)))
    store(rated(Tile(ALIEN, 4.0), complete=False), at=TUESDAY)
    assert facts(engine) == {("alien", 4.0, False, False), ("brazil", 3.0, False, False)}
    store(rated(Tile(ALIEN, 4.0)), at=TUESDAY)
    assert facts(engine) == {("alien", 4.0, False, False)}


def test_a_film_no_longer_rated_stays_while_it_is_liked_or_favourite(store: Store, engine: sa.Engine) -> None:
    store(rated(Tile(ALIEN, 4.0, True), Tile(BRAZIL, 3.0), Tile(CURE, 2.0)), profile(BRAZIL))
    store(rated(), at=TUESDAY)
    assert facts(engine) == {("alien", None, True, False), ("brazil", None, False, True)}
    store(likes(), at=TUESDAY)
    assert facts(engine) == {("brazil", None, False, True)}
    store(profile(), at=TUESDAY)
    assert facts(engine) == set()


def test_an_unliked_favourite_stays_a_favourite(store: Store, engine: sa.Engine) -> None:
    store(profile(ALIEN), likes(ALIEN))
    store(likes(), at=TUESDAY)
    assert facts(engine) == {("alien", None, False, True)}


def test_unrated_likes_leave_ratings_alone(store: Store, engine: sa.Engine) -> None:
    store(rated(Tile(ALIEN, 4.0)), likes(ALIEN, BRAZIL))
    assert facts(engine) == {("alien", 4.0, True, False), ("brazil", None, True, False)}


def test_a_grid_page_never_wipes_a_date_or_a_diary_link(store: Store, engine: sa.Engine) -> None:
    store(rated(Tile(ALIEN, 4.0)))
    exact = {"rated_at": MONDAY - timedelta(days=3), "diary_entry_url": "https://diary/1"}
    with engine.begin() as connection:
        connection.execute(ratings.update().values(exact))
    store(rated(Tile(ALIEN, 4.5, True)), at=TUESDAY)
    (row,) = rows(engine, ratings)
    assert (row.rated_at, row.diary_entry_url) == (exact["rated_at"], "https://diary/1")
    assert (row.rating, row.updated_at) == (4.5, TUESDAY)


def test_an_undated_rating_was_made_between_two_crawls(store: Store, engine: sa.Engine) -> None:
    def interval(film: str) -> tuple[Any, Any]:
        numbers = {row.slug: row.id for row in rows(engine, films)}
        (row,) = [row for row in rows(engine, ratings) if row.film_id == numbers[film]]
        return row.seen_after, row.first_seen_at

    store(rated(Tile(ALIEN, 4.0)))
    assert interval("alien") == (None, MONDAY)
    store(rated(Tile(ALIEN, 4.0, True), Tile(BRAZIL, 2.0)), at=TUESDAY)
    assert interval("alien") == (None, MONDAY)
    assert interval("brazil") == (MONDAY, TUESDAY)
    store(rated(Tile(ALIEN, 5.0), Tile(BRAZIL, 2.0)), at=WEDNESDAY)
    assert interval("alien") == (TUESDAY, WEDNESDAY)
    assert interval("brazil") == (MONDAY, TUESDAY)


def test_a_listing_with_a_hole_in_it_never_becomes_complete(store: Store, engine: sa.Engine) -> None:
    store(rated(Tile(ALIEN, 4.0), last=False))
    store(rated(Tile(CURE, 4.0), number=3), MemberRead("ada", (Listing.RATED,), 10, 0))
    (state,) = [row for row in rows(engine, user_scrape_state) if row.listing == "rated"]
    assert (state.page, state.status) == (1, "reading")
    assert rows(engine, users)[0].last_full_scrape_at is None


def test_a_member_counts_as_read_when_every_listing_is_complete(store: Store, engine: sa.Engine) -> None:
    listings = (Listing.RATED, Listing.UNRATED_LIKES)
    store(rated(Tile(ALIEN, 4.0)), MemberRead("ada", listings, 10, 0))
    assert rows(engine, users)[0].last_full_scrape_at is None
    store(likes(), MemberRead("ada", listings, 10, 0), at=TUESDAY)
    ada = rows(engine, users)[0]
    assert (ada.last_full_scrape_at, ada.crawled_films_count, ada.crawled_likes_count) == (TUESDAY, 10, 0)


def test_a_profile_keeps_what_the_listings_must_agree_with(store: Store, engine: sa.Engine) -> None:
    store(profile(films=12, ratings=7), at=TUESDAY)
    bookmarks = {row.listing: (row.page, row.total, row.status) for row in rows(engine, user_scrape_state)}
    assert bookmarks == {"profile": (1, 12, "complete"), "rated": (0, 7, "reading")}
    with engine.connect() as connection:
        (start,) = full_crawl.member_start(connection, "ada", 1, TUESDAY)
    assert start.bookmarks[Listing.PROFILE].total == 12
    assert (start.bookmarks[Listing.RATED].page, start.bookmarks[Listing.RATED].total) == (0, 7)


@pytest.mark.parametrize(
    ("first", "then", "goes_on"),
    [
        ("", "", True),
        ("diary", "diary", True),
        ("", "diary", False),
        ("diary", "", False),
        ("diary", "watched", False),
    ],
)
@on_sqlite
def test_only_work_that_was_to_read_the_same_is_carried_on(
    engine: sa.Engine, first: str, then: str, goes_on: bool
) -> None:
    with engine.begin() as connection:
        run, _ = runs.begin(connection, Work("profile", "friends", options=first), MONDAY)
        _, work = runs.begin(connection, Work("profile", "friends", options=then), MONDAY)
        assert (work == run) is goes_on
        # What came between was other work: what it read is not what the first one was to read.
        runs.begin(connection, Work("profile", "friends", options="something else"), MONDAY)
        assert runs.begin(connection, Work("profile", "friends", options=then), MONDAY)[1] is None


def test_a_member_whom_a_later_run_read_without_the_diary_is_still_to_be_read(
    store: Store, engine: sa.Engine
) -> None:
    with engine.begin() as connection:
        work, _ = runs.begin(connection, Work("profile", "friends", options="diary"), MONDAY)
        for options, left in (("", ["ada"]), ("diary", [])):
            later, _ = runs.begin(connection, Work("profile", member="ada", options=options), MONDAY)
            connection.execute(users.update().values(last_full_scrape_run=later))
            starts = full_crawl.member_start(connection, "ada", work, MONDAY)
            assert [start.name for start in starts] == left


def test_a_first_page_does_not_forget_when_the_listing_was_last_complete(
    store: Store, engine: sa.Engine
) -> None:
    store(rated(Tile(ALIEN, 4.0)), profile(), at=TUESDAY)
    (state,) = [row for row in rows(engine, user_scrape_state) if row.listing == "rated"]
    assert (state.status, state.complete_as_of) == ("reading", TUESDAY)


def test_a_film_that_got_another_row_meanwhile_is_looked_up_anew(store: Store, engine: sa.Engine) -> None:
    store(rated(Tile(ALIEN, 4.0), Tile(CURE, 3.0)))
    other = make_engine(address(engine))
    with other.begin() as connection:  # as another process that finds out that two films are one
        connection.execute(films.delete().where(films.c.slug == "alien"))
        row = {"id": 77, "letterboxd_film_id": 1, "letterboxd_lid": "a1", "slug": "alien", "title": "Alien"}
        connection.execute(films.insert().values(row | {"release_year": 1979}))
    other.dispose()
    store(rated(Tile(ALIEN, 4.0), Tile(CURE, 3.0)), at=TUESDAY)
    assert facts(engine) == {("alien", 4.0, False, False), ("cure", 3.0, False, False)}


def test_what_is_no_text_is_not_stored(store: Store, engine: sa.Engine) -> None:
    broken = Film("alien", "Alien \ud800", 1979, film_id=1, lid="a1")
    with pytest.raises(UnicodeEncodeError):
        store(rated(Tile(broken, 4.0), Tile(CURE, 4.0)))
    assert rows(engine, films) == []


def test_the_film_number_survives_a_renamed_slug(store: Store, engine: sa.Engine) -> None:
    store(rated(Tile(ALIEN, 4.0)))
    renamed = Film("alien-1979", "Alien", 1979, film_id=1, lid="a1")
    store(rated(Tile(renamed, 4.0)), at=TUESDAY)
    assert [(film.slug, film.letterboxd_film_id) for film in rows(engine, films)] == [("alien-1979", 1)]
    assert facts(engine) == {("alien-1979", 4.0, False, False)}


def test_a_slug_that_another_film_takes_over(store: Store, engine: sa.Engine) -> None:
    store(rated(Tile(ALIEN, 4.0)))
    newcomer = Film("alien", "Alien", 2029, film_id=99)
    store(rated(Tile(ALIEN, 4.0), Tile(newcomer, 1.0)), at=TUESDAY)
    slugs = {film.letterboxd_film_id: film.slug for film in rows(engine, films)}
    assert slugs in ({1: "film:1", 99: "alien"}, {1: "alien", 99: "film:99"})
    assert {fact[1] for fact in facts(engine)} == {4.0, 1.0}


@on_sqlite
def test_a_page_without_years_wipes_none(store: Store, engine: sa.Engine) -> None:
    store(rated(Tile(ALIEN, 4.0)))
    store(rated(Tile(Film("alien", "Alien", None, film_id=1), 4.0)), at=TUESDAY)
    (film,) = rows(engine, films)
    assert (film.release_year, film.letterboxd_lid) == (1979, "a1")


def test_people_bring_counts_but_leave_name_and_picture_to_the_profile(
    store: Store, engine: sa.Engine
) -> None:
    person = Person("ada", "ADA!", "https://pictures/small.jpg", films=12, likes=3)
    store(PeoplePage("bob", Listing.FOLLOWING, 1, (person, Person("cy", "Cy", None, 1, 0)), True), at=TUESDAY)
    ada, *others = rows(engine, users)
    assert (ada.display_name, ada.avatar_url) == ("Ada", "https://pictures/ada.jpg")
    assert (ada.films_count, ada.likes_count, ada.counts_seen_at) == (12, 3, TUESDAY)
    assert {(user.letterboxd_username, user.display_name) for user in others} == {("bob", None), ("cy", "Cy")}


def membership(*members: tuple[str, int], complete: bool = True) -> Membership:
    return Membership("friends", "ada", members, complete, {"depth": 1})


def test_membership_is_a_diff(store: Store, engine: sa.Engine) -> None:
    people = tuple(Person(name) for name in ("bob", "cy", "di"))
    store(PeoplePage("ada", Listing.FOLLOWING, 1, people, True))
    store(membership(("ada", 0), ("bob", 1), ("cy", 1)))
    store(membership(("ada", 0), ("cy", 2), ("di", 1)), at=TUESDAY)
    names = {row.id: row.letterboxd_username for row in rows(engine, users)}
    members = {names[row.user_id]: (row.depth, row.followed_at) for row in rows(engine, cohort_members)}
    assert members == {"ada": (0, MONDAY), "cy": (2, MONDAY), "di": (1, TUESDAY)}


def test_an_incomplete_walk_drops_nobody(store: Store, engine: sa.Engine) -> None:
    store(PeoplePage("ada", Listing.FOLLOWING, 1, (Person("bob"),), True))
    store(membership(("ada", 0), ("bob", 1)), membership(("ada", 0), complete=False))
    assert len(rows(engine, cohort_members)) == 2


@on_sqlite
def test_a_gone_member_keeps_their_ratings(store: Store, engine: sa.Engine) -> None:
    store(rated(Tile(ALIEN, 4.0)), MemberStatus("ada", "gone"))
    assert rows(engine, users)[0].status == "gone"
    assert len(facts(engine)) == 1
    store(profile(), at=TUESDAY)
    assert rows(engine, users)[0].status == "ok"


def test_a_failure_counts_up_and_the_next_success_resolves_it(store: Store, engine: sa.Engine) -> None:
    failure = Failure("rated", "https://site/ada/films/", "status 500", "ada")
    store(failure)
    store(failure, at=TUESDAY)
    (row,) = rows(engine, scrape_failures)
    assert (row.attempts, row.first_seen_at, row.last_seen_at, row.resolved_at) == (2, MONDAY, TUESDAY, None)
    store(rated(Tile(ALIEN, 4.0)), MemberRead("ada", (Listing.RATED,), 1, 0), at=WEDNESDAY)
    assert rows(engine, scrape_failures)[0].resolved_at == WEDNESDAY


def open_failures(engine: sa.Engine) -> list[str]:
    return [row.stage for row in rows(engine, scrape_failures) if row.resolved_at is None]


def test_a_failure_is_resolved_by_what_failed_and_by_nothing_else(store: Store, engine: sa.Engine) -> None:
    store(
        Failure("rated", "https://site/ada/films/", "status 500", "ada"),
        Failure("following", "https://site/ada/following/", "status 500", "ada"),
        Failure("following", "https://site/ben/following/", "status 500", "ben"),
    )
    store(rated(Tile(ALIEN, 4.0)), MemberRead("ada", (Listing.RATED,), 1, 0))
    assert open_failures(engine) == ["following", "following"]
    store(PeoplePage("ada", Listing.FOLLOWING, 1, (Person("ben"),), last=False))
    assert open_failures(engine) == ["following", "following"]
    store(PeoplePage("ada", Listing.FOLLOWING, 2, (Person("cleo"),), last=True))
    assert open_failures(engine) == ["following"]
    store(MemberStatus("ben", "gone"))
    assert open_failures(engine) == []


def test_a_page_is_saved_whole_or_not_at_all(store: Store, engine: sa.Engine) -> None:
    before = rows(engine, user_scrape_state)
    with pytest.raises(sa.exc.IntegrityError):
        store(rated(Tile(ALIEN, 4.0), Tile(BRAZIL, 4.2)))  # the database itself refuses 4.2 stars
    assert facts(engine) == set()
    assert rows(engine, films) == []
    assert rows(engine, user_scrape_state) == before


@on_sqlite
def test_what_is_stored_of_a_listing_can_be_asked(store: Store, engine: sa.Engine) -> None:
    store(rated(Tile(ALIEN, 4.0, True)), likes(BRAZIL), profile(CURE))
    watched = FilmsPage("ada", Listing.UNRATED_WATCHED, 1, (Tile(CURE),), True, complete=(CURE,))
    store(watched)
    with engine.connect() as connection:
        by_listing = {
            listing: full_crawl.stored_films(connection, "ada", listing) for listing in FILM_LISTINGS
        }
    assert by_listing == {Listing.RATED: {1}, Listing.UNRATED_LIKES: {2}, Listing.UNRATED_WATCHED: {3}}
