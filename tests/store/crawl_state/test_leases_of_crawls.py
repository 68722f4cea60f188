"""No two crawls read one member at once, and nobody is lost when one of them dies."""

import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from parsel import Selector

from letterboxd_scraper.items.members import Profile
from letterboxd_scraper.pages.profile import parse_profile
from letterboxd_scraper.spiders import profile
from letterboxd_scraper.store.crawl_state import leases, liveness, runs
from letterboxd_scraper.store.crawl_state.runs import Work
from letterboxd_scraper.store.engine import database_time
from letterboxd_scraper.store.schema import films, member_leases, scrape_runs, users, watched
from tests.conftest import Names, Shell, assert_ended, on_both, on_postgresql, on_sqlite, stored_facts
from tests.held_site import HeldSite
from tests.site import Fault, Site, own_world
from tests.warm import Process

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
LEASE = 2.0


@pytest.fixture
def site(friends: Names) -> Iterator[HeldSite]:
    site = HeldSite(own_world(follows=friends))
    with site:
        yield site


def begin(connection: sa.Connection, cohort: str = "friends") -> int:
    return runs.begin(connection, Work("profile", cohort), MONDAY)[0]


def leased(engine: sa.Engine) -> dict[str, int]:
    """Return who is leased to which run."""
    query = sa.select(users.c.letterboxd_username, member_leases.c.run_id).join(users)
    with engine.connect() as connection:
        return {row.letterboxd_username: row.run_id for row in connection.execute(query)}


def let_expire(connection: sa.Connection) -> None:
    past = database_time(connection) - timedelta(seconds=1)
    connection.execute(member_leases.update().values(expires_at=past))


def test_a_lease_keeps_others_out_until_it_ends(known_engine: sa.Engine) -> None:
    with known_engine.begin() as connection:
        one, two = begin(connection), begin(connection)
        assert leases.take(connection, one, "ebb", LEASE)
        assert leases.take(connection, one, "ebb", LEASE), "it is its own"
        assert not leases.take(connection, two, "ebb", LEASE)
        assert leases.take(connection, two, "noor", LEASE)
        assert (leases.holds(connection, one, "ebb"), leases.holds(connection, two, "ebb")) == (True, False)
        leases.release(connection, two, "ebb")  # which is not two's to give back
        leases.release(connection, one, "ebb")
        assert leases.take(connection, two, "ebb", LEASE)
        leases.release(connection, two)
    assert leased(known_engine) == {}


def test_an_expired_lease_can_be_taken_and_is_lost_only_then(known_engine: sa.Engine) -> None:
    with known_engine.begin() as connection:
        one, two = begin(connection), begin(connection)
        for name in ("ebb", "noor"):
            leases.take(connection, one, name, LEASE)
        let_expire(connection)
        assert leases.holds(connection, one, "ebb")
        assert leases.take(connection, two, "ebb", LEASE)
        assert not leases.holds(connection, one, "ebb")
        leases.renew(connection, one, LEASE)
        assert not leases.take(connection, two, "noor", LEASE), "renewed in time"
    assert leased(known_engine) == {"ebb": two, "noor": one}


def test_a_lease_goes_with_its_member_and_its_run(known_engine: sa.Engine) -> None:
    with known_engine.begin() as connection:
        run = begin(connection)
        for name in ("ebb", "noor"):
            leases.take(connection, run, name, LEASE)
        connection.execute(users.delete().where(users.c.letterboxd_username == "ebb"))
        assert leases.holds(connection, run, "ebb"), "nobody is there to be protected"
        assert leases.take(connection, run, "ebb", LEASE)
        connection.execute(scrape_runs.delete().where(scrape_runs.c.id == run))
    assert leased(known_engine) == {}


@on_postgresql
def test_nobody_takes_a_member_while_a_page_of_them_is_stored(known_engine: sa.Engine) -> None:
    def take(run: int) -> bool:
        with known_engine.begin() as connection:
            return leases.take(connection, run, "ebb", LEASE)

    with known_engine.begin() as connection:
        one, two = begin(connection), begin(connection)
        leases.take(connection, one, "ebb", LEASE)
        let_expire(connection)
    with ThreadPoolExecutor() as pool:
        with known_engine.begin() as connection:
            assert leases.holds(connection, one, "ebb")
            other = pool.submit(take, two)
            time.sleep(0.3)
            assert not other.done()
        assert other.result()


# Real crawls


def pages(site: Site) -> list[str]:
    return [hit.path for hit in site.log if hit.path != "/robots.txt"]


def truth(site: Site) -> set[object]:
    return set(site.world.truth(site.world.circle("marla")))


def at_once(*crawls: Callable[[], "subprocess.CompletedProcess[str]"]) -> None:
    with ThreadPoolExecutor() as pool:
        for crawl in [pool.submit(crawl) for crawl in crawls]:
            assert_ended(crawl.result(), 0)


def start_crawl(shell: Shell, *options: str) -> Process:
    return shell.start("scrapy", "crawl", "profile", "-a", "cohort=friends", *options)


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def unread(engine: sa.Engine) -> set[str]:
    """Return who has not been read in full, but for the gone and private."""
    query = sa.select(users.c.letterboxd_username).where(
        users.c.status == "ok", users.c.last_full_scrape_at.is_(None)
    )
    with engine.connect() as connection:
        return set(connection.scalars(query))


def members_in(paths: Iterable[str]) -> list[str]:
    return [path.split("/")[1] for path in paths]


@on_both
def test_two_crawls_share_a_circle_and_read_nobody_twice(
    known: Shell, site: Site, known_engine: sa.Engine
) -> None:
    # On a busy machine the second begins a second after the first, which shall not be at its end by then.
    site.faults.replace([Fault("slow", seconds=0.1)])

    def crawl() -> "subprocess.CompletedProcess[str]":
        return known.scrapy("profile", "-s", "LEASE_SECONDS=30", cohort="friends")

    at_once(crawl, crawl)
    assert stored_facts(known_engine) == truth(site)
    assert [path for path, times in Counter(pages(site)).items() if times > 1] == []
    assert leased(known_engine) == {}
    with known_engine.connect() as connection:
        seen = sa.select(films.c.slug).join(watched, watched.c.film_id == films.c.id)
        assert set(connection.scalars(seen)) == site.world.member("marla").watched


@on_postgresql
def test_two_nights_at_once_read_nobody_twice(crawled: Shell, site: Site, crawled_engine: sa.Engine) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    for name in ("noor", "ebb", "kip", "otto_reels", "the_usher"):
        site.world.rate(name, min(site.world.films.keys() - site.world.member(name).watched), 3.5)
    assert_ended(crawled.scrapy("follow_graph", "-s", f"LETTERBOXD_NOW={tomorrow}", cohort="friends"), 0)
    site.clear_log()
    site.faults.replace([Fault("slow", seconds=0.05)])

    def crawl(second: int) -> "subprocess.CompletedProcess[str]":
        # A clock that stands still could not tell who was read since.
        now = f"LETTERBOXD_NOW={tomorrow + timedelta(hours=1, seconds=second)}"
        options = ("-s", now, "-s", "LEASE_SECONDS=30")
        return crawled.scrapy("when_rated", *options, cohort="friends", audit="none")

    at_once(lambda: crawl(0), lambda: crawl(1))
    assert stored_facts(crawled_engine) == truth(site)
    assert [path for path, times in Counter(pages(site)).items() if times > 1] == []


@on_sqlite
def test_a_member_whom_another_crawl_reads_is_waited_for(
    known: Shell, site: Site, known_engine: sa.Engine
) -> None:
    with known_engine.begin() as connection:
        other = begin(connection, "others")
        leases.take(connection, other, "ebb", 600)
    with ThreadPoolExecutor() as pool:
        crawl = pool.submit(known.scrapy, "profile", cohort="friends")
        wait_for(lambda: unread(known_engine) == {"ebb"})
        with known_engine.begin() as connection:
            let_expire(connection)
        process = crawl.result()
    assert_ended(process, 0)
    assert "Waiting until another crawl has read ebb" in process.stderr
    asked = members_in(pages(site))
    assert set(asked[asked.index("ebb") :]) == {"ebb"}, "the others come first"
    assert stored_facts(known_engine) == truth(site)


@on_sqlite
def test_a_crawl_that_waits_for_another_can_be_interrupted(known: Shell, known_engine: sa.Engine) -> None:
    with known_engine.begin() as connection:
        other = begin(connection, "others")
        leases.take(connection, other, "ebb", 600)
    crawl = start_crawl(known)
    wait_for(lambda: unread(known_engine) == {"ebb"})
    crawl.send_signal(signal.SIGINT)
    crawl.communicate(timeout=120)
    assert crawl.returncode == 130
    assert leased(known_engine) == {"ebb": other}


@on_postgresql
def test_a_killed_crawls_members_are_read_by_the_next(
    known: Shell, site: Site, known_engine: sa.Engine
) -> None:
    site.faults.replace([Fault("slow", seconds=0.1)])
    crawl = start_crawl(known, "-s", "LEASE_SECONDS=600")
    wait_for(lambda: len(pages(site)) > 12)
    crawl.kill()
    crawl.communicate()
    held = set(leased(known_engine))
    assert held, "a killed crawl gives nothing back"
    site.faults.replace([])
    site.clear_log()
    with ThreadPoolExecutor() as pool:
        following = pool.submit(known.scrapy, "profile", cohort="friends")
        wait_for(lambda: unread(known_engine) == held & unread(known_engine))
        assert not held & set(members_in(pages(site)))
        with known_engine.begin() as connection:
            let_expire(connection)
        assert_ended(following.result(), 0)
    assert stored_facts(known_engine) == truth(site)
    assert leased(known_engine) == {}


@on_postgresql
def test_a_crawl_that_slept_writes_nothing_over_the_one_that_took_over(
    known: Shell, site: HeldSite, known_engine: sa.Engine
) -> None:
    rated = "/ebb/films/rated/.5-5/"
    answer = site.hold(rated)
    sleeper = start_crawl(known, "-s", "LEASE_SECONDS=600")
    assert answer.asked.wait(60)
    put_to_sleep(sleeper, known_engine)  # with a page on its way that tells what is no longer so
    answer.sent.set()
    wait_for(lambda: rated in pages(site))
    member = site.world.member("ebb")
    film, stars = next(iter(member.ratings.items()))
    site.world.rate("ebb", film, 0.5 if stars > 1 else 5.0)
    with known_engine.begin() as connection:
        let_expire(connection)
    assert_ended(known.scrapy("profile", "-s", "CRAWL_ANEW=true", cohort="friends"), 0)
    assert stored_facts(known_engine) == truth(site)
    site.clear_log()
    sleeper.send_signal(signal.SIGCONT)
    told = sleeper.communicate(60)[1]
    assert sleeper.returncode == 0, told
    assert stored_facts(known_engine) == truth(site)
    # The page after the one that could not be stored was asked for before that was known.
    assert members_in(pages(site)).count("ebb") <= 1


def put_to_sleep(crawl: Process, engine: sa.Engine) -> None:
    """Stop a crawl where it holds no lock, which would keep the other from its work."""
    others = "datname = current_database() AND pid <> pg_backend_pid()"
    busy = sa.text(f"SELECT count(*) FROM pg_stat_activity WHERE {others} AND state <> 'idle'")

    def sleeps() -> bool:
        crawl.send_signal(signal.SIGSTOP)
        time.sleep(0.3)  # what it has just sent takes its way
        try:
            with engine.begin() as connection:
                connection.execute(sa.text("SELECT * FROM member_leases FOR UPDATE NOWAIT"))
                if not connection.scalar(busy):
                    return True
        except sa.exc.OperationalError:
            pass
        crawl.send_signal(signal.SIGCONT)
        return False

    wait_for(sleeps)


def test_a_runs_row_tells_where_it_is_at_work(known: Shell, known_engine: sa.Engine) -> None:
    at_work = {"LETTERBOXD_NODE": "attic", "SCRAPY_JOB": "job1"}
    command = (sys.executable, "-m", "scrapy", "crawl", "profile", "-a", "user=ebb")
    before = datetime.now(UTC) - timedelta(seconds=1)
    for _ in range(2):
        assert_ended(known.run(*command, **at_work), 0)
    with known_engine.connect() as connection:
        first, second = connection.execute(
            sa.select(scrape_runs).where(scrape_runs.c.type == "profile").order_by(scrape_runs.c.id)
        ).all()
        state = liveness.of_job(connection, "job1", timedelta())
        assert liveness.of_job(connection, "job2", timedelta()) is None
        walk = connection.execute(sa.select(scrape_runs).where(scrape_runs.c.type == "follow_graph")).one()
    assert state is not None
    assert (state.id, state.status, state.rows_changed) == (second.id, "finished", 0)
    assert (first.node, first.job, first.shard) == ("attic", "job1", None)
    assert first.rows_changed > 30
    assert first.seen_at > before
    assert (walk.rows_changed, walk.job) == (None, None)


@on_sqlite
def test_a_crawl_that_waits_for_the_site_keeps_its_members(
    known: Shell, site: HeldSite, known_engine: sa.Engine
) -> None:
    """However slow the site is: its run shows life, and its leases are renewed."""
    answer = site.hold("/ebb/")
    crawl = start_crawl(known, "-s", "LEASE_SECONDS=0.4")
    assert answer.asked.wait(60)
    signs: set[tuple[datetime, datetime]] = set()

    def has_shown_life() -> bool:
        query = (
            sa.select(scrape_runs.c.seen_at, member_leases.c.expires_at)
            .join(member_leases, member_leases.c.run_id == scrape_runs.c.id)
            .join(users, users.c.id == member_leases.c.user_id)
            .where(users.c.letterboxd_username == "ebb")
        )
        with known_engine.connect() as connection:
            signs.add(tuple(connection.execute(query).one()))
        return len({seen for seen, _ in signs}) > 3 and len({end for _, end in signs}) > 3

    wait_for(has_shown_life)
    answer.sent.set()
    crawl.communicate()
    assert crawl.returncode == 0
    with known_engine.connect() as connection:
        requests = sa.select(scrape_runs.c.requests).where(scrape_runs.c.type == "profile")
        assert connection.scalar(requests) == len(site.log)


@pytest.fixture
def bug(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our code cannot read one member's profile."""

    def broken(page: Selector, parse: Callable[[Selector], Profile] = parse_profile) -> Profile:
        if (parsed := parse(page)).member == "ebb":
            raise ValueError("a bug")
        return parsed

    monkeypatch.setattr(profile, "parse_profile", broken)


@on_sqlite
@pytest.mark.usefixtures("bug")
def test_an_error_of_ours_with_one_member_ends_with_them(known: Shell, known_engine: sa.Engine) -> None:
    process = known.scrapy("profile", cohort="friends")
    assert_ended(process, 1)
    assert "a bug" in process.stderr
    assert unread(known_engine) == {"ebb"}
    assert leased(known_engine) == {}


@on_sqlite
@pytest.mark.usefixtures("bug")
def test_a_crawl_that_waits_keeps_nobody_from_the_one_it_waits_for(
    known: Shell, known_engine: sa.Engine
) -> None:
    """Else two crawls, each with an error of ours, would wait for each other's members for ever."""
    with known_engine.begin() as connection:
        other = begin(connection, "others")
        leases.take(connection, other, "noor", 600)

    def release_in_the_end() -> None:
        wait_for(lambda: unread(known_engine) == {"ebb", "noor"})
        wait_for(lambda: leased(known_engine) == {"noor": other})
        with known_engine.begin() as connection:
            leases.release(connection, other)

    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(release_in_the_end)
        assert_ended(known.scrapy("profile", cohort="friends"), 1)
        waiting.result()
    assert unread(known_engine) == {"ebb"}
