"""Films of other services: found by numbers, else by title and year where one fits, in any order."""

from itertools import permutations
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.items.sources import NamedBy, NamedFilm, Naming
from letterboxd_scraper.store.films.elsewhere import give_numbers
from letterboxd_scraper.store.films.named import named_film_ids, stored_named_film_ids
from letterboxd_scraper.store.schema import films, ratings
from tests.store.rows import DAY, MONDAY, add_film, add_rating, add_user

SERVICE, FILE, PAGE = (Naming(by, MONDAY) for by in (NamedBy.SERVICE, NamedBy.FILE, NamedBy.PAGE))
IMDB = NamedFilm("Ordet", 1955, imdb_id="tt1")
TRAKT = NamedFilm("Ordet", 1955, imdb_id="tt1", tmdb_id=5, tmdb_kind="movie")
TABLE = NamedFilm("Ordet", 1955)
SHOWN = NamedFilm("Ordet", 1955, "oRd", "ordet", 1)
CODE = NamedFilm("Ordet", 1955, lid="oRd")
TWIN = NamedFilm("Ordet", 1955, "tWin", "twin", 2)
Told = tuple[NamedFilm, Naming]


def identities(connection: sa.Connection, *sources: Told) -> tuple[set[Any], dict[NamedFilm, Any]]:
    """Return what is stored of films, and what each name means by now."""
    for named, naming in (*sources, *sources):
        named_film_ids(connection, [named], naming)
    f = films.c
    query = sa.select(f.id, f.slug, f.letterboxd_lid, f.imdb_id, f.tmdb_id, f.numbered_by_name)
    rows = {row.id: tuple(row[1:]) for row in connection.execute(query)}
    meant = stored_named_film_ids(connection, [named for named, _ in sources])
    return set(rows.values()), {named: rows[film][:4] for named, film in meant.items()}


OWN = (None, None, "tt1", None, None)
BOTH = (None, None, "tt1", 5, None)


@pytest.mark.parametrize(
    ("sources", "stored", "unmatched"),
    [
        # Of its own, where nobody has named it; by each of its numbers.
        ([(IMDB, SERVICE)], {OWN}, []),
        ([(IMDB, SERVICE), (TRAKT, SERVICE)], {BOTH}, []),
        (
            [
                (IMDB, SERVICE),
                (NamedFilm("The Word", 1954, tmdb_id=5, tmdb_kind="movie"), SERVICE),
                (TRAKT, SERVICE),
            ],
            {BOTH},
            [],
        ),
        # The one of its title and year, whichever came first, gets its number.
        ([(IMDB, SERVICE), (SHOWN, PAGE)], {("ordet", "oRd", "tt1", None, "imdb")}, []),
        ([(IMDB, SERVICE), (CODE, FILE)], {(None, "oRd", "tt1", None, "imdb")}, []),
        ([(TRAKT, SERVICE), (SHOWN, PAGE)], {("ordet", "oRd", "tt1", 5, "imdb tmdb")}, []),
        (
            [(IMDB, SERVICE), (NamedFilm("Ordet", 1956, lid="oRd"), FILE)],
            {OWN, (None, "oRd", None, None, None)},
            [],
        ),
        (
            [(NamedFilm("Ordet", imdb_id="tt1"), SERVICE), (NamedFilm("Ordet", lid="oRd"), FILE)],
            {OWN, (None, "oRd", None, None, None)},
            [],
        ),
        # Of two, it is none, for as long as nobody knows which.
        (
            [(IMDB, SERVICE), (SHOWN, PAGE), (TWIN, PAGE)],
            {("ordet", "oRd", None, None, None), ("twin", "tWin", None, None, None)},
            [IMDB],
        ),
        # One that has another number is not it.
        (
            [
                (IMDB, SERVICE),
                (SHOWN, PAGE),
                (NamedFilm("Ordet", 1955, "tWin", "twin", 2, imdb_id="tt2"), PAGE),
            ],
            {("ordet", "oRd", "tt1", None, "imdb"), ("twin", "tWin", "tt2", None, None)},
            [],
        ),
        # Two films there, one here: which of them is it?
        (
            [(IMDB, SERVICE), (NamedFilm("Ordet", 1955, imdb_id="tt2"), SERVICE), (SHOWN, PAGE)],
            {OWN, (None, None, "tt2", None, None), ("ordet", "oRd", None, None, None)},
            [],
        ),
        # A page tells for sure, whatever the titles.
        (
            [(IMDB, SERVICE), (NamedFilm("The Word", 1954, "oRd", "ordet", 1, imdb_id="tt1"), PAGE)],
            {("ordet", "oRd", "tt1", None, None)},
            [],
        ),
        # Title and year alone make no film.
        ([(TABLE, SERVICE)], set(), [TABLE]),
        (
            [(NamedFilm("Ordet"), SERVICE), (NamedFilm("Ordet", lid="oRd"), FILE)],
            {(None, "oRd", None, None, None)},
            [NamedFilm("Ordet")],
        ),
        ([(TABLE, SERVICE), (CODE, FILE)], {(None, "oRd", None, None, None)}, []),
        ([(TABLE, SERVICE), (IMDB, SERVICE)], {OWN}, []),
        (
            [(TABLE, SERVICE), (CODE, FILE), (TWIN, PAGE)],
            {(None, "oRd", None, None, None), ("twin", "tWin", None, None, None)},
            [TABLE],
        ),
        # Only an address is known of it.
        ([(NamedFilm("", imdb_id="tt1"), SERVICE), (IMDB, SERVICE)], {OWN}, []),
    ],
)
def test_the_film_that_is_meant_in_any_order(
    connection: sa.Connection, sources: list[Told], stored: set[Any], unmatched: list[NamedFilm]
) -> None:
    meant = []
    for order in permutations(sources):
        with connection.begin_nested() as savepoint:
            rows, films_meant = identities(connection, *order)
            assert rows == stored
            assert [named for named, _ in sources if named not in films_meant] == unmatched
            meant.append(films_meant)
            savepoint.rollback()
    assert all(one == meant[0] for one in meant)


def test_facts_go_with_a_film_that_turns_out_to_be_one_of_the_site(connection: sa.Connection) -> None:
    ann = add_user(connection, "ann", sources_folded=True)
    own = named_film_ids(connection, [IMDB], SERVICE)[IMDB]
    add_rating(connection, ann, own, rating=4.0)
    film = named_film_ids(connection, [SHOWN], PAGE)[SHOWN]
    assert connection.execute(sa.select(ratings.c.film_id, ratings.c.rating)).all() == [(film, 4.0)]
    assert connection.scalar(sa.select(sa.func.count()).select_from(films)) == 1


def test_a_number_by_name_gives_way_to_that_of_a_page(connection: sa.Connection) -> None:
    named_film_ids(connection, [TRAKT], SERVICE)
    film = named_film_ids(connection, [SHOWN], PAGE)[SHOWN]
    give_numbers(connection, {film: NamedFilm("", imdb_id="tt9", tmdb_id=9, tmdb_kind="movie")})
    row = connection.execute(sa.select(films).where(films.c.id == film)).one()
    assert (row.imdb_id, row.tmdb_id, row.numbered_by_name) == ("tt9", 9, None)
    # The other is a film of its own again.
    (own,) = stored_named_film_ids(connection, [TRAKT]).values()
    assert own != film


def test_a_slug_and_a_code_of_one_number_are_one_film(connection: sa.Connection) -> None:
    slug = add_film(connection, "ordet", title="Ordet", tmdb_id=5, tmdb_media_type="movie")
    code = add_film(connection, None, letterboxd_lid="oRd", title="The Word")
    give_numbers(connection, {code: NamedFilm("", tmdb_id=5, tmdb_kind="movie")})
    row = connection.execute(sa.select(films)).one()
    assert (row.id, row.slug, row.letterboxd_lid, row.tmdb_id) == (slug, "ordet", "oRd", 5)


@pytest.mark.parametrize(
    "other", [{"slug": "word", "letterboxd_lid": "x"}, {"slug": None, "letterboxd_lid": "x"}]
)
def test_two_codes_stay_two_films_whatever_their_numbers(
    connection: sa.Connection, other: dict[str, Any]
) -> None:
    add_film(connection, "ordet", letterboxd_lid="oRd", tmdb_id=5, tmdb_media_type="movie")
    film = add_film(connection, other.pop("slug"), title="Ordet", **other)
    give_numbers(connection, {film: NamedFilm("", tmdb_id=5, tmdb_kind="movie")})
    assert connection.scalar(sa.select(sa.func.count()).select_from(films)) == 2


def test_a_series_has_one_number_and_its_parts_are_films(connection: sa.Connection) -> None:
    series = NamedFilm("Dekalog", 1989, tmdb_id=7, tmdb_kind="tv")
    for part in "ab":
        add_film(connection, f"dekalog-{part}", title=f"Dekalog {part}", tmdb_id=7, tmdb_media_type="tv")
    rows, _ = identities(connection, (series, SERVICE))
    assert (None, None, None, 7, None) in rows


def test_titles_of_other_services_count_least(connection: sa.Connection) -> None:
    german = NamedFilm("Das Wort", 1955, imdb_id="tt1")
    named_film_ids(connection, [german], Naming(NamedBy.SERVICE, MONDAY + DAY))
    with_number = NamedFilm("Ordet", None, "oRd", imdb_id="tt1")
    named_film_ids(connection, [with_number], FILE)
    row = connection.execute(sa.select(films)).one()
    assert (row.title, row.release_year, row.letterboxd_lid) == ("Ordet", 1955, "oRd")
