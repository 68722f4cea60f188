"""Which films something is still to be found out about, and how long the others wait."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.arguments import FilmArguments, Shard
from letterboxd_scraper.config import Config
from letterboxd_scraper.items.films import Director, TmdbLink
from letterboxd_scraper.items.members import Failure
from letterboxd_scraper.store.crawl_state import failures
from letterboxd_scraper.store.films import enrichment
from letterboxd_scraper.store.films.enrichment import EnrichmentOptions
from letterboxd_scraper.store.schema import film_people, films, people
from tests.store.rows import DAY, MONDAY, add_cohort, add_film, add_rating, add_user

OPTIONS = EnrichmentOptions(MONDAY, tmdb_before=MONDAY - 100 * DAY, histograms_before=MONDAY - 50 * DAY)
HISTOGRAMS = replace(OPTIONS, histograms=True, tmdb=False)
SECOND = DAY / 86_400
COMPLETE = {
    "tmdb_id": 1,
    "tmdb_media_type": "movie",
    "poster_url": "p",
    "overview": "o",
    "release_year": 1955,
    "tmdb_synced_at": MONDAY,
    "histogram_synced_at": MONDAY,
}


def film(connection: sa.Connection, slug: str | None = "ordet", **values: Any) -> int:
    """Store a film of which nothing is missing but what ``values`` say of it and its ``director``."""
    director = {"letterboxd_slug": f"of-{slug}", "tmdb_id": 1} | values.pop("director", {})
    number = add_film(connection, slug, **COMPLETE | values)
    row = {"name": "Dreyer", "created_at": MONDAY, "updated_at": MONDAY} | director
    person = connection.execute(people.insert().values(row).returning(people.c.id)).scalar_one()
    credit = {"film_id": number, "person_id": person, "role": "director", "credit_order": 0}
    connection.execute(film_people.insert().values(credit))
    return number


def tasks(
    connection: sa.Connection, options: EnrichmentOptions = OPTIONS, slug: str | None = None
) -> dict[str, set[str]]:
    """Return what is due of a cohort's films, by slugs, or of one film; and let `is_due` say the same."""
    if slug is None:
        ann = add_user(connection, "ann")
        cohort = add_cohort(connection, "friends", ["ann"]).id
        for number in connection.scalars(sa.select(films.c.id)).all():
            add_rating(connection, ann, number, liked=True)
        starts = enrichment.due(connection, cohort, None, options)
        if not options.limit and not options.shard:
            where = enrichment.is_due(connection, options)
            assert connection.scalar(sa.select(sa.func.count()).where(where)) == len(starts)
    else:
        starts = enrichment.due(connection, None, slug, options)
    names = ("page", "refresh", "search", "resolve", "histogram")
    return {start.film.slug: {name for name in names if getattr(start, name)} for start in starts}


def test_the_arguments_and_settings_say_what_is_asked_for() -> None:
    args = FilmArguments(cohort="x", histograms=True, force=True, limit=3, shard="1/2")
    settings = Config(TMDB_REFRESH_DAYS=100, HISTOGRAM_REFRESH_DAYS=50)
    options = EnrichmentOptions.of(settings, MONDAY, args)
    expected = replace(OPTIONS, tmdb=False, histograms=True, force=True, limit=3, shard=Shard(1, 2))
    assert options == expected


@pytest.mark.parametrize(
    ("settings", "is_crawled", "tmdb", "pages"),
    [
        ({}, False, False, False),
        ({"TMDB_API_KEY": "k"}, False, True, False),
        ({"LETTERBOXD_TERMS_ACCEPTED": True}, False, False, True),
        ({"LETTERBOXD_BASE_URL": "http://127.0.0.1:8000"}, False, False, True),
        ({}, True, False, True),  # whoever has read the members knows the terms
    ],
)
def test_tmdb_is_asked_with_a_key_and_pages_are_read_where_they_may(
    settings: dict[str, Any], is_crawled: bool, tmdb: bool, pages: bool
) -> None:
    options = EnrichmentOptions.of(Config(**settings), MONDAY, is_crawled=is_crawled)
    assert (options.tmdb, options.pages, options.force) == (tmdb, pages, False)


def test_of_a_complete_film_nothing_is_due(connection: sa.Connection) -> None:
    film(connection)
    assert tasks(connection) == {}


@pytest.mark.parametrize("column", ["tmdb_id", "poster_url", "overview", "release_year"])
def test_each_of_five_facts_is_looked_for(connection: sa.Connection, column: str) -> None:
    film(connection, **{column: None})
    assert tasks(connection) == {"ordet": {"page"}}


def test_a_director_without_a_number_is_looked_for_on_their_page(connection: sa.Connection) -> None:
    film(connection, director={"tmdb_id": None})
    assert tasks(connection) == {"ordet": {"page", "resolve"}}


@pytest.mark.parametrize(
    ("director", "values", "expected"),
    [
        ({"page_read_at": MONDAY}, {}, {"page"}),  # it was read, and did not say it
        ({"letterboxd_slug": None}, {}, {"page"}),  # there is no page
        ({}, {"tmdb_synced_at": None}, {"page", "refresh"}),  # TMDB may know better
        ({}, {"tmdb_synced_at": None, "tmdb_id": None}, {"page", "resolve"}),
    ],
)
def test_a_directors_page_is_not_read_in_vain(
    connection: sa.Connection, director: dict[str, Any], values: dict[str, Any], expected: set[str]
) -> None:
    film(connection, director={"tmdb_id": None} | director, **values)
    assert tasks(connection) == {"ordet": expected}


def test_without_tmdb_a_director_without_a_number_is_enough(connection: sa.Connection) -> None:
    film(connection, director={"tmdb_id": None})
    assert tasks(connection, replace(OPTIONS, tmdb=False)) == {}


def test_without_tmdb_a_film_without_a_director_is_looked_at(connection: sa.Connection) -> None:
    add_film(connection, "ordet", **COMPLETE)
    number = film(connection, "gertrud")
    connection.execute(film_people.update().where(film_people.c.film_id == number).values(role="actor"))
    assert tasks(connection, replace(OPTIONS, tmdb=False)) == {"ordet": {"page"}, "gertrud": {"page"}}


@pytest.mark.parametrize(
    ("synced", "due"), [(MONDAY - 100 * DAY, False), (MONDAY - 100 * DAY - SECOND, True), (None, True)]
)
def test_tmdb_is_asked_anew_after_its_time(
    connection: sa.Connection, synced: datetime | None, due: bool
) -> None:
    film(connection, tmdb_synced_at=synced)
    assert tasks(connection) == ({"ordet": {"refresh"}} if due else {})
    assert tasks(connection, replace(OPTIONS, tmdb=False), "ordet") == {}


def test_tmdb_is_not_asked_of_a_film_without_a_number_there(connection: sa.Connection) -> None:
    film(connection, tmdb_id=None, tmdb_synced_at=None)
    assert tasks(connection) == {"ordet": {"page"}}


@pytest.mark.parametrize(
    ("values", "due"),
    [
        ({"histogram_synced_at": MONDAY - 50 * DAY}, False),
        ({"histogram_synced_at": MONDAY - 50 * DAY - SECOND}, True),
        ({"histogram_synced_at": None}, True),
        ({"histogram_synced_at": None, "gone_at": MONDAY - 30 * DAY}, False),
        ({"histogram_synced_at": None, "gone_at": MONDAY - 30 * DAY - SECOND}, True),
    ],
)
def test_histograms_are_read_when_asked_for(
    connection: sa.Connection, values: dict[str, Any], due: bool
) -> None:
    film(connection, **values)
    assert tasks(connection, HISTOGRAMS) == ({"ordet": {"histogram"}} if due else {})
    assert tasks(connection, OPTIONS, "ordet") == {}
    everything = replace(HISTOGRAMS, force=True)
    assert tasks(connection, everything, "ordet") == {"ordet": {"page", "histogram"}}


def test_with_force_every_page_is_read(connection: sa.Connection) -> None:
    film(connection, enrich_after=MONDAY + DAY)
    assert tasks(connection, replace(OPTIONS, force=True)) == {"ordet": {"page"}}


@pytest.mark.parametrize(
    ("after", "due"),
    [(MONDAY, True), (MONDAY + SECOND, False), (MONDAY + 30 * DAY, False), (MONDAY + 33 * DAY, True)],
)
def test_an_incomplete_film_waits_unless_it_is_named(
    connection: sa.Connection, after: datetime, due: bool
) -> None:
    film(connection, overview=None, enrich_after=after)
    assert tasks(connection) == ({"ordet": {"page"}} if due else {})
    assert tasks(connection, OPTIONS, "ordet") == {"ordet": {"page"}}


def test_each_look_in_vain_doubles_the_wait_up_to_thirty_days(connection: sa.Connection) -> None:
    number = film(connection, overview=None)
    waits = []
    for _ in range(7):
        enrichment.settle(connection, [number], MONDAY)
        waits.append(connection.execute(sa.select(films.c.enrich_after)).scalar_one() - MONDAY)
    assert waits == [days * DAY for days in (1, 2, 4, 8, 16, 30, 30)]
    assert connection.scalar(sa.select(films.c.enrich_attempts)) == 7


def test_who_has_not_looked_lets_nothing_wait(connection: sa.Connection) -> None:
    number = film(connection, overview=None)
    enrichment.settle(connection, [number], MONDAY, looked=False)
    assert connection.execute(sa.select(films.c.enrich_attempts, films.c.enrich_after)).all() == [(0, None)]


@pytest.mark.parametrize("waited", [{"enrich_attempts": 2}, {"enrich_after": MONDAY}])
def test_a_film_that_became_complete_waits_no_more(connection: sa.Connection, waited: dict[str, Any]) -> None:
    number = film(connection, **waited)
    other = film(connection, "other", enrich_attempts=5, director={"tmdb_id": 2})
    enrichment.settle(connection, [number], MONDAY)
    query = sa.select(films.c.id, films.c.enrich_attempts, films.c.enrich_after).order_by("id")
    assert connection.execute(query).all() == [(number, 0, None), (other, 5, None)]


def fail(connection: sa.Connection, stage: str, times: int, at: datetime) -> None:
    for _ in range(times):
        failures.record(connection, Failure(stage, f"/{stage}", "x", film="ordet"), at)


@pytest.mark.parametrize(
    ("stage", "values", "expected"),
    [
        ("film", {}, {"page"}),
        ("tmdb", {}, {"refresh"}),
        ("director", {"director": {"tmdb_id": None}, "enrich_after": MONDAY + 9 * DAY}, {"resolve"}),
        ("histogram", {"histogram_synced_at": None}, {"histogram"}),
    ],
)
def test_what_failed_is_tried_again_and_waits_after_the_second_time(
    connection: sa.Connection, stage: str, values: dict[str, Any], expected: set[str]
) -> None:
    film(connection, **values)
    options = replace(OPTIONS, histograms=True)
    fail(connection, stage, 1, MONDAY)
    assert tasks(connection, options) == {"ordet": expected}
    fail(connection, stage, 1, MONDAY)
    for at, due in ((MONDAY + DAY - SECOND, False), (MONDAY + DAY, True)):
        assert bool(enrichment.due(connection, 1, None, replace(options, at=at))) is due
        is_due = enrichment.is_due(connection, replace(options, at=at))
        assert bool(connection.scalar(sa.select(films.c.id).where(is_due))) is due
    assert expected <= tasks(connection, options, "ordet")["ordet"]  # who names it does not wait


def test_a_third_failure_waits_two_days_and_one_made_good_counts_no_more(connection: sa.Connection) -> None:
    film(connection)
    fail(connection, "film", 3, MONDAY)
    assert tasks(connection, replace(OPTIONS, at=MONDAY + 2 * DAY - SECOND)) == {}
    assert enrichment.due(connection, 1, None, replace(OPTIONS, at=MONDAY + 2 * DAY))
    assert enrichment.due(connection, 1, None, replace(OPTIONS, force=True))
    failures.resolve_film(connection, ["ordet"], MONDAY)
    assert enrichment.due(connection, 1, None, replace(OPTIONS, at=MONDAY + 2 * DAY)) == []


def test_the_most_rated_come_first_and_what_failed_twice_last(connection: sa.Connection) -> None:
    slugs = ("rare", "ordet", "seen", "strange")
    numbers = [film(connection, slug, overview=None, director={"tmdb_id": n}) for n, slug in enumerate(slugs)]
    rated = {"ann": numbers[:3], "bob": numbers[1:3], "stranger": numbers[3:]}
    for name, theirs in rated.items():
        user = add_user(connection, name)
        for number in theirs:
            add_rating(connection, user, number, liked=True)
    cohort = add_cohort(connection, "friends", ["ann", "bob"]).id

    def order(**more: Any) -> list[str]:
        starts = enrichment.due(connection, cohort, None, replace(OPTIONS, **more))
        return [start.film.slug for start in starts]

    assert order() == ["ordet", "seen", "rare"]
    assert order(limit=2) == ["ordet", "seen"]
    fail(connection, "film", 2, MONDAY - 9 * DAY)
    assert order() == ["seen", "rare", "ordet"]
    halves = [order(shard=Shard(part, 2)) for part in (1, 2)]
    assert sorted(halves[0] + halves[1]) == ["ordet", "rare", "seen"]
    assert halves[0] != halves[1]


CODE = {"letterboxd_lid": "x"}
NAME = "https://boxd.it/x"
WAITS = CODE | {"enrich_after": MONDAY + DAY}
KNOWN = CODE | COMPLETE
UNREAD = replace(OPTIONS, pages=False)
NO_KEY = replace(OPTIONS, tmdb=False)
FORCED = replace(OPTIONS, force=True)


@pytest.mark.parametrize(
    ("values", "options", "expected"),
    [
        ({"letterboxd_film_id": 7}, OPTIONS, {"film:7": {"page"}}),
        (CODE, OPTIONS, {NAME: {"search"}}),
        (CODE, UNREAD, {NAME: {"search"}}),
        (CODE, NO_KEY, {}),
        (WAITS, OPTIONS, {}),
        (WAITS, FORCED, {NAME: {"search"}}),
        (CODE | {"named_by": "file"}, OPTIONS, {NAME: {"search"}}),
        (CODE | {"named_by": "link"}, OPTIONS, {}),  # it has no title
        (CODE | {"named_by": "link", "imdb_id": "tt1"}, UNREAD, {NAME: {"search"}}),
        (CODE | {"imdb_id": "tt1"}, OPTIONS, {NAME: {"page", "search"}}),
        (CODE | {"imdb_id": "tt1"}, NO_KEY, {NAME: {"page"}}),
        (KNOWN, OPTIONS, {NAME: {"page"}}),
        (KNOWN | {"tmdb_media_type": "tv"}, OPTIONS, {}),
        (KNOWN, UNREAD, {}),
        (KNOWN | {"tmdb_synced_at": None}, UNREAD, {NAME: {"refresh"}}),
        (KNOWN, replace(FORCED, pages=False), {NAME: {"refresh"}}),
        (KNOWN | WAITS, OPTIONS, {}),
        ({"imdb_id": "tt1"}, UNREAD, {"https://www.imdb.com/title/tt1/": {"search"}}),
    ],
)
def test_a_film_without_a_slug_is_found_by_what_else_is_known(
    connection: sa.Connection, values: dict[str, Any], options: EnrichmentOptions, expected: Any
) -> None:
    add_film(connection, None, **values)
    assert tasks(connection, options) == expected


def test_where_pages_may_not_be_read_tmdb_alone_is_asked(connection: sa.Connection) -> None:
    add_film(connection, "ordet")
    film(connection, "gertrud", tmdb_synced_at=None, director={"tmdb_id": 2})
    expected = {"ordet": {"search"}, "gertrud": {"refresh"}}
    assert tasks(connection, replace(UNREAD, histograms=True)) == expected


@pytest.mark.parametrize(
    ("slug", "values", "path"),
    [
        (None, {"imdb_id": "tt1", "tmdb_id": 5, "tmdb_media_type": "movie"}, "/imdb/tt1/"),
        (None, {"tmdb_id": 5, "tmdb_media_type": "movie", "tmdb_guessed": True}, "/tmdb/5/"),
        (None, {}, ""),
        ("ordet", {"imdb_id": "tt1"}, ""),
    ],
)
def test_what_leads_to_the_page_of_a_film_without_an_address(
    connection: sa.Connection, slug: str | None, values: dict[str, Any], path: str
) -> None:
    number = add_film(connection, slug, **CODE, **values)
    tasks(connection)
    (start,) = enrichment.due(connection, 1, None, OPTIONS)
    assert (start.path, start.imdb_id) == (path, values.get("imdb_id"))
    assert start.guessed is bool(values.get("tmdb_guessed"))
    assert start.stored == (None if slug else number)


def test_what_failed_of_a_film_without_a_slug_waits_as_well(connection: sa.Connection) -> None:
    add_film(connection, None, **CODE)
    for _ in range(2):
        failures.record(connection, Failure("tmdb", NAME, "x", film=NAME), MONDAY)
    assert tasks(connection) == {}
    assert enrichment.due(connection, 1, None, replace(OPTIONS, at=MONDAY + DAY))


def test_a_start_has_the_stored_link_and_the_sites_directors(connection: sa.Connection) -> None:
    link: dict[str, Any] = {"tmdb_media_type": "tv", "tmdb_season_number": 2, "tmdb_episode_number": 5}
    number = film(connection, tmdb_synced_at=None, letterboxd_film_id=3, letterboxd_lid="o", **link)
    for place, (name, slug, role) in enumerate(
        [("Zed", "zed", "director"), ("Tmdb", None, "director"), ("Cam", "cam", "camera")], start=1
    ):
        row = {"name": name, "letterboxd_slug": slug, "created_at": MONDAY, "updated_at": MONDAY}
        person = connection.execute(people.insert().values(row).returning(people.c.id)).scalar_one()
        credit = {"film_id": number, "person_id": person, "role": role, "credit_order": place}
        connection.execute(film_people.insert().values(credit))
    (start,) = enrichment.due(connection, None, "ordet", OPTIONS)
    assert start.link == TmdbLink("tv", 1, 2, 5)
    assert start.directors == (Director("Dreyer", "of-ordet", 1), Director("Zed", "zed"))
    assert (start.film.title, start.film.year, start.film.film_id, start.film.lid) == ("Ordet", 1955, 3, "o")
    (start,) = enrichment.due(connection, None, "ordet", replace(OPTIONS, force=True))
    assert start.directors == ()  # the page names them


@pytest.mark.parametrize(
    ("values", "link"),
    [
        ({"tmdb_id": None}, None),
        ({"tmdb_media_type": None}, None),
        ({"tmdb_media_type": "person"}, None),
        ({}, TmdbLink("movie", 1)),
    ],
)
def test_a_link_needs_a_number_and_a_kind(
    connection: sa.Connection, values: dict[str, Any], link: TmdbLink | None
) -> None:
    add_film(connection, "ordet", **COMPLETE | values)
    assert enrichment.link_of(connection.execute(sa.select(films)).one()) == link
