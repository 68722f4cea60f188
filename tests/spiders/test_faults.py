"""A site that fails a page in four, refuses one member or refuses everything; crawls that are killed."""

import random
import re
import signal
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.store.schema import (
    cohort_members,
    cohorts,
    films,
    ratings,
    scrape_failures,
    scrape_runs,
    users,
    watched,
)
from tests.conftest import Shell, assert_ended, make_shell, on_sqlite, stored_facts, with_many_friends
from tests.site import Fault, Site, World
from tests.site.rules import KINDS
from tests.warm import Process

PER_PAGE = 72
KILLS = 4
ONE_RETRY = ("-s", "RETRY_TIMES=1", "-s", "DOWNLOAD_TIMEOUT=2")

# Each is final when it strikes a page of ratings as often as the page is asked for.
FATAL = (
    Fault("status", code=500),
    Fault("status", code=503),
    Fault("truncated"),
    Fault("truncated", part=0.9, adapted=True),
    Fault("hang"),
    Fault("reset"),
    Fault("garbage"),
    Fault("wrong-charset", charset="utf-16-le"),
    Fault("wrong-member"),
    Fault("no-listing"),
    Fault("empty-listing"),
    Fault("login"),
)
# Each passes by itself, or ends the crawl if it does not.
PASSING = (
    Fault("status", code=429),
    Fault("status", code=503, retry_after=1),
    Fault("status", code=429, retry_after=1, as_date=True),
    Fault("slow", seconds=0.05),
    Fault("huge", megabytes=1),
    Fault("wrong-charset"),
    Fault("wrong-charset", charset="utf-16"),
    Fault("challenge"),
    Fault("challenge", code=200),
    Fault("challenge", code=200, header=False),
)
EVERY_KIND = (*FATAL, *PASSING)
BLOCKS = {"block", "ban"}
# What a page does on purpose to whoever reads it: test_hostile_site.
HOSTILE = {
    "bomb",
    "drip",
    "elsewhere",
    "endless",
    "endless-body",
    "endless-head",
    "endless-interim",
    "rewrite",
}
# Where these kinds find nothing to spoil, they let a page pass: they need one that lists films.
NEED_FILMS = {"no-listing", "empty-listing", "wrong-charset", "wrong-member"}


def test_every_kind_of_fault_that_is_no_block_is_tried() -> None:
    assert {fault.kind for fault in EVERY_KIND} == set(KINDS) - BLOCKS - HOSTILE


def truth(site: Site) -> set[Any]:
    return set(site.world.truth(site.world.circle(site.world.seed)))


def films_named(facts: set[Any]) -> set[tuple[str, str]]:
    """Return whose facts there are about which films, as far as they may have been read."""
    return {(member, slug) for member, slug, *_ in facts}


def shown_titles(world: World) -> set[tuple[str, str, int | None]]:
    return {(film.slug, " ".join(film.title.split()), film.year) for film in world.films.values()}


def stored_titles(engine: sa.Engine) -> set[Any]:
    query = sa.select(films.c.slug, films.c.title, films.c.release_year)
    with engine.connect() as connection:
        return {tuple(row) for row in connection.execute(query)}


def failures(engine: sa.Engine, *, resolved: bool) -> list[Any]:
    done = scrape_failures.c.resolved_at.is_not(None)
    with engine.connect() as connection:
        return list(connection.execute(sa.select(scrape_failures).where(done if resolved else ~done)))


def members_of(engine: sa.Engine) -> set[str]:
    query = sa.select(users.c.letterboxd_username).join(cohort_members)
    with engine.connect() as connection:
        return set(connection.scalars(query))


def first_page(member: str) -> str:
    return f"/{member}/films/rated/.5-5/"


def pages_of(world: World, member: str) -> list[str]:
    rated = range(2, -(-len(world.member(member).ratings) // PER_PAGE) + 1)
    later = [f"{first_page(member)}page/{number}/" for number in rated]
    return [f"/{member}/", first_page(member), *later, f"/{member}/likes/films/rated/none/"]


def readable(world: World) -> list[str]:
    circle = map(world.member, world.circle(world.seed))
    return [member.name for member in circle if member.state == "ok" and member.ratings]


def on(path: str, fault: Fault, times: int) -> Fault:
    return replace(fault, path=re.escape(path), times=times)


def spread(paths: Sequence[str], number: int, rng: random.Random) -> list[Fault]:
    """Return that many faults of all kinds in turn; each strikes another page, once."""
    left = rng.sample(paths, len(paths))
    chosen = []
    for place in range(number):
        fault = EVERY_KIND[place % len(EVERY_KIND)]
        fits = (path for path in left if fault.kind not in NEED_FILMS or path.endswith("/.5-5/"))
        path = next(fits)
        left.remove(path)
        chosen.append(on(path, fault, times=1))
    return chosen


@with_many_friends
@on_sqlite
def test_faults_of_every_kind_are_healed_by_one_retry_or_by_the_next_run(
    known: Shell, site: Site, known_engine: sa.Engine
) -> None:
    """On a quarter of the pages: what strikes once is gone with the retry, the rest after two runs."""
    world, rng = site.world, random.Random(60)
    members = readable(world)
    hard = dict(zip(rng.sample(members, len(FATAL)), FATAL, strict=True))
    paths = [path for name in members for path in pages_of(world, name)]
    others = [path for path in paths if path not in map(first_page, hard)]
    for name, fault in hard.items():
        # A connection that is reset is tried again by the downloader itself, too.
        site.faults.add(on(first_page(name), fault, times=4 if fault.kind == "reset" else 2))
    site.faults.add(*spread(others, len(EVERY_KIND), rng))

    assert_ended(known.scrapy("profile", *ONE_RETRY, cohort="friends"), 3)
    assert {(row.member, row.stage) for row in failures(known_engine, resolved=False)} == {
        (name, "rated") for name in hard
    }
    assert {fact for fact in truth(site) if fact[0] not in hard} <= stored_facts(known_engine)
    assert stored_facts(known_engine) != truth(site)

    assert_ended(known.scrapy("profile", *ONE_RETRY, cohort="friends"), 0)
    assert {kind for _, kind in site.faults.struck} == set(KINDS) - BLOCKS - HOSTILE
    assert stored_facts(known_engine) == truth(site)
    assert stored_titles(known_engine) <= shown_titles(world)
    assert failures(known_engine, resolved=False) == []
    assert {row.member for row in failures(known_engine, resolved=True)} == set(hard)


@with_many_friends
@on_sqlite
def test_faults_while_people_are_read_are_gone_after_two_runs(
    tmp_path: Path, site: Site, engine: sa.Engine
) -> None:
    shell, rng = make_shell(tmp_path, site, engine), random.Random(2)
    names = [name for name in site.world.circle("marla", depth=1) if site.world.member(name).state == "ok"]
    paths = [f"/{name}/following/" for name in names if name != "marla" and site.world.member(name).following]
    struck = zip(rng.sample(paths, len(EVERY_KIND)), EVERY_KIND, strict=True)
    site.faults.add(*(on(path, fault, times=1) for path, fault in struck))
    shell.scrapy("follow_graph", *ONE_RETRY, seed="marla", label="wide", depth=2)
    assert len(site.faults.struck) >= len(EVERY_KIND) - 1  # a page without awkward letters has no charset
    assert_ended(shell.scrapy("follow_graph", *ONE_RETRY, cohort="wide"), 0)
    assert members_of(engine) == set(site.world.circle("marla", depth=2))
    names_shown = {
        name: " ".join(site.world.member(name).display_name.split()) for name in members_of(engine)
    }
    with engine.connect() as connection:
        stored = connection.execute(sa.select(users.c.letterboxd_username, users.c.display_name))
        assert dict(stored.all()) == names_shown


@with_many_friends
@on_sqlite
@pytest.mark.parametrize("page", ["", "page/2/"])
def test_a_table_of_people_that_should_not_be_empty_makes_no_cohort_smaller(
    tmp_path: Path, site: Site, engine: sa.Engine, page: str
) -> None:
    site.faults.add(Fault("empty-listing", path=f"/marla/following/{page}"))
    shell = make_shell(tmp_path, site, engine)
    assert_ended(shell.scrapy("follow_graph", *ONE_RETRY, seed="marla", label="friends"), 3)
    site.faults.clear()
    assert_ended(shell.scrapy("follow_graph", seed="marla", label="friends"), 0)
    assert members_of(engine) == set(site.world.circle("marla"))


def test_a_table_of_people_that_stays_empty_drops_nobody(
    crawled: Shell, site: Site, crawled_engine: sa.Engine
) -> None:
    before = members_of(crawled_engine)
    site.faults.add(Fault("empty-listing", path="/marla/following/.*"))
    process = crawled.scrapy("follow_graph", *ONE_RETRY, cohort="friends")
    assert members_of(crawled_engine) == before
    assert_ended(process, 3)


def start_crawl(shell: Shell) -> Process:
    return shell.start("scrapy", "crawl", "profile", "-a", "cohort=friends", LOG_LEVEL="CRITICAL")


def kill_after(process: Process, site: Site, requests: int, seconds: float) -> int:
    """Kill a crawl that long after that many requests of its own, if it lasts; return its exit code."""
    target = len(site.log) + requests
    deadline = time.monotonic() + 60
    while len(site.log) < target and process.poll() is None:
        assert time.monotonic() < deadline, "the crawl does not get there"
        time.sleep(0.002)
    time.sleep(seconds)
    process.kill()
    return process.wait()


def test_kills_at_random_instants_among_faults_lose_nothing(
    known: Shell, site: Site, known_engine: sa.Engine
) -> None:
    chance = 1012
    print("seed:", chance)
    rng = random.Random(chance)
    kinds = (Fault("status", code=500), *map(Fault, ("reset", "truncated", "garbage", "no-listing", "login")))
    rules = [replace(fault, share=0.05) for fault in kinds]
    site.faults.replace([*rules, Fault("slow", seconds=0.005)], seed=chance)  # leaves time to interfere
    killed = 0
    for _ in range(KILLS):
        code = kill_after(start_crawl(known), site, rng.randint(1, 10), rng.uniform(0, 0.03))
        killed += code == -signal.SIGKILL
    assert killed == KILLS
    assert len(site.faults.struck) >= 3
    struck = set(site.faults.struck)
    site.faults.clear()
    assert_ended(known.scrapy("profile", cohort="friends"), 0)
    assert stored_facts(known_engine) == truth(site), struck
    assert stored_titles(known_engine) <= shown_titles(site.world)
    with known_engine.connect() as connection:
        seen = sa.select(films.c.slug).join(watched, watched.c.film_id == films.c.id)
        assert set(connection.scalars(seen)) == site.world.member("marla").watched
    assert failures(known_engine, resolved=False) == []
    good = [hit.path for hit in site.log if hit.status == 200 and not hit.fault and hit.path != "/sign-in/"]
    # A kill costs the page in flight, and those that wait for the database: more on a busy machine.
    assert len(good) - len(set(good)) <= 5 * killed


def everything_known(engine: sa.Engine) -> list[set[Any]]:
    with engine.connect() as connection:
        facts = (ratings.c.user_id, ratings.c.film_id, ratings.c.rating, ratings.c.liked, ratings.c.favorite)
        queries = (
            sa.select(*facts),
            sa.select(watched),
            sa.select(cohort_members),
            sa.select(cohorts.c.label),
        )
        return [{tuple(row) for row in connection.execute(query)} for query in queries]


@pytest.mark.parametrize("kind", ["no-listing", "empty-listing"])
def test_a_member_whose_pages_all_lack_their_films_loses_nothing_and_stops_nobody(
    crawled: Shell, site: Site, crawled_engine: sa.Engine, kind: str
) -> None:
    before = everything_known(crawled_engine)
    site.faults.add(Fault(kind, path="/otto_reels/.*"))
    site.clear_log()
    assert_ended(crawled.scrapy("profile", *ONE_RETRY, cohort="friends"), 3)
    assert everything_known(crawled_engine) == before
    assert {row.member for row in failures(crawled_engine, resolved=False)} == {"otto_reels"}
    with crawled_engine.connect() as connection:
        began = connection.scalar(sa.select(sa.func.max(scrape_runs.c.started_at)))
        read = sa.select(users.c.letterboxd_username).where(users.c.last_full_scrape_at >= began)
        done = set(connection.scalars(read))
    circle = map(site.world.member, site.world.circle("marla"))
    assert done == {member.name for member in circle if member.state == "ok"} - {"otto_reels"}


@pytest.mark.parametrize("kind", ["no-listing", "empty-listing"])
def test_likes_that_are_not_shown_are_not_forgotten(
    crawled: Shell, site: Site, crawled_engine: sa.Engine, kind: str
) -> None:
    before = everything_known(crawled_engine)
    site.faults.add(Fault(kind, path="/otto_reels/likes/.*"))
    process = crawled.scrapy("profile", *ONE_RETRY, user="otto_reels")
    assert everything_known(crawled_engine) == before
    assert_ended(process, 3)


@on_sqlite
def test_likes_that_are_not_shown_are_not_taken_for_none(
    known: Shell, site: Site, known_engine: sa.Engine
) -> None:
    # The list of people has just said how many films are liked: more than those that are rated, too.
    site.faults.add(Fault("empty-listing", path="/otto_reels/likes/.*", times=1))
    assert_ended(known.scrapy("profile", *ONE_RETRY, user="otto_reels"), 0)
    assert stored_facts(known_engine) == site.world.truth(["otto_reels"])


@pytest.mark.parametrize("header", [True, False])
def test_a_member_behind_challenges_loses_nothing_and_ends_the_crawl(
    crawled: Shell, site: Site, crawled_engine: sa.Engine, header: bool
) -> None:
    before = everything_known(crawled_engine)
    site.faults.add(Fault("challenge", code=200, header=header, path="/otto_reels/.*"))
    process = crawled.scrapy("profile", cohort="friends")
    assert_ended(process, 4)
    assert "Blocked: the site answered with a challenge, twice" in process.stderr
    assert everything_known(crawled_engine) == before
    assert "otto_reels" in [row.member for row in failures(crawled_engine, resolved=False)]


@on_sqlite
@pytest.mark.parametrize("at_once", [1, 8])
def test_after_the_first_challenge_only_what_is_under_way_and_one_more_arrives(
    known: Shell, site: Site, known_engine: sa.Engine, at_once: int
) -> None:
    several = ("-s", f"CONCURRENT_REQUESTS={at_once}")
    site.faults.replace([Fault("challenge", after=25)])
    assert_ended(known.scrapy("profile", *several, cohort="friends"), 4)
    hits = sorted(site.log, key=lambda hit: hit.time)
    first = next(place for place, hit in enumerate(hits) if hit.fault)
    assert first == 25
    assert len(hits[first + 1 :]) <= at_once + 1  # those under way, and its own second try
    assert set() < films_named(stored_facts(known_engine)) < films_named(truth(site))
    read = {hit.path for hit in hits[:first]}
    site.faults.clear()
    site.clear_log()
    assert_ended(known.scrapy("profile", *several, cohort="friends"), 0)
    assert stored_facts(known_engine) == truth(site)
    # What was read was kept, but for pages that were on their way to the database.
    assert len(read & {hit.path for hit in site.log}) <= at_once
