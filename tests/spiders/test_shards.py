"""Parts of a cohort for several nodes: everybody is in exactly one, and each is carried on by itself."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from letterboxd_scraper.arguments import MOST_SHARDS, RssArguments, Shard
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.store.crawl_state import runs
from letterboxd_scraper.store.crawl_state.runs import Work
from letterboxd_scraper.store.due import delta_crawl, full_crawl
from letterboxd_scraper.store.films import enrichment
from letterboxd_scraper.store.members import cohorts, feeds
from letterboxd_scraper.store.schema import cohort_members, films, ratings, scrape_runs, users
from tests.conftest import Shell, assert_ended, on_postgresql, stored_facts
from tests.site import Site

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
THREE = [Shard(number, 3) for number in (1, 2, 3)]


@given(st.text(), st.integers(1, MOST_SHARDS))
def test_every_name_is_in_exactly_one_shard(name: str, count: int) -> None:
    assert sum(Shard(number, count).holds(name) for number in range(1, count + 1)) == 1


@pytest.mark.parametrize("count", [2, 3, 8])
def test_shards_are_about_equally_large(count: int) -> None:
    names = [f"member{number}" for number in range(400 * count)]
    for number in range(1, count + 1):
        assert 300 < sum(map(Shard(number, count).holds, names)) < 500


@pytest.mark.parametrize("text", ["1/1", "2/3", "64/64", " 3/3 "])
def test_a_shard_is_read_as_it_is_written(text: str) -> None:
    assert str(Shard.read(text)) == text.strip()


@pytest.mark.parametrize(
    "text", ["0/3", "4/3", "1/65", "1/0", "1", "1/2/3", "a/b", "-1/3", "1.0/3", "", "١/٣"]
)
def test_what_is_no_shard_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(InputError) as refused:
        RssArguments.read({"cohort": "friends", "shard": text})
    assert str(refused.value) == f"argument shard={text!r}: give i/n with 1 ≤ i ≤ n ≤ 64, such as 1/3"


@pytest.mark.parametrize("target", [{"user": "ada"}, {}])
@pytest.mark.parametrize("spider", ["profile", "when_rated", "rss"])
def test_one_member_has_no_shards(shell: Shell, site: Site, spider: str, target: dict[str, str]) -> None:
    process = shell.scrapy(spider, shard="1/3", **target)
    assert (process.returncode, len(process.stderr.splitlines())) == (2, 1)
    assert not site.log


def in_parts(parts: Iterable[Iterable[Any]]) -> list[Any]:
    """Return what all parts have together; no two have the same."""
    whole = [one for part in parts for one in part]
    assert len(whole) == len(set(whole))
    return sorted(whole)


def test_the_parts_of_a_crawl_are_the_whole(crawled_engine: sa.Engine) -> None:
    with crawled_engine.connect() as connection:
        friends = cohorts.find(connection, "friends")

        def full(shard: Shard | None) -> list[str]:
            starts = full_crawl.cohort_starts(connection, friends, None, MONDAY, shard=shard)
            return [start.name for start in starts]

        def feed(shard: Shard | None) -> list[str]:
            return [start.name for start in feeds.due(connection, friends.id, None, shard)]

        for due in (full, feed):
            assert in_parts(map(due, THREE)) == sorted(due(None))
            assert all(map(due, THREE)), "nobody is in one of the parts"


def test_an_audit_is_on_the_same_day_in_a_part(crawled_engine: sa.Engine) -> None:
    with crawled_engine.connect() as connection:
        friends = cohorts.find(connection, "friends")

        def night(day: int, shard: Shard | None) -> list[tuple[str, str]]:
            at = datetime.now(UTC) + timedelta(days=day)
            due = delta_crawl.of_cohort(connection, friends, at, shard=shard)
            return sorted((start.name, start.reason) for start in due.delta)

        nights = [night(day, None) for day in range(1, 31)]
        assert len(set(map(tuple, nights))) > 5, "audits are spread"
        assert [in_parts(night(day, shard) for shard in THREE) for day in range(1, 31)] == nights


def test_the_films_of_all_parts_are_all_films(crawled_engine: sa.Engine) -> None:
    choices = enrichment.EnrichmentOptions(MONDAY, tmdb_before=MONDAY, histograms_before=MONDAY)
    with crawled_engine.connect() as connection:
        connection.execute(films.update().where(films.c.id == 3).values(slug=None))
        friends = cohorts.find(connection, "friends").id

        def due(shard: Shard | None, limit: int | None = None) -> list[str]:
            part = replace(choices, shard=shard, limit=limit)
            return [start.film.slug for start in enrichment.due(connection, friends, None, part)]

        whole = due(None)
        parts = list(map(due, THREE))
        assert in_parts(parts) == sorted(whole)
        assert parts[0] == [slug for slug in whole if slug in parts[0]], "most rated first"
        assert due(THREE[0], 5) == parts[0][:5]
        connection.rollback()


def test_only_the_same_part_is_carried_on(engine: sa.Engine) -> None:
    def begin(shard: str | None, cohort: str = "friends") -> tuple[int, int | None]:
        return runs.begin(connection, Work("profile", cohort, shard=shard), MONDAY)

    with engine.begin() as connection:
        whole, first, second = (begin(shard)[0] for shard in (None, "1/2", "2/2"))
        assert begin("1/2")[1] == first
        assert begin("2/2")[1] == second
        assert begin(None)[1] == whole
        assert begin("1/3")[1] is None
        assert begin("1/2", "others")[1] is None
        assert runs.has_unfinished(connection, "profile", "friends", MONDAY)
        latest = runs.latest(connection, "profile", "friends")
        assert latest is not None
        runs.finish(connection, latest, "finished", 1, MONDAY, "of all")
        assert not runs.has_unfinished(connection, "profile", "friends", MONDAY)
        assert begin("1/2")[1] == first
        assert runs.notes_of_latest(connection, "profile", "friends") == "of all"


def test_members_are_counted_over_the_latest_work_on_each_part(crawled_engine: sa.Engine) -> None:
    with crawled_engine.begin() as connection:
        friends = cohorts.find(connection, "friends")
        connection.execute(users.update().values(status="ok", last_full_scrape_run=None))
        rows = connection.execute(
            sa.select(users)
            .join(cohort_members, cohort_members.c.user_id == users.c.id)
            .where(cohort_members.c.cohort_id == friends.id)
        ).all()
        assert len(rows) == 12

        def begin(shard: str) -> int:
            return runs.begin(connection, Work("profile", "friends", shard=shard), MONDAY)[0]

        def read(run: int, members: list[int]) -> None:
            theirs = users.c.id.in_(members)
            connection.execute(users.update().where(theirs).values(last_full_scrape_run=run))

        def done() -> int:
            return runs.members_done(connection, friends.id, "friends")[0]

        parts = [[row.id for row in rows if shard.holds(row.letterboxd_username)] for shard in THREE]
        first = [begin(f"{number}/3") for number in (1, 2, 3)]
        assert done() == 0
        for run, members in zip(first, parts, strict=True):
            read(run, members)
        assert done() == 12
        # The next round, of which the second part begins first: the others count as they were read last.
        for run in first:
            runs.finish(connection, run, "finished", 1, MONDAY, "")
        second = begin("2/3")
        assert done() == 12 - len(parts[1])
        read(second, parts[1][:1])
        assert done() == 12 - len(parts[1]) + 1
        # Of another division nothing has been read yet, nor of the whole.
        begin("1/2")
        assert done() == 0


@on_postgresql
def test_three_nodes_read_a_circle_together(known: Shell, site: Site, known_engine: sa.Engine) -> None:
    names = {name: [shard for shard in THREE if shard.holds(name)] for name in site.world.circle("marla")}
    for place, shard in enumerate(THREE, start=1):
        site.clear_log()
        options = ("-s", f"LETTERBOXD_NODE=node{place}")
        assert_ended(known.scrapy("profile", *options, cohort="friends", shard=shard), 0)
        asked = {hit.path.split("/")[1] for hit in site.log} - {"robots.txt"}
        assert asked == {name for name, shards in names.items() if shards == [shard]}
    assert stored_facts(known_engine) == site.world.truth(names)
    with known_engine.connect() as connection:
        query = sa.select(scrape_runs).where(scrape_runs.c.type == "profile").order_by(scrape_runs.c.id)
        rows = connection.execute(query).all()
        stored = connection.execute(sa.select(sa.func.count()).select_from(ratings)).scalar_one()
        assert runs.members_done(connection, cohorts.find(connection, "friends").id, "friends") == (12, 12)
    assert [(row.node, row.shard, row.status) for row in rows] == [
        (f"node{place}", f"{place}/3", "finished") for place in (1, 2, 3)
    ]
    # The profile tells that a film is a favourite before its rating is known: these are written twice.
    twice = sum(
        film in member.ratings or film in member.likes
        for member in map(site.world.member, names)
        for film in member.favourites
        if member.state == "ok"
    )
    assert sum(row.rows_changed for row in rows) == stored + twice


def test_each_part_of_a_night_is_read_once(crawled: Shell, site: Site, crawled_engine: sa.Engine) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    for name in ("noor", "ebb", "kip", "marla"):
        site.world.rate(name, min(site.world.films.keys() - site.world.member(name).watched), 3.5)
    options = ("-s", f"LETTERBOXD_NOW={tomorrow}")
    assert_ended(crawled.scrapy("follow_graph", *options, cohort="friends"), 0)
    site.clear_log()
    for shard in THREE:
        assert_ended(crawled.scrapy("when_rated", *options, cohort="friends", shard=shard, audit="none"), 0)
    asked = Counter(hit.path for hit in site.log)
    assert {asked[f"/{name}/"] for name in ("noor", "ebb", "kip", "marla")} == {1}
    assert stored_facts(crawled_engine) == site.world.truth(site.world.circle("marla"))
    with crawled_engine.connect() as connection:
        changed = sa.select(sa.func.sum(scrape_runs.c.rows_changed)).where(scrape_runs.c.type == "when_rated")
        assert connection.scalar(changed) == 4
