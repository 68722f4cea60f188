"""What is news of a circle, and what is none."""

from datetime import timedelta

import sqlalchemy as sa

from letterboxd_scraper.store.members import cohorts, forgetting, naming
from letterboxd_scraper.store.schema import (
    former_members,
    former_ratings,
    ranking_history,
    ratings,
    users,
    watchlist,
)
from ranking.news.model import News
from ranking.news.read import read
from ranking.news.reader import reader
from ranking.news.telling import Telling
from tests.conftest import on_both
from tests.ranking.news.newsworthy import TUESDAY, begin, ids, rank, say
from tests.store.rows import DAY, HOUR, MONDAY, add_film, add_user


def told(engine: sa.Engine, *, for_member: str | None = None, names: bool = True) -> News:
    """Return what is new since Monday, as of Tuesday."""
    with engine.connect() as connection:
        cohort = cohorts.find(connection, "friends")
        called = naming.of_cohort(connection, cohort, names=names)
        somebody = reader(connection, cohort, for_member, TUESDAY) if for_member else None
        return read(Telling(connection, cohort, "https://l", called, names, somebody), MONDAY, TUESDAY)


def loved(engine: sa.Engine) -> dict[str | None, list[str] | None]:
    return {film.slug: film.members for film in told(engine).loved}


def add_films(engine: sa.Engine, *slugs: str) -> None:
    with engine.begin() as connection:
        for slug in slugs:
            add_film(connection, slug)


def remove(engine: sa.Engine, name: str, slug: str) -> None:
    with engine.begin() as connection:
        own = ids(connection, name, slug)
        connection.execute(ratings.delete().where(*(ratings.c[key] == value for key, value in own.items())))


@on_both
def test_who_loves_what_they_did_not_love_is_news(engine: sa.Engine) -> None:
    begin(engine)
    add_films(engine, "stars", "hearts", "favourites", "alone", "lukewarm")
    for name in ("ann", "bob"):
        say(engine, name, "stars", TUESDAY, rating=4.0)
        say(engine, name, "hearts", TUESDAY, liked=True)
        say(engine, name, "favourites", TUESDAY, favorite=True)
        say(engine, name, "lukewarm", TUESDAY, rating=3.5)
        say(engine, name, "film-0", TUESDAY, rating=4.5)  # rated anew
        say(engine, name, "film-1", MONDAY, liked=True, updated_at=TUESDAY)  # its stars stand as they are
    say(engine, "cleo", "alone", TUESDAY, rating=5.0)
    both = ["Ann", "Bob"]
    assert loved(engine) == dict.fromkeys(("stars", "hearts", "favourites", "film-0", "film-1"), both)
    assert all(film.members is None for film in told(engine, names=False).loved)


@on_both
def test_what_was_said_before_is_no_news(engine: sa.Engine) -> None:
    """A first reading, days of long ago, more stars for what was loved, and what came back as it was."""
    begin(engine)
    slugs = ("first-reading", "long-ago", "more-stars", "back-again", "on-the-day", "unloved", "told-late")
    add_films(engine, *slugs)
    for name in ("ann", "bob"):
        say(engine, name, "more-stars", MONDAY - DAY, rating=4.0)
        say(engine, name, "back-again", MONDAY - DAY, rating=4.5)
        say(engine, name, "unloved", MONDAY - DAY, rating=4.5)
        say(engine, name, "told-late", MONDAY - DAY, rating=2.0, rated_at=MONDAY - 400 * DAY)
        say(engine, name, "film-0", MONDAY - DAY, rated_at=MONDAY - 400 * DAY)
    rank(engine, MONDAY)
    for name in ("ann", "bob"):
        say(engine, name, "first-reading", TUESDAY, rating=5.0, seen_after=None)
        say(engine, name, "long-ago", TUESDAY, rating=5.0, rated_at=MONDAY - 400 * DAY)
        say(engine, name, "more-stars", TUESDAY, rating=5.0)
        remove(engine, name, "back-again")
        say(engine, name, "back-again", TUESDAY, rating=4.5)
        say(engine, name, "unloved", MONDAY + HOUR, rating=1.0)
        say(engine, name, "unloved", TUESDAY, rating=5.0)
        # A file tells of last month. What the site shows anew has no day: the one that stands is of before.
        say(engine, name, "told-late", TUESDAY, rating=5.0, rated_at=MONDAY - 30 * DAY)
        say(engine, name, "film-0", TUESDAY, rating=5.0)
        # Monday's rating may have been made after Monday's crawl.
        day = MONDAY.replace(hour=0)
        say(engine, name, "on-the-day", TUESDAY, rating=5.0, rated_at=day, seen_after=None)
    both = ["Ann", "Bob"]
    assert loved(engine) == {"on-the-day": both, "film-0": both}


@on_both
def test_the_first_ratings_of_films_on_a_watchlist_are_told_to_whose_it_is(engine: sa.Engine) -> None:
    begin(engine)
    add_films(engine, "first", "second", "own", "anew", "undated")
    with engine.begin() as connection:
        for slug in ("first", "second", "own", "anew", "undated"):
            connection.execute(watchlist.insert().values(ids(connection, "ann", slug) | {"as_of": MONDAY}))
    say(engine, "bob", "second", MONDAY - DAY, rating=2.0)
    say(engine, "bob", "anew", MONDAY - DAY, rating=2.0)
    rank(engine, MONDAY)
    say(engine, "bob", "first", TUESDAY, rating=3.0)
    say(engine, "cleo", "first", TUESDAY, rating=1.5)
    say(engine, "cleo", "second", TUESDAY, rating=3.0)
    say(engine, "ann", "own", TUESDAY, rating=3.0)
    say(engine, "bob", "anew", TUESDAY, rating=3.0)
    say(engine, "cleo", "undated", TUESDAY, rating=3.0, seen_after=None)
    news = told(engine, for_member="ann")
    assert news.first_rated is not None
    assert [(film.slug, film.stars, film.members) for film in news.first_rated] == [
        ("first", [3.0, 1.5], ["Bob", "Cleo"])
    ]
    assert told(engine, for_member="bob").first_rated is None
    assert "the watchlist of bob is not known" in told(engine, for_member="bob").remarks[0]


@on_both
def test_who_came_and_went_is_counted_and_named_as_they_wish(engine: sa.Engine) -> None:
    begin(engine)

    def belong(at: timedelta, *names: str) -> None:
        with engine.begin() as connection:
            cohorts.make_from_names(connection, "friends", names, MONDAY + at)

    with engine.begin() as connection:
        for name in ("dora", "emil"):
            add_user(connection, name, display_name=name.title())
        friends = cohorts.find(connection, "friends").id
        naming.set_shows_name(connection, friends, ids(connection, "bob", "film-0")["user_id"], False)
    belong(HOUR, "ann", "dora", "emil")
    belong(2 * HOUR, "ann", "dora", "cleo")  # one comes back, one was there for an hour
    news = told(engine)
    assert (news.joined, news.joined_members) == (1, ["Dora"])
    assert (news.left, news.left_members) == (1, [])  # who did not wish to be named
    news = told(engine, names=False)
    assert (news.joined, news.joined_members, news.left, news.left_members) == (1, None, 1, None)


@on_both
def test_films_rise_and_fall_by_a_third(engine: sa.Engine) -> None:
    begin(engine)
    for name in ("ann", "bob", "cleo"):
        say(engine, name, "film-5", TUESDAY, rating=5.0)
        say(engine, name, "film-0", TUESDAY, rating=0.5)
    rank(engine, TUESDAY)
    news = told(engine)
    assert [(film.slug, film.before, film.rank) for film in news.risen] == [("film-5", 6, 1)]
    assert [(film.slug, film.before, film.rank) for film in news.fallen] == [("film-0", 1, 6)]


@on_both
def test_nothing_is_left_of_who_is_forgotten(engine: sa.Engine) -> None:
    """Neither what they said before, nor rankings that they had a part in, nor that they were members."""
    begin(engine)
    for name in ("ann", "bob"):
        say(engine, name, "film-0", TUESDAY, rating=5.0)
    with engine.begin() as connection:
        cohorts.make_from_names(connection, "friends", ["bob", "cleo"], TUESDAY)
        bob = ids(connection, "bob", "film-0")["user_id"]
        forgetting.forget(connection, "ann", TUESDAY)
        assert set(connection.scalars(sa.select(former_ratings.c.user_id))) == {bob}
        for table in (former_members, ranking_history):
            assert connection.scalar(sa.select(sa.func.count()).select_from(table)) == 0
        # No number is given twice: it would seem older than a ranking that was kept before.
        last = connection.scalar(sa.select(sa.func.max(former_ratings.c.id))) or 0
        connection.execute(former_ratings.delete())
    say(engine, "cleo", "film-0", TUESDAY, rating=5.0)
    with engine.begin() as connection:
        assert (connection.scalar(sa.select(former_ratings.c.id)) or 0) > last
        connection.execute(users.delete().where(users.c.letterboxd_username == "cleo"))
        assert connection.scalar(sa.select(sa.func.count()).select_from(former_ratings)) == 0
