"""Upserts: what is already so is left alone, and only the columns that rows carry are overwritten."""

from datetime import timedelta, timezone
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.store.schema import films, genres, ratings, robots_txt, user_scrape_state, users
from letterboxd_scraper.store.upsert import as_list, as_stored, in_list, insert_missing, offered, upsert
from tests.conftest import on_postgresql
from tests.store.rows import DAY, MONDAY, add_film, add_rating, add_user, rating_rows


def row(film: int, **values: Any) -> dict[str, Any]:
    return {"user_id": 1, "film_id": film, "first_seen_at": MONDAY, "updated_at": MONDAY} | values


@pytest.fixture
def ann(connection: sa.Connection) -> None:
    """A member with the number 1 and films 1, 2, 3."""
    add_user(connection, "ann", id=1)
    for film in (1, 2, 3):
        add_film(connection, f"film-{film}", id=film)


def changes(connection: sa.Connection, *rows: dict[str, Any], **options: Any) -> int:
    before = connection.exec_driver_sql("SELECT total_changes()").scalar_one()
    upsert(connection, ratings, rows, **options)
    return int(connection.exec_driver_sql("SELECT total_changes()").scalar_one() - before)


@pytest.mark.usefixtures("ann")
def test_rows_that_are_already_so_are_not_written(connection: sa.Connection) -> None:
    rows = [row(3, rating=4.5), row(1, rating=0.5), row(2, rating=None, liked=True) | {"liked": True}]
    rows = [{"liked": False} | one for one in rows]
    assert changes(connection, *rows) == 3
    assert changes(connection, *rows) == 0
    rows[0]["rating"] = 5.0
    assert changes(connection, *rows) == 1
    assert rating_rows(connection, "rating", "liked") == {1: (0.5, False), 2: (None, True), 3: (5.0, False)}


@pytest.mark.usefixtures("ann")
def test_no_rows_are_no_statement(connection: sa.Connection) -> None:
    assert changes(connection) == 0
    assert insert_missing(connection, ratings, []) == []


@pytest.mark.usefixtures("ann")
def test_columns_that_rows_do_not_carry_are_left_alone(connection: sa.Connection) -> None:
    add_rating(connection, 1, 1, rating=3.0, rated_at=MONDAY, diary_entry_url="/ann/1", favorite=True)
    upsert(connection, ratings, [row(1, rating=2.0)])
    stored = rating_rows(connection, "rating", "rated_at", "diary_entry_url", "favorite")
    assert stored == {1: (2.0, MONDAY, "/ann/1", True)}


@pytest.mark.usefixtures("ann")
def test_columns_that_go_along_make_no_difference_but_are_set_with_one(connection: sa.Connection) -> None:
    along = {"first_seen_at": as_stored, "updated_at": offered}
    later = {"first_seen_at": MONDAY + DAY, "updated_at": MONDAY + DAY}
    assert changes(connection, row(1, rating=3.0), along=along) == 1
    assert changes(connection, row(1, rating=3.0) | later, along=along) == 0
    assert rating_rows(connection, "updated_at") == {1: MONDAY}
    assert changes(connection, row(1, rating=4.0) | later, along=along) == 1
    assert rating_rows(connection, "first_seen_at", "updated_at") == {1: (MONDAY, MONDAY + DAY)}


@pytest.mark.usefixtures("ann")
def test_moments_that_differ_between_rows_are_stored_as_those_that_do_not(connection: sa.Connection) -> None:
    elsewhere = MONDAY.astimezone(timezone(timedelta(hours=-7))) + timedelta(microseconds=5)
    rows = [row(1, rating=1.0, rated_at=elsewhere), row(2, rating=1.0, rated_at=MONDAY)]
    upsert(connection, ratings, [*rows, row(3, rating=1.0, rated_at=None)])
    expected = {1: MONDAY + timedelta(microseconds=5), 2: MONDAY, 3: None}
    assert rating_rows(connection, "rated_at") == expected
    # Compared as texts by SQLite: one form for all.
    assert changes(connection, *({"rated_at": expected[r["film_id"]]} | r for r in rows)) == 0
    texts = connection.exec_driver_sql(
        "SELECT DISTINCT length(rated_at) FROM ratings WHERE rated_at NOT NULL"
    )
    assert texts.scalars().all() == [26]


def test_the_key_may_be_another_than_the_primary_one(connection: sa.Connection) -> None:
    new = {"letterboxd_username": "ann", "display_name": "Ann", "created_at": MONDAY}
    upsert(connection, users, [new], key=["letterboxd_username"])
    upsert(connection, users, [new | {"display_name": "Anna"}], key=["letterboxd_username"])
    assert connection.execute(sa.select(users.c.id, users.c.display_name)).all() == [(1, "Anna")]


def test_bytes_and_documents_are_stored_as_they_are(connection: sa.Connection) -> None:
    upsert(connection, robots_txt, [{"url": "/robots.txt", "body": b"\xff\x00", "read_at": MONDAY}])
    assert connection.scalar(sa.select(robots_txt.c.body)) == b"\xff\x00"
    add_user(connection, "ann", id=1)
    state = {"user_id": 1, "page": 1, "status": "reading", "updated_at": MONDAY}
    rows = [state | {"listing": name, "seen": seen} for name, seen in (("a", [1, 2]), ("b", {"c": "é"}))]
    upsert(connection, user_scrape_state, rows)
    stored = connection.execute(sa.select(user_scrape_state.c.listing, user_scrape_state.c.seen))
    assert {row.listing: row.seen for row in stored} == {"a": [1, 2], "b": {"c": "é"}}


def test_only_what_is_missing_is_inserted_and_returned(connection: sa.Connection) -> None:
    add_film(connection, "alien", id=7, letterboxd_film_id=1)
    rows = [
        {"slug": "alien", "title": "Other", "letterboxd_film_id": 2},
        {"slug": "aliens", "title": "Other", "letterboxd_film_id": 1},
        {"slug": "brazil", "title": "Brazil", "letterboxd_film_id": 3},
    ]
    assert [tuple(new) for new in insert_missing(connection, films, rows, "slug", "id")] == [("brazil", 8)]
    assert connection.scalars(sa.select(films.c.title).order_by("id")).all() == ["Alien", "Brazil"]
    (new,) = insert_missing(connection, genres, [{"name": "Noir"}])
    assert tuple(new) == (1,)


def test_half_a_surrogate_pair_is_refused(connection: sa.Connection) -> None:
    rows = [{"slug": slug, "title": "\ud83c"} for slug in "ab"]
    with pytest.raises(UnicodeEncodeError):
        insert_missing(connection, films, rows)


def test_a_column_is_compared_with_a_list_of_any_length(connection: sa.Connection) -> None:
    for slug in ("a", "b", 'c"'):
        add_film(connection, slug)
    query = sa.select(films.c.slug).where(in_list("sqlite", films.c.slug)).order_by(films.c.slug)
    many = [str(number) for number in range(40_000)]
    assert connection.scalars(query, as_list(["b", 'c"', *many])).all() == ["b", 'c"']
    assert connection.scalars(query, as_list([])).all() == []


@on_postgresql
def test_on_postgresql_too(engine: sa.Engine) -> None:
    """The statements are others there: each is tried once."""
    with engine.begin() as connection:
        add_user(connection, "ann", id=1)
        ids = [add_film(connection, slug) for slug in "abc"]
        rows = [
            row(film, rating=stars, liked=stars == 1.5, rated_at=at)
            for film, stars, at in zip(ids, (0.5, 1.5, 5.0), (MONDAY, None, MONDAY + DAY), strict=True)
        ]
        for _ in range(2):
            upsert(connection, ratings, rows, along={"updated_at": offered, "first_seen_at": as_stored})
        stored = rating_rows(connection, "rating", "liked", "rated_at")
        assert stored == {one["film_id"]: (one["rating"], one["liked"], one["rated_at"]) for one in rows}
        query = sa.select(films.c.slug).where(in_list("postgresql", films.c.id)).order_by("id")
        assert connection.scalars(query, as_list(ids[1:])).all() == ["b", "c"]
        assert len(insert_missing(connection, films, [{"slug": s, "title": s} for s in "cde"])) == 2
        state = {"user_id": 1, "page": 1, "status": "reading", "updated_at": MONDAY, "seen": [1]}
        upsert(connection, user_scrape_state, [state | {"listing": "a"}, state | {"listing": "b"}])
        assert connection.scalars(sa.select(user_scrape_state.c.seen)).all() == [[1], [1]]
