"""What is stored of a film: what counts more, its page or TMDB, and what stays."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.items.films import Film, FilmHistogram, FilmPage, Histogram, TmdbDetails, TmdbLink
from letterboxd_scraper.store.films import enrichment
from letterboxd_scraper.store.schema import (
    countries,
    film_countries,
    film_genres,
    film_histograms,
    film_people,
    films,
    genres,
    people,
)
from tests.conftest import on_sqlite
from tests.films.ordet import DETAILS, DREYER, LINK, NOW, ORDET, PAGE, facts, keep, names_of, row


def test_tmdb_counts_more_than_the_page_and_titles_are_the_sites(complete: sa.Engine) -> None:
    stored = row(complete)
    assert (stored.title, stored.release_year, stored.letterboxd_film_id) == ("Ordet", 1955, 1001)
    assert (stored.tmdb_id, stored.tmdb_media_type, stored.imdb_id) == (48035, "movie", "tt0048452")
    assert (stored.tmdb_show_id, stored.tmdb_season_number, stored.tmdb_episode_number) == (None, None, None)
    assert (stored.runtime_minutes, stored.overview, stored.poster_url) == (
        125,
        "By TMDB.",
        DETAILS.poster_url,
    )
    assert (stored.release_date, stored.tmdb_synced_at) == (date(1955, 1, 10), NOW)
    assert (stored.tmdb_not_found, stored.enrich_attempts, stored.enrich_after) == (False, 0, None)
    assert (stored.letterboxd_weighted_average, stored.letterboxd_rating_count) == (4.28, 40_000)
    assert names_of(complete) == [("Carl Theodor Dreyer", "carl-theodor-dreyer", 9318)]
    with complete.connect() as connection:
        assert connection.execute(sa.select(genres.c.tmdb_id, genres.c.name)).all() == [(18, "Drama")]
        assert set(connection.execute(sa.select(countries)).all()) == {
            ("DK", "Danmark"),
            ("FR", "France"),
            ("SU", "SU"),  # until TMDB names it
        }
        assert connection.scalar(sa.select(sa.func.count()).select_from(film_countries)) == 2
        person = connection.execute(sa.select(people)).one()
    assert (person.profile_url, person.known_for_department) == (DREYER.profile_url, "Directing")
    assert person.tmdb_synced_at == NOW


@on_sqlite
def test_a_country_is_called_as_tmdb_calls_it(complete: sa.Engine) -> None:
    other = Film("persona", "Persona", 1966, 1002)
    link = TmdbLink("movie", 797)
    details = replace(DETAILS, countries=("SU",), country_names=(("SU", "Soviet Union"),))
    keep(complete, facts(replace(PAGE, film=other, link=link), details, asked=other, link=link))
    with complete.connect() as connection:
        query = sa.select(countries.c.name).where(countries.c.code == "SU")
        assert connection.scalar(query) == "Soviet Union"


@pytest.mark.parametrize("field", ["runtime_minutes", "poster_url", "overview"])
@on_sqlite
def test_what_tmdb_omits_is_the_pages(engine: sa.Engine, field: str) -> None:
    omitted: dict[str, Any] = {field: None}
    keep(engine, facts(details=replace(DETAILS, **omitted)))
    assert getattr(row(engine), field) == getattr(PAGE, field)


@on_sqlite
def test_what_both_omit_stays(complete: sa.Engine) -> None:
    page = FilmPage(ORDET, LINK, directors=PAGE.directors)
    keep(complete, facts(page, TmdbDetails(directors=DETAILS.directors)))
    stored = row(complete)
    assert (stored.runtime_minutes, stored.overview, stored.imdb_id) == (125, "By TMDB.", "tt0048452")
    assert stored.release_date == date(1955, 1, 10)


@on_sqlite
def test_a_film_that_tmdb_has_no_more_is_as_the_page_says(complete: sa.Engine) -> None:
    keep(complete, facts(details=None, not_found=True))
    stored = row(complete)
    assert (stored.tmdb_not_found, stored.overview, stored.runtime_minutes) == (True, "By the page.", 126)
    assert names_of(complete) == [("Carl Theodor Dreyer", "carl-theodor-dreyer", 9318)]
    keep(complete, facts())
    assert (row(complete).tmdb_not_found, row(complete).overview) == (False, "By TMDB.")


@on_sqlite
def test_what_tmdb_told_stays_when_it_does_not_answer(complete: sa.Engine) -> None:
    keep(complete, facts(details=None))
    stored = row(complete)
    assert (stored.overview, stored.runtime_minutes, stored.tmdb_synced_at) == ("By TMDB.", 125, NOW)
    with complete.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(film_genres)) == 1


def test_another_film_on_tmdb_brings_all_of_its_own(complete: sa.Engine) -> None:
    link = TmdbLink("tv", 48035)  # the same number, of a series
    keep(complete, facts(replace(PAGE, link=link), None, link=link))
    stored = row(complete)
    assert (stored.tmdb_media_type, stored.tmdb_synced_at, stored.overview) == ("tv", None, "By the page.")
    assert stored.release_date is None
    with complete.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(film_countries)) == 0


@pytest.mark.parametrize(
    ("link", "show"),
    [(TmdbLink("tv", 7), None), (TmdbLink("tv", 7, 2), 7), (TmdbLink("tv", 7, 2, 5), 7)],
)
@on_sqlite
def test_parts_of_a_series_are_kept_with_it(engine: sa.Engine, link: TmdbLink, show: int | None) -> None:
    keep(engine, facts(replace(PAGE, link=link), link=link))
    stored = row(engine)
    assert (stored.tmdb_id, stored.tmdb_media_type, stored.tmdb_show_id) == (7, "tv", show)
    assert (stored.tmdb_season_number, stored.tmdb_episode_number) == (link.season, link.episode)
    with engine.connect() as connection:
        assert enrichment.link_of(connection.execute(sa.select(films)).one()) == link


@on_sqlite
def test_a_year_that_the_site_does_not_know_is_tmdbs(engine: sa.Engine) -> None:
    keep(engine, facts(replace(PAGE, film=replace(ORDET, year=None)), asked=replace(ORDET, year=None)))
    assert row(engine).release_year == 1955


def test_reading_it_again_writes_nothing_else(complete: sa.Engine) -> None:
    def everything() -> list[Any]:
        tables = (films, people, film_people, genres, film_genres, countries, film_countries)
        with complete.connect() as connection:
            return [sorted(connection.execute(sa.select(table)).all(), key=str) for table in tables]

    before = everything()
    keep(complete, facts())
    assert everything() == before


# Histograms.


def test_a_histogram_counts_more_than_the_page(complete: sa.Engine) -> None:
    counts = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
    keep(complete, FilmHistogram(ORDET, Histogram(counts, 4.31, 1200)))
    keep(complete, facts())
    stored = row(complete)
    assert (stored.letterboxd_weighted_average, stored.letterboxd_rating_count) == (4.31, 55)
    assert (stored.letterboxd_fan_count, stored.histogram_synced_at) == (1200, NOW)
    query = sa.select(film_histograms.c.bucket_label, film_histograms.c.count, film_histograms.c.cohort_id)
    with complete.connect() as connection:
        levels = connection.execute(query).all()
    assert {level: count for level, count, _ in levels} == {
        str((place + 1) / 2): count for place, count in enumerate(counts)
    }
    assert {cohort for *_, cohort in levels} == {None}
    later = Histogram((0,) * 9 + (3,))
    keep(complete, FilmHistogram(ORDET, later), at=NOW + timedelta(days=100))
    stored = row(complete)
    assert (stored.letterboxd_weighted_average, stored.letterboxd_rating_count) == (None, 3)
    assert stored.letterboxd_fan_count == 1200  # not shown: not known to have changed
    with complete.connect() as connection:
        assert len(connection.execute(query).all()) == 10
