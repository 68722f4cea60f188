"""How cohorts stand: the age of their data, outdated rankings, the last run of each spider, what is due."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.config import load
from letterboxd_scraper.items.members import Failure, Listing
from letterboxd_scraper.items.sources import UNDATED, NamedFilm, RatedFilm, Service, Snapshot
from letterboxd_scraper.items.tasks import Provenance
from letterboxd_scraper.store import schema
from letterboxd_scraper.store.crawl_state import failures
from letterboxd_scraper.store.films.enrichment import EnrichmentOptions
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.save import save_sources
from letterboxd_scraper.store.schema import (
    changed_facts,
    cohort_film_stats,
    cohort_members,
    film_histograms,
    film_people,
    film_rankings,
    films,
    people,
    user_scrape_state,
)
from letterboxd_scraper.store.status import films as status_films
from letterboxd_scraper.store.status import freshness, rankings
from letterboxd_scraper.store.status.freshness import Freshness, MemberAge
from letterboxd_scraper.store.status.model import DueMembers, FilmCounts, MemberCounts, RankingAge
from letterboxd_scraper.store.status.read import StatusQuery, read
from tests.store.rows import DAY, HOUR, MONDAY, add_cohort, add_film, add_rating, add_run, add_user

MINUTE = timedelta(minutes=1)
ENDED = {"cohort": "friends", "status": "finished", "finished_at": MONDAY + HOUR}
SILENCE = 5 * MINUTE
UNMOVED = {"films_count": 9, "crawled_films_count": 9, "likes_count": 4, "crawled_likes_count": 4}
SEEN_SINCE = UNMOVED | {"counts_seen_at": MONDAY + DAY}


@pytest.mark.parametrize(
    ("row", "told", "age"),
    [
        ({}, None, None),
        ({"last_full_scrape_at": MONDAY}, None, MONDAY),
        ({"last_full_scrape_at": MONDAY, "last_incremental_scrape_at": MONDAY + DAY}, None, MONDAY + DAY),
        ({"last_full_scrape_at": MONDAY + DAY, "last_incremental_scrape_at": MONDAY}, None, MONDAY + DAY),
        ({"last_incremental_scrape_at": MONDAY}, None, MONDAY),
        ({}, MONDAY, MONDAY),
        ({"last_full_scrape_at": MONDAY - DAY}, MONDAY, MONDAY),
        # Counts that have not moved make the data as new as they are; alone they are no data.
        ({"last_full_scrape_at": MONDAY} | SEEN_SINCE, None, MONDAY + DAY),
        ({"last_full_scrape_at": MONDAY} | UNMOVED | {"counts_seen_at": MONDAY - DAY}, None, MONDAY),
        ({"counts_seen_at": MONDAY} | UNMOVED, None, None),
        (
            {"last_full_scrape_at": MONDAY} | SEEN_SINCE | {"films_count": 8},
            None,
            MONDAY,
        ),
        (
            {"last_full_scrape_at": MONDAY} | SEEN_SINCE | {"likes_count": 5},
            None,
            MONDAY,
        ),
        (
            {"last_full_scrape_at": MONDAY} | SEEN_SINCE | {"likes_count": None},
            None,
            MONDAY,
        ),
        ({"last_full_scrape_at": MONDAY, "counts_seen_at": MONDAY + DAY}, None, MONDAY),
    ],
)
def test_a_members_data_are_as_old_as_the_last_that_was_told(
    connection: sa.Connection, row: dict[str, Any], told: datetime | None, age: datetime | None
) -> None:
    ada = add_user(connection, "ada", **row)
    add_user(connection, "stranger", last_full_scrape_at=MONDAY)
    cohort = add_cohort(connection, "friends", ["ada"])
    state = {"user_id": ada, "page": 1, "seen": [], "status": "reading", "updated_at": MONDAY}
    for listing, moment in ((Listing.RATED, told), (Listing.LIKES, MONDAY + 9 * DAY)):
        connection.execute(
            user_scrape_state.insert().values(state | {"listing": listing, "complete_as_of": moment})
        )
    full, delta = row.get("last_full_scrape_at"), row.get("last_incremental_scrape_at")
    assert freshness.of_members(connection, cohort) == [MemberAge("ok", full, delta, age)]


def rank(connection: sa.Connection, cohort: Cohort, at: datetime, strategy: str = "bayesian") -> None:
    film = add_film(connection, f"{strategy}-{cohort.id}")
    row = {"cohort_id": cohort.id, "strategy": strategy, "film_id": film, "score": 1.0, "rank": 1}
    connection.execute(film_rankings.insert().values(row | {"params": {}, "computed_at": at}))


def circle(connection: sa.Connection) -> Cohort:
    """ada was read on Monday, ben on Tuesday, cleo never; dan is private, eve gone."""
    rows: dict[str, dict[str, Any]] = {
        "ada": {"last_full_scrape_at": MONDAY},
        "ben": {"last_full_scrape_at": MONDAY + DAY},
        "cleo": {},
        "dan": {"status": "private", "last_full_scrape_at": MONDAY - DAY},
        "eve": {"status": "gone"},
    }
    for name, row in rows.items():
        add_user(connection, name, **row)
    return add_cohort(connection, "friends", ["ada", "ben", "cleo", "dan", "eve"])


def test_a_cohorts_freshness(connection: sa.Connection) -> None:
    cohort = circle(connection)
    other = add_cohort(connection, "others", ["cleo"])
    rank(connection, cohort, MONDAY + HOUR)
    rank(connection, cohort, MONDAY - HOUR, "wilson")
    of_cohort = freshness.of_cohort
    assert of_cohort(connection, cohort, "bayesian") == Freshness(3, 2, MONDAY, MONDAY + DAY, MONDAY + HOUR)
    assert of_cohort(connection, cohort, "wilson").ranked_at == MONDAY - HOUR
    assert of_cohort(connection, cohort, "circle").ranked_at is None
    assert of_cohort(connection, other, "bayesian") == Freshness(1, 0, None, None, None)


@pytest.mark.parametrize(
    ("ages", "words"),
    [
        ((MINUTE, MINUTE), "1 of 2 members as of a minute ago, not ranked"),
        ((MINUTE - timedelta(seconds=1),) * 2, "1 of 2 members as of a moment ago, not ranked"),
        ((3 * DAY, HOUR), "1 of 2 members as of 3 days to an hour ago, not ranked"),
    ],
)
def test_freshness_in_words(ages: tuple[timedelta, timedelta], words: str) -> None:
    oldest, newest = (MONDAY - age for age in ages)
    assert Freshness(2, 1, oldest, newest, None).in_words(MONDAY) == words
    ranked = Freshness(2, 1, oldest, newest, MONDAY - 2 * HOUR).in_words(MONDAY)
    assert ranked == words.replace("not ranked", "ranked 2 hours ago")


def test_that_nobody_was_read_is_said() -> None:
    nobody = Freshness(2, 0, None, None, MONDAY - DAY).in_words(MONDAY)
    assert nobody == "none of 2 members read yet, ranked a day ago"


# Rankings


@pytest.mark.parametrize(
    ("changed", "outdated"),
    [
        ({}, False),
        ({"rated": MONDAY}, False),
        ({"rated": MONDAY + HOUR}, True),
        ({"stranger": MONDAY + HOUR}, False),
        ({"joined": MONDAY}, False),
        ({"joined": MONDAY + HOUR}, True),
        ({"stranger joined others": MONDAY + HOUR}, False),
        ({"ran": MONDAY}, False),
        ({"ran": MONDAY + HOUR, "rows": 1}, True),
        ({"ran": MONDAY + HOUR}, True),
        ({"ran": MONDAY + HOUR, "rows": 0}, False),
        ({"ran": MONDAY + HOUR, "cohort": "others"}, False),
    ],
)
def test_a_ranking_is_outdated_by_what_changed_since(
    connection: sa.Connection, changed: dict[str, Any], outdated: bool
) -> None:
    cohort = circle(connection)
    stranger = add_user(connection, "stranger")
    film = add_film(connection, "x")
    add_rating(connection, 1, film, rating=4.0, updated_at=changed.get("rated", MONDAY - DAY))
    add_rating(connection, stranger, film, rating=4.0, updated_at=changed.get("stranger", MONDAY - DAY))
    joined = {"followed_at": changed.get("joined", MONDAY - DAY)}
    connection.execute(cohort_members.update().where(cohort_members.c.user_id == 2).values(joined))
    add_cohort(connection, "others", ["stranger"])
    joined = {"followed_at": changed.get("stranger joined others", MONDAY - DAY)}
    connection.execute(cohort_members.update().where(cohort_members.c.user_id == stranger).values(joined))
    add_run(
        connection,
        cohort=changed.get("cohort", "friends"),
        finished_at=changed.get("ran", MONDAY - DAY),
        rows_changed=changed.get("rows", 3),
    )
    rank(connection, cohort, MONDAY)
    assert rankings.stored(connection, cohort, counted=False) == (RankingAge("bayesian", MONDAY, outdated),)


@pytest.mark.parametrize(
    ("counted", "at", "outdated"), [(True, MONDAY, False), (True, MONDAY - HOUR, True), (False, MONDAY, True)]
)
def test_a_ranking_is_as_new_as_what_was_counted_for_it(
    connection: sa.Connection, counted: bool, at: datetime, outdated: bool
) -> None:
    """A member's ratings have changed later; the statistics of Monday know it."""
    cohort, other = circle(connection), add_cohort(connection, "others", ["ada"])
    film = add_film(connection, "x")
    add_rating(connection, 1, film, rating=4.0, updated_at=MONDAY + DAY)
    # Of a film whose ratings have not changed there is nothing newer.
    row = {"film_id": film, "bucket_label": "4.0", "count": 1, "computed_at": MONDAY - 9 * DAY}
    connection.execute(film_histograms.insert().values(row | {"cohort_id": cohort.id}))
    for of_cohort, counted_at in ((cohort, MONDAY), (other, MONDAY - 9 * DAY)):
        which = schema.cohorts.c.id == of_cohort.id
        connection.execute(schema.cohorts.update().where(which).values(counted_at=counted_at))
    rank(connection, cohort, at)
    rank(connection, other, at)
    (stored,) = rankings.stored(connection, cohort, counted=counted)
    assert stored == RankingAge("bayesian", at, outdated)


def test_rankings_stand_in_the_order_of_their_names(connection: sa.Connection) -> None:
    cohort, other = circle(connection), add_cohort(connection, "others", ["ada"])
    connection.execute(cohort_members.update().values(followed_at=MONDAY - DAY))
    for strategy in ("wilson", "bayesian"):
        rank(connection, cohort, MONDAY, strategy)
    rank(connection, other, MONDAY, "circle")
    names = [ranking.strategy for ranking in rankings.stored(connection, cohort, counted=True)]
    assert names == ["bayesian", "wilson"]
    nobodys = add_cohort(connection, "nobody's", ["ada"])
    assert rankings.stored(connection, nobodys, counted=True) == ()


# All of it

QUERY = StatusQuery(
    30, SILENCE, EnrichmentOptions(MONDAY, tmdb_before=MONDAY - 99 * DAY, histograms_before=MONDAY - 99 * DAY)
)


def test_how_a_cohort_stands(connection: sa.Connection) -> None:
    cohort, other = circle(connection), add_cohort(connection, "others", ["cleo"])
    run = add_run(connection, **ENDED)
    for url, of_run, member in (
        ("1", run, None),
        ("2", None, "eve"),
        ("3", None, "stranger"),
        ("4", None, None),
    ):
        failures.record(connection, Failure("film", url, "broken", member), MONDAY, of_run)
    failures.record(connection, Failure("film", "5", "broken"), MONDAY, run)
    failures.resolve_url(connection, "5", MONDAY)
    status = read(connection, [cohort, other], QUERY)
    friends, others = status.cohorts
    assert (status.at, status.running, status.failures) == (MONDAY, (), 4)
    assert (friends.cohort, friends.failures, [last.spider for last in friends.runs]) == (
        "friends",
        2,
        ["profile"],
    )
    assert friends.members == MemberCounts(3, 1, 1, 2, 1, MONDAY, MONDAY + DAY)
    assert (others.cohort, others.failures, others.runs) == ("others", 0, ())
    assert others.members == MemberCounts(1, 0, 0, 0, 1, None, None)
    # ada and ben are on no listing; cleo was never read, dan and eve are asked after.
    assert friends.due == DueMembers(5, 0)
    assert read(connection, [], QUERY).cohorts == ()


def test_where_nothing_failed_and_nothing_is_ranked_nothing_is_said(connection: sa.Connection) -> None:
    status = read(connection, [circle(connection)], QUERY)
    assert (status.failures, status.cohorts[0].failures, status.cohorts[0].rankings) == (0, 0, ())


@pytest.mark.parametrize("changed", [False, True])
def test_a_cohorts_rankings_are_outdated_once_facts_have_changed(
    connection: sa.Connection, changed: bool
) -> None:
    cohort = circle(connection)
    rank(connection, cohort, MONDAY + 9 * DAY)
    if changed:
        connection.execute(changed_facts.insert().values(id=0))
    stored = rankings.stored(connection, cohort, counted=not changed)
    assert len(stored) == 1
    assert read(connection, [cohort], QUERY).cohorts[0].rankings == stored


@pytest.mark.parametrize(("days", "audits"), [(30, 2), (100_000, 0)])
def test_audits_that_are_due(connection: sa.Connection, days: int, audits: int) -> None:
    row = UNMOVED | {"last_full_scrape_at": MONDAY - 99 * DAY, "counts_seen_at": MONDAY}
    for name in ("ada", "ben"):
        add_user(connection, name, **row)
    cohort = add_cohort(connection, "friends", ["ada", "ben"], "ada")
    status = read(connection, [cohort], replace(QUERY, audit_days=days))
    assert status.cohorts[0].due == DueMembers(audits, audits)


@pytest.mark.parametrize("key", ["", "key"])
def test_what_is_due_follows_the_settings(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("TMDB_API_KEY", key)
    settings = load()
    query = StatusQuery.of(settings, MONDAY)
    assert query.audit_days == settings.DELTA_AUDIT_DAYS
    assert query.silence == timedelta(seconds=2 * settings.LEASE_SECONDS)
    choices = query.enrichment
    assert (choices.at, choices.tmdb) == (MONDAY, bool(key))
    assert choices.tmdb_before == MONDAY - timedelta(days=settings.TMDB_REFRESH_DAYS)
    assert choices.histograms_before == MONDAY - timedelta(days=settings.HISTOGRAM_REFRESH_DAYS)


def test_the_films_of_a_cohort(connection: sa.Connection) -> None:
    cohort = circle(connection)
    stranger = add_user(connection, "stranger")
    whole: dict[str, Any] = {"tmdb_id": 1, "tmdb_media_type": "movie", "poster_url": "p", "overview": "o"}
    whole |= {"letterboxd_weighted_average": 3.0, "letterboxd_fan_count": 1, "letterboxd_rating_count": 9}
    ids = {
        "old": add_film(connection, "old", **whole, tmdb_synced_at=MONDAY - 98 * DAY),
        "new": add_film(connection, "new", **whole | {"tmdb_id": 2}, tmdb_synced_at=MONDAY),
        "liked": add_film(connection, "liked", tmdb_synced_at=MONDAY - 85 * DAY),
        "waiting": add_film(connection, "waiting", enrich_after=MONDAY + DAY),
        "theirs": add_film(connection, "theirs", tmdb_synced_at=MONDAY - 200 * DAY),
    }
    connection.execute(films.update().where(films.c.id == ids["new"]).values(release_year=1999))
    person = {"name": "Ann", "tmdb_id": 9, "created_at": MONDAY, "updated_at": MONDAY}
    connection.execute(people.insert().values(person | {"id": 1}))
    connection.execute(film_people.insert().values(film_id=ids["new"], person_id=1, role="director"))
    for slug, stars in (("old", 4.0), ("new", 3.0), ("liked", None), ("waiting", 2.0)):
        add_rating(connection, 1, ids[slug], rating=stars, liked=stars is None)
    add_rating(connection, 2, ids["new"], rating=5.0)
    add_rating(connection, stranger, ids["theirs"], rating=5.0)
    of_films = status_films.count(connection, cohort, QUERY.enrichment, counted=False)
    assert (of_films.films, of_films.ratings) == (4, 4)
    assert (of_films.tmdb_oldest, of_films.tmdb_ageing) == (MONDAY - 98 * DAY, 1)
    assert (of_films.complete, of_films.due, of_films.waiting) == (1, 2, 1)
    stats = {"avg_rating": 4.0, "rating_sum": 8.0}
    for of_cohort, film, watchers in ((0, ids["new"], 2), (0, ids["old"], 7), (9, ids["new"], 99)):
        row = stats | {"cohort_id": cohort.id + of_cohort, "film_id": film, "watchers": watchers}
        connection.execute(cohort_film_stats.insert().values(row))
    counted = status_films.count(connection, cohort, QUERY.enrichment, counted=True)
    assert counted.ratings == 9
    assert read(connection, [cohort], QUERY).cohorts[0].films == counted
    connection.execute(changed_facts.insert().values(id=0))
    assert read(connection, [cohort], QUERY).cohorts[0].films == of_films
    nobodys = add_cohort(connection, "nobody's", ["eve"])
    nothing = FilmCounts(0, 0, 0, 0, 0, 0, None, 0)
    for counted_before in (False, True):
        count = status_films.count(connection, nobodys, QUERY.enrichment, counted=counted_before)
        assert count == nothing


@pytest.mark.parametrize(
    ("as_of", "age"), [(MONDAY, MONDAY), (UNDATED, MONDAY + DAY), (UNDATED - DAY, UNDATED - DAY)]
)
def test_a_member_of_whom_files_of_another_service_tell_has_their_age(
    connection: sa.Connection, as_of: datetime, age: datetime
) -> None:
    film = NamedFilm("Ordet", 1955, imdb_id="tt0048452")
    told = Snapshot(
        "ada", as_of, "ratings.csv", ratings=(RatedFilm(film, 4.0),), complete=False, service=Service.IMDB
    )
    save_sources([told], connection, Provenance(MONDAY + DAY))
    cohort = add_cohort(connection, "friends", ["ada"])
    assert freshness.of_members(connection, cohort) == [MemberAge("ok", None, None, age)]
