"""Hearts, favourites and watchlists beside the films of a ranking, on both databases."""

from collections import Counter
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from letterboxd_scraper.store import statistics
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.schema import cohort_members, films, ratings, users, watchlist
from ranking.choices.filters import Choices
from ranking.compute import compute
from ranking.explain import explain
from ranking.marks import marks_in_words
from ranking.results import RankedFilm, ranking
from ranking.strategies import STRATEGIES

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
Marks = dict[int, tuple[int, int, int]]


@pytest.fixture
def engine(crawled_engine: sa.Engine) -> sa.Engine:
    """The crawled circle, ranked, and somebody outside: a film of four is on three watchlists."""
    with crawled_engine.begin() as connection:
        outsider = {"id": 9999, "letterboxd_username": "outsider", "created_at": NOW}
        connection.execute(users.insert().values(outsider))
        three = connection.scalars(sa.select(cohort_members.c.user_id).limit(3)).all()
        some = connection.scalars(sa.select(films.c.id).where(films.c.id % 4 == 0)).all()
        of_members = [{"user_id": user, "film_id": film} for user in (*three, 9999) for film in some]
        connection.execute(watchlist.insert(), of_members)
        mark = {"user_id": 9999, "liked": True, "favorite": True, "first_seen_at": NOW, "updated_at": NOW}
        connection.execute(ratings.insert(), [mark | {"film_id": film} for film in some])
    statistics.refresh(crawled_engine, NOW)
    compute(crawled_engine, friends(crawled_engine), STRATEGIES["bayesian"], {"min_votes": 1}, NOW)
    return crawled_engine


def friends(engine: sa.Engine) -> Cohort:
    with engine.connect() as connection:
        return cohorts.find(connection, "friends")


def counted(engine: sa.Engine, without: str | None = None) -> Marks:
    """Count in Python what members of the circle have marked."""
    c, r, w = cohort_members.c, ratings.c, watchlist.c
    members = sa.select(c.user_id).join(users).where(c.cohort_id == friends(engine).id)
    members = members if without is None else members.where(users.c.letterboxd_username != without)
    with engine.connect() as connection:
        circle = set(connection.scalars(members))
        own = connection.execute(sa.select(r.user_id, r.film_id, r.liked, r.favorite)).all()
        listed = connection.execute(sa.select(w.user_id, w.film_id)).all()
    liked = Counter(film for user, film, heart, _ in own if heart and user in circle)
    favorites = Counter(film for user, film, _, favorite in own if favorite and user in circle)
    watchlisted = Counter(film for user, film in listed if user in circle)
    every = {film for _, film, *_ in own} | {film for _, film in listed}
    return {film: (liked[film], favorites[film], watchlisted[film]) for film in every}


def films_ranked(
    engine: sa.Engine, *, limit: int | None = None, offset: int = 0, without: str | None = None
) -> list[RankedFilm]:
    with engine.connect().execution_options(reading=True) as connection:
        choices = Choices(without=without)
        return ranking(connection, friends(engine), "bayesian", limit=limit, offset=offset, choices=choices)


def marks_of(ranked: list[RankedFilm]) -> Marks:
    return {film.film_id: (film.liked, film.favorites, film.wanted) for film in ranked}


def test_each_film_of_a_ranking_has_the_marks_of_the_circle(engine: sa.Engine) -> None:
    ranked, expected = films_ranked(engine), counted(engine)
    assert marks_of(ranked) == {film.film_id: expected[film.film_id] for film in ranked}
    assert any(film.liked for film in ranked)
    assert any(film.favorites for film in ranked)
    assert {film.wanted for film in ranked} == {0, 3}
    assert [film.rank for film in ranked] == sorted(film.rank for film in ranked)
    # A page has the marks of its own films, in the same order.
    assert films_ranked(engine, limit=7, offset=5) == ranked[5:12]


def test_those_of_a_member_who_is_left_out_do_not_count(engine: sa.Engine) -> None:
    ranked, expected = films_ranked(engine, without="kip"), counted(engine, "kip")
    assert marks_of(ranked) == {film.film_id: expected[film.film_id] for film in ranked}
    assert counted(engine, "kip") != counted(engine)


def test_a_film_that_is_explained_has_the_same(engine: sa.Engine) -> None:
    film = max(films_ranked(engine), key=lambda film: (film.liked, film.wanted))
    with engine.connect() as connection:
        explained = explain(connection, friends(engine), str(film.slug), "https://letterboxd.com")
    assert (explained.liked, explained.favorites, explained.wanted) == marks_of([film])[film.film_id]
    assert explained.tables()[0][1][0][-1] == marks_in_words(film.liked, film.favorites, film.wanted)
