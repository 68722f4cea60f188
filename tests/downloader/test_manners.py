"""Pace, robots.txt, retries and blocks, by real crawls: judged by what the site saw."""

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa
from scrapy.utils.test import get_crawler

from letterboxd_scraper import config
from letterboxd_scraper.downloader.pace import SitePace
from letterboxd_scraper.store.crawl_state import pace
from letterboxd_scraper.store.schema import robots_txt, scrape_failures, scrape_runs, site_pace
from tests.conftest import (
    Names,
    Shell,
    address,
    assert_ended,
    make_shell,
    on_postgresql,
    on_sqlite,
    stored_facts,
)
from tests.held_site import HeldSite
from tests.site import Fault, Site, own_world
from tests.spiders.test_crawl import expected_requests


@pytest.fixture
def site(friends: Names) -> Iterator[HeldSite]:
    site = HeldSite(own_world(follows=friends))
    with site:
        yield site


def truth(site: Site) -> set[tuple[str, str, float | None, bool, bool]]:
    return site.world.truth(site.world.circle("marla"))


@on_postgresql  # on SQLite: test_scrapyd_pace.py
def test_two_crawls_at_once_keep_one_pace(known: Shell, site: Site) -> None:
    crawls = [
        known.start("scrapy", "crawl", "profile", "-a", f"user={name}", DOWNLOAD_DELAY=0.05)
        for name in ("otto_reels", "noor", "marla")
    ]
    assert [crawl.wait() for crawl in crawls] == [0, 0, 0]
    moments = sorted(hit.time for hit in site.log)
    assert len(moments) >= 10
    assert min(later - earlier for earlier, later in pairwise(moments)) >= 0.05


def test_turns_are_taken_one_at_a_time_and_apart(engine: sa.Engine) -> None:
    assert pace.take_turn(engine, "site", "mine") == 0
    assert 0 < pace.take_turn(engine, "site", "yours") <= 0.1  # who knows when the answer comes
    assert pace.take_turn(engine, "another site", "yours") == 0
    pace.end_turn(engine, "site", "mine", 100)
    assert 0 < pace.take_turn(engine, "site", "yours") <= 100
    open_to_all(engine)
    assert pace.take_turn(engine, "site", "yours") == 0


def test_who_is_late_ends_nobody_elses_turn(engine: sa.Engine) -> None:
    assert pace.take_turn(engine, "site", "mine") == 0
    with engine.begin() as connection:  # as when the lease is over
        connection.execute(site_pace.update().values(busy_until=0.0))
    assert pace.take_turn(engine, "site", "yours") == 0
    pace.end_turn(engine, "site", "mine", 0)
    assert pace.take_turn(engine, "site", "another") > 0


def test_who_was_killed_keeps_the_others_waiting_for_a_while_only(engine: sa.Engine) -> None:
    assert pace.take_turn(engine, "site", "killed") == 0
    with engine.connect() as connection:
        left = connection.scalar(sa.select(site_pace.c.busy_until)) or 0.0
    assert left - time.time() <= pace.LEASE < 60


def test_a_turn_is_kept_as_long_as_the_request_takes(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = address(engine)
    crawler = get_crawler(settings_dict=config.load(DATABASE_URL=url, DOWNLOAD_DELAY=0.01).model_dump())
    naps: list[float] = []
    real_sleep = asyncio.sleep

    async def short_sleep(seconds: float) -> None:
        naps.append(seconds)
        await real_sleep(0.001)

    def ends_at() -> float:
        with engine.connect() as connection:
            return connection.scalar(sa.select(site_pace.c.busy_until)) or 0.0

    async def slow_request() -> None:
        async with SitePace(crawler).turn("https://site/"):
            ends = {ends_at()}
            while len(ends) < 4:
                # Beside the event loop, as crawls do: it has the turn to renew.
                assert await asyncio.to_thread(pace.take_turn, engine, "site", "yours") > 0
                ends.add(await asyncio.to_thread(ends_at))

    monkeypatch.setattr(pace, "LEASE", 600.0)  # on a busy machine, too
    monkeypatch.setattr(asyncio, "sleep", short_sleep)
    asyncio.run(slow_request())
    assert max(naps) <= pace.LEASE / 4, "it is renewed in good time"
    pace.renew_turn(engine, "site", "mine")  # one that comes too late
    open_to_all(engine)
    assert pace.take_turn(engine, "site", "yours") == 0


def test_a_hold_silences_everybody(engine: sa.Engine) -> None:
    pace.hold(engine, "site", 300)
    pace.hold(engine, "site", 100)  # a shorter one does not end a longer one
    assert 200 < pace.take_turn(engine, "site", "mine") <= 300
    pace.end_turn(engine, "site", "earlier", 1)  # nor does an answer that comes meanwhile
    assert 200 < pace.take_turn(engine, "site", "mine") <= 300
    open_to_all(engine)
    assert pace.take_turn(engine, "site", "mine") == 0


def open_to_all(engine: sa.Engine) -> None:
    """Let the time pass for which a site is closed."""
    with engine.begin() as connection:
        connection.execute(site_pace.update().values(free_at=0.0))


def test_robots_txt_is_read_once_a_day(known: Shell, site: Site, known_engine: sa.Engine) -> None:
    for _ in range(2):
        site.clear_log()
        assert_ended(known.scrapy("profile", user="kip"), 0)
    assert "/robots.txt" not in [hit.path for hit in site.log]
    with known_engine.begin() as connection:
        yesterday = datetime.now(UTC) - timedelta(hours=25)
        connection.execute(robots_txt.update().values(read_at=yesterday))
    assert_ended(known.scrapy("profile", user="kip"), 0)
    assert [hit.path for hit in site.log].count("/robots.txt") == 1


ROBOTS = {
    "broken": (Fault("status", path="/robots.txt", code=500), 3),
    "refused": (Fault("status", path="/robots.txt", code=403), 3),
    "a challenge": (Fault("challenge", path="/robots.txt"), 4),
    "a challenge with status 200": (Fault("challenge", path="/robots.txt", code=200), 4),
}


@on_sqlite
@pytest.mark.parametrize(("fault", "code"), ROBOTS.values(), ids=ROBOTS)
def test_without_robots_txt_nothing_is_read(
    tmp_path: Path, site: Site, engine: sa.Engine, fault: Fault, code: int
) -> None:
    site.faults.add(fault)
    shell = make_shell(tmp_path, site, engine)
    process = shell.scrapy("follow_graph", seed="marla", label="friends")
    assert_ended(process, code)
    assert "Traceback" not in process.stderr
    assert {hit.path for hit in site.log} == {"/robots.txt"}
    with engine.connect() as connection:
        assert connection.scalar(sa.select(scrape_runs.c.status)) == "blocked"
        assert connection.scalar(sa.select(sa.func.count()).select_from(scrape_failures)) == 1


@on_sqlite
def test_no_robots_txt_means_all_is_allowed(tmp_path: Path, site: Site, engine: sa.Engine) -> None:
    site.faults.add(Fault("status", path="/robots.txt", code=404))
    assert_ended(make_shell(tmp_path, site, engine).scrapy("follow_graph", seed="marla", label="friends"), 0)


@on_sqlite
def test_what_may_pass_is_tried_again(known: Shell, site: Site, known_engine: sa.Engine) -> None:
    for kind in ("reset", "truncated", "no-listing", "garbage"):
        site.faults.add(Fault(kind, share=0.1))
    for code in (500, 503, 429):
        site.faults.add(Fault("status", share=0.06, code=code))
    site.faults.seed = 7
    assert_ended(known.scrapy("profile", cohort="friends"), 0)
    assert stored_facts(known_engine) == truth(site)
    assert {kind for _, kind in site.faults.struck} >= {"reset", "truncated", "status"}


@on_sqlite
def test_retry_after_holds_for_the_whole_site(known: Shell, site: Site) -> None:
    site.faults.add(Fault("status", code=429, retry_after=1, after=10, times=1))
    assert_ended(known.scrapy("profile", "-s", "CONCURRENT_REQUESTS=1", cohort="friends"), 0)
    refused = next(number for number, hit in enumerate(site.log) if hit.status == 429)
    assert site.log[refused + 2].time - site.log[refused].time >= 1  # one more may have been under way


@on_sqlite
def test_a_site_that_still_says_too_much_is_left_alone(known: Shell, site: Site) -> None:
    site.faults.add(Fault("status", code=429, after=10))
    process = known.scrapy("profile", cohort="friends")
    assert_ended(process, 4)
    assert "still says that we ask too much" in process.stderr


@on_sqlite
def test_one_challenge_is_waited_out(known: Shell, site: Site, known_engine: sa.Engine) -> None:
    site.faults.add(Fault("challenge", after=10, times=1), Fault("challenge", code=200, after=25, times=1))
    assert_ended(known.scrapy("profile", cohort="friends"), 0)
    assert stored_facts(known_engine) == truth(site)


@pytest.mark.parametrize("kind", ["challenge", "ban"])
def test_a_block_keeps_what_was_read_and_the_next_run_completes(
    known: Shell, site: Site, known_engine: sa.Engine, kind: str
) -> None:
    pages = expected_requests(site.world, "marla")
    site.faults.add(Fault(kind, after=25))
    process = known.scrapy("profile", cohort="friends")
    assert_ended(process, 4)
    told = [line for line in process.stderr.splitlines() if "Blocked:" in line]
    assert len(told) == 1
    assert "export archives" in told[0]
    assert len(site.log) <= 25 + 3
    assert set() < stored_facts(known_engine) < truth(site)
    with known_engine.connect() as connection:
        assert connection.scalars(sa.select(scrape_failures.c.error)).first() is not None
    site.faults.clear()
    before = len(site.log)
    assert_ended(known.scrapy("profile", cohort="friends"), 0)
    assert stored_facts(known_engine) == truth(site)
    assert len(site.log) - before < pages - 20


@on_postgresql
def test_a_connection_that_breaks_is_made_anew(known: Shell, site: HeldSite, known_engine: sa.Engine) -> None:
    # When the last is read, only pages are written, and signs of life: who comes next is asked for no more.
    answer = site.hold(f"/{max(site.world.circle('marla'))}/")
    crawl = known.start("scrapy", "crawl", "profile", "-a", "cohort=friends", LEASE_SECONDS=600)
    assert answer.asked.wait(60)
    with known_engine.connect() as connection:
        assert connection.execute(END_OTHERS).all()
    answer.sent.set()
    told = crawl.communicate(timeout=120)[1]
    assert crawl.returncode == 0, told
    assert stored_facts(known_engine) == truth(site)


END_OTHERS = sa.text(
    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@on_postgresql
def test_a_database_that_is_lost_ends_the_crawl(
    known: Shell,
    site: HeldSite,
    known_engine: sa.Engine,
    postgres_server: str,
) -> None:
    answer = site.hold("/ebb/")
    admin = sa.create_engine(postgres_server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)

    def let_in(allowed: bool) -> None:
        name = known_engine.url.database
        with admin.connect() as connection:
            connection.execute(sa.text(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS {allowed}"))

    def lose() -> int:
        assert answer.asked.wait(60)
        with known_engine.connect() as connection:
            let_in(False)
            connection.execute(END_OTHERS)
        answer.sent.set()
        return len(site.log)

    try:
        with ThreadPoolExecutor() as pool:
            losing = pool.submit(lose)
            process = known.scrapy("profile", "-s", "DATABASE_PATIENCE=1", cohort="friends")
            asked = losing.result()
        assert_ended(process, 1)
        assert "Stopped: the database" in process.stderr
        assert len(site.log) - asked < 10
    finally:
        let_in(True)
