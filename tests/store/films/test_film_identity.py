"""Which stored film a page means: by number, else by code or slug; names follow the site."""

from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.sources import Naming
from letterboxd_scraper.store.films import identity
from letterboxd_scraper.store.films.identity import film_ids, redirected, stored_film_ids
from letterboxd_scraper.store.schema import films, ratings
from letterboxd_scraper.store.upsert import insert_missing
from tests.store.rows import MONDAY, add_film, add_rating, add_user

PAGE = Naming.of_page(MONDAY)
ALIEN = Film("alien", "Alien", 1979, film_id=1, lid="a1")
NAMES = ("slug", "title", "release_year", "letterboxd_film_id", "letterboxd_lid")


def names(connection: sa.Connection, film: int) -> tuple[Any, ...]:
    query = sa.select(*(films.c[name] for name in NAMES)).where(films.c.id == film)
    return tuple(connection.execute(query).one())


def count(connection: sa.Connection) -> int:
    return connection.scalar(sa.select(sa.func.count()).select_from(films)) or 0


def test_a_new_film_is_stored_as_the_page_names_it(connection: sa.Connection) -> None:
    ids = film_ids(connection, [ALIEN, Film("brazil", "Brazil")], PAGE)
    assert names(connection, ids[1]) == ("alien", "Alien", 1979, 1, "a1")
    assert names(connection, ids["brazil"]) == ("brazil", "Brazil", None, None, None)
    assert film_ids(connection, [], PAGE) == {}


def test_films_as_they_are_stored_take_one_query(
    connection: sa.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = [ALIEN, Film("brazil", "Brazil", 1985, 2, "b2")]
    ids = film_ids(connection, pages, PAGE)
    statements: list[Any] = []
    monkeypatch.setattr(sa.Connection, "execute", _noting(sa.Connection.execute, statements))
    assert film_ids(connection, pages, PAGE) == ids
    assert len(statements) == 1
    assert film_ids(connection, [], PAGE) == {}
    assert len(statements) == 1


def _noting(execute: Any, statements: list[Any]) -> Any:
    def noting(self: Any, statement: Any, *parameters: Any, **options: Any) -> Any:
        statements.append(statement)
        return execute(self, statement, *parameters, **options)

    return noting


@pytest.mark.parametrize(
    ("stored", "same"),
    [
        ({"slug": "other", "letterboxd_film_id": 1, "letterboxd_lid": "x"}, True),  # the number is enough
        ({"slug": "other", "letterboxd_lid": "a1"}, True),  # so is the code where no number is stored,
        ({"slug": "alien"}, True),  # and the slug where neither is,
        ({"slug": "alien", "letterboxd_film_id": 2}, False),  # but not against another number
        ({"slug": "other", "letterboxd_film_id": 2, "letterboxd_lid": "a1"}, False),
        ({"slug": "alien", "letterboxd_lid": "x"}, False),  # or another code.
        ({"slug": "alien", "letterboxd_film_id": 1, "letterboxd_lid": "x"}, True),
    ],
)
def test_the_surest_name_tells_films_apart(
    connection: sa.Connection, stored: dict[str, Any], same: bool
) -> None:
    film = add_film(connection, **stored)
    assert stored_film_ids(connection, [ALIEN]) == ({1: film} if same else {})
    ids = film_ids(connection, [ALIEN], PAGE)
    assert (ids[1] == film) is same
    assert names(connection, ids[1]) == ("alien", "Alien", 1979, 1, "a1")
    assert count(connection) == (1 if same else 2)


def test_a_page_without_number_or_code_means_the_film_of_its_slug(connection: sa.Connection) -> None:
    film = add_film(connection, "alien", letterboxd_film_id=1, letterboxd_lid="a1")
    assert film_ids(connection, [Film("alien", "Alien")], PAGE) == {"alien": film}
    assert names(connection, film)[3:] == (1, "a1")  # what the page does not show is left alone


def test_titles_years_and_slugs_follow_the_page(connection: sa.Connection) -> None:
    (film,) = film_ids(connection, [ALIEN], PAGE).values()
    film_ids(connection, [Film("alien-1979", "Alien!", 1980, 1, "a2")], PAGE)
    assert names(connection, film) == ("alien-1979", "Alien!", 1980, 1, "a2")
    film_ids(connection, [Film("alien-1979", "Alien!", None, 1)], PAGE)
    assert names(connection, film) == ("alien-1979", "Alien!", 1980, 1, "a2")


def test_a_name_is_freed_for_the_film_that_has_it_now(connection: sa.Connection) -> None:
    numbered = add_film(connection, "alien", letterboxd_film_id=2, letterboxd_lid="a1")
    (film,) = film_ids(connection, [ALIEN], PAGE).values()
    assert names(connection, film) == ("alien", "Alien", 1979, 1, "a1")
    assert names(connection, numbered) == ("film:2", "Alien", None, 2, None)


def test_a_holder_without_a_number_is_left_without_a_slug(connection: sa.Connection) -> None:
    coded = add_film(connection, "alien", letterboxd_lid="x")
    film_ids(connection, [ALIEN], PAGE)
    assert names(connection, coded) == (None, "Alien", None, None, "x")


def test_the_address_by_its_number_may_be_the_slug_that_another_film_has_now(
    connection: sa.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder = add_film(connection, "film:5", letterboxd_film_id=5, letterboxd_lid="b")
    monkeypatch.setattr(sa.Connection, "execute", _at_most(20, sa.Connection.execute))
    ids = film_ids(connection, [Film("film:5", "Alien", lid="a1")], PAGE)
    assert names(connection, ids["film:5"]) == ("film:5", "Alien", None, None, "a1")
    assert names(connection, holder)[0] is None


def _at_most(left: int, execute: Any) -> Any:
    def limited(self: Any, *arguments: Any, **options: Any) -> Any:
        nonlocal left
        left -= 1
        assert left >= 0, "it goes on and on"
        return execute(self, *arguments, **options)

    return limited


def test_two_films_may_swap_their_slugs(connection: sa.Connection) -> None:
    one, two = Film("one", "One", film_id=1), Film("two", "Two", film_id=2)
    ids = film_ids(connection, [one, two], PAGE)
    assert film_ids(connection, [Film("two", "One", film_id=1), Film("one", "Two", film_id=2)], PAGE) == ids
    assert (names(connection, ids[1])[0], names(connection, ids[2])[0]) == ("two", "one")


def test_rows_that_one_page_shows_to_be_one_film_are_made_one(connection: sa.Connection) -> None:
    ann = add_user(connection, "ann")
    rows = [
        add_film(connection, "old", letterboxd_film_id=1),
        add_film(connection, None, letterboxd_lid="a1"),
        add_film(connection, "alien"),
    ]
    for film in rows:
        add_rating(connection, ann, film, liked=True)
    assert film_ids(connection, [ALIEN], PAGE) == {1: rows[0]}
    assert connection.scalars(sa.select(ratings.c.film_id)).all() == [rows[0]]
    assert names(connection, rows[0]) == ("alien", "Alien", 1979, 1, "a1")


def test_a_page_may_show_doubles_and_a_name_to_be_freed(connection: sa.Connection) -> None:
    add_film(connection, "old", letterboxd_film_id=1)
    add_film(connection, "alien")
    holder = add_film(connection, "brazil", letterboxd_film_id=3)
    ids = film_ids(connection, [ALIEN, Film("brazil", "Brazil", film_id=2)], PAGE)
    assert names(connection, ids[2])[0] == "brazil"
    assert names(connection, holder)[0] == "film:3"
    assert count(connection) == 3


def test_of_two_films_with_one_name_on_a_page_the_last_has_it(connection: sa.Connection) -> None:
    ids = film_ids(connection, [ALIEN, Film("alien", "Copy", film_id=2, lid="a1"), Film("c", "C")], PAGE)
    assert names(connection, ids[1]) == ("film:1", "Alien", 1979, 1, None)
    assert names(connection, ids[2]) == ("alien", "Copy", None, 2, "a1")


def test_of_one_film_twice_on_a_page_the_last_counts(connection: sa.Connection) -> None:
    ids = film_ids(connection, [ALIEN, Film("alien", "Alien!", 1979, 1, "a1")], PAGE)
    assert names(connection, ids[1])[1] == "Alien!"


def test_a_film_that_another_process_inserts_meanwhile_is_found(
    connection: sa.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As far as one connection can tell: the insertion finds its names taken and returns nothing."""
    insert = insert_missing

    def too_late(connection: sa.Connection, *arguments: Any) -> Any:
        insert(connection, *arguments)
        return insert(connection, *arguments)

    monkeypatch.setattr(identity, "insert_missing", too_late)
    ids = film_ids(connection, [ALIEN, Film("brazil", "Brazil")], PAGE)
    assert names(connection, ids[1])[0] == "alien"
    assert names(connection, ids["brazil"])[0] == "brazil"


def test_an_address_that_leads_to_another_film_makes_them_one(connection: sa.Connection) -> None:
    ann = add_user(connection, "ann")
    asked, on_page = add_film(connection, "old"), add_film(connection, "alien", letterboxd_film_id=1)
    add_rating(connection, ann, asked, liked=True)
    assert redirected(connection, Film("old", "Old"), ALIEN, PAGE) == on_page
    assert count(connection) == 1
    assert connection.scalars(sa.select(ratings.c.film_id)).all() == [on_page]


def test_an_address_that_leads_to_the_same_film_renames_it(connection: sa.Connection) -> None:
    film = add_film(connection, "old", letterboxd_film_id=1)
    assert redirected(connection, Film("old", "Old", film_id=1), ALIEN, PAGE) == film
    assert redirected(connection, Film("unheard-of", "Old"), ALIEN, PAGE) == film
    assert names(connection, film)[0] == "alien"


def test_to_ask_for_a_film_stores_none(connection: sa.Connection) -> None:
    add_film(connection, "alien")
    assert stored_film_ids(connection, [Film("brazil", "Brazil")]) == {}
    assert count(connection) == 1
