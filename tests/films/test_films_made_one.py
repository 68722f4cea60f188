"""A film that got another slug, or that the site made one with another, keeps its ratings."""

from dataclasses import replace

import sqlalchemy as sa

from letterboxd_scraper.items.films import Director, Film, FilmGone, FilmHistogram, Histogram, TmdbLink
from letterboxd_scraper.store.films import enrichment
from letterboxd_scraper.store.schema import film_countries, films, ratings, users
from tests.films.ordet import DETAILS, LINK, NOW, ORDET, PAGE, facts, keep, names_of, row


def test_a_merged_film_is_all_one_or_all_the_other(engine: sa.Engine) -> None:
    series = TmdbLink("tv", 7, 2)
    double = Film("ordet-1", "Ordet", 1955, 2002)
    keep(engine, facts(replace(PAGE, link=None), None, link=None), FilmGone(ORDET))
    keep(engine, facts(replace(PAGE, film=double, link=series), link=series, asked=double))
    keep(engine, facts(replace(PAGE, link=None), None, link=None, asked=double))  # led to the other
    stored = row(engine)
    assert enrichment.link_of(stored) == series
    assert (stored.release_date, stored.gone_at) == (DETAILS.release_date, None)
    assert names_of(engine) == [("Carl Theodor Dreyer", "carl-theodor-dreyer", 9318)]
    with engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(film_countries)) == 2


def test_a_film_on_tmdb_keeps_its_own_when_merged(complete: sa.Engine) -> None:
    double = Film("ordet-1", "Ordet", 1955, 2002)
    link = TmdbLink("tv", 7, 2)
    director = (Director("Ida", None, 77),)
    keep(complete, facts(replace(PAGE, film=double, link=link), link=link, asked=double, directors=director))
    keep(complete, facts(asked=double))
    assert enrichment.link_of(row(complete)) == LINK
    assert row(complete).tmdb_season_number is None
    assert names_of(complete) == [("Carl Theodor Dreyer", "carl-theodor-dreyer", 9318)]


def rate(engine: sa.Engine, slug: str, stars: float, name: str = "ann") -> None:
    with engine.begin() as connection:
        stored = connection.scalar(sa.select(users.c.id).where(users.c.letterboxd_username == name))
        if stored is None:
            added = users.insert().values(letterboxd_username=name, created_at=NOW).returning(users.c.id)
            stored = connection.scalar(added)
        film = connection.scalar(sa.select(films.c.id).where(films.c.slug == slug))
        marks = {"rating": stars, "first_seen_at": NOW, "updated_at": NOW}
        connection.execute(ratings.insert().values(marks | {"user_id": stored, "film_id": film}))


def test_a_renamed_film_keeps_its_ratings(complete: sa.Engine) -> None:
    rate(complete, "ordet", 4.5)
    new = replace(ORDET, slug="the-word")
    keep(complete, facts(replace(PAGE, film=new)))
    assert row(complete, "the-word").letterboxd_film_id == 1001
    with complete.connect() as connection:
        assert connection.scalar(sa.select(ratings.c.rating)) == 4.5
        assert connection.scalar(sa.select(sa.func.count()).select_from(films)) == 1


def test_a_film_known_by_its_old_slug_alone_is_the_same(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(films.insert().values(slug="the-word-1955", title="The Word"))
    rate(engine, "the-word-1955", 4.5)
    keep(engine, facts(asked=Film("the-word-1955", "The Word")))
    with engine.connect() as connection:
        assert connection.execute(sa.select(films.c.slug, films.c.letterboxd_film_id)).all() == [
            ("ordet", 1001)
        ]
        assert connection.scalar(sa.select(ratings.c.rating)) == 4.5


def test_films_that_the_site_made_one_are_one(complete: sa.Engine) -> None:
    double = Film("ordet-1", "Ordet", 1955, 2002)
    keep(complete, facts(replace(PAGE, film=double), asked=double))
    rate(complete, "ordet", 4.5)
    rate(complete, "ordet-1", 3.0, "bo")
    keep(complete, facts(asked=double))  # its address leads to the other by now
    with complete.connect() as connection:
        assert connection.scalars(sa.select(films.c.slug)).all() == ["ordet"]
        assert set(connection.scalars(sa.select(ratings.c.rating))) == {4.5, 3.0}


def test_a_slug_that_went_to_another_film_takes_no_ratings_along(complete: sa.Engine) -> None:
    rate(complete, "ordet", 4.5)
    other = Film("ordet", "Ordet", 2027, 3003)
    keep(complete, facts(replace(PAGE, film=other), asked=ORDET))
    with complete.connect() as connection:
        query = sa.select(films.c.letterboxd_film_id).join(ratings, ratings.c.film_id == films.c.id)
        assert connection.scalar(query) == 1001
    assert row(complete).letterboxd_film_id == 3003


def test_what_became_part_of_another_meanwhile_is_left_alone(complete: sa.Engine) -> None:
    gone = Film("vampyr", "Vampyr", 1932, 1003)
    keep(complete, facts(page=None, asked=gone, directors=()), FilmHistogram(gone, Histogram((1,) * 10)))
    with complete.connect() as connection:
        assert connection.scalars(sa.select(films.c.slug)).all() == ["ordet"]
