"""About which films something is to be found out, and what is stored when it has been: on both databases."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.items.films import (
    Director,
    DirectorPage,
    Film,
    FilmFacts,
    FilmGone,
    FilmHistogram,
    FilmPage,
    Histogram,
    TmdbDetails,
    TmdbLink,
)
from letterboxd_scraper.items.members import Failure
from letterboxd_scraper.items.tasks import FilmStart, Provenance
from letterboxd_scraper.store.films import enrichment
from letterboxd_scraper.store.films.enrichment import EnrichmentOptions
from letterboxd_scraper.store.save import save
from letterboxd_scraper.store.schema import (
    countries,
    film_countries,
    film_genres,
    film_histograms,
    film_people,
    films,
    genres,
    people,
    ratings,
    scrape_failures,
    users,
)
from tests.conftest import on_sqlite

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
WANTED = EnrichmentOptions(
    NOW, tmdb_before=NOW - timedelta(days=179), histograms_before=NOW - timedelta(days=90)
)

ORDET = Film("ordet", "Ordet", 1955, 1001, "oRd")
LINK = TmdbLink("movie", 48035)
PAGE = FilmPage(
    ORDET,
    LINK,
    imdb_id="tt0048452",
    runtime_minutes=126,
    poster_url="https://a.ltrbxd.com/ordet.jpg",
    overview="By the page.",
    genres=("Drama", "Romance"),
    directors=(Director("Carl Theodor Dreyer", "carl-theodor-dreyer"),),
    average=4.28,
    ratings=40_000,
)
DREYER = Director(
    "Carl Theodor Dreyer", None, 9318, "https://image.tmdb.org/t/p/w185/dreyer.jpg", "Directing"
)
DETAILS = TmdbDetails(
    title="The Word",
    release_date=date(1955, 1, 10),
    runtime_minutes=125,
    poster_url="https://image.tmdb.org/t/p/w500/ordet.jpg",
    overview="By TMDB.",
    countries=("DK", "SU"),
    country_names=(("DK", "Danmark"), ("FR", "France")),
    genres=((18, "Drama"),),
    directors=(DREYER,),
)


def facts(
    page: FilmPage | None = PAGE,
    details: TmdbDetails | None = DETAILS,
    directors: tuple[Director, ...] | None = None,
    *,
    asked: Film = ORDET,
    link: TmdbLink | None = LINK,
    not_found: bool = False,
) -> FilmFacts:
    if directors is None:
        both = replace(DREYER, slug="carl-theodor-dreyer")
        directors = (both,) if details else page.directors if page else ()
    return FilmFacts(asked, link, page, details, not_found, directors)


def keep(engine: sa.Engine, *items: object, at: datetime = NOW) -> None:
    for item in items:
        with engine.begin() as connection:
            save(item, connection, Provenance(at))


def row(engine: sa.Engine, slug: str = "ordet") -> Any:
    with engine.connect() as connection:
        return connection.execute(sa.select(films).where(films.c.slug == slug)).one()


def change(engine: sa.Engine, **values: Any) -> None:
    with engine.begin() as connection:
        connection.execute(films.update().where(films.c.slug == "ordet").values(values))


def due(engine: sa.Engine, wanted: EnrichmentOptions = WANTED, slug: str = "ordet") -> FilmStart | None:
    """What a crawl of its cohort would do about the film: the condition is the same, without who rated it."""
    with engine.connect() as connection:
        query = sa.select(films).where(films.c.slug == slug)
        found = enrichment._starts(connection, query, wanted, [films.c.id], waits=True)
    return next(iter(found), None)


def needs(engine: sa.Engine) -> bool:
    with engine.connect() as connection:
        query = sa.select(films.c.id).where(films.c.slug == "ordet", enrichment.needs_enrichment())
        return connection.scalar(query) is not None


def names_of(engine: sa.Engine, slug: str = "ordet") -> list[tuple[Any, ...]]:
    """Return a film's directors: name, slug, number on TMDB."""
    query = (
        sa.select(people.c.name, people.c.letterboxd_slug, people.c.tmdb_id)
        .join(film_people, film_people.c.person_id == people.c.id)
        .join(films, films.c.id == film_people.c.film_id)
        .where(films.c.slug == slug, film_people.c.role == "director")
        .order_by(film_people.c.credit_order)
    )
    with engine.connect() as connection:
        return [tuple(each) for each in connection.execute(query)]


@pytest.fixture
def complete(engine: sa.Engine) -> sa.Engine:
    keep(engine, facts())
    return engine


# Which films.


def test_a_complete_film_needs_nothing(complete: sa.Engine) -> None:
    assert not needs(complete)
    assert due(complete) is None


@pytest.mark.parametrize("missing", ["tmdb_id", "poster_url", "overview", "release_year"])
@on_sqlite
def test_a_film_needs_what_is_missing(complete: sa.Engine, missing: str) -> None:
    change(complete, **{missing: None})
    assert needs(complete)
    found = due(complete)
    assert found
    assert (found.page, found.histogram) == (True, False)


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
    wanted = FilmStart(ORDET, page=False, refresh=True, link=LINK, directors=(director,))
    assert due(complete) == wanted
    assert due(complete, replace(WANTED, tmdb=False)) is None


def test_histograms_are_read_where_asked_for_and_old(complete: sa.Engine) -> None:
    wanted = replace(WANTED, histograms=True)
    found = due(complete, wanted)
    assert found
    assert (found.page, found.refresh, found.histogram) == (False, False, True)
    keep(complete, FilmHistogram(ORDET, Histogram((1,) * 10)), at=NOW - timedelta(days=89))
    assert due(complete, wanted) is None
    keep(complete, FilmHistogram(ORDET, Histogram((1,) * 10)), at=NOW - timedelta(days=91))
    assert due(complete, wanted)


@on_sqlite
def test_by_force_everything_is_read(complete: sa.Engine) -> None:
    found = due(complete, replace(WANTED, force=True, histograms=True))
    assert found
    assert (found.page, found.histogram) == (True, True)


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
        assert enrichment.due(connection, None, "ordet", WANTED)
        assert not enrichment.due(connection, None, "vampyr", WANTED)


@pytest.mark.parametrize(("stage", "does"), [("film", "page"), ("tmdb", "refresh")])
def test_what_failed_is_tried_again_at_once_and_then_waits(
    complete: sa.Engine, stage: str, does: str
) -> None:
    failure = Failure(stage, "http://localhost/film/ordet/", "status 500", film="ordet")
    keep(complete, failure)
    found = due(complete)
    assert found
    assert [name for name in ("page", "refresh", "resolve", "histogram") if getattr(found, name)] == [does]
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
    wanted = FilmStart(ORDET, page=False, resolve=True, link=LINK, directors=(Director("Ida", "ida"),))
    assert due(engine) == wanted
    failure = Failure("director", "http://localhost/director/ida/", "status 500", film="ordet")
    keep(engine, failure, failure)
    assert due(engine) is None
    assert due(engine, replace(WANTED, at=NOW + timedelta(days=1))) == wanted
    keep(engine, DirectorPage("ida", "http://localhost/director/ida/", None))  # there is none
    assert due(engine, replace(WANTED, at=NOW + timedelta(days=1))) is None


@on_sqlite
def test_what_tmdb_was_not_asked_is_asked_without_the_site(engine: sa.Engine) -> None:
    keep(engine, facts(details=None))
    found = due(engine)
    assert found
    assert (found.page, found.refresh, found.link) == (False, True, LINK)
    assert found.directors == PAGE.directors


@on_sqlite
def test_what_has_failed_does_not_take_the_place_of_others(engine: sa.Engine) -> None:
    for film in (ORDET, Film("vampyr", "Vampyr", 1932, 1003)):
        keep(engine, facts(replace(PAGE, film=film), asked=film, details=None))
    failure = Failure("tmdb", "http://localhost/film/ordet/", "no JSON", film="ordet")
    keep(engine, failure, failure)
    with engine.connect() as connection:
        query, one = sa.select(films), replace(WANTED, limit=1, at=NOW + timedelta(days=1))
        (found,) = enrichment._starts(connection, query, one, [films.c.id], waits=True)
    assert found.film.slug == "vampyr"


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
        found = enrichment.due(connection, 1, None, WANTED)
        assert [each.film.slug for each in found] == ["common", "rare"]
        assert [each.film.slug for each in enrichment.due(connection, 1, None, replace(WANTED, limit=1))] == [
            "common"
        ]


# What is stored.


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
            ("SU", "USSR, Union of Soviet Socialist Republics"),
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


# Directors.


def director_page(slug: str, number: int | None, name: str = "Carl Theodor Dreyer") -> DirectorPage:
    return DirectorPage(slug, f"http://localhost/director/{slug}/", Director(name, slug, number))


def test_a_directors_page_completes_the_films_that_waited_for_it(engine: sa.Engine) -> None:
    other = Film("vampyr", "Vampyr", 1932, 1003)
    for film in (ORDET, other):
        page = replace(PAGE, film=film)
        keep(engine, facts(page, replace(DETAILS, directors=()), PAGE.directors, asked=film))
        assert row(engine, film.slug).enrich_attempts == 1
    keep(engine, director_page("carl-theodor-dreyer", 9318))
    for film in (ORDET, other):
        stored = row(engine, film.slug)
        assert (stored.enrich_attempts, stored.enrich_after) == (0, None)
        assert names_of(engine, film.slug) == [("Carl Theodor Dreyer", "carl-theodor-dreyer", 9318)]


@on_sqlite
def test_a_director_known_by_another_spelling_is_one_person(engine: sa.Engine) -> None:
    korean = Director("Bong Joon Ho", None, 21684, department="Directing")
    site = Director("Bong Joon-ho", "bong-joon-ho")
    keep(engine, facts(directors=(korean, DREYER, site)))
    assert len(names_of(engine)) == 3
    keep(engine, director_page("bong-joon-ho", 21684, "Bong Joon-ho"))
    assert names_of(engine) == [
        ("Bong Joon Ho", "bong-joon-ho", 21684),
        ("Carl Theodor Dreyer", None, 9318),
    ]
    with engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(people)) == 2


@on_sqlite
def test_namesakes_stay_apart(engine: sa.Engine) -> None:
    one, two = Director("John Smith", "john-smith"), Director("John Smith", "john-smith-1")
    keep(engine, facts(details=None, directors=(one, two)))
    keep(engine, director_page("john-smith", 5, "John Smith"), director_page("john-smith-1", 6, "John Smith"))
    assert names_of(engine) == [("John Smith", "john-smith", 5), ("John Smith", "john-smith-1", 6)]


def test_a_name_on_the_site_is_not_taken_from_another(engine: sa.Engine) -> None:
    keep(engine, facts(directors=(Director("Ann", "ann", 5),)))
    other = Film("vampyr", "Vampyr", 1932, 1003)
    keep(engine, facts(replace(PAGE, film=other), directors=(Director("Ann", "ann", 6),), asked=other))
    assert names_of(engine) == [("Ann", "ann", 5)]
    assert names_of(engine, "vampyr") == [("Ann", None, 6)]


def test_a_director_with_a_new_address_is_the_same_person(engine: sa.Engine) -> None:
    keep(engine, facts(details=None, directors=(Director("Ann", "ann"),)))
    page = DirectorPage("ann", "http://localhost/director/ann/", Director("Ann Lee", "ann-lee", 5))
    keep(engine, page)
    assert names_of(engine) == [("Ann Lee", "ann-lee", 5)]


def test_who_did_not_direct_it_after_all_is_taken_away(complete: sa.Engine) -> None:
    keep(complete, facts(directors=(Director("Ida", None, 77),)))
    assert names_of(complete) == [("Ida", None, 77)]
    keep(complete, facts(replace(PAGE, directors=()), replace(DETAILS, directors=()), ()))
    assert names_of(complete) == [("Ida", None, 77)]  # nobody named: nothing known


# Identity.


def rate(engine: sa.Engine, slug: str, stars: float, name: str = "ann") -> None:
    with engine.begin() as connection:
        known = connection.scalar(sa.select(users.c.id).where(users.c.letterboxd_username == name))
        if known is None:
            added = users.insert().values(letterboxd_username=name, created_at=NOW).returning(users.c.id)
            known = connection.scalar(added)
        film = connection.scalar(sa.select(films.c.id).where(films.c.slug == slug))
        marks = {"rating": stars, "first_seen_at": NOW, "updated_at": NOW}
        connection.execute(ratings.insert().values(marks | {"user_id": known, "film_id": film}))


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
