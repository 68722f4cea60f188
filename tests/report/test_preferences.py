"""Which decade and genre a circle prefers: what is no chance, and what most members do."""

import random
from dataclasses import replace

from letterboxd_scraper.items.members import STARS
from letterboxd_scraper.report import preferences
from letterboxd_scraper.report.films import FilmTable
from tests.report.films import film, table


def films_of(better: float, members: int = 6, fans: int = 6) -> FilmTable:
    """Return films of two decades and genres; the fans give those of the 1970s, which are horror, more."""
    rng = random.Random(1)
    every = []
    for number in range(120):
        old = number % 2
        stars = {
            member: rng.choice(STARS[3:8]) + (better if old and member < fans else 0)
            for member in rng.sample(range(members), 4)
        }
        of_film = film(f"{number}", stars, genres=[old])
        every.append(replace(of_film, ranked=replace(of_film.ranked, year=1975 if old else 2005)))
    return replace(table(*every), genres=["Comedy", "Horror"])


def test_what_most_of_the_circle_rates_higher_is_preferred() -> None:
    assert preferences.of_table(films_of(better=1.0)) == ("1970s", "Horror")


def test_what_one_member_alone_loves_is_no_preference_of_the_circle() -> None:
    assert preferences.of_table(films_of(better=1.0, fans=2)) == (None, None)


def test_chance_is_no_preference() -> None:
    assert preferences.of_table(films_of(better=0.0)) == (None, None)


def test_of_few_films_nothing_is_said() -> None:
    assert preferences.of_table(table(film("a", {0: 4.0}), film("b", {}))) == (None, None)
    assert preferences.of_table(table()) == (None, None)
