"""Crawls that are killed, interrupted, refused or fed broken pages lose nothing; the next run goes on."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from letterboxd_scraper.store.schema import films, scrape_failures, scrape_runs, users, watched
from tests.conftest import Names, Shell, assert_ended, on_both, on_sqlite, stored_facts
from tests.site import Site, own_world
from tests.site.pages import Answer
from tests.site.rules import Fault as Rule
from tests.warm import Process

# Takes a path and the answer that the site has for it; returns what it sends instead.
Fault = Callable[[str, Answer], Answer]


class FaultySite(Site):
    """The imitation site with something wrong, while ``fault`` is set."""

    fault: Fault | None = None

    def answer(self, method: str, target: str, agent: str, body: bytes) -> Answer:
        answer = super().answer(method, target, agent, body)
        return self.fault(target, answer) if self.fault else answer


@pytest.fixture
def site(friends: Names) -> Iterator[FaultySite]:
    site = FaultySite(own_world(follows=friends))
    with site:
        yield site


@pytest.fixture
def engine(known_engine: sa.Engine) -> sa.Engine:
    return known_engine


@pytest.fixture
def shell(known: Shell) -> Shell:
    """A cohort that is known, but not crawled."""
    return known


def truth(site: Site) -> set[tuple[str, str, float | None, bool, bool]]:
    return site.world.truth(site.world.circle("marla"))


def statuses(engine: sa.Engine) -> list[str]:
    with engine.connect() as connection:
        query = (
            sa.select(scrape_runs.c.status).where(scrape_runs.c.type == "profile").order_by(scrape_runs.c.id)
        )
        return list(connection.scalars(query))


def watched_films(engine: sa.Engine) -> set[str | None]:
    with engine.connect() as connection:
        return set(connection.scalars(sa.select(films.c.slug).join(watched, watched.c.film_id == films.c.id)))


def start_crawl(shell: Shell, site: Site) -> Process:
    """Start a crawl that leaves time to interfere."""
    site.faults.replace([Rule("slow", seconds=0.02)])
    return shell.start("scrapy", "crawl", "profile", "-a", "cohort=friends")


def wait_for_requests(site: Site, number: int) -> None:
    deadline = time.monotonic() + 30
    while len(site.log) < number:
        assert time.monotonic() < deadline, "the crawl does not get there"
        time.sleep(0.005)


@on_both
def test_killed_at_any_instant_it_goes_on_where_it_was(shell: Shell, site: Site, engine: sa.Engine) -> None:
    for number in (2, 3, 4, 31):  # the first four pages are the seed's
        process = start_crawl(shell, site)
        wait_for_requests(site, number)
        process.kill()
        process.communicate()
    assert_ended(shell.scrapy("profile", cohort="friends"), 0)
    assert stored_facts(engine) == truth(site)
    asked = [hit.path for hit in site.log if hit.path != "/robots.txt"]
    # Each kill can cost the page in flight and those that wait for the database: more on a busy machine.
    # Without bookmarks it would be 40.
    assert len(asked) - len(set(asked)) <= 5 * 4
    *killed, last = statuses(engine)
    assert (len(killed), last) == (4, "finished")
    assert set(killed) <= {"running", "interrupted"}  # as long as a crawl that began later saw no life in it
    assert watched_films(engine) == site.world.member("marla").watched


def test_ctrl_c_ends_it_cleanly(shell: Shell, site: Site, engine: sa.Engine) -> None:
    process = start_crawl(shell, site)
    wait_for_requests(site, 15)
    process.send_signal(signal.SIGINT)
    process.communicate()
    assert process.returncode == 130
    assert statuses(engine) == ["interrupted"]
    asked = {hit.path for hit in site.log}
    site.clear_log()
    assert_ended(shell.scrapy("profile", cohort="friends"), 0)
    assert stored_facts(engine) == truth(site)
    assert len(asked & {hit.path for hit in site.log}) <= 1  # the page that was in flight


@pytest.mark.parametrize(
    ("command", "after"),
    [(("scrape",), 0.5), (("scrape",), 1.1), (("schedule", "run", "--job", "monthly", "--local"), 0.8)],
    ids=["when it starts", "when its crawl starts", "a job"],
)
def test_ctrl_c_at_any_instant_is_an_exit_code_and_leaves_no_run_open(
    shell: Shell, site: Site, engine: sa.Engine, command: tuple[str, ...], after: float
) -> None:
    """`python -m benchmarks.interrupts` tries many instants."""
    site.faults.replace([Rule("slow", seconds=0.1)])
    process = shell.start("letterboxd_scraper", *command, "--cohort", "friends")
    time.sleep(after)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate()
    assert (process.returncode, "Traceback" in told) == (130, False), told
    assert set(statuses(engine)) <= {"interrupted"}


def test_a_second_ctrl_c_does_not_wait_for_the_page_in_flight(
    shell: Shell, site: Site, engine: sa.Engine
) -> None:
    site.faults.replace([Rule("slow", seconds=60, path="/marla/")])
    process = shell.start("scrapy", "crawl", "profile", "-a", "cohort=friends")
    wait_for_requests(site, 2)
    for _ in range(2):
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
    _, told = process.communicate(timeout=50)
    assert (process.returncode, "Traceback" in told) == (130, False), told
    assert statuses(engine) == ["interrupted"]


def test_a_full_scrape_begins_anew_after_an_interruption(shell: Shell, site: Site) -> None:
    process = start_crawl(shell, site)
    wait_for_requests(site, 15)
    process.kill()
    process.communicate()
    site.clear_log()
    assert_ended(shell.letterboxd("scrape", "--cohort", "friends", "--full"), 0)
    assert "/marla/" in [hit.path for hit in site.log]


@on_sqlite
def test_a_spider_ends_when_the_command_that_started_it_is_killed(shell: Shell, site: Site) -> None:
    command = shell.start("letterboxd_scraper", "scrape", "--cohort", "friends", DOWNLOAD_DELAY=0.2)
    wait_for_requests(site, 3)
    (spider,) = Path(f"/proc/{command.pid}/task/{command.pid}/children").read_text().split()
    command.kill()
    command.wait()
    deadline = time.monotonic() + 60
    while is_running(spider):
        assert time.monotonic() < deadline, "it goes on"
        time.sleep(0.02)
    assert len(site.log) < 30, "it came to its end"


def is_running(process: str) -> bool:
    """Say whether a process has not ended; that nobody asks how it did keeps only its number."""
    with suppress(FileNotFoundError):
        return "State:\tZ" not in Path(f"/proc/{process}/status").read_text()
    return False


def test_after_a_crawl_that_ended_the_next_begins_anew(crawled: Shell, site: Site) -> None:
    assert_ended(crawled.scrapy("profile", cohort="friends"), 0)
    assert "/marla/" in [hit.path for hit in site.log]


def test_one_members_failure_does_not_stop_the_others(
    shell: Shell, site: FaultySite, engine: sa.Engine
) -> None:
    site.fault = lambda path, answer: (
        Answer(404, "gone") if path.startswith("/otto_reels/films/rated/.5-5/p") else answer
    )
    assert_ended(shell.scrapy("profile", cohort="friends"), 3)
    others = {fact for fact in truth(site) if fact[0] != "otto_reels"}
    assert others < stored_facts(engine) < truth(site)
    assert statuses(engine) == ["failures"]
    with engine.connect() as connection:
        (row,) = connection.execute(sa.select(scrape_failures)).all()
        assert (row.member, row.stage, row.error) == ("otto_reels", "rated", "status 404")
        read = sa.select(users.c.last_full_scrape_at).where(users.c.letterboxd_username == "otto_reels")
        assert connection.scalar(read) is None
    site.fault = None
    assert_ended(shell.scrapy("profile", cohort="friends"), 0)
    assert stored_facts(engine) == truth(site)
    with engine.connect() as connection:
        assert connection.scalar(sa.select(scrape_failures.c.resolved_at)) is not None


CHALLENGE = (
    "<html><head><title>Just a moment...</title></head><body>Enable JavaScript and cookies</body></html>"
)


@on_sqlite
@pytest.mark.parametrize("status", [403, 200])
def test_a_challenge_stops_the_crawl_and_erases_nothing(
    crawled: Shell, site: FaultySite, crawled_engine: sa.Engine, status: int
) -> None:
    site.fault = lambda path, answer: Answer(status, CHALLENGE) if "films" in path else answer
    process = crawled.scrapy("profile", cohort="friends")
    assert_ended(process, 4)
    assert "a challenge, twice" in process.stderr
    assert "export archives" in process.stderr
    assert "Traceback" not in process.stderr
    challenged = [hit.path for hit in site.log if "films" in hit.path]
    assert challenged == challenged[:1] * 2  # that page once more, and nothing after it
    assert statuses(crawled_engine)[-1] == "blocked"
    assert stored_facts(crawled_engine) == truth(site)


BROKEN: dict[str, Fault] = {
    "cut short": lambda path, answer: Answer(200, answer.body[: len(answer.body) // 2]),
    "without its grid": lambda path, answer: Answer(200, answer.body.replace('class="grid', 'class="x')),
    "of somebody else": lambda path, answer: Answer(
        200, answer.body.replace("data-owner=", 'data-owner="eve" x=')
    ),
    "of another type": lambda path, answer: Answer(
        200, answer.body.replace("films-watched", "something-else")
    ),
    "empty": lambda path, answer: Answer(200, ""),
}


@on_sqlite
@pytest.mark.parametrize("kind", BROKEN)
def test_a_page_that_proves_nothing_erases_nothing(
    crawled: Shell, site: FaultySite, crawled_engine: sa.Engine, kind: str
) -> None:
    broken = BROKEN[kind]
    site.fault = lambda path, answer: broken(path, answer) if path.startswith("/marla/films/") else answer
    assert_ended(crawled.scrapy("profile", user="marla"), 3)
    assert stored_facts(crawled_engine) == truth(site)
    with crawled_engine.connect() as connection:
        assert list(connection.scalars(sa.select(scrape_failures.c.member))) == ["marla"]


def test_a_listing_that_disagrees_with_the_profile_is_read_again_then_recorded(
    crawled: Shell, site: FaultySite, crawled_engine: sa.Engine
) -> None:
    # The listing lacks a film that the profile still counts.
    site.fault = lambda path, answer: _without_a_tile(answer) if path == "/ebb/films/rated/.5-5/" else answer
    assert_ended(crawled.scrapy("profile", user="ebb"), 3)
    assert stored_facts(crawled_engine) == truth(site)
    asked = [hit.path for hit in site.log if hit.path.startswith("/ebb/")]
    assert asked[:4] == ["/ebb/", "/ebb/films/rated/.5-5/"] * 2
    with crawled_engine.connect() as connection:
        (row,) = connection.execute(sa.select(scrape_failures)).all()
    assert row.error == "the listing shows 31 films, the profile says 32: nothing was removed"


def _without_a_tile(answer: Answer) -> Answer:
    start = answer.body.index('<li class="griditem">', answer.body.index('<ul class="grid'))
    end = answer.body.index("</li>", start) + len("</li>")
    return Answer(200, answer.body[:start] + answer.body[end:])


def test_resume_from_leaves_out_the_members_before(shell: Shell, site: Site) -> None:
    assert_ended(shell.scrapy("profile", cohort="friends", resume_from="otto_reels"), 0)
    asked = {hit.path.split("/")[1] for hit in site.log} - {"robots.txt"}
    assert asked == {name for name in site.world.circle("marla") if name >= "otto_reels"} - {"marla"}
