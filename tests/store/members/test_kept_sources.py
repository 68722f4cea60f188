"""Sources are kept and taken over again: what counts is when they were made, not when they came."""

from dataclasses import replace
from datetime import timedelta, timezone
from itertools import permutations
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.items.members import Profile
from letterboxd_scraper.items.sources import DatedFilm, NamedFilm, RatedFilm, Snapshot
from letterboxd_scraper.items.tasks import FeedStart, Provenance
from letterboxd_scraper.store.members import feeds, forgetting, sources
from letterboxd_scraper.store.members.renaming import note_renaming
from letterboxd_scraper.store.merge import merge_films
from letterboxd_scraper.store.save import save_sources
from letterboxd_scraper.store.schema import films, member_sources, ratings, users, watched
from tests.store.rows import DAY, add_film, add_rating, add_user, rating_rows
from tests.store.told import (
    IMPORTED,
    MIDNIGHT,
    URL,
    X,
    Y,
    at,
    diary,
    entry,
    in_all_orders,
    rated,
    read_feed,
    tell,
    the_row,
    viewed,
)


def test_a_source_that_is_kept_already_changes_nothing(connection: sa.Connection) -> None:
    told = [rated(3.0, 1, 1, likes=(X,), watched=(DatedFilm(X),)), diary(2, viewed(3.0, 1))]
    tell(connection, *told)
    driver: Any = connection.connection.dbapi_connection
    before = driver.total_changes
    outcome = save_sources(told, connection, Provenance(IMPORTED.at + DAY))
    assert outcome.new == 0
    assert driver.total_changes == before


def test_a_day_does_not_stay_beside_other_stars(connection: sa.Connection) -> None:
    """Three stars, four, and three again: whatever was read first, the first day is not that of the last."""
    told = [rated(3.0, 9, 9), rated(3.0, 12), rated(4.0, 10)]
    assert in_all_orders(connection, told, "rated_at", "seen_after", "first_seen_at", "updated_at") == {
        (None, at(10), at(12), at(12))
    }


def test_without_a_whole_source_a_rating_was_made_since_another_was_seen(
    connection: sa.Connection,
) -> None:
    told = [rated(3.0, 9, complete=False), rated(4.0, 10, complete=False), rated(3.0, 12, complete=False)]
    assert in_all_orders(connection, told, "rating", "seen_after", "first_seen_at") == {(3.0, at(10), at(12))}


def test_a_viewing_waits_for_the_rating_that_it_dates(connection: sa.Connection) -> None:
    outcome = save_sources([diary(5, viewed(3.0, 2), viewed(None, 1))], connection, IMPORTED)
    assert (outcome.new, outcome.rated, outcome.waiting) == (1, 0, 2)
    assert rating_rows(connection, "rating") == {}
    outcome = save_sources([rated(3.0, 6)], connection, IMPORTED)
    assert (outcome.new, outcome.rated, outcome.waiting) == (1, 1, 0)
    assert the_row(connection, "rated_at", "diary_entry_url") == (MIDNIGHT + 2 * DAY, URL)


def test_the_newest_source_that_tells_an_entry_of_a_diary_is_right(connection: sa.Connection) -> None:
    """The entry was edited, which its day does not show."""
    told = [rated(4.0, 9), diary(5, viewed(3.0, 2)), diary(8, viewed(4.0, 2))]
    assert in_all_orders(connection, told, "rated_at") == {MIDNIGHT + 2 * DAY}


def test_the_link_is_that_of_the_newest_entry_with_stars(connection: sa.Connection) -> None:
    entries = [viewed(4.0, 1, f"{URL}1/"), viewed(3.0, 2, f"{URL}2/"), viewed(None, 3, f"{URL}3/")]
    told = [diary(number, entry) for number, entry in enumerate(entries, start=5)]
    told.append(rated(4.0, 9, links=((X, "https://boxd.it/abc"),)))
    assert in_all_orders(connection, told, "diary_entry_url") == {f"{URL}2/"}


def test_a_list_says_since_when_and_by_what(connection: sa.Connection) -> None:
    def listed(as_of: int, *days: int | None, **more: Any) -> Snapshot:
        films_of = tuple(DatedFilm(X, None if day is None else at(day).date()) for day in days)
        return Snapshot("ada", at(as_of), f"of day {as_of}", watched=films_of, **more)

    told = [listed(2, 1), listed(4), listed(6, None), listed(8, 5, complete=False), listed(9, None)]
    for order in permutations(told):
        with connection.begin_nested() as nested:
            tell(connection, *order)
            row = connection.execute(sa.select(watched.c.since, watched.c.as_of, watched.c.source)).one()
            assert tuple(row) == (MIDNIGHT + 5 * DAY, at(6), "of day 6")
            nested.rollback()


# Feeds


def test_what_was_edited_in_a_feed_is_so_since_it_was_read_before(connection: sa.Connection) -> None:
    read_feed(connection, 2, entry(1, at(1), 3.0))
    assert the_row(connection, "rating", "rated_at", "updated_at") == (3.0, MIDNIGHT + DAY, at(1))
    read_feed(connection, 4, entry(1, at(1), 4.0))
    columns = ("rating", "rated_at", "seen_after", "first_seen_at")
    assert the_row(connection, *columns) == (4.0, MIDNIGHT + DAY, at(1), at(2))
    # An archive that was made before the edit knows nothing of it; one that was made later may know better.
    tell(connection, rated(3.0, 1))
    assert the_row(connection, "rating") == 4.0
    tell(connection, rated(2.0, 3))
    assert the_row(connection, "rating") == 2.0
    assert connection.scalar(sa.select(sa.func.count()).where(member_sources.c.kind == "feed")) == 1


def test_an_edited_entry_says_nothing_of_a_film_that_has_a_newer_one(connection: sa.Connection) -> None:
    read_feed(connection, 4, entry(2, at(3), 4.0, 3), entry(1, at(1), 3.0))
    read_feed(connection, 6, entry(2, at(3), 4.0, 3), entry(1, at(1), 1.0))
    assert the_row(connection, "rating", "rated_at", "diary_entry_url") == (
        4.0,
        MIDNIGHT + 3 * DAY,
        f"{URL}2/",
    )


def test_a_kept_feed_is_not_read_anew_after_an_archive(connection: sa.Connection) -> None:
    read_feed(connection, 2, entry(1, at(1), 3.0))
    tell(connection, rated(3.0, 5))
    (start,) = feeds.due(connection, None, "ada")
    assert (start.marks, start.read_at) == ({"1": f"{at(1).date()} 3.0 None"}, at(2))
    # One that was read before feeds were kept is.
    connection.execute(member_sources.delete().where(member_sources.c.kind == "feed"))
    assert feeds.due(connection, None, "ada") == [FeedStart("ada")]


def test_what_an_entry_publishes_in_the_future_is_as_of_now(connection: sa.Connection) -> None:
    read_feed(connection, 2, entry(1, at(9), 3.0))
    assert the_row(connection, "first_seen_at", "updated_at") == (at(2), at(2))


def test_what_is_stored_from_before_sources_were_kept_is_added_to(connection: sa.Connection) -> None:
    ada = add_user(connection, "ada")
    add_rating(connection, ada, add_film(connection, "y"), rating=1.0)
    tell(connection, rated(3.0, 9, complete=False))
    assert sorted(row for row in rating_rows(connection, "rating").values()) == [1.0, 3.0]
    assert connection.scalar(sa.select(users.c.sources_folded)) is None
    tell(connection, rated(4.0, 10, complete=False))
    assert sorted(row for row in rating_rows(connection, "rating").values()) == [1.0, 4.0]


# Members and films that turn out to be the same


def test_forgotten_sources_are_gone(connection: sa.Connection) -> None:
    tell(connection, rated(3.0, 9))
    forgetting.forget(connection, "ada", IMPORTED.at)
    assert connection.execute(sa.select(member_sources)).all() == []
    tell(connection, rated(3.0, 9))
    assert connection.execute(sa.select(member_sources)).all() == []


ANEW = Profile("ada_anew", "Ada", None, "aDa", 0, 0, 0, (), 0, None)


def of_users(connection: sa.Connection) -> dict[str, bool | None]:
    """Return whether what is stored of members follows from their sources, by name."""
    query = sa.select(users.c.letterboxd_username, users.c.sources_folded)
    return {row[0]: row[1] for row in connection.execute(query)}


def test_sources_of_both_names_are_one_members(memory: sa.Engine) -> None:
    """Under the old name the newer archive was imported, and a feed was read under each."""
    with memory.begin() as connection:
        tell(connection, rated(4.0, 12, 11))
        read_feed(connection, 13, entry(1, at(11), 4.0, 11))
        connection.execute(users.update().values(letterboxd_lid="aDa"))
        tell(connection, rated(3.0, 9, 4, member="ada_anew"))
        read_feed(connection, 15, entry(2, at(14), 2.0, 14), member="ada_anew")
        note_renaming(connection, ANEW, at(20))
        assert of_users(connection) == {"ada_anew": False}
    sources.fold_stale(memory)
    with memory.begin() as connection:
        assert of_users(connection) == {"ada_anew": True}
        assert the_row(connection, "rating", "seen_after") == (2.0, at(12))
        read_feed(connection, 21, entry(2, at(14), 2.0, 14), member="ada_anew")
        kinds = connection.scalars(sa.select(member_sources.c.kind)).all()
        assert sorted(kinds) == ["feed", "snapshot", "snapshot"]


def test_what_is_told_of_two_films_is_told_anew_when_they_are_one(memory: sa.Engine) -> None:
    """An old archive knows a slug, and a newer one a code."""
    by_slug, by_code = NamedFilm("X", 1999, slug="x"), NamedFilm("X: Anew", 1999, "xX")
    with memory.begin() as connection:
        tell(connection, rated(4.0, 9, ratings=(RatedFilm(by_code, 4.0),)))
        tell(connection, rated(3.0, 8, ratings=(RatedFilm(by_slug, 3.0),)))
        tell(connection, rated(2.0, 8, ratings=(RatedFilm(by_slug, 2.0),), member="ben"))
        tell(connection, rated(2.0, 8, ratings=(RatedFilm(Y, 2.0),), member="cleo"))
        slug, code = (
            connection.scalar(sa.select(films.c.id).where(films.c.title == title)) or 0
            for title in ("X", "X: Anew")
        )
        merge_films(connection, slug, code)
        assert of_users(connection) == {"ada": False, "ben": False, "cleo": True}
    sources.fold_stale(memory)
    with memory.begin() as connection:
        assert of_users(connection) == {"ada": True, "ben": True, "cleo": True}
        query = sa.select(ratings.c.rating, ratings.c.seen_after).join(users)
        row = connection.execute(query.where(users.c.letterboxd_username == "ada")).one()
        assert tuple(row) == (4.0, at(8))


def test_a_film_that_nobody_knows_yet_is_found_when_it_is_named(memory: sa.Engine) -> None:
    favourite = NamedFilm("", None, "xX")
    with memory.begin() as connection:
        tell(connection, Snapshot("ada", at(1), "archive", favourites=(favourite,)))
        tell(connection, rated(2.0, 8, member="ben"))
    sources.fold_stale(memory)
    with memory.begin() as connection:
        query = sa.select(ratings.c.favorite).join(users).where(users.c.letterboxd_username == "ada")
        assert connection.scalars(query).all() == [True]


def test_a_moment_in_another_zone_is_the_same_source(connection: sa.Connection) -> None:
    source = rated(3.0, 9)
    zone = timezone(timedelta(hours=13))
    tell(connection, source, replace(source, as_of=source.as_of.astimezone(zone)))
    assert connection.scalar(sa.select(sa.func.count()).select_from(member_sources)) == 1
