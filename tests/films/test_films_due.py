"""About which films something is to be found out, and when: on both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from letterboxd_scraper.items.films import Director, DirectorPage, Film, FilmGone, FilmHistogram, Histogram
from letterboxd_scraper.items.members import Failure
from letterboxd_scraper.items.tasks import FilmStart
from letterboxd_scraper.store.films import enrichment
from letterboxd_scraper.store.schema import film_people, films, people, ratings, scrape_failures, users
from tests.conftest import on_sqlite
from tests.films.ordet import (
    DETAILS,
    DREYER,
    LINK,
    NOW,
    ORDET,
    PAGE,
    WANTED,
    change,
    due,
    facts,
    keep,
    needs,
    row,
)
from tests.films.test_directors import director_page


def test_a_complete_film_needs_nothing(complete: sa.Engine) -> None:
    assert not needs(complete)
    assert due(complete) is None


@pytest.mark.parametrize("missing", ["tmdb_id", "poster_url", "overview", "release_year"])
@on_sqlite
def test_a_film_needs_what_is_missing(complete: sa.Engine, missing: str) -> None:
    change(complete, **{missing: None})
    assert needs(complete)
    start = due(complete)
    assert start
    assert (start.page, start.histogram) == (True, False)


@pytest.mark.parametrize("lacks", ["director", "number"])
@on_sqlite
def test_a_film_needs_a_director_whom_tmdb_knows(complete: sa.Engine, lacks: str) -> None:
    with complete.begin() as connection:
        if lacks == "director":
            connection.execute(film_people.update().values(role="actor"))
        else:
            connection.execute(people.update().values(tmdb_id=None))
    assert needs(complete)
    assert due(complete)


@on_sqlite
def test_without_tmdb_a_directors_number_is_not_looked_for(engine: sa.Engine) -> None:
    keep(engine, facts(details=None))
    assert needs(engine)
    assert due(engine, replace(WANTED, tmdb=False)) is None
    assert due(engine)  # never asked: as soon as there is a key


def test_what_tmdb_told_half_a_year_ago_is_asked_anew(complete: sa.Engine) -> None:
    change(complete, tmdb_synced_at=NOW - timedelta(days=178))
    assert due(complete) is None
    change(complete, tmdb_synced_at=NOW - timedelta(days=180))
    director = replace(DREYER, slug="carl-theodor-dreyer")
    start = FilmStart(ORDET, False, refresh=True, link=LINK, directors=(director,), imdb_id="tt0048452")
    assert due(complete) == start
    assert due(complete, replace(WANTED, tmdb=False)) is None


def test_histograms_are_read_where_asked_for_and_old(complete: sa.Engine) -> None:
    choices = replace(WANTED, histograms=True)
    start = due(complete, choices)
    assert start
    assert (start.page, start.refresh, start.histogram) == (False, False, True)
    keep(complete, FilmHistogram(ORDET, Histogram((1,) * 10)), at=NOW - timedelta(days=89))
    assert due(complete, choices) is None
    keep(complete, FilmHistogram(ORDET, Histogram((1,) * 10)), at=NOW - timedelta(days=91))
    assert due(complete, choices)


@on_sqlite
def test_by_force_everything_is_read(complete: sa.Engine) -> None:
    start = due(complete, replace(WANTED, force=True, histograms=True))
    assert start
    assert (start.page, start.histogram) == (True, True)


def test_a_film_that_cannot_be_completed_waits_longer_each_time(engine: sa.Engine) -> None:
    at, waits = NOW, []
    for _ in range(8):
        keep(engine, facts(replace(PAGE, link=None), None, link=None), at=at)
        keep(engine, director_page("carl-theodor-dreyer", None), at=at)
        waits.append((row(engine).enrich_after - at).days)
        assert due(engine, replace(WANTED, at=at + timedelta(hours=23))) is None
        at = row(engine).enrich_after
        assert due(engine, replace(WANTED, at=at))
    assert waits == [1, 2, 4, 8, 16, 30, 30, 30]
    assert row(engine).enrich_attempts == 8
    keep(engine, facts(), at=at)
    assert (row(engine).enrich_attempts, row(engine).enrich_after) == (0, None)


@on_sqlite
def test_who_names_a_film_does_not_wait(engine: sa.Engine) -> None:
    keep(engine, facts(replace(PAGE, link=None), None, link=None))
    with engine.connect() as connection:
        for name in ("ordet", "https://boxd.it/oRd", "film:1001", "https://letterboxd.com/film/ordet/"):
            (start,) = enrichment.due(connection, None, name, WANTED)
            assert start.film.slug == "ordet"
        assert not enrichment.due(connection, None, "vampyr", WANTED)


@pytest.mark.parametrize(("stage", "does"), [("film", "page"), ("tmdb", "refresh")])
def test_what_failed_is_tried_again_at_once_and_then_waits(
    complete: sa.Engine, stage: str, does: str
) -> None:
    failure = Failure(stage, "http://localhost/film/ordet/", "status 500", film="ordet")
    keep(complete, failure)
    start = due(complete)
    assert start
    assert [name for name in ("page", "refresh", "resolve", "histogram") if getattr(start, name)] == [does]
    for days in (1, 2, 4, 8, 16, 30, 30):
        keep(complete, failure)
        assert due(complete, replace(WANTED, at=NOW + timedelta(days=days, minutes=-1))) is None
        assert due(complete, replace(WANTED, at=NOW + timedelta(days=days)))
    keep(complete, facts())
    assert due(complete) is None
    with complete.connect() as connection:
        assert connection.scalar(sa.select(scrape_failures.c.resolved_at)) == NOW


def test_a_directors_page_that_was_not_read_is_asked_for_alone(engine: sa.Engine) -> None:
    keep(
        engine,
        facts(details=replace(DETAILS, directors=(DREYER,)), directors=(DREYER, Director("Ida", "ida"))),
    )
    assert not needs(engine)
    ida = Director("Ida", "ida")
    start = FilmStart(ORDET, False, resolve=True, link=LINK, directors=(ida,), imdb_id="tt0048452")
    assert due(engine) == start
    failure = Failure("director", "http://localhost/director/ida/", "status 500", film="ordet")
    keep(engine, failure, failure)
    assert due(engine) is None
    assert due(engine, replace(WANTED, at=NOW + timedelta(days=1))) == start
    keep(engine, DirectorPage("ida", "http://localhost/director/ida/", None))  # there is none
    assert due(engine, replace(WANTED, at=NOW + timedelta(days=1))) is None


@on_sqlite
def test_what_tmdb_was_not_asked_is_asked_without_the_site(engine: sa.Engine) -> None:
    keep(engine, facts(details=None))
    start = due(engine)
    assert start
    assert (start.page, start.refresh, start.link) == (False, True, LINK)
    assert start.directors == PAGE.directors


@on_sqlite
def test_what_has_failed_does_not_take_the_place_of_others(engine: sa.Engine) -> None:
    for film in (ORDET, Film("vampyr", "Vampyr", 1932, 1003)):
        keep(engine, facts(replace(PAGE, film=film), asked=film, details=None))
    failure = Failure("tmdb", "http://localhost/film/ordet/", "no JSON", film="ordet")
    keep(engine, failure, failure)
    with engine.connect() as connection:
        query, one = sa.select(films), replace(WANTED, limit=1, at=NOW + timedelta(days=1))
        (start,) = enrichment._starts(connection, query, one, [films.c.id], waits=True)
    assert start.film.slug == "vampyr"


def test_a_film_that_has_gone_waits(engine: sa.Engine) -> None:
    keep(engine, facts(details=None), FilmGone(ORDET, not_found=True))
    histograms = replace(WANTED, histograms=True)
    assert (row(engine).gone_at, row(engine).tmdb_not_found, row(engine).tmdb_synced_at) == (NOW, True, NOW)
    keep(engine, director_page("carl-theodor-dreyer", None))
    assert due(engine, histograms) is None
    assert due(engine, replace(histograms, at=NOW + timedelta(days=40)))
    keep(engine, facts())
    assert row(engine).gone_at is None


def test_those_that_most_members_rated_come_first(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        for number, slug in enumerate(("rare", "common", "unrated", "elsewhere")):
            connection.execute(films.insert().values(id=number + 1, slug=slug, title=slug))
        connection.execute(
            sa.text(
                "INSERT INTO cohorts (id, label, definition, created_at, updated_at) VALUES "
                "(1, 'friends', '{}', '2026-01-01', '2026-01-01')"
            )
        )
        for user in (1, 2, 3):
            name = f"member{user}"
            connection.execute(users.insert().values(id=user, letterboxd_username=name, created_at=NOW))
            if user < 3:
                connection.execute(
                    sa.text(
                        "INSERT INTO cohort_members (cohort_id, user_id, depth, followed_at) "
                        f"VALUES (1, {user}, 1, '2026-01-01')"
                    )
                )
        for user, film in ((1, 1), (1, 2), (2, 2), (3, 4)):
            marks = {"rating": 4.0, "first_seen_at": NOW, "updated_at": NOW}
            connection.execute(ratings.insert().values(marks | {"user_id": user, "film_id": film}))
        starts = enrichment.due(connection, 1, None, WANTED)
        assert [one.film.slug for one in starts] == ["common", "rare"]
        assert [one.film.slug for one in enrichment.due(connection, 1, None, replace(WANTED, limit=1))] == [
            "common"
        ]
