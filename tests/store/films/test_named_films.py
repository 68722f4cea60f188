"""Films as archives name them: by their code, else by title and year, where that is no guess."""

from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.sources import NamedBy, NamedFilm, Naming
from letterboxd_scraper.store.films.named import adopt_slugs, named_film_ids
from letterboxd_scraper.store.schema import film_names, films
from tests.store.rows import DAY, MONDAY, add_film

ARCHIVE = Naming(NamedBy.FILE, MONDAY)
ORDET = NamedFilm("Ordet", 1955, lid="oRd")


def add(connection: sa.Connection, slug: str | None = None, **values: Any) -> int:
    return add_film(connection, slug, **{"title": "Ordet", "release_year": 1955} | values)


def lid_of(connection: sa.Connection, film: int) -> str | None:
    return connection.scalar(sa.select(films.c.letterboxd_lid).where(films.c.id == film))


def test_a_film_that_is_not_stored_is_inserted_once(connection: sa.Connection) -> None:
    ids = named_film_ids(connection, [ORDET, ORDET], ARCHIVE)
    (row,) = connection.execute(sa.select(films)).all()
    assert ids == {ORDET: row.id}
    assert (row.title, row.release_year, row.letterboxd_lid, row.slug) == ("Ordet", 1955, "oRd", None)
    assert named_film_ids(connection, [ORDET], ARCHIVE) == ids


def test_a_code_tells_a_film_whatever_its_title(connection: sa.Connection) -> None:
    film = add(connection, "ordet", letterboxd_lid="oRd", title="Another")
    assert named_film_ids(connection, [ORDET], ARCHIVE) == {ORDET: film}


def test_a_slug_tells_a_film_and_the_page_that_says_it_its_names(connection: sa.Connection) -> None:
    named = NamedFilm("Ordet", 1955, "oRd", "ordet", 1001)
    film = add(connection, "old", letterboxd_film_id=1001, title="Old")
    assert named_film_ids(connection, [named], ARCHIVE) == {named: film}
    row = connection.execute(sa.select(films)).one()
    assert (row.slug, row.title, row.letterboxd_lid) == ("ordet", "Ordet", "oRd")


def test_what_has_neither_code_nor_slug_is_left_out(connection: sa.Connection) -> None:
    assert named_film_ids(connection, [NamedFilm("Ordet", 1955)], ARCHIVE) == {}
    assert connection.execute(sa.select(films)).all() == []


def test_a_favourite_of_which_only_the_code_is_known_waits_for_its_name(connection: sa.Connection) -> None:
    untitled = NamedFilm("", lid="oRd")
    ids = named_film_ids(connection, [untitled], ARCHIVE)
    assert connection.scalars(sa.select(films.c.title)).all() == ["boxd.it/oRd"]
    assert named_film_ids(connection, [ORDET], ARCHIVE) == {ORDET: ids[untitled]}
    assert named_film_ids(connection, [untitled], ARCHIVE) == ids
    assert connection.scalars(sa.select(films.c.title)).all() == ["Ordet"]


@pytest.mark.parametrize(
    ("stored", "chosen"),
    [
        ([{}], 0),  # alone of that title and year,
        ([{"release_year": 1956}], None),
        ([{"title": "Ordets"}], None),
        ([{"letterboxd_lid": "another"}], None),  # and of no other code;
        ([{}, {}], None),  # which of them?
    ],
)
def test_a_title_and_year_tell_a_film_where_that_is_no_guess(
    connection: sa.Connection, stored: list[dict[str, Any]], chosen: int | None
) -> None:
    numbers = [add(connection, f"film-{n}", **values) for n, values in enumerate(stored)]
    ids = named_film_ids(connection, [ORDET], ARCHIVE)
    if chosen is None:
        assert ids[ORDET] not in numbers
    else:
        assert ids[ORDET] == numbers[chosen]
        assert lid_of(connection, numbers[chosen]) == "oRd"


def test_two_codes_of_one_title_are_two_films(connection: sa.Connection) -> None:
    film, twin = add(connection, "ordet"), NamedFilm("Ordet", 1955, lid="tWin")
    ids = named_film_ids(connection, [ORDET, twin], ARCHIVE)
    assert len({film, *ids.values()}) == 3
    assert lid_of(connection, film) is None


FEED = Film("ordet", "Ordet", 1955)


def slugs(connection: sa.Connection) -> list[str | None]:
    return list(connection.scalars(sa.select(films.c.slug).order_by(films.c.id)))


@pytest.mark.parametrize(
    ("stored", "on_pages", "expected"),
    [
        ([(None, {})], [FEED], ["ordet"]),
        ([(None, {"release_year": 1956})], [FEED], [None]),
        ([(None, {}), (None, {})], [FEED], [None, None]),  # which of them?
        ([(None, {})], [FEED, Film("ordet-1", "Ordet", 1955)], [None]),
        ([(None, {}), ("ordet", {})], [FEED], [None, "ordet"]),  # it is stored
        ([("old", {})], [FEED], ["old"]),
        ([(None, {})], [Film("ordet", "Ordet", 1955, film_id=3)], [None]),  # found by its number
        ([(None, {})], [Film("ordet", "Ordet", 1955, lid="oRd")], [None]),
        ([(None, {})], [], [None]),
    ],
)
def test_a_feeds_slug_is_given_to_a_film_of_an_archive(
    connection: sa.Connection,
    stored: list[tuple[str | None, Any]],
    on_pages: list[Film],
    expected: list[str | None],
) -> None:
    for number, (slug, values) in enumerate(stored):
        add(connection, slug, letterboxd_lid=f"l{number}", **values)
    adopt_slugs(connection, on_pages, Naming.of_page(MONDAY))
    assert slugs(connection) == expected


def test_a_film_named_with_its_number_and_by_its_slug_alone_is_one(connection: sa.Connection) -> None:
    numbered, bare = NamedFilm("Ordet", 1955, None, "ordet", 1001), NamedFilm("Ordet", 1955, slug="ordet")
    for named in ([numbered, bare], [bare, numbered]):
        ids = named_film_ids(connection, named, ARCHIVE)
        assert ids[numbered] == ids[bare]


@pytest.mark.parametrize("days", [(0, 5), (5, 0)])
def test_what_a_film_is_called_again_it_is_called_as_of_the_later_moment(
    connection: sa.Connection, days: tuple[int, int]
) -> None:
    ids = [named_film_ids(connection, [ORDET], Naming(NamedBy.FILE, MONDAY + day * DAY)) for day in days]
    later = MONDAY + 5 * DAY
    assert ids[0] == ids[1]
    film = connection.execute(sa.select(films)).one()
    assert (film.named_as_of, film.year_as_of) == (later, later)
    assert connection.scalars(sa.select(film_names.c.as_of)).all() == [later]


def test_what_a_page_calls_a_film_a_file_does_not_date(connection: sa.Connection) -> None:
    on_page = NamedFilm("Ordet", 1955, "oRd", "ordet", 1)
    named_film_ids(connection, [on_page], Naming(NamedBy.PAGE, MONDAY))
    before = connection.execute(sa.select(films)).one()
    named_film_ids(connection, [ORDET], Naming(NamedBy.FILE, MONDAY + DAY))
    assert connection.execute(sa.select(films)).one() == before
    assert connection.execute(sa.select(film_names)).all() == []
