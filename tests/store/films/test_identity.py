"""Films and members that go by other names: one row each, and nothing that hung on two is lost."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.members import FilmsPage, Listing, Profile, Tile
from letterboxd_scraper.items.tasks import Provenance
from letterboxd_scraper.store.due import full_crawl
from letterboxd_scraper.store.save import save
from letterboxd_scraper.store.schema import (
    cohort_members,
    cohorts,
    film_histograms,
    films,
    ratings,
    user_scrape_state,
    users,
    watched,
    watchlist,
)
from tests.conftest import on_sqlite, stored_facts
from tests.store.test_store import MONDAY, TUESDAY, WEDNESDAY

ALIEN = Film("alien", "Alien", 1979, film_id=1, lid="a1")


def put(engine: sa.Engine, table: sa.Table, **values: Any) -> int:
    with engine.begin() as connection:
        key = connection.execute(table.insert().values(values)).inserted_primary_key
        return int(key[0]) if key else 0


def member(engine: sa.Engine, name: str, **values: Any) -> int:
    return put(engine, users, letterboxd_username=name, created_at=MONDAY, **values)


def film(engine: sa.Engine, **values: Any) -> int:
    return put(engine, films, **{"title": "Alien"} | values)


def rate(engine: sa.Engine, user: int, film: int, **values: Any) -> None:
    seen = {"first_seen_at": MONDAY, "updated_at": MONDAY}
    put(engine, ratings, user_id=user, film_id=film, **seen | values)


def see(engine: sa.Engine, *items: Any) -> None:
    for item in items:
        with engine.begin() as connection:
            save(item, connection, Provenance(WEDNESDAY, run=1))


def page(name: str, *tiles: Tile) -> FilmsPage:
    return FilmsPage(name, Listing.RATED, 1, tiles, last=False)


def profile(name: str, lid: str | None = None) -> Profile:
    return Profile(name, None, None, lid, 1, 0, 0, (), None, None)


def count(engine: sa.Engine, table: sa.Table) -> int:
    with engine.connect() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def one(engine: sa.Engine, table: sa.Table) -> Any:
    with engine.connect() as connection:
        return connection.execute(sa.select(table)).one()


@pytest.mark.parametrize(
    "name", [{"slug": "alien"}, {"slug": None, "letterboxd_lid": "a1"}], ids=["slug", "short code"]
)
def test_a_film_known_under_two_names_becomes_one_and_no_rating_is_lost(
    engine: sa.Engine, name: dict[str, Any]
) -> None:
    ada, ben, cleo = (member(engine, name) for name in ("ada", "ben", "cleo"))
    numbered = film(engine, slug="alien-old", letterboxd_film_id=1, release_year=1979)
    named = film(engine, **name, imdb_id="tt0078748")
    rate(engine, ada, numbered, rating=4.0)
    rate(engine, ben, named, rating=3.5, rated_at=TUESDAY, diary_entry_url="/ben/film/alien/")
    for table in (watched, watchlist):
        put(engine, table, user_id=cleo, film_id=named)
    put(engine, film_histograms, film_id=named, bucket_label="3.5", count=7, computed_at=MONDAY)
    see(engine, page("cleo", Tile(ALIEN, 5.0)))
    kept = one(engine, films)
    assert (kept.letterboxd_film_id, kept.letterboxd_lid, kept.slug) == (1, "a1", "alien")
    assert (kept.release_year, kept.imdb_id) == (1979, "tt0078748")
    assert stored_facts(engine) == {
        ("ada", "alien", 4.0, False, False),
        ("ben", "alien", 3.5, False, False),
        ("cleo", "alien", 5.0, False, False),
    }
    assert (one(engine, watched).film_id, one(engine, watchlist).film_id) == (kept.id, kept.id)
    assert one(engine, film_histograms).film_id == kept.id
    with engine.connect() as connection:
        of_ben = connection.execute(sa.select(ratings).where(ratings.c.user_id == ben)).one()
    assert (of_ben.rated_at, of_ben.diary_entry_url) == (TUESDAY, "/ben/film/alien/")


def test_three_rows_for_one_film_become_one(engine: sa.Engine) -> None:
    ada = member(engine, "ada")
    rate(engine, ada, film(engine, slug="alien"), rating=None, liked=True)
    rate(engine, ada, film(engine, slug=None, letterboxd_lid="a1"), rating=4.5, updated_at=TUESDAY)
    rate(engine, ada, film(engine, slug="alien-old", letterboxd_film_id=1), rating=3.0)
    see(engine, page("ada", Tile(Film("other", "Other", film_id=2), 1.0), Tile(ALIEN, 4.5, True)))
    assert stored_facts(engine) == {
        ("ada", "alien", 4.5, True, False),
        ("ada", "other", 1.0, False, False),
    }


@pytest.mark.parametrize(
    ("numbered", "named", "expected"),
    [
        ({"rating": 4.0}, {"liked": True}, (4.0, True, False, None)),
        ({"favorite": True}, {"rating": 4.0, "rated_at": TUESDAY}, (4.0, False, True, TUESDAY)),
        # Of two ratings the one that was seen last; a date only with the rating that it belongs to.
        ({"rating": 2.0}, {"rating": 4.0, "updated_at": TUESDAY}, (4.0, False, False, None)),
        ({"rating": 2.0, "updated_at": TUESDAY}, {"rating": 4.0}, (2.0, False, False, None)),
        ({"rating": 2.0}, {"rating": 2.0, "rated_at": TUESDAY}, (2.0, False, False, TUESDAY)),
    ],
)
@on_sqlite
def test_two_rows_of_one_member_say_together_what_each_said(
    engine: sa.Engine, numbered: dict[str, Any], named: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    ada = member(engine, "ada")
    ben = member(engine, "ben")
    rate(engine, ada, film(engine, slug="alien-old", letterboxd_film_id=1), **numbered)
    rate(engine, ada, film(engine, slug="alien"), **named)
    see(engine, page("ben", Tile(ALIEN, 5.0)))
    with engine.connect() as connection:
        row = connection.execute(sa.select(ratings).where(ratings.c.user_id != ben)).one()
    assert (row.rating, row.liked, row.favorite, row.rated_at) == expected


def test_a_date_stays_with_the_rating_that_it_belongs_to(engine: sa.Engine) -> None:
    ada = member(engine, "ada")
    member(engine, "ben")
    old, new = film(engine, slug="alien-old", letterboxd_film_id=1), film(engine, slug="alien")
    rate(engine, ada, old, rating=2.0, rated_at=MONDAY - timedelta(days=9), seen_after=MONDAY)
    rate(engine, ada, new, rating=4.0, updated_at=TUESDAY, first_seen_at=TUESDAY)
    see(engine, page("ben", Tile(ALIEN, 1.0)))
    with engine.connect() as connection:
        row = connection.execute(sa.select(ratings).where(ratings.c.user_id == ada)).one()
    assert (row.rating, row.rated_at, row.first_seen_at, row.seen_after) == (4.0, None, TUESDAY, None)


def test_a_half_read_listing_still_knows_its_films_after_they_became_one(engine: sa.Engine) -> None:
    member(engine, "ada")
    see(engine, page("ada", Tile(Film("alien", "Alien"), 4.0), Tile(Film("cure", "Cure", film_id=3), 2.0)))
    film(engine, slug="alien-old", letterboxd_film_id=1)
    member(engine, "ben")
    see(engine, page("ben", Tile(ALIEN, 5.0)))
    with engine.connect() as connection:
        seen = connection.scalars(sa.select(user_scrape_state.c.seen)).first()
        film_rows = set(connection.scalars(sa.select(films.c.id)))
    assert set(seen or ()) == film_rows


def test_two_films_that_swap_their_slugs_on_one_page(engine: sa.Engine) -> None:
    member(engine, "ada")
    see(engine, page("ada", Tile(Film("x", "One", film_id=1), 1.0), Tile(Film("y", "Two", film_id=2), 2.0)))
    see(engine, page("ada", Tile(Film("y", "One", film_id=1), 1.0), Tile(Film("x", "Two", film_id=2), 2.0)))
    assert stored_facts(engine) == {("ada", "y", 1.0, False, False), ("ada", "x", 2.0, False, False)}


def test_a_short_code_that_another_film_had(engine: sa.Engine) -> None:
    member(engine, "ada")
    see(engine, page("ada", Tile(Film("cure", "Cure", film_id=3, lid="a1"), 2.0)))
    see(engine, page("ada", Tile(ALIEN, 4.0)))
    assert stored_facts(engine) == {("ada", "cure", 2.0, False, False), ("ada", "alien", 4.0, False, False)}


def test_a_member_with_a_new_name_keeps_their_row(engine: sa.Engine) -> None:
    ada = member(engine, "ada", letterboxd_lid="m1", last_full_scrape_at=MONDAY, films_count=1)
    rate(engine, ada, film(engine, slug="alien", letterboxd_film_id=1), rating=4.0)
    friends = put(engine, cohorts, label="f", definition={}, created_at=MONDAY, updated_at=MONDAY)
    put(engine, cohort_members, cohort_id=friends, user_id=ada, depth=1, followed_at=MONDAY)
    lovelace = member(engine, "lovelace", films_count=2, counts_seen_at=TUESDAY)
    put(engine, cohort_members, cohort_id=friends, user_id=lovelace, depth=1, followed_at=TUESDAY)
    see(engine, profile("lovelace", "m1"), page("lovelace", Tile(ALIEN, 4.5)))
    row = one(engine, users)
    assert (row.id, row.letterboxd_username, row.letterboxd_lid) == (ada, "lovelace", "m1")
    assert (row.created_at, row.last_full_scrape_at) == (MONDAY, MONDAY)
    assert (row.films_count, row.counts_seen_at) == (2, TUESDAY)
    assert stored_facts(engine) == {("lovelace", "alien", 4.5, False, False)}
    assert one(engine, cohort_members).followed_at == MONDAY


def test_a_name_that_another_member_had_is_no_reason_to_mix_them(engine: sa.Engine) -> None:
    ada = member(engine, "ada", letterboxd_lid="m1")
    ben = member(engine, "ben", letterboxd_lid="m2")
    rate(engine, ada, film(engine, slug="alien", letterboxd_film_id=1), rating=4.0)
    see(engine, profile("ben", "m1"))
    with engine.connect() as connection:
        rows = connection.execute(sa.select(users.c.id, users.c.letterboxd_lid).order_by(users.c.id)).all()
    assert [tuple(row) for row in rows] == [(ada, None), (ben, "m1")]
    assert stored_facts(engine) == {("ada", "alien", 4.0, False, False)}


def test_a_row_made_for_the_new_name_is_carried_on_from(engine: sa.Engine) -> None:
    member(engine, "ada", letterboxd_lid="m1")
    member(engine, "lovelace")
    see(engine, profile("lovelace", "m1"), page("lovelace", Tile(ALIEN, 4.5)))
    with engine.connect() as connection:
        (start,) = full_crawl.member_start(connection, "lovelace", 1, WEDNESDAY)
    assert start.bookmarks[Listing.RATED].page == 1
