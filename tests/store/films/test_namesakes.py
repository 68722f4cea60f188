"""Slugs and codes meet by name where one fits on both sides, and come apart again; in any order."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.sources import NamedBy, NamedFilm, Naming
from letterboxd_scraper.store.checks import identities
from letterboxd_scraper.store.films.identity import film_ids, redirected
from letterboxd_scraper.store.films.named import named_film_ids
from letterboxd_scraper.store.schema import films, ratings, users
from tests.store.film_sources import FIRST_DAY, Source, made_up, source, stored_after
from tests.store.rows import DAY, MONDAY, add_film, add_rating, add_user, rating_rows

FILE, PAGE = Naming(NamedBy.FILE, MONDAY), Naming(NamedBy.PAGE, MONDAY)
BY_SLUG, BY_CODE = NamedFilm("Ordet", 1955, slug="ordet"), NamedFilm("Ordet", 1955, lid="oRd")
SHOWN = NamedFilm("Ordet", 1955, "oRd", "ordet", 1)


@contextmanager
def undone(connection: sa.Connection) -> Iterator[sa.Connection]:
    with connection.begin_nested() as savepoint:
        yield connection
        savepoint.rollback()


def stored(connection: sa.Connection) -> set[Any]:
    """Return each film's slug and code, and whether only its name joins them."""
    f = films.c
    return set(map(tuple, connection.execute(sa.select(f.slug, f.letterboxd_lid, f.joined_by_name))))


def in_any_order(connection: sa.Connection, *sources: tuple[NamedFilm, Naming]) -> set[Any]:
    """Return what is stored after the sources, which is the same in every order."""
    outcomes = []
    for order in permutations(sources):
        with undone(connection):
            for named, naming in order:
                named_film_ids(connection, [named], naming)
            outcomes.append(stored(connection))
    assert all(one == outcomes[0] for one in outcomes)
    return outcomes[0]


JOINED = {("ordet", "oRd", True)}
APART = {("ordet", None, False), (None, "oRd", False)}


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ([(BY_SLUG, PAGE), (BY_CODE, FILE)], JOINED),
        ([(BY_SLUG, FILE), (BY_CODE, FILE)], JOINED),  # an archive of before 2020
        # Another year, or none, is another film: nothing says that it is the same.
        ([(BY_SLUG, PAGE), (NamedFilm("Ordet", 1956, lid="oRd"), FILE)], APART),
        ([(NamedFilm("Ordet", slug="ordet"), PAGE), (NamedFilm("Ordet", lid="oRd"), FILE)], APART),
        # It is enough to have had a name in common once.
        ([(BY_SLUG, PAGE), (BY_CODE, FILE), (NamedFilm("The Word", 1955, lid="oRd"), FILE)], JOINED),
        # A page tells for sure,
        ([(BY_SLUG, PAGE), (BY_CODE, FILE), (SHOWN, PAGE)], {("ordet", "oRd", False)}),
        # and whose code it is, if it is another's.
        (
            [(BY_SLUG, PAGE), (BY_CODE, FILE), (NamedFilm("Ordet", 1955, "tWin", "ordet"), PAGE)],
            {("ordet", "tWin", False), (None, "oRd", False)},
        ),
        (
            [(BY_SLUG, PAGE), (BY_CODE, FILE), (NamedFilm("Ordet", 1955, "oRd", "ordet-1955"), PAGE)],
            {("ordet", None, False), ("ordet-1955", "oRd", False)},
        ),
        # Which of two?
        (
            [(BY_SLUG, PAGE), (BY_CODE, FILE), (NamedFilm("Ordet", 1955, lid="tWin"), FILE)],
            APART | {(None, "tWin", False)},
        ),
        (
            [(BY_SLUG, PAGE), (BY_CODE, FILE), (NamedFilm("Ordet", 1955, slug="twin"), FILE)],
            APART | {("twin", None, False)},
        ),
    ],
)
def test_a_slug_and_a_code_meet_where_one_fits_on_both_sides(
    connection: sa.Connection, sources: list[tuple[NamedFilm, Naming]], expected: set[Any]
) -> None:
    assert in_any_order(connection, *sources) == expected


def test_of_two_that_have_met_a_third_may_be_left_over(connection: sa.Connection) -> None:
    """The twin's page shows its code: so the other code can only be the other slug's."""
    twin = NamedFilm("Ordet", 1955, "tWin", "twin", 2)
    sources = [(BY_SLUG, PAGE), (BY_CODE, FILE), (NamedFilm("Ordet", 1955, lid="tWin"), FILE), (twin, PAGE)]
    assert in_any_order(connection, *sources) == JOINED | {("twin", "tWin", False)}


@pytest.mark.parametrize("seed", range(12))
def test_films_are_the_same_in_whatever_order_sources_name_them(connection: sa.Connection, seed: int) -> None:
    """More of them: python -m benchmarks.film_names."""
    rng = random.Random(seed)
    every = made_up(rng)
    sources = [source(rng, every) for _ in range(rng.randint(2, 5))]
    outcomes = []
    for order in (sources, sources[::-1], rng.sample(sources, len(sources))):
        with undone(connection):
            outcomes.append(stored_after(connection, order))
    assert all(one == outcomes[0] for one in outcomes)


def test_a_title_of_one_source_with_the_year_of_another_is_no_name(connection: sa.Connection) -> None:
    """A page calls both films A without a year, a file knows their year: neither has said "A (1990)"."""
    numbers = {"s1": 101, "s2": 102}
    pages = [NamedFilm("A", None, slug=slug, film_id=number) for slug, number in numbers.items()]
    archive = [NamedFilm("B", 1990, slug=slug) for slug in numbers]
    newer_page, table = NamedFilm("B", 1990, "c2", "s2", 102), NamedFilm("A", 1990)
    day = [FIRST_DAY + timedelta(days=n) for n in range(10)]
    sources: list[Source] = [
        ([newer_page], Naming(NamedBy.PAGE, day[7])),
        (archive, Naming(NamedBy.FILE, day[9])),
        ([table], Naming(NamedBy.SERVICE, day[2])),
        (pages, Naming(NamedBy.PAGE, day[5])),
    ]
    ends = []
    for order in permutations(sources):
        with undone(connection):
            ends.append(stored_after(connection, order))
    assert all(end == ends[0] for end in ends)


def test_facts_go_with_films_that_meet(connection: sa.Connection) -> None:
    ann, ben = add_user(connection, "ann"), add_user(connection, "ben")
    slug = add_film(connection, "ordet", title="Ordet", release_year=1955)
    code = add_film(connection, None, letterboxd_lid="oRd", title="The Word", release_year=1955)
    add_rating(connection, ann, slug, rating=4.0)
    add_rating(connection, ben, code, rating=3.0)
    assert named_film_ids(connection, [BY_CODE], FILE) == {BY_CODE: slug}
    assert dict(connection.execute(sa.select(ratings.c.user_id, ratings.c.rating)).all()) == {
        ann: 4.0,
        ben: 3.0,
    }
    assert set(rating_rows(connection, "rating")) == {slug}


def test_an_address_that_leads_elsewhere_takes_only_the_slug_along(connection: sa.Connection) -> None:
    named_film_ids(connection, [BY_SLUG, BY_CODE], FILE)
    on_page = Film("the-word", "The Word", 1955, 7, "wOrd")
    keep = redirected(connection, Film("ordet", "Ordet"), on_page, Naming.of_page(MONDAY))
    assert stored(connection) == {("the-word", "wOrd", False), (None, "oRd", False)}
    # The slug that it had is known.
    assert named_film_ids(connection, [BY_SLUG], FILE) == {BY_SLUG: keep}


def test_a_film_that_became_part_of_another_is_found_by_its_code(connection: sa.Connection) -> None:
    add_film(connection, "old", letterboxd_film_id=1, letterboxd_lid="oLd")
    on_page = Film("new", "New", 1955, 2, "nEw")
    keep = redirected(connection, Film("old", "Old", film_id=1), on_page, Naming.of_page(MONDAY))
    by_code = NamedFilm("Old", 1955, lid="oLd")
    assert named_film_ids(connection, [by_code], FILE) == {by_code: keep}
    assert len(stored(connection)) == 1


def row(connection: sa.Connection) -> tuple[Any, ...]:
    f = films.c
    return tuple(connection.execute(sa.select(f.slug, f.title, f.release_year)).one())


OLDER, NEWER = (Naming(NamedBy.PAGE, MONDAY + days * DAY) for days in (-1, 1))
RENAMED = NamedFilm("The Word", None, "oRd", "the-word", 1)


def test_an_older_page_takes_nothing_from_a_newer_one(connection: sa.Connection) -> None:
    for order in ((SHOWN, OLDER), (RENAMED, NEWER)), ((RENAMED, NEWER), (SHOWN, OLDER)):
        with undone(connection):
            ids = [named_film_ids(connection, [named], naming)[named] for named, naming in order]
            assert row(connection) == ("the-word", "The Word", 1955)  # the newer gives no year
            # An archive knows the slug that it had.
            assert named_film_ids(connection, [BY_SLUG], FILE) == {BY_SLUG: ids[0]}


def test_a_slug_belongs_to_the_film_of_the_newer_page(connection: sa.Connection) -> None:
    other = NamedFilm("Another", 2001, "x", "ordet", 2)
    for order in ((SHOWN, OLDER), (other, NEWER)), ((other, NEWER), (SHOWN, OLDER)):
        with undone(connection):
            for named, naming in order:
                named_film_ids(connection, [named], naming)
            slugs = connection.execute(sa.select(films.c.letterboxd_lid, films.c.slug)).all()
            assert dict(slugs)["x"] == "ordet"
            assert dict(slugs)["oRd"] in ("film:1", None)


def test_what_a_crawl_found_unchanged_is_newer_than_a_page_that_was_saved_before(
    connection: sa.Connection,
) -> None:
    ann = add_user(connection, "ann")
    (film,) = film_ids(connection, [Film("ordet", "Ordet", 1955, 1, "oRd")], Naming.of_page(MONDAY)).values()
    add_rating(connection, ann, film, rating=4.0)
    connection.execute(users.update().values(last_full_scrape_at=MONDAY + 9 * DAY))
    named_film_ids(connection, [RENAMED], NEWER)
    assert row(connection) == ("ordet", "Ordet", 1955)
    named_film_ids(connection, [RENAMED], Naming(NamedBy.PAGE, MONDAY + 10 * DAY))
    assert row(connection) == ("the-word", "The Word", 1955)


def test_a_check_names_films_of_one_number_and_remarks_what_may_be_one(connection: sa.Connection) -> None:
    assert identities.films(connection).remark == ""
    add_film(connection, "ordet", title="Ordet", release_year=1955)
    add_film(connection, None, letterboxd_lid="oRd", title="Ordet", release_year=1955)
    finding = identities.films(connection)
    assert finding.wrong == 0
    assert "ordet and boxd.it/oRd may both be 'Ordet'" in finding.remark
    add_film(connection, None, letterboxd_lid="x", imdb_id="tt1")
    add_film(connection, "word", letterboxd_lid="y", imdb_id="tt1")
    finding = identities.films(connection)
    assert (finding.wrong, finding.example) == (1, "film boxd.it/x, other word, same imdb, value tt1")
