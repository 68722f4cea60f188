"""What is stored of a film: TMDB's word before the page's; what neither speaks of stays."""

from dataclasses import replace
from datetime import date
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.items.films import (
    Director,
    Film,
    FilmFacts,
    FilmGone,
    FilmHistogram,
    FilmPage,
    FilmUnmatched,
    Histogram,
    TmdbDetails,
    TmdbLink,
)
from letterboxd_scraper.items.members import Failure
from letterboxd_scraper.items.tasks import Provenance
from letterboxd_scraper.store.crawl_state import failures
from letterboxd_scraper.store.films.facts import save_facts, save_gone, save_histogram, save_unmatched
from letterboxd_scraper.store.schema import (
    film_countries,
    film_genres,
    film_histograms,
    film_people,
    films,
    genres,
    scrape_failures,
)
from tests.store.rows import DAY, MONDAY, add_film

ORDET = Film("ordet", "Ordet", 1955, 1001, "oRd")
LINK = TmdbLink("movie", 48035)
SERIES = TmdbLink("tv", 7, 2, 5)
DREYER = Director("Carl Dreyer", "dreyer", 11)
PAGE = FilmPage(
    ORDET, LINK, "tt0048452", 125, "page.jpg", "Of the page.", ("Drama",), (DREYER,), average=4.2, ratings=900
)
DETAILS = TmdbDetails(
    "The Word",
    date(1955, 1, 10),
    126,
    "tmdb.jpg",
    "Of TMDB.",
    ("DK",),
    (("DK", "Danmark"),),
    ((18, "Drama"), (14, "Fantasy")),
)
FACTS = FilmFacts(ORDET, LINK, PAGE, DETAILS, False, (DREYER,))
PAGE_ALONE = replace(FACTS, details=None)
TMDB_ALONE = replace(FACTS, page=None)
BARE_PAGE = FilmPage(ORDET)


def save(connection: sa.Connection, *items: FilmFacts) -> Any:
    """Save facts a day after each other, and return the film's row."""
    for days, item in enumerate(items):
        save_facts(connection, item, Provenance(MONDAY + days * DAY, run=None))
    return connection.execute(sa.select(films)).one()


def genre_names(connection: sa.Connection) -> set[str]:
    return set(connection.scalars(sa.select(genres.c.name).join(film_genres)))


def test_tmdbs_word_counts_more_than_the_pages(connection: sa.Connection) -> None:
    row = save(connection, FACTS)
    assert (row.runtime_minutes, row.poster_url, row.overview) == (126, "tmdb.jpg", "Of TMDB.")
    assert (row.title, row.release_year, row.release_date) == ("Ordet", 1955, date(1955, 1, 10))
    assert (row.tmdb_id, row.tmdb_media_type, row.tmdb_show_id) == (48035, "movie", None)
    assert (row.tmdb_synced_at, row.tmdb_not_found, row.imdb_id) == (MONDAY, False, "tt0048452")
    assert (row.letterboxd_weighted_average, row.letterboxd_rating_count) == (4.2, 900)
    assert genre_names(connection) == {"Drama", "Fantasy"}
    assert connection.scalars(sa.select(film_countries.c.country_code)).all() == ["DK"]
    assert (row.enrich_attempts, row.enrich_after) == (0, None)


def test_a_whole_average_is_told_with_its_digits_on_both(connection: sa.Connection) -> None:
    row = save(connection, replace(PAGE_ALONE, page=replace(PAGE, average=3.0)))
    assert f"{row.letterboxd_weighted_average}" == "3.0"


def with_languages(page: str | None, tmdb: str | None) -> FilmFacts:
    told = replace(PAGE, original_language=page), replace(DETAILS, original_language=tmdb)
    return replace(FACTS, page=told[0], details=told[1])


def test_the_language_is_the_pages_where_that_names_one_else_tmdbs(connection: sa.Connection) -> None:
    def language(*items: FilmFacts) -> tuple[str | None, str | None]:
        row = save(connection, *items)
        return row.original_language, row.language_by

    assert language(with_languages(None, None)) == (None, None)
    assert language(with_languages(None, "da")) == ("da", "tmdb")
    assert language(with_languages(None, None), with_languages(None, "sv")) == ("sv", "tmdb")
    assert language(replace(with_languages("da", "sv"))) == ("da", "page")
    assert language(with_languages(None, "sv"), TMDB_ALONE, PAGE_ALONE) == ("da", "page")
    elsewhere = replace(FACTS, link=SERIES, page=replace(PAGE, link=SERIES), details=None)
    assert language(elsewhere) == ("da", "page")


def test_the_language_of_another_entry_on_tmdb_goes_with_it(connection: sa.Connection) -> None:
    bare = replace(PAGE_ALONE, page=replace(BARE_PAGE, link=SERIES), link=SERIES)
    row = save(connection, with_languages(None, "da"), bare)
    assert (row.original_language, row.language_by) == (None, None)


def test_what_tmdb_omits_is_the_pages(connection: sa.Connection) -> None:
    row = save(connection, replace(FACTS, details=TmdbDetails()))
    assert (row.runtime_minutes, row.poster_url, row.overview) == (125, "page.jpg", "Of the page.")
    assert genre_names(connection) == {"Drama"}
    assert row.tmdb_synced_at == MONDAY


def test_what_tmdb_told_stands_when_only_the_page_is_read_again(connection: sa.Connection) -> None:
    row = save(connection, FACTS, PAGE_ALONE)
    assert (row.runtime_minutes, row.poster_url, row.overview) == (126, "tmdb.jpg", "Of TMDB.")
    assert genre_names(connection) == {"Drama", "Fantasy"}
    assert row.tmdb_synced_at == MONDAY


def test_what_the_page_told_stands_when_neither_speaks_of_it(connection: sa.Connection) -> None:
    row = save(connection, PAGE_ALONE, replace(PAGE_ALONE, page=BARE_PAGE, link=None, directors=()))
    assert (row.runtime_minutes, row.poster_url, row.imdb_id) == (125, "page.jpg", "tt0048452")
    assert (row.tmdb_id, row.letterboxd_rating_count) == (48035, 900)
    assert (row.tmdb_synced_at, row.tmdb_not_found) == (None, False)
    assert genre_names(connection) == {"Drama"}
    assert connection.scalar(sa.select(sa.func.count()).select_from(film_people)) == 1


def test_a_page_read_again_counts_more_than_before_if_tmdb_never_spoke(connection: sa.Connection) -> None:
    page = replace(PAGE, runtime_minutes=99, overview="New.")
    row = save(connection, PAGE_ALONE, replace(PAGE_ALONE, page=page))
    assert (row.runtime_minutes, row.overview) == (99, "New.")


def test_a_page_counts_again_once_tmdb_has_lost_the_film(connection: sa.Connection) -> None:
    lost = replace(PAGE_ALONE, not_found=True)
    row = save(connection, FACTS, lost)
    assert (row.runtime_minutes, row.poster_url) == (125, "page.jpg")
    assert (row.tmdb_not_found, row.tmdb_synced_at) == (True, MONDAY + DAY)
    assert genre_names(connection) == {"Drama"}
    row = save(connection, FACTS)
    assert not row.tmdb_not_found


def test_another_entry_on_tmdb_takes_what_the_old_one_told_with_it(connection: sa.Connection) -> None:
    bare = replace(PAGE_ALONE, page=replace(BARE_PAGE, link=SERIES), link=SERIES)
    row = save(connection, FACTS, bare)
    assert (row.tmdb_id, row.tmdb_media_type, row.tmdb_show_id) == (7, "tv", 7)
    assert (row.tmdb_season_number, row.tmdb_episode_number) == (2, 5)
    assert (row.runtime_minutes, row.poster_url, row.release_date) == (None, None, None)
    assert (row.tmdb_synced_at, row.tmdb_not_found) == (None, False)
    assert row.imdb_id == "tt0048452"  # that is the site's
    assert genre_names(connection) == set()
    assert connection.scalars(sa.select(film_countries.c.country_code)).all() == []


def test_tmdb_alone_says_nothing_of_the_site(connection: sa.Connection) -> None:
    add_film(connection, "ordet", letterboxd_film_id=1001, gone_at=MONDAY, letterboxd_rating_count=5)
    row = save(connection, TMDB_ALONE)
    assert (row.gone_at, row.letterboxd_rating_count) == (MONDAY, 5)
    assert row.release_year == 1955  # of the date, where the site shows none
    row = save(connection, FACTS)
    assert (row.gone_at, row.letterboxd_rating_count) == (None, 900)


def test_the_year_of_the_site_stays(connection: sa.Connection) -> None:
    assert (
        save(connection, replace(FACTS, details=replace(DETAILS, release_date=date(1956, 1, 1)))).release_year
        == 1955
    )


def test_nothing_is_stored_of_a_film_that_became_part_of_another(connection: sa.Connection) -> None:
    save_facts(connection, TMDB_ALONE, Provenance(MONDAY, run=None))
    assert connection.execute(sa.select(films)).all() == []


def fail(connection: sa.Connection, stage: str, film: str = "ordet") -> None:
    failures.record(connection, Failure(stage, f"/{stage}/{film}", "x", film=film), MONDAY)


def open_stages(connection: sa.Connection) -> set[str]:
    query = sa.select(scrape_failures.c.stage).where(scrape_failures.c.resolved_at.is_(None))
    return set(connection.scalars(query))


def test_failures_are_made_good_by_what_was_read(connection: sa.Connection) -> None:
    for stage in ("film", "tmdb", "director", "histogram"):
        fail(connection, stage)
    unsure = replace(PAGE_ALONE, directors=(Director("Dreyer", "dreyer"),))
    save(connection, unsure)
    assert open_stages(connection) == {"tmdb", "director", "histogram"}
    save(connection, replace(TMDB_ALONE, directors=unsure.directors))
    assert open_stages(connection) == {"director", "histogram"}
    save(connection, TMDB_ALONE)
    assert open_stages(connection) == {"histogram"}
    fail(connection, "tmdb")
    save(connection, replace(TMDB_ALONE, details=None, not_found=True))
    assert open_stages(connection) == {"histogram"}


def test_failures_follow_a_renamed_film(connection: sa.Connection) -> None:
    add_film(connection, "old", letterboxd_film_id=1001)
    fail(connection, "film", "old")
    fail(connection, "histogram", "old")
    save(connection, replace(FACTS, film=Film("old", "Old", film_id=1001)))
    assert open_stages(connection) == {"histogram"}
    query = sa.select(scrape_failures.c.film).where(scrape_failures.c.resolved_at.is_(None))
    assert connection.scalars(query).all() == ["ordet"]


def test_a_film_that_has_gone_keeps_what_is_stored(connection: sa.Connection) -> None:
    save(connection, FACTS)
    fail(connection, "film")
    save_gone(connection, FilmGone(ORDET), Provenance(MONDAY + DAY, run=None))
    row = connection.execute(sa.select(films)).one()
    assert (row.gone_at, row.tmdb_not_found, row.tmdb_synced_at) == (MONDAY + DAY, False, MONDAY)
    assert (row.poster_url, row.enrich_attempts, row.enrich_after) == ("tmdb.jpg", 1, MONDAY + 2 * DAY)
    assert open_stages(connection) == set()
    save_gone(connection, FilmGone(ORDET, not_found=True), Provenance(MONDAY + 2 * DAY, run=None))
    row = connection.execute(sa.select(films)).one()
    assert (row.tmdb_not_found, row.tmdb_synced_at) == (True, MONDAY + 2 * DAY)


def test_a_histogram_counts_more_than_the_page(connection: sa.Connection) -> None:
    add_film(connection, "ordet", letterboxd_film_id=1001, letterboxd_fan_count=3)
    fail(connection, "histogram")
    fail(connection, "film")
    for counts in (tuple(range(10)), tuple(range(1, 11))):
        item = FilmHistogram(ORDET, Histogram(counts, 3.9))
        save_histogram(connection, item, Provenance(MONDAY, run=None))
    row = save(connection, FACTS)
    assert (row.letterboxd_weighted_average, row.letterboxd_rating_count) == (3.9, 55)
    assert (row.letterboxd_fan_count, row.histogram_synced_at) == (3, MONDAY)
    h = film_histograms.c
    query = sa.select(h.bucket_label, h["count"], h.computed_at).order_by(h.bucket_label)
    labels = ["0.5", "1.0", "1.5", "2.0", "2.5", "3.0", "3.5", "4.0", "4.5", "5.0"]
    assert connection.execute(query).all() == [(one, n + 1, MONDAY) for n, one in enumerate(labels)]
    assert open_stages(connection) == set()
    fans = FilmHistogram(ORDET, Histogram((1,) * 10, 3.9, fans=0))
    save_histogram(connection, fans, Provenance(MONDAY, run=None))
    assert connection.scalar(sa.select(films.c.letterboxd_fan_count)) == 0


def test_a_histogram_makes_no_failure_of_another_page_good(connection: sa.Connection) -> None:
    for stage in ("film", "tmdb", "histogram"):
        fail(connection, stage)
    save_histogram(connection, FilmHistogram(ORDET, Histogram((1,) * 10)), Provenance(MONDAY, run=None))
    assert open_stages(connection) == {"film", "tmdb"}


def test_a_histogram_of_a_film_that_is_not_stored(connection: sa.Connection) -> None:
    fail(connection, "histogram")
    save_histogram(connection, FilmHistogram(ORDET, Histogram((1,) * 10)), Provenance(MONDAY, run=None))
    assert connection.execute(sa.select(film_histograms)).all() == []
    assert open_stages(connection) == set()


CODED = Film("https://boxd.it/oRd", "Ordet", 1955, None, "oRd")
GUESS = FilmFacts(CODED, LINK, None, DETAILS, False, (DREYER,), guessed=True, stored=1)


def test_a_guess_is_marked_and_replaced_by_what_is_certain(connection: sa.Connection) -> None:
    add_film(connection, None, letterboxd_lid="oRd", title="Ordet", release_year=1955)
    row = save(connection, GUESS)
    assert (row.tmdb_id, row.tmdb_media_type, row.tmdb_guessed) == (48035, "movie", True)
    assert (row.title, row.overview, row.runtime_minutes) == ("Ordet", "Of TMDB.", 126)
    assert genre_names(connection) == {"Drama", "Fantasy"}
    row = save(connection, replace(FACTS, film=CODED, stored=1))
    assert (row.slug, row.letterboxd_film_id, row.tmdb_guessed) == ("ordet", 1001, False)
    row = save(connection, GUESS)
    assert not row.tmdb_guessed


def test_what_was_guessed_wrongly_goes_with_all_its_labels(connection: sa.Connection) -> None:
    add_film(connection, None, letterboxd_lid="oRd", title="Ordet", release_year=1955)
    save(connection, GUESS)
    other = FilmFacts(ORDET, TmdbLink("movie", 5), replace(BARE_PAGE), None, False, ())
    row = save(connection, replace(other, film=CODED, stored=1))
    assert (row.tmdb_id, row.tmdb_guessed, row.overview, row.tmdb_synced_at) == (5, False, None, None)
    assert genre_names(connection) == set()
    assert connection.scalar(sa.select(sa.func.count()).select_from(film_people)) == 0


def test_a_refuted_guess_goes_and_nothing_is_sought_for_thirty_days(connection: sa.Connection) -> None:
    add_film(connection, None, letterboxd_lid="oRd", title="Ordet")
    row = save(connection, GUESS)
    assert row.release_year == 1955  # of TMDB's date
    connection.execute(films.update().values(enrich_attempts=0))
    save_unmatched(connection, FilmUnmatched(CODED, 1), Provenance(MONDAY))
    row = connection.execute(sa.select(films)).one()
    assert (row.tmdb_id, row.enrich_after) == (48035, MONDAY + 30 * DAY)
    save_unmatched(connection, FilmUnmatched(CODED, 1, refuted=True), Provenance(MONDAY))
    row = connection.execute(sa.select(films)).one()
    assert (row.tmdb_id, row.tmdb_media_type, row.tmdb_guessed, row.overview) == (None, None, False, None)
    assert (row.release_year, row.release_date, row.title) == (None, None, "Ordet")
    assert (row.enrich_attempts, row.enrich_after) == (2, MONDAY + 30 * DAY)
    assert genre_names(connection) == set()
    assert connection.scalars(sa.select(film_countries)).all() == []


def test_what_another_film_has_is_not_guessed(connection: sa.Connection) -> None:
    add_film(connection, None, letterboxd_lid="oRd", title="Ordet")
    add_film(connection, "ordet", tmdb_id=48035, tmdb_media_type="movie")
    save_facts(connection, GUESS, Provenance(MONDAY))
    columns = (films.c.slug, films.c.tmdb_id, films.c.enrich_after)
    rows = connection.execute(sa.select(*columns).order_by(films.c.id)).all()
    assert rows == [(None, None, MONDAY + 30 * DAY), ("ordet", 48035, None)]


def test_a_guess_gives_way_to_the_film_whose_number_it_is(connection: sa.Connection) -> None:
    add_film(connection, None, letterboxd_lid="other", title="Ordet")
    other = Film("https://boxd.it/other", "Ordet", None, None, "other")
    save_facts(connection, replace(GUESS, film=other), Provenance(MONDAY))
    save_facts(connection, FACTS, Provenance(MONDAY))
    rows = connection.execute(sa.select(films.c.slug, films.c.tmdb_id).order_by(films.c.id)).all()
    assert rows == [(None, None), ("ordet", 48035)]


def test_a_film_without_a_code_is_told_by_its_row_and_its_title(connection: sa.Connection) -> None:
    imdb = Film("https://www.imdb.com/title/tt0048452/", "Ordet", 1955)
    number = add_film(connection, None, title="Ordet", imdb_id="tt0048452")
    told = replace(GUESS, film=imdb, guessed=False, stored=number)
    save_facts(connection, replace(told, film=replace(imdb, title="Vampyr")), Provenance(MONDAY))
    assert connection.scalar(sa.select(films.c.tmdb_id)) is None  # the row is another film's by now
    assert save(connection, told).tmdb_id == 48035


def test_a_page_makes_one_of_two_films_that_it_proves_to_be_one(connection: sa.Connection) -> None:
    add_film(connection, "ordet", title="Ordet", letterboxd_lid="oRd", release_year=1955)
    number = add_film(connection, None, title="Das Wort", imdb_id="tt0048452")
    imdb = Film("https://www.imdb.com/title/tt0048452/", "Das Wort")
    row = save(connection, replace(FACTS, film=imdb, stored=number))
    assert (row.slug, row.imdb_id, row.letterboxd_film_id, row.title) == ("ordet", "tt0048452", 1001, "Ordet")
