"""What Prometheus gets from `letterboxd serve`, over a real socket, read by its own parser."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families

from letterboxd_scraper.config import load
from letterboxd_scraper.store.engine import read_transaction
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.schema import metadata, scrape_failures, scrape_runs, users
from letterboxd_scraper.store.status.read import StatusQuery, read
from tests.conftest import Snapshots, address
from tests.served import Server, furnished, serving

pytestmark = pytest.mark.slow

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
Labels = frozenset[tuple[str, str]]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def store(
    request: pytest.FixtureRequest, snapshots: Snapshots, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[sa.Engine]:
    """A furnished circle with a failure, a run that is at work and one that died."""
    with furnished(request.param, snapshots, tmp_path_factory.mktemp("metered")) as engine:
        with engine.begin() as connection:
            add(connection)
        yield engine


def add(connection: sa.Connection) -> None:
    run = {"type": "when_rated", "started_at": NOW - HOUR, "work_began_at": NOW - HOUR, "requests": 3}
    now = datetime.now(UTC)  # with the lease below, life for as long as the tests take
    for more in (
        {"cohort": "friends", "seen_at": now, "node": "attic"},
        {"cohort": "ebb", "seen_at": now},  # of a cohort that is there no more
        {"member": "kip", "seen_at": now},
        {"cohort": "friends", "type": "rss", "seen_at": NOW - 99 * HOUR, "rows_changed": 4},
    ):
        connection.execute(scrape_runs.insert().values(run | more))
    failure = {"member": "ebb", "url": "/ebb/", "stage": "profile", "error": "status 500"}
    connection.execute(scrape_failures.insert().values(failure | {"first_seen_at": NOW, "last_seen_at": NOW}))


@pytest.fixture(scope="module")
def server(store: sa.Engine) -> Iterator[Server]:
    """A server that asks for a token, which its session has."""
    at = NOW.isoformat()
    token, lease = "a-token", "900"
    with serving(
        address(store), "--names", LETTERBOXD_NOW=at, LETTERBOXD_SERVE_TOKEN=token, LEASE_SECONDS=lease
    ) as server:
        server.session.headers["Authorization"] = "Bearer a-token"
        yield server


def samples(server: Server) -> dict[str, dict[Labels, float]]:
    answer = server.get("/metrics")
    assert answer.status_code == 200, answer.text
    by_name: dict[str, dict[Labels, float]] = {}
    for family in text_string_to_metric_families(answer.text):
        assert family.documentation
        for sample in family.samples:
            labels = frozenset(sample.labels.items())
            of_name = by_name.setdefault(sample.name, {})
            assert labels not in of_name
            of_name[labels] = sample.value
    return by_name


def of(values: dict[Labels, float], **labels: str) -> float:
    return values[frozenset(labels.items())]


def test_the_numbers_are_those_of_status(store: sa.Engine, server: Server) -> None:
    metrics = samples(server)
    with read_transaction(store) as connection:
        status = read(connection, [cohorts.find(connection, "friends")], StatusQuery.of(load(), NOW))
    (friends,) = status.cohorts
    for state in ("ok", "private", "gone"):
        value = of(metrics["letterboxd_cohort_members"], cohort="friends", status=state)
        assert value == getattr(friends.members, state)
    oldest = of(metrics["letterboxd_cohort_data_age_seconds"], cohort="friends", bound="oldest")
    assert friends.members.oldest
    assert oldest == (NOW - friends.members.oldest).total_seconds() > 0
    expected = {
        "members_read": friends.members.read,
        "films": friends.films.films,
        "ratings": friends.films.ratings,
        "films_due": friends.films.due,
        "members_due": friends.due.members,
        "audits_due": friends.due.audits,
        "failures_open": 1,
    }
    told = {name: of(metrics[f"letterboxd_cohort_{name}"], cohort="friends") for name in expected}
    assert told == expected
    assert of(metrics["letterboxd_failures_open"]) == 1
    for ranking in friends.rankings:
        labels = {"cohort": "friends", "strategy": ranking.strategy}
        age = of(metrics["letterboxd_ranking_age_seconds"], **labels)
        assert age == (NOW - ranking.computed_at).total_seconds()
        assert of(metrics["letterboxd_ranking_outdated"], **labels) == ranking.outdated


def test_runs_are_told_by_spider(server: Server) -> None:
    metrics = samples(server)
    status = {
        dict(labels)["spider"]: dict(labels)["status"]
        for labels, value in metrics["letterboxd_last_run_status"].items()
        if value == 1
    }
    assert status == {"follow_graph": "finished", "profile": "finished", "rss": "died"}
    assert len(metrics["letterboxd_last_run_status"]) == 3 * 6
    of_profile = {"cohort": "friends", "spider": "profile"}
    assert of(metrics["letterboxd_last_run_requests"], **of_profile) > 10
    assert of(metrics["letterboxd_last_run_rows_changed"], **of_profile) > 100
    assert of(metrics["letterboxd_last_run_failures"], **of_profile) == 0
    ended = of(metrics["letterboxd_last_run_end_timestamp_seconds"], **of_profile)
    assert ended >= of(metrics["letterboxd_last_run_start_timestamp_seconds"], **of_profile) > 1.7e9
    died = {"cohort": "friends", "spider": "rss"}
    assert of(metrics["letterboxd_last_run_rows_changed"], **died) == 4
    assert frozenset(died.items()) not in metrics["letterboxd_last_run_end_timestamp_seconds"]
    running = metrics["letterboxd_runs_running"]
    assert of(running, cohort="friends", spider="when_rated") == 1
    assert of(running, cohort="", spider="when_rated") == 2


def test_nobody_is_named_even_where_pages_name_them(store: sa.Engine, server: Server) -> None:
    with store.connect() as connection:
        names = connection.scalars(sa.select(users.c.letterboxd_username)).all()
    text = server.get("/metrics").text
    assert not re.search("|".join(rf"\b{re.escape(name)}\b" for name in names), text, re.IGNORECASE)
    assert "attic" not in text
    # The circle whose label is a name goes by its number.
    called = {dict(labels)["cohort"] for labels in samples(server)["letterboxd_cohort_films"]}
    with store.connect() as connection:
        assert called == {"friends", str(cohorts.find(connection, "marla").id)}


def test_it_is_in_the_form_that_was_asked_for_and_documented(server: Server) -> None:
    answer = server.get("/metrics")
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "# HELP letterboxd_cohort_members " in answer.text
    assert "# TYPE letterboxd_cohort_members gauge" in answer.text
    document = server.get("/openapi.json").json()
    assert "text/plain" in document["paths"]["/metrics"]["get"]["responses"]["200"]["content"]


def test_the_token_is_wanted_and_reading_writes_nothing(store: sa.Engine, server: Server) -> None:
    def rows() -> list[list[str]]:
        with store.connect() as connection:
            return [sorted(map(repr, connection.execute(sa.select(t)))) for t in metadata.sorted_tables]

    before = rows()
    assert server.get("/metrics", headers={"Authorization": ""}).status_code == 401
    assert samples(server)
    assert rows() == before
