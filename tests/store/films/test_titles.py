"""Titles and years: those of the newest source, a page before a file before what knows only a link."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.sources import NamedBy, NamedFilm, Naming
from letterboxd_scraper.store.films.identity import film_ids
from letterboxd_scraper.store.films.named import named_film_ids
from letterboxd_scraper.store.schema import films
from tests.store.rows import DAY, MONDAY

LATER = MONDAY + DAY
LATEST = MONDAY + 2 * DAY


def told(by: NamedBy, as_of: Any, title: str, year: int | None = None) -> tuple[NamedFilm, Naming]:
    slug = "sequel" if by is NamedBy.PAGE else None
    return NamedFilm(title, year, "Ab12", slug, 5 if slug else None), Naming(by, as_of)


def title(connection: sa.Connection) -> tuple[Any, ...]:
    f = films.c
    return tuple(connection.execute(sa.select(f.title, f.release_year, f.named_by)).one())


FILE, PAGE, SERVICE = NamedBy.FILE, NamedBy.PAGE, NamedBy.SERVICE


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        # The newest archive is right; the first knew no year.
        (
            [told(FILE, MONDAY, "The Sequel"), told(FILE, LATER, "The Sequel: Reborn", 2025)],
            ("The Sequel: Reborn", 2025, FILE),
        ),
        # One that gives no year leaves the year of the newest that does.
        (
            [told(FILE, MONDAY, "A", 2024), told(FILE, LATER, "B", 2025), told(FILE, LATEST, "C")],
            ("C", 2025, FILE),
        ),
        # A page outranks a newer file, in what it shows.
        ([told(PAGE, MONDAY, "Page", 2024), told(FILE, LATER, "File", 2025)], ("Page", 2024, PAGE)),
        ([told(PAGE, MONDAY, "Page"), told(FILE, LATER, "File", 2025)], ("Page", 2025, PAGE)),
        ([told(PAGE, MONDAY, "Old", 2024), told(PAGE, LATER, "New", 2025)], ("New", 2025, PAGE)),
        # Of one moment the content decides.
        ([told(FILE, MONDAY, "A", 2026), told(FILE, MONDAY, "B", 2025)], ("B", 2026, FILE)),
        # Titles elsewhere are often translations.
        ([told(FILE, MONDAY, "Ordet", 1955), told(SERVICE, LATER, "Das Wort", 1954)], ("Ordet", 1955, FILE)),
        # Everything outranks a link.
        ([told(FILE, LATER, ""), told(SERVICE, MONDAY, "Das Wort")], ("Das Wort", None, SERVICE)),
        ([told(FILE, LATER, "")], ("boxd.it/Ab12", None, NamedBy.LINK)),
    ],
)
def test_the_newest_source_names_a_film_in_whatever_order_they_come(
    connection: sa.Connection, sources: list[tuple[NamedFilm, Naming]], expected: tuple[Any, ...]
) -> None:
    for order in permutations(sources):
        with connection.begin_nested() as savepoint:
            for named, naming in order:
                named_film_ids(connection, [named], naming)
            assert title(connection) == expected
            savepoint.rollback()


def test_a_crawl_names_a_film_whatever_a_clock_has_noted(connection: sa.Connection) -> None:
    named_film_ids(
        connection,
        [told(PAGE, MONDAY + timedelta(days=999), "From the future", 2100)[0]],
        Naming(PAGE, MONDAY + timedelta(days=999)),
    )
    film_ids(connection, [Film("sequel", "The Sequel", 2025, 5, "Ab12")], Naming.of_page(MONDAY))
    assert title(connection) == ("The Sequel", 2025, PAGE)


def test_a_page_that_shows_what_a_file_said_makes_it_known_by_a_page(connection: sa.Connection) -> None:
    named_film_ids(connection, *_listed(told(FILE, MONDAY, "The Sequel", 2025)))
    page = [Film("sequel", "The Sequel", 2025, 5, "Ab12")]
    film_ids(connection, page, Naming.of_page(MONDAY))
    named_film_ids(connection, *_listed(told(FILE, LATER, "Another", 1999)))
    assert title(connection) == ("The Sequel", 2025, PAGE)
    before = connection.execute(sa.select(films)).all()
    film_ids(connection, page, Naming.of_page(LATEST))
    assert connection.execute(sa.select(films)).all() == before


def _listed(source: tuple[NamedFilm, Naming]) -> tuple[list[NamedFilm], Naming]:
    return [source[0]], source[1]
