"""Two shells and a Scrapyd slot on one database are together still one client."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from letterboxd_scraper.store.crawl_state import pace
from letterboxd_scraper.store.schema import scrape_runs, site_pace, users
from tests import scrapyd
from tests.conftest import Shell
from tests.site import Film, Hit, Member, Site, World
from tests.warm import Process

DELAY = 0.1
READY_WITHIN = 3.0
# Whoever asks first gets the next turn. With a few pages each, one crawl in fifty gets all of its turns in
# a row, by chance; with so many, none.
PAGES = 12
PER_PAGE = 72
# Who crawls, as the user agent tells the site, and which member.
CRAWLERS = {"shell-1": "noor", "shell-2": "lukasz77", "slot": "otto_reels"}


@pytest.fixture
def site() -> Iterator[Site]:
    films = [Film(n, f"f{n}", f"film-{n}", f"Film {n}", 1999) for n in range(1, PAGES * PER_PAGE + 1)]
    rated = {film.slug: 3.5 for film in films}
    names = CRAWLERS.values()
    members = [
        Member(name, name, name, f"m{number}", dict(rated), watched=set(rated))
        for number, name in enumerate(names)
    ]
    with Site(World(films, members)) as site:
        yield site


def statuses(engine: sa.Engine) -> list[str]:
    with engine.connect() as connection:
        return list(
            connection.scalars(sa.select(scrape_runs.c.status).where(scrape_runs.c.type == "profile"))
        )


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it does not get there"
        time.sleep(0.05)


def requests_of(name: str, hits: list[Hit]) -> list[Hit]:
    return [hit for hit in hits if f"+{name}@" in hit.agent]


def start_crawl(shell: Shell, name: str) -> Process:
    own = {"DOWNLOAD_DELAY": str(DELAY), "LETTERBOXD_CONTACT": f"{name}@example.org"}
    return shell.start("scrapy", "crawl", "profile", "-a", f"user={CRAWLERS[name]}", **own)


def test_two_shells_and_a_scrapyd_slot_keep_one_pace(
    shell: Shell, site: Site, engine: sa.Engine, tmp_path: Path
) -> None:
    with engine.begin() as connection:
        rows = [{"letterboxd_username": name, "created_at": datetime.now(UTC)} for name in CRAWLERS.values()]
        connection.execute(users.insert(), rows)
    # Until all three are ready nobody may send anything: their requests shall really meet.
    pace.hold(engine, urlsplit(site.url).netloc, 600)
    with scrapyd.server(tmp_path / "scrapyd", shell.environment) as slots:
        settings = {"DOWNLOAD_DELAY": DELAY, "LETTERBOXD_CONTACT": "slot@example.org"}
        job = slots.schedule("profile", settings, user=CRAWLERS["slot"])
        shells = [start_crawl(shell, name) for name in ("shell-1", "shell-2")]
        try:
            wait_until(lambda: statuses(engine) == ["running"] * 3)
            assert site.log == []
            # They still have to get from there to the gate, on a machine that may be busy.
            with engine.begin() as connection:
                connection.execute(site_pace.update().values(free_at=time.time() + READY_WITHIN))
            assert [crawl.wait(timeout=120) for crawl in shells] == [0, 0]
        finally:
            for crawl in shells:
                crawl.kill()
        slots.wait(job, 120)
        assert statuses(engine) == ["finished"] * 3, slots.told()
    hits = sorted(site.log, key=lambda hit: hit.time)
    for name, member in CRAWLERS.items():
        paths = [hit.path for hit in requests_of(name, hits) if hit.path != "/robots.txt"]
        assert len(paths) > PAGES
        assert {path.split("/")[1] for path in paths} == {member}
    assert hits[0].path == "/robots.txt"
    runs = [requests_of(name, hits) for name in CRAWLERS]
    assert sum(map(len, runs)) == len(hits)
    # They took turns: nobody sent all their requests in a row.
    for run in runs:
        assert len(hits[hits.index(run[0]) : hits.index(run[-1]) + 1]) > len(run)
    assert min(later.time - earlier.time for earlier, later in pairwise(hits)) >= DELAY
