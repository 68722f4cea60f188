"""Nightly and monthly jobs, here and on real Scrapyd servers that want a password."""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.errors import NodeUnusable
from letterboxd_scraper.schedule.jobs import MONTHLY, NIGHTLY
from letterboxd_scraper.schedule.nodes import Node
from letterboxd_scraper.schedule.scrapyd_api import ScrapydApi
from letterboxd_scraper.store.engine import read_transaction
from letterboxd_scraper.store.schema import film_rankings, films, scrape_runs
from tests.conftest import Shell, assert_ended, on_postgresql, on_sqlite, stored_facts
from tests.nights import PASSWORD, USER, at_night, change, let_films_wait, node, small_node, target
from tests.site import Fault, Site
from tests.spiders.test_when_rated import CHANGES, rated_film, somebody, truth
from tests.warm import Process


@pytest.fixture(autouse=True)
def most_films_wait(crawled_engine: sa.Engine) -> None:
    let_films_wait(crawled_engine)


def run(shell: Shell, *options: str, code: int = 0, job: str = NIGHTLY) -> Any:
    ended = shell.letterboxd("schedule", "run", "--cohort", "friends", "--job", job, "--json", *options)
    assert_ended(ended, code)
    (line,) = ended.stdout.splitlines()
    return json.loads(line) | {"told": ended.stderr}


def steps(report: Any) -> dict[str, int]:
    return {step["step"]: step["code"] for step in report["steps"]}


def assert_night_is_done(report: Any, site: Site, engine: sa.Engine) -> None:
    names = ("follow_graph", "when_rated", "film", "statistics", "rankings")
    assert steps(report) == dict.fromkeys(names, 0), report
    assert stored_facts(engine) == truth(site)
    assert report["rows_changed"] >= len(CHANGES)
    assert report["requests"] == len([hit for hit in site.log if not hit.path.startswith("/3/")])
    with read_transaction(engine) as connection:
        assert connection.scalar(sa.select(sa.func.count()).where(films.c.poster_url.is_not(None)))
        strategies = set(connection.scalars(sa.select(film_rankings.c.strategy)))
        assert strategies >= {"circle", "bayesian", "wilson", "recency", "hybrid"}


def runs(engine: sa.Engine, *columns: str, kind: str = "when_rated") -> list[Any]:
    """Return these columns of the runs of this kind, the first first."""
    selected = [scrape_runs.c[name] for name in columns]
    with read_transaction(engine) as connection:
        query = sa.select(*selected).where(scrape_runs.c.type == kind).order_by(scrape_runs.c.id)
        return [tuple(row) for row in connection.execute(query)]


def wait_until(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it does not get there"
        time.sleep(0.05)


@on_sqlite
def test_a_night_here_goes_on_after_a_failure(crawled: Shell, site: Site, crawled_engine: sa.Engine) -> None:
    change(site)
    site.faults.add(Fault("status", path="/film/.*", code=500))
    report = run(at_night(crawled), "--local", code=3)
    assert steps(report) == {"follow_graph": 0, "when_rated": 0, "film": 3, "statistics": 0, "rankings": 0}
    assert stored_facts(crawled_engine) == truth(site)
    assert report["failures"] > 0


@on_sqlite
def test_a_month_finds_what_nights_cannot(crawled: Shell, site: Site, crawled_engine: sa.Engine) -> None:
    name = somebody(site.world, 0)
    one, two = (rated_film(site.world, name, number=number) for number in (0, 1))
    stars = site.world.member(name).ratings
    site.world.rate(name, one, 1.5 if stars[one] != 1.5 else 2.5)
    site.world.unlike(name, next(iter(site.world.member(name).likes)))
    site.world.like(name, two)
    report = run(at_night(crawled), "--local", job=MONTHLY)
    names = ("follow_graph", "profile", "film", "statistics", "rankings", "tidy")
    assert steps(report) == dict.fromkeys(names, 0)
    assert stored_facts(crawled_engine) == truth(site)
    assert any("/csi/" in hit.path for hit in site.log)


@on_postgresql
def test_a_night_on_two_nodes(crawled: Shell, site: Site, crawled_engine: sa.Engine) -> None:
    change(site)
    shell = at_night(crawled)
    target(shell, "gone", "http://127.0.0.1:9")
    with node(shell) as one, small_node(shell, "two"):
        report = run(shell)
        assert_night_is_done(report, site, crawled_engine)
        assert PASSWORD not in one.told() + report["told"]
        client = Node("one", one.url, "letterboxd", ScrapydApi(one.url, USER, PASSWORD))
        with pytest.raises(NodeUnusable, match="says: spider 'nobody' not found"):
            client.schedule("nobody", {}, "a-job")
        assert client.state("a-job") is None
    assert report["nodes"] == ["one", "two"]
    assert "left out: node gone (http://127.0.0.1:9) does not answer" in report["told"]
    assert sorted(runs(crawled_engine, "shard", "node")) == [("1/2", "one"), ("2/2", "two")]


@on_sqlite
def test_after_a_block_what_is_there_is_ranked(crawled: Shell, site: Site) -> None:
    shell = at_night(crawled, DOWNLOAD_DELAY="0.1")
    change(site)
    site.faults.add(Fault("ban", path="/[^/]*/(films|likes)/.*"))
    with small_node(shell):
        report = run(shell, "--shards", "2", code=4)
    assert steps(report) == {"follow_graph": 0, "when_rated": 4, "statistics": 0, "rankings": 0}


@on_sqlite
def test_without_robots_txt_a_job_ends_the_same_here_and_on_a_node(crawled: Shell, site: Site) -> None:
    shell = at_night(crawled, RETRY_TIMES="0")
    site.faults.add(Fault("status", path="/robots.txt", code=500))
    ended = {"follow_graph": 4, "statistics": 0, "rankings": 0}
    assert steps(run(shell, "--local", code=4)) == ended
    with small_node(shell):
        assert steps(run(shell, code=4)) == ended
    assert {hit.path for hit in site.log} == {"/robots.txt"}


@on_sqlite
def test_a_key_that_tmdb_refuses_is_bad_input(crawled: Shell) -> None:
    report = run(at_night(crawled, TMDB_API_KEY="wrong"), "--local", code=2)
    assert steps(report) == {"follow_graph": 0, "when_rated": 0, "film": 2}


def nowhere(shell: Shell) -> str:
    target(shell, "one", "http://127.0.0.1:9")
    return "node one (http://127.0.0.1:9) does not answer"


def no_target(shell: Shell) -> str:
    (shell.folder / "scrapy.cfg").write_text("[settings]\ndefault = letterboxd_scraper.settings\n")
    return "no node: name one as [deploy]"


def named_twice(shell: Shell) -> str:
    target(shell, "one", "http://127.0.0.1:9")
    target(shell, "one", "http://127.0.0.1:9")
    return "section 'deploy:one' already exists"


def secret_in_the_address(shell: Shell) -> str:
    target(shell, "one", f"http://me:{PASSWORD}@127.0.0.1:9")
    return "user name and password belong into lines of their own"


@on_sqlite
@pytest.mark.parametrize("wrong", [nowhere, no_target, named_twice, secret_in_the_address])
def test_without_a_node_nothing_is_done(crawled: Shell, site: Site, wrong: Callable[[Shell], str]) -> None:
    shell = at_night(crawled)
    assert_refused(shell, wrong(shell))
    assert site.log == []


def assert_refused(shell: Shell, message: str, *options: str) -> None:
    ended = shell.letterboxd("schedule", "run", "--cohort", "friends", "--job", NIGHTLY, "--quiet", *options)
    assert_ended(ended, 2)
    (line,) = ended.stderr.splitlines()
    assert message in line
    assert PASSWORD not in line
    assert ended.stdout == ""


@on_sqlite
def test_a_node_that_cannot_be_used_says_why_in_one_line(crawled: Shell, site: Site) -> None:
    shell = at_night(crawled)
    with node(shell, deployed=True):
        assert_refused(shell, "has no project 'letterboxd': deploy it there: scrapyd-deploy one")
        wrong = at_night(crawled, SCRAPYD_PASSWORD="wrong")
        assert_refused(wrong, "does not accept our user name and password")
        assert_refused(shell, "--target two: scrapy.cfg has one", "--target", "two")
    assert site.log == []


@on_sqlite
def test_a_job_that_does_not_start_is_told_with_its_log(crawled: Shell) -> None:
    shell = at_night(crawled)
    elsewhere = Shell(shell.folder, shell.environment | {"DATABASE_URL": "sqlite:////proc/none/x.db"})
    with small_node(elsewhere) as server:
        report = run(shell, code=2)
    assert steps(report) == {"follow_graph": 2}
    assert f"see {server.url}/logs/letterboxd/follow_graph/friends.follow_graph.all." in str(report)


def begin(shell: Shell, *options: str) -> Process:
    """Start a nightly job, and return it while it is under way."""
    command = ("letterboxd_scraper", "schedule", "run", "--json", "--cohort", "friends", "--job", NIGHTLY)
    return shell.start(*command, *options)


def ended_well(night: Process) -> Any:
    out, told = night.communicate(timeout=120)
    assert night.returncode == 0, told
    return json.loads(out) | {"told": told}


def is_at_work(engine: sa.Engine, name: str = "one") -> bool:
    return (name, "running") in runs(engine, "node", "status")


@on_sqlite
def test_a_crawl_that_is_killed_here_is_an_internal_error(
    crawled: Shell, site: Site, crawled_engine: sa.Engine
) -> None:
    change(site)
    slow = at_night(crawled, DOWNLOAD_DELAY="0.2", LETTERBOXD_NODE="one")
    night = begin(slow, "--local")
    wait_until(lambda: is_at_work(crawled_engine))
    (crawl,) = Path(f"/proc/{night.pid}/task/{night.pid}/children").read_text().split()
    os.kill(int(crawl), signal.SIGKILL)
    out, told = night.communicate(timeout=60)
    assert night.returncode == 1, told
    assert steps(json.loads(out)) == {"follow_graph": 0, "when_rated": 1}


@on_sqlite
def test_a_job_that_is_under_way_is_not_begun_again(
    crawled: Shell, site: Site, crawled_engine: sa.Engine
) -> None:
    change(site)
    shell = at_night(crawled)
    slow = Shell(shell.folder, shell.environment | {"DOWNLOAD_DELAY": "0.2"})
    with small_node(slow) as server:
        first = begin(shell)
        wait_until(lambda: is_at_work(crawled_engine))
        first.kill()
        first.communicate()
        # Its Scrapyd, too: the crawl goes on without either.
        server.forget()
        report = run(shell)
    assert "when_rated: is under way already" in report["told"]
    assert stored_facts(crawled_engine) == truth(site)
    assert runs(crawled_engine, "status") == [("finished",)]


@on_sqlite
def test_a_scrapyd_that_is_started_anew_loses_nothing(
    crawled: Shell, site: Site, crawled_engine: sa.Engine
) -> None:
    change(site)
    shell = at_night(crawled)
    slow = Shell(shell.folder, shell.environment | {"DOWNLOAD_DELAY": "0.2"})
    with small_node(slow, slots=1) as server:
        night = begin(shell, "--shards", "2")
        wait_until(lambda: is_at_work(crawled_engine) and reads_members(site))
        # As systemd stops it, its jobs too: one shard is interrupted, the other waits for the server.
        server.stop()
        server.signal_jobs(signal.SIGTERM)
        server.forget()
        server.start()
        report = ended_well(night)
    assert stored_facts(crawled_engine) == truth(site)
    assert report["rows_changed"] >= len(CHANGES)  # by the run that was interrupted, too
    ended = [("1/2", "finished"), ("1/2", "interrupted"), ("2/2", "finished")]
    assert sorted(runs(crawled_engine, "shard", "status")) == ended


def reads_members(site: Site) -> bool:
    return any("/following/" not in hit.path for hit in site.log if hit.path != "/robots.txt")


@on_sqlite
def test_what_a_dead_node_had_is_given_to_another(
    crawled: Shell, site: Site, crawled_engine: sa.Engine
) -> None:
    change(site)
    shell = at_night(crawled)
    slow = Shell(shell.folder, shell.environment | {"DOWNLOAD_DELAY": "0.2"})
    with small_node(slow) as one, small_node(shell, "two"):
        night = begin(shell)
        wait_until(lambda: is_at_work(crawled_engine))
        one.stop()
        one.signal_jobs(signal.SIGKILL)
        report = ended_well(night)
    assert stored_facts(crawled_engine) == truth(site)
    assert "when_rated 1/2: node one has lost it; it is given out again" in report["told"]
    assert ("1/2", "two", "finished") in runs(crawled_engine, "shard", "node", "status")
