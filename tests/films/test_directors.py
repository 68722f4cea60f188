"""Directors of films: one person each, by their page and by TMDB."""

from dataclasses import replace

import sqlalchemy as sa

from letterboxd_scraper.items.films import Director, DirectorPage, Film
from letterboxd_scraper.store.schema import people
from tests.conftest import on_sqlite
from tests.films.ordet import DETAILS, DREYER, ORDET, PAGE, facts, keep, names_of, row


def director_page(slug: str, number: int | None, name: str = "Carl Theodor Dreyer") -> DirectorPage:
    return DirectorPage(slug, f"http://localhost/director/{slug}/", Director(name, slug, number))


def test_a_directors_page_completes_the_films_that_waited_for_it(engine: sa.Engine) -> None:
    other = Film("vampyr", "Vampyr", 1932, 1003)
    for film in (ORDET, other):
        page = replace(PAGE, film=film)
        keep(engine, facts(page, replace(DETAILS, directors=()), PAGE.directors, asked=film))
        assert row(engine, film.slug).enrich_attempts == 1
    keep(engine, director_page("carl-theodor-dreyer", 9318))
    for film in (ORDET, other):
        stored = row(engine, film.slug)
        assert (stored.enrich_attempts, stored.enrich_after) == (0, None)
        assert names_of(engine, film.slug) == [("Carl Theodor Dreyer", "carl-theodor-dreyer", 9318)]


@on_sqlite
def test_a_director_known_by_another_spelling_is_one_person(engine: sa.Engine) -> None:
    korean = Director("Bong Joon Ho", None, 21684, department="Directing")
    site = Director("Bong Joon-ho", "bong-joon-ho")
    keep(engine, facts(directors=(korean, DREYER, site)))
    assert len(names_of(engine)) == 3
    keep(engine, director_page("bong-joon-ho", 21684, "Bong Joon-ho"))
    assert names_of(engine) == [
        ("Bong Joon Ho", "bong-joon-ho", 21684),
        ("Carl Theodor Dreyer", None, 9318),
    ]
    with engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(people)) == 2


@on_sqlite
def test_namesakes_stay_apart(engine: sa.Engine) -> None:
    one, two = Director("John Smith", "john-smith"), Director("John Smith", "john-smith-1")
    keep(engine, facts(details=None, directors=(one, two)))
    keep(engine, director_page("john-smith", 5, "John Smith"), director_page("john-smith-1", 6, "John Smith"))
    assert names_of(engine) == [("John Smith", "john-smith", 5), ("John Smith", "john-smith-1", 6)]


def test_a_name_on_the_site_is_not_taken_from_another(engine: sa.Engine) -> None:
    keep(engine, facts(directors=(Director("Ann", "ann", 5),)))
    other = Film("vampyr", "Vampyr", 1932, 1003)
    keep(engine, facts(replace(PAGE, film=other), directors=(Director("Ann", "ann", 6),), asked=other))
    assert names_of(engine) == [("Ann", "ann", 5)]
    assert names_of(engine, "vampyr") == [("Ann", None, 6)]


def test_a_director_with_a_new_address_is_the_same_person(engine: sa.Engine) -> None:
    keep(engine, facts(details=None, directors=(Director("Ann", "ann"),)))
    page = DirectorPage("ann", "http://localhost/director/ann/", Director("Ann Lee", "ann-lee", 5))
    keep(engine, page)
    assert names_of(engine) == [("Ann Lee", "ann-lee", 5)]


def test_who_did_not_direct_it_after_all_is_taken_away(complete: sa.Engine) -> None:
    keep(complete, facts(directors=(Director("Ida", None, 77),)))
    assert names_of(complete) == [("Ida", None, 77)]
    keep(complete, facts(replace(PAGE, directors=()), replace(DETAILS, directors=()), ()))
    assert names_of(complete) == [("Ida", None, 77)]  # nobody named: nothing known
