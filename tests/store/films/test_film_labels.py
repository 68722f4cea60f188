"""Genres, countries and directors of films: who and what is the same, and what a film has at the end."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.items.films import Director, DirectorPage
from letterboxd_scraper.items.members import Failure
from letterboxd_scraper.store.crawl_state import failures
from letterboxd_scraper.store.films import labels
from letterboxd_scraper.store.films.directors import need_no_page, save_director_page, save_directors
from letterboxd_scraper.store.schema import (
    countries,
    film_countries,
    film_genres,
    film_people,
    films,
    genres,
    people,
    scrape_failures,
)
from tests.store.rows import DAY, MONDAY, add_film


def all_genres(connection: sa.Connection) -> set[tuple[int | None, str]]:
    return {(row.tmdb_id, row.name) for row in connection.execute(sa.select(genres))}


def test_a_genre_that_a_page_named_gets_its_number(connection: sa.Connection) -> None:
    (page,) = labels.genres_of_page(connection, ["science fiction"])
    assert labels.genres_of_tmdb(connection, [(878, "Science Fiction")]) == {page}
    assert all_genres(connection) == {(878, "Science Fiction")}


def test_genres_of_tmdb_are_told_apart_by_number_and_renamed(connection: sa.Connection) -> None:
    first = labels.genres_of_tmdb(connection, [(1, "Sci-Fi"), (2, "Drama")])
    second = labels.genres_of_tmdb(connection, [(1, "Science Fiction"), (3, "Drama")])
    assert len(first) == len(second) == 2
    assert len(first & second) == 1
    assert all_genres(connection) == {(1, "Science Fiction"), (2, "Drama"), (3, "Drama")}
    assert labels.genres_of_tmdb(connection, []) == set()


def test_a_page_means_the_genre_that_tmdb_numbers(connection: sa.Connection) -> None:
    alone = connection.execute(genres.insert().values(name="Drama").returning(genres.c.id)).scalar_one()
    assert labels.genres_of_page(connection, ["DRAMA"]) == {alone}
    numbered = connection.execute(
        genres.insert().values(name="drama", tmdb_id=18).returning(genres.c.id)
    ).scalar_one()
    assert labels.genres_of_page(connection, ["Drama", "Noir"]) == {numbered, numbered + 1}
    assert all_genres(connection) == {(None, "Drama"), (18, "drama"), (None, "Noir")}


def test_a_film_has_just_the_genres_that_it_is_given(connection: sa.Connection) -> None:
    film, other = add_film(connection, "film"), add_film(connection, "other")
    ids = sorted(labels.genres_of_page(connection, ["A", "B", "C"]))
    labels.set_genres(connection, other, set(ids))
    labels.set_genres(connection, film, set(ids[:2]))
    labels.set_genres(connection, film, set(ids[1:]))
    rows = connection.execute(sa.select(film_genres.c.film_id, film_genres.c.genre_id)).all()
    assert sorted(rows) == [*((film, one) for one in ids[1:]), *((other, one) for one in ids)]


def test_countries_have_tmdbs_name_or_are_called_by_their_code(connection: sa.Connection) -> None:
    film, other = add_film(connection, "film"), add_film(connection, "other")
    labels.set_countries(connection, other, ["DK", "SE"], {"DK": "Danmark"})
    labels.set_countries(connection, film, ["SE", "DK", "SE", "SU"], {})
    labels.set_countries(connection, film, ["SU", "NO"], {"SU": "Soviet Union", "FR": "France"})
    stored = dict((row.code, row.name) for row in connection.execute(sa.select(countries)))
    assert stored.pop("SU") == "Soviet Union"
    assert stored == {"DK": "Danmark", "SE": "SE", "NO": "NO", "FR": "France"}
    rows = connection.execute(sa.select(film_countries.c.film_id, film_countries.c.country_code)).all()
    assert sorted(rows) == [(film, "NO"), (film, "SU"), (other, "DK"), (other, "SE")]


def person(connection: sa.Connection, name: str, **values: Any) -> int:
    row = {"name": name, "created_at": MONDAY, "updated_at": MONDAY} | values
    return int(connection.execute(people.insert().values(row).returning(people.c.id)).scalar_one())


def credits(connection: sa.Connection, film: int) -> list[tuple[int, str, int]]:
    p = film_people.c
    query = sa.select(p.person_id, people.c.name, p.credit_order).join(people).where(p.film_id == film)
    return [tuple(row) for row in connection.execute(query.order_by(p.credit_order))]


def direct(
    connection: sa.Connection,
    film: int,
    *directors: Director,
    at: datetime = MONDAY,
    by_tmdb: bool = False,
) -> None:
    save_directors(connection, film, directors, at, by_tmdb=by_tmdb)


def stored(connection: sa.Connection, **where: Any) -> Any:
    conditions = (people.c[name] == value for name, value in where.items())
    return connection.execute(sa.select(people).where(*conditions)).one()


JOEL, ETHAN = Director("Joel", "joel", 1), Director("Ethan", "ethan", 2)


def test_a_film_has_its_directors_in_their_order(connection: sa.Connection) -> None:
    film, other = add_film(connection, "film"), add_film(connection, "other")
    direct(connection, other, JOEL)
    direct(connection, film, JOEL, ETHAN, JOEL)
    assert [row[1:] for row in credits(connection, film)] == [("Joel", 0), ("Ethan", 1)]
    direct(connection, film, ETHAN, JOEL)
    assert [row[1:] for row in credits(connection, film)] == [("Ethan", 0), ("Joel", 1)]
    direct(connection, film, ETHAN)
    assert [row[1:] for row in credits(connection, film)] == [("Ethan", 0)]
    direct(connection, film)
    assert len(credits(connection, film)) == 1
    assert [row[1:] for row in credits(connection, other)] == [("Joel", 0)]


def test_actors_of_a_film_are_none_of_its_directors(connection: sa.Connection) -> None:
    film, actor = add_film(connection, "film"), person(connection, "Steve", tmdb_id=9)
    connection.execute(film_people.insert().values(film_id=film, person_id=actor, role="actor"))
    direct(connection, film, JOEL)
    assert len(credits(connection, film)) == 2


def test_a_person_is_found_by_number_then_by_slug_and_never_by_name(connection: sa.Connection) -> None:
    film = add_film(connection, "film")
    by_number = person(connection, "Joel", tmdb_id=1)
    by_slug = person(connection, "Ethan", letterboxd_slug="ethan")
    namesake = person(connection, "Joel", letterboxd_slug="other-joel")
    direct(connection, film, JOEL, ETHAN)
    assert [row[0] for row in credits(connection, film)] == [by_number, by_slug]
    assert stored(connection, id=by_number).letterboxd_slug == "joel"
    assert stored(connection, id=by_slug).tmdb_id == 2
    assert stored(connection, id=namesake).tmdb_id is None


def test_two_rows_that_are_one_person_become_one(connection: sa.Connection) -> None:
    film, other = add_film(connection, "film"), add_film(connection, "other")
    by_number = person(connection, "Joel Coen", tmdb_id=1)
    direct(connection, other, Director("Joel", "joel"))
    direct(connection, film, JOEL)
    assert [row[0] for row in credits(connection, other)] == [by_number]
    assert stored(connection).letterboxd_slug == "joel"


@pytest.mark.parametrize("numbered", [True, False])
def test_a_slug_of_another_number_is_another_person(connection: sa.Connection, numbered: bool) -> None:
    film = add_film(connection, "film")
    other = person(connection, "Other Joel", letterboxd_slug="joel", tmdb_id=7)
    if numbered:
        person(connection, "Joel", tmdb_id=1)
    direct(connection, film, Director("Joel", "joel", 1, "photo", "Directing"))
    row = stored(connection, tmdb_id=1)
    assert [one[0] for one in credits(connection, film)] == [row.id]
    assert (row.letterboxd_slug, row.profile_url, row.known_for_department) == (None, "photo", "Directing")
    assert (stored(connection, id=other).name, stored(connection, id=other).tmdb_id) == ("Other Joel", 7)


def test_a_name_of_tmdbs_counts_more_than_one_of_the_site(connection: sa.Connection) -> None:
    film = add_film(connection, "film")
    direct(connection, film, Director("joel c.", "joel", 1))
    direct(connection, film, Director("Joel C.", "joel", 1, "photo"), at=MONDAY + DAY)
    row = stored(connection)
    assert (row.name, row.tmdb_synced_at, row.updated_at) == ("Joel C.", None, MONDAY + DAY)
    direct(connection, film, JOEL, by_tmdb=True)
    direct(connection, film, Director("joel c.", "joel", 1))
    row = stored(connection)
    assert (row.name, row.tmdb_synced_at, row.profile_url) == ("Joel", MONDAY, "photo")


def test_tmdb_does_not_speak_of_who_has_no_number(connection: sa.Connection) -> None:
    direct(connection, add_film(connection, "film"), Director("Joel", "joel"), by_tmdb=True)
    assert stored(connection).tmdb_synced_at is None


def test_a_person_who_is_as_stored_is_not_written(connection: sa.Connection) -> None:
    film = add_film(connection, "film")
    direct(connection, film, JOEL)
    direct(connection, film, JOEL, at=MONDAY + DAY)
    assert (stored(connection).created_at, stored(connection).updated_at) == (MONDAY, MONDAY)


def page(asked: str, director: Director | None) -> DirectorPage:
    return DirectorPage(asked, f"/director/{asked}/", director)


def read(connection: sa.Connection, item: DirectorPage) -> None:
    failures.record(connection, Failure("director", item.url, "x", film="film"), MONDAY)
    save_director_page(connection, item, MONDAY + DAY)
    assert connection.scalar(sa.select(scrape_failures.c.resolved_at)) == MONDAY + DAY


def waiting_film(connection: sa.Connection, *directors: Director) -> int:
    """Store a film that lacks nothing but a director's number, and waits."""
    facts = {"tmdb_id": 5, "poster_url": "p", "overview": "o", "release_year": 1984}
    film = add_film(connection, "film", enrich_attempts=2, enrich_after=MONDAY + 9 * DAY, **facts)
    direct(connection, film, *directors)
    return film


def waits(connection: sa.Connection) -> list[tuple[int, datetime | None]]:
    query = sa.select(films.c.enrich_attempts, films.c.enrich_after)
    return [(row[0], row[1]) for row in connection.execute(query)]


def test_a_directors_page_completes_their_films(connection: sa.Connection) -> None:
    waiting_film(connection, Director("Joel", "joel"))
    read(connection, page("joel", JOEL))
    assert (stored(connection).tmdb_id, stored(connection).page_read_at) == (1, MONDAY + DAY)
    assert waits(connection) == [(0, None)]


@pytest.mark.parametrize("director", [None, Director("Joel", "joel")])
def test_a_directors_page_may_not_say_the_number(
    connection: sa.Connection, director: Director | None
) -> None:
    waiting_film(connection, Director("Joel", "joel"))
    read(connection, page("joel", director))
    assert (stored(connection).tmdb_id, stored(connection).page_read_at) == (None, MONDAY + DAY)
    assert waits(connection) == [(2, MONDAY + 9 * DAY)]


def test_a_director_who_goes_by_another_name_now(connection: sa.Connection) -> None:
    film = waiting_film(connection, Director("Joel", "joel"))
    read(connection, page("joel", Director("Joel Coen", "joel-coen", 1)))
    row = stored(connection)
    assert (row.name, row.letterboxd_slug, row.tmdb_id) == ("Joel Coen", "joel-coen", 1)
    assert [one[0] for one in credits(connection, film)] == [row.id]
    assert waits(connection) == [(0, None)]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, set()),
        ({"tmdb_id": 1}, {"joel"}),
        ({"page_read_at": MONDAY}, set()),
        ({"page_read_at": MONDAY + DAY / 86_400}, {"joel"}),
    ],
)
def test_whose_page_need_not_be_read(
    connection: sa.Connection, values: dict[str, Any], expected: set[str]
) -> None:
    person(connection, "Joel", letterboxd_slug="joel", **values)
    person(connection, "Ethan", letterboxd_slug="ethan", tmdb_id=2)
    slugs: Sequence[str] = ["joel", "unheard-of"]
    assert need_no_page(connection, MONDAY, slugs) == expected
