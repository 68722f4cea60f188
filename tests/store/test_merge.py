"""Two rows become one: nothing that hung on either is lost, and what belongs together stays together."""

from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.store.merge import merge_films, merge_members, merge_people
from letterboxd_scraper.store.schema import (
    cohort_members,
    film_countries,
    film_genres,
    film_histograms,
    film_people,
    film_rankings,
    films,
    people,
    ratings,
    user_scrape_state,
    users,
    watched,
)
from letterboxd_scraper.store.schema import countries as country_table
from letterboxd_scraper.store.schema import genres as genre_table
from tests.store.rows import DAY, MONDAY, add_cohort, add_film, add_rating, add_user, rating_rows

SYNCED = {"tmdb_synced_at": MONDAY}


def insert(connection: sa.Connection, table: sa.Table, *rows: dict[str, Any]) -> None:
    connection.execute(table.insert(), list(rows))


def film_row(connection: sa.Connection, film: int) -> Any:
    return connection.execute(sa.select(films).where(films.c.id == film)).one()


def merged(connection: sa.Connection, keep: dict[str, Any], other: dict[str, Any]) -> Any:
    first, second = add_film(connection, "keep", **keep), add_film(connection, "other", **other)
    merge_films(connection, first, second)
    assert connection.scalar(sa.select(sa.func.count()).select_from(films)) == 1
    return film_row(connection, first)


def test_own_values_come_first_and_gaps_are_filled(connection: sa.Connection) -> None:
    other = {"letterboxd_lid": "o", "letterboxd_film_id": 2, "runtime_minutes": 90, "imdb_id": "tt2"}
    keep = {"letterboxd_lid": "k", "runtime_minutes": 80, "named_by": "page"}
    row = merged(connection, keep, other)
    assert (row.slug, row.letterboxd_lid, row.letterboxd_film_id) == ("keep", "k", 2)
    assert (row.title, row.runtime_minutes, row.imdb_id) == ("Keep", 80, "tt2")


def test_tmdbs_facts_are_those_of_the_kept_film_if_it_has_any(connection: sa.Connection) -> None:
    keep = {"tmdb_id": 1, "tmdb_media_type": "movie"}
    other = {"tmdb_id": 2, "tmdb_media_type": "tv", "tmdb_season_number": 3, "tmdb_not_found": True}
    row = merged(connection, keep, other | SYNCED)
    assert (row.tmdb_id, row.tmdb_media_type, row.tmdb_season_number) == (1, "movie", None)
    assert (row.tmdb_synced_at, row.tmdb_not_found) == (None, False)


def test_tmdbs_facts_are_all_those_of_the_other_if_only_it_has_any(connection: sa.Connection) -> None:
    keep = {"tmdb_media_type": "tv", "tmdb_season_number": 3, "tmdb_not_found": False} | SYNCED
    row = merged(connection, keep, {"tmdb_id": 2, "tmdb_not_found": True, "release_date": MONDAY.date()})
    assert (row.tmdb_id, row.tmdb_media_type, row.tmdb_season_number) == (2, None, None)
    assert (row.tmdb_synced_at, row.tmdb_not_found, row.release_date) == (None, True, MONDAY.date())


def test_where_neither_has_tmdbs_number_the_kept_films_facts_stay(connection: sa.Connection) -> None:
    row = merged(connection, {}, {"tmdb_not_found": True, "release_date": MONDAY.date()} | SYNCED)
    assert (row.tmdb_not_found, row.tmdb_synced_at, row.release_date) == (False, None, None)


def spoken(code: str, by: str) -> dict[str, Any]:
    return {"original_language": code, "language_by": by}


@pytest.mark.parametrize(
    ("keep", "other", "language"),
    [
        ({}, spoken("da", "page"), ("da", "page")),
        (spoken("da", "page"), spoken("sv", "page") | {"tmdb_id": 2}, ("da", "page")),
        (spoken("sv", "tmdb") | {"tmdb_id": 1}, spoken("da", "page"), ("da", "page")),
        (spoken("da", "tmdb") | {"tmdb_id": 1}, spoken("sv", "tmdb") | {"tmdb_id": 2}, ("da", "tmdb")),
        (spoken("da", "tmdb"), spoken("sv", "tmdb") | {"tmdb_id": 2}, ("sv", "tmdb")),
        (spoken("da", "tmdb"), {"tmdb_id": 2}, (None, None)),
    ],
)
def test_a_language_is_a_pages_else_goes_with_tmdbs_facts(
    connection: sa.Connection,
    keep: dict[str, Any],
    other: dict[str, Any],
    language: tuple[str | None, str | None],
) -> None:
    row = merged(connection, keep, other)
    assert (row.original_language, row.language_by) == language


@pytest.mark.parametrize("takes_over", [True, False])
def test_credits_genres_and_countries_go_with_tmdbs_facts(
    connection: sa.Connection, takes_over: bool
) -> None:
    keep, other = add_film(connection, "keep"), add_film(connection, "other", tmdb_id=takes_over or None)
    seen = {"created_at": MONDAY, "updated_at": MONDAY}
    insert(connection, people, {"id": 1, "name": "K"} | seen, {"id": 2, "name": "O"} | seen)
    insert(connection, genre_table, {"id": 1, "name": "K"}, {"id": 2, "name": "O"})
    insert(connection, country_table, {"code": "1", "name": "K"}, {"code": "2", "name": "O"})
    for number, film in ((1, keep), (2, other)):
        insert(connection, film_people, {"film_id": film, "person_id": number, "role": "director"})
        insert(connection, film_genres, {"film_id": film, "genre_id": number})
        insert(connection, film_countries, {"film_id": film, "country_code": str(number)})
    merge_films(connection, keep, other)
    kept = 2 if takes_over else 1
    assert connection.scalars(sa.select(film_people.c.person_id)).all() == [kept]
    assert connection.scalars(sa.select(film_genres.c.genre_id)).all() == [kept]
    assert connection.scalars(sa.select(film_countries.c.country_code)).all() == [str(kept)]


@pytest.mark.parametrize(
    ("keep", "other", "expected"),
    [(MONDAY, None, None), (None, MONDAY, None), (None, None, None), (MONDAY, MONDAY + DAY, MONDAY)],
)
def test_a_film_is_gone_only_if_both_pages_are(
    connection: sa.Connection, keep: Any, other: Any, expected: Any
) -> None:
    assert merged(connection, {"gone_at": keep}, {"gone_at": other}).gone_at == expected


def test_looks_at_the_other_in_vain_say_nothing_of_the_kept_film(connection: sa.Connection) -> None:
    row = merged(connection, {}, {"enrich_attempts": 3, "enrich_after": MONDAY, "tmdb_id": 1})
    assert (row.enrich_attempts, row.enrich_after) == (0, None)


def levels(connection: sa.Connection, film: int, cohort: int | None, *stars: str) -> None:
    row = {"film_id": film, "cohort_id": cohort, "count": film, "computed_at": MONDAY}
    insert(connection, film_histograms, *(row | {"bucket_label": label} for label in stars))


def stored_levels(connection: sa.Connection, film: int) -> list[tuple[int | None, str, int]]:
    h = film_histograms.c
    query = sa.select(h.cohort_id, h.bucket_label, h["count"]).where(h.film_id == film)
    return [(row[0], row[1], row[2]) for row in connection.execute(query.order_by(*query.selected_columns))]


def test_letterboxds_histogram_moves_whole_beside_a_circles(connection: sa.Connection) -> None:
    """The key of a circle's level has the circle in it: Letterboxd's, of no circle, is another."""
    add_user(connection, "ann")
    cohort = add_cohort(connection, "friends", ["ann"]).id
    keep, other = add_film(connection, "keep"), add_film(connection, "other")
    levels(connection, keep, cohort, "4.0")
    levels(connection, other, None, "4.0", "5.0")
    merge_films(connection, keep, other)
    expected = [(None, "4.0", other), (None, "5.0", other), (cohort, "4.0", keep)]
    assert stored_levels(connection, keep) == expected


def test_letterboxds_histogram_of_the_kept_film_stays(connection: sa.Connection) -> None:
    keep, other = add_film(connection, "keep"), add_film(connection, "other")
    levels(connection, keep, None, "4.0", "5.0")
    levels(connection, other, None, "4.0", "5.0")
    merge_films(connection, keep, other)
    assert stored_levels(connection, keep) == [(None, "4.0", keep), (None, "5.0", keep)]
    assert stored_levels(connection, other) == []


def test_rankings_and_viewings_move_unless_the_kept_film_has_its_own(connection: sa.Connection) -> None:
    ann, bob = add_user(connection, "ann"), add_user(connection, "bob")
    cohort = add_cohort(connection, "friends", ["ann"]).id
    keep, other = add_film(connection, "keep"), add_film(connection, "other")
    insert(
        connection,
        watched,
        *({"user_id": u, "film_id": f} for u, f in ((ann, keep), (ann, other), (bob, other))),
    )
    ranked = {"cohort_id": cohort, "score": 1.0, "params": {}, "computed_at": MONDAY}
    rows = [("wilson", keep, 1), ("wilson", other, 2), ("bayesian", other, 3)]
    insert(
        connection, film_rankings, *(ranked | {"strategy": s, "film_id": f, "rank": r} for s, f, r in rows)
    )
    merge_films(connection, keep, other)
    watchers = sa.select(watched.c.user_id, watched.c.film_id)
    assert set(connection.execute(watchers)) == {(ann, keep), (bob, keep)}
    query = sa.select(film_rankings.c.strategy, film_rankings.c.film_id, film_rankings.c.rank)
    assert set(connection.execute(query)) == {("wilson", keep, 1), ("bayesian", keep, 3)}


NEWER = {"updated_at": MONDAY + DAY, "first_seen_at": MONDAY + DAY}


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        # The rating seen last counts, whichever film's it is; of one moment, the kept film's.
        ({"rating": 1.0}, {"rating": 2.0} | NEWER, (2.0, None)),
        ({"rating": 1.0} | NEWER, {"rating": 2.0}, (1.0, None)),
        ({"rating": 1.0}, {"rating": 2.0}, (1.0, None)),
        # A rating counts more than a newer like.
        ({"rating": 1.0}, {"rating": None, "liked": True} | NEWER, (1.0, None)),
        ({"rating": None, "liked": True} | NEWER, {"rating": 1.0}, (1.0, None)),
        # A date belongs to its rating; of equal ratings it is either's.
        ({"rating": 1.0, "rated_at": MONDAY}, {"rating": 2.0} | NEWER, (2.0, None)),
        ({"rating": 2.0, "rated_at": MONDAY} | NEWER, {"rating": 2.0}, (2.0, MONDAY)),
        ({"rating": 2.0}, {"rating": 2.0, "rated_at": MONDAY} | NEWER, (2.0, MONDAY)),
    ],
)
def test_two_ratings_of_one_member_become_one(
    connection: sa.Connection, one: dict[str, Any], two: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    ann, keep, other = (
        add_user(connection, "ann"),
        add_film(connection, "keep"),
        add_film(connection, "other"),
    )
    add_rating(connection, ann, keep, **one)
    add_rating(connection, ann, other, **two)
    merge_films(connection, keep, other)
    assert rating_rows(connection, "rating", "rated_at") == {keep: expected}


def test_every_mark_of_either_stays(connection: sa.Connection) -> None:
    ann, keep, other = (
        add_user(connection, "ann"),
        add_film(connection, "keep"),
        add_film(connection, "other"),
    )
    add_rating(connection, ann, keep, rating=1.0, favorite=True, seen_after=MONDAY - DAY)
    add_rating(connection, ann, other, rating=1.0, liked=True, diary_entry_url="/x", **NEWER)
    merge_films(connection, keep, other)
    names = ("liked", "favorite", "diary_entry_url", "first_seen_at", "seen_after", "updated_at")
    expected = (True, True, "/x", MONDAY, MONDAY - DAY, MONDAY + DAY)
    assert rating_rows(connection, *names) == {keep: expected}


def test_a_members_ratings_are_combined_film_by_film(connection: sa.Connection) -> None:
    keep, other = add_user(connection, "ann", display_name="Ann"), add_user(connection, "anna")
    first, second = add_film(connection, "first"), add_film(connection, "second")
    add_rating(connection, keep, first, rating=1.0)
    add_rating(connection, other, first, rating=2.0, **NEWER)
    add_rating(connection, other, second, rating=3.0)
    cohort = add_cohort(connection, "friends", ["anna"]).id
    merge_members(connection, keep, other)
    assert rating_rows(connection, "user_id", "rating") == {first: (keep, 2.0), second: (keep, 3.0)}
    assert connection.execute(sa.select(cohort_members.c.cohort_id, cohort_members.c.user_id)).all() == [
        (cohort, keep)
    ]


def test_a_member_goes_by_the_others_name_and_says_what_it_says(connection: sa.Connection) -> None:
    keep = add_user(connection, "ann", display_name="Ann", avatar_url="a", films_count=3)
    other = add_user(connection, "anna", display_name="Anna", films_count=4, created_at=MONDAY + DAY)
    merge_members(connection, keep, other)
    row = connection.execute(sa.select(users)).one()
    assert (row.id, row.letterboxd_username, row.display_name) == (keep, "anna", "Anna")
    assert (row.avatar_url, row.films_count, row.created_at) == ("a", 4, MONDAY)


def test_listings_that_were_half_read_know_the_kept_row(connection: sa.Connection) -> None:
    ann, keep, other = (
        add_user(connection, "ann"),
        add_film(connection, "keep"),
        add_film(connection, "other"),
    )
    state = {"user_id": ann, "page": 1, "status": "reading", "updated_at": MONDAY}
    insert(connection, user_scrape_state, state | {"listing": "rated", "seen": [other]})
    merge_films(connection, keep, other)
    assert connection.scalar(sa.select(user_scrape_state.c.seen)) == [keep]


def test_two_rows_of_a_person_become_one_in_each_film(connection: sa.Connection) -> None:
    first, second = add_film(connection, "first"), add_film(connection, "second")
    seen = {"created_at": MONDAY, "updated_at": MONDAY}
    insert(connection, people, {"id": 1, "name": "K", "tmdb_id": 5, "letterboxd_slug": None} | seen)
    insert(connection, people, {"id": 2, "name": "O", "letterboxd_slug": "o", "profile_url": "p"} | seen)
    credit = {"role": "director", "credit_order": 0}
    pairs = ((first, 1), (first, 2), (second, 2))
    insert(connection, film_people, *(credit | {"film_id": f, "person_id": p} for f, p in pairs))
    merge_people(connection, 1, 2)
    row = connection.execute(sa.select(people)).one()
    assert (row.name, row.tmdb_id, row.letterboxd_slug, row.profile_url) == ("K", 5, "o", "p")
    query = sa.select(film_people.c.film_id, film_people.c.person_id)
    assert set(connection.execute(query)) == {(first, 1), (second, 1)}


def test_a_merge_with_nothing_to_fill(connection: sa.Connection) -> None:
    seen = {"created_at": MONDAY, "updated_at": MONDAY, "name": "same"}
    insert(connection, people, {"id": 1} | seen, {"id": 2} | seen)
    merge_people(connection, 1, 2)
    assert connection.scalars(sa.select(people.c.id)).all() == [1]
    assert connection.execute(sa.select(ratings)).all() == []
