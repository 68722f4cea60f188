"""A film as people name it: by what its address shows, or by a title that fits one film."""

import pytest
import sqlalchemy as sa

from letterboxd_scraper.errors import InputError, UnknownName
from letterboxd_scraper.store.films.lookup import Reference, find_film, match
from letterboxd_scraper.store.merge import remember
from tests.store.rows import add_film


@pytest.fixture
def alien(connection: sa.Connection) -> int:
    numbers = {"letterboxd_film_id": 51899, "letterboxd_lid": "2awY", "imdb_id": "tt0078748"}
    tmdb = {"tmdb_id": 348, "tmdb_media_type": "movie"}
    add_film(connection, "amelie", title="Amélie", release_year=2001)
    return add_film(connection, "alien", title="Alien", release_year=1979, **numbers, **tmdb)


@pytest.mark.parametrize(
    "text",
    [
        "alien",
        "ALIEN ",
        "https://letterboxd.com/film/alien/",
        "http://www.letterboxd.com/film/alien/reviews/?page=2",
        "letterboxd.com/film/alien",
        "/film/alien/",
        "film:51899",
        "https://boxd.it/2awY",
        "boxd.it/2awY",
        "2awY",
        "https://www.themoviedb.org/movie/348-alien",
        "https://www.imdb.com/title/tt0078748/?ref_=x",
        "https://letterboxd.com/imdb/tt0078748/",
        "https://letterboxd.com/tmdb/348",
        "https://letterboxd.com/marla/film/alien/1/",
        "tt0078748",
        "Alien (1979)",
        "alien  (1979)",
    ],
)
def test_a_film_is_found_by_each_of_its_names(connection: sa.Connection, alien: int, text: str) -> None:
    assert find_film(connection, text) == alien


def test_a_title_is_found_in_any_case_and_script(connection: sa.Connection, alien: int) -> None:
    assert find_film(connection, "AMÉLIE") != alien


@pytest.mark.usefixtures("alien")
def test_films_of_one_title_are_listed(connection: sa.Connection) -> None:
    other = add_film(connection, "alien-2024", title="Alien", release_year=2024)
    with pytest.raises(UnknownName):
        find_film(connection, "Alien!")
    listed = r"fits 2 films, .*Alien \(1979\) https://letterboxd.com/film/alien/; Alien \(2024\) https://"
    for text in ("Alien", "ALIEN", " Alien"):
        with pytest.raises(InputError, match=listed):
            find_film(connection, text)
    assert find_film(connection, "Alien (2024)") == other
    assert find_film(connection, "alien-2024") == other


def test_a_slug_is_the_film_that_has_it_whatever_others_are_called(
    connection: sa.Connection, alien: int
) -> None:
    add_film(connection, "alien-2024", title="Alien", release_year=2024)
    assert find_film(connection, "alien") == alien


def test_a_slug_and_a_code_that_a_film_had_lead_to_it(connection: sa.Connection, alien: int) -> None:
    named = {"title": "Alien", "release_year": 1979}
    remember(connection, "slug", "alien-1979", alien, named)
    remember(connection, "lid", "oLd", alien, named)
    assert find_film(connection, "alien-1979") == find_film(connection, "boxd.it/oLd") == alien


@pytest.mark.usefixtures("alien")
@pytest.mark.parametrize("text", ["boxd.it/2AWY", "themoviedb.org/tv/348", "tt0078749", "Alien (1980)"])
def test_what_is_not_stored_is_no_other_film(connection: sa.Connection, text: str) -> None:
    with pytest.raises(UnknownName):
        find_film(connection, text)


def test_a_title_never_puts_two_codes_or_slugs_together(connection: sa.Connection, alien: int) -> None:
    named = Reference(title="Alien", year=1979)
    others = [
        Reference(lid="Zz99", title="Alien", year=1979),
        Reference(slug="other", title="Alien", year=1979),
        Reference(number=7, title="Alien", year=1979),
        Reference(imdb="tt7", title="Alien", year=1979),
        Reference(tmdb=("tv", 348), title="Alien", year=1979),
    ]
    assert match(connection, [named, *others]) == [alien, *[None] * len(others)]
