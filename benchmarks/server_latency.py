"""How long do readers wait while a crawl writes? ``python -m benchmarks.server_latency``.

Each of twenty readers asks `letterboxd serve` once a second, first while nothing else happens, then while a
crawl of other members writes to the same database.
"""

import argparse
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection
from statistics import quantiles
from urllib.parse import urlsplit

from benchmarks.crawls import FAST, ROOT
from benchmarks.ranking_speed import empty_database
from benchmarks.site import RunningSite, running
from letterboxd_scraper.store import migrate, statistics
from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.members import cohorts
from ranking.compute import compute
from ranking.strategies import STRATEGIES
from tests.served import NOW, serving

KINDS = ("sqlite", "postgresql")
READERS = 20
EVERY = 1.0  # seconds from one request of a reader to their next
CIRCLE, KNOWN = "circle", "known"
# How a user's crawl goes, and the most that ours can do.
PACES = {
    "one at a time": FAST | {"DOWNLOAD_DELAY": 0.1, "CONCURRENT_REQUESTS": 1},
    "as fast as it goes": FAST,
}


@dataclass
class Waits:
    """What readers got: seconds of each request, and how often which status that is not a success."""

    seconds: list[float] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)

    @property
    def p95(self) -> float:
        """The seconds that 19 of 20 requests do not take."""
        return quantiles(self.seconds, n=20)[-1]

    @property
    def p50(self) -> float:
        return quantiles(self.seconds, n=2)[0]


@dataclass(frozen=True)
class Comparison:
    """Waits of readers alone, and beside a crawl of ``crawl`` seconds that stored ``written`` ratings."""

    idle: Waits
    busy: Waits
    crawl: float
    written: int

    @property
    def ratio(self) -> float:
        return self.busy.p95 / self.idle.p95


def compare(
    kind: str,
    site: RunningSite,
    crawled: int,
    seconds: float,
    pace: str,
    warm: float = 2.0,
    readers: int = READERS,
    prepare: "Callable[[Sequence[str]], None] | None" = None,
) -> Comparison:
    """Have so many members ``crawled``, then let readers read: alone, and while the others are crawled.

    For ``warm`` seconds before they are not measured. ``prepare`` runs the crawls that are not measured.
    """
    with empty_database(kind) as url:
        _prepare(url, site, crawled, prepare or _finish)
        with serving(url, LETTERBOXD_BASE_URL=site.url) as server:
            paths = _paths(server.address)
            _read(readers, server.address, paths, time.monotonic() + warm)  # until all is loaded and warm
            idle = _read(readers, server.address, paths, time.monotonic() + seconds)
            before, begun = _ratings(url), time.monotonic()
            crawl = _start(_crawl("profile", url, site, PACES[pace], cohort=CIRCLE))
            busy = _read(readers, server.address, paths, begun + 600, crawl)
            took = time.monotonic() - begun
            assert crawl.returncode == 0
            written = _ratings(url) - before
        return Comparison(idle, busy, took, written)


def _prepare(url: str, site: RunningSite, crawled: int, run: Callable[[Sequence[str]], None]) -> None:
    engine = make_engine(url)
    migrate.upgrade(engine)
    run(_crawl("follow_graph", url, site, FAST, seed=site.seed, label=CIRCLE))
    with engine.begin() as connection:
        circle = cohorts.find(connection, CIRCLE)
        members = [row.member for row in cohorts.members(connection, circle)][:crawled]
        cohorts.make_from_names(connection, KNOWN, members, NOW)
    run(_crawl("profile", url, site, FAST, cohort=KNOWN))
    statistics.refresh(engine, NOW)
    with engine.connect() as connection:
        cohort = cohorts.find(connection, CIRCLE)
    for name in ("circle", "bayesian", "wilson"):
        compute(engine, cohort, STRATEGIES[name], {}, NOW)
    engine.dispose()


def _crawl(
    spider: str, url: str, site: RunningSite, chosen: Mapping[str, object], **arguments: str
) -> list[str]:
    """Return the words of a command that crawls."""
    settings = {**chosen, "LETTERBOXD_BASE_URL": site.url, "DATABASE_URL": url}
    words = [word for name, value in settings.items() for word in ("-s", f"{name}={value}")]
    words += [word for name, value in arguments.items() for word in ("-a", f"{name}={value}")]
    return [sys.executable, "-m", "scrapy", "crawl", spider, *words]


def _finish(command: Sequence[str]) -> None:
    assert _start(command).wait() == 0


def _start(command: Sequence[str]) -> "subprocess.Popen[bytes]":
    ours = {"PYTHONPATH": str(ROOT), "SCRAPY_SETTINGS_MODULE": "letterboxd_scraper.settings"}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("LETTERBOXD_")}
    return subprocess.Popen(command, env=inherited | ours)


def _ratings(url: str) -> int:
    engine = make_engine(url)
    with engine.connect() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM ratings").scalar_one())


def _paths(address: str) -> list[str]:
    """Return what readers ask for: mostly rankings, then films, and now and then the rest."""
    base = f"/api/v1/cohorts/{CIRCLE}"
    ranking = f"{base}/rankings/bayesian"
    return [
        *(f"{ranking}?limit=50&offset={offset}" for offset in (0, 50, 100, 150)),
        f"{ranking}?unseen_by=1&min_watchers=2",
        f"{ranking}?decade=1990s&decade=1980s",
        f"{base}/rankings/circle?min_score=3&rated_by=2",
        *(f"{base}/films/film-{number}" for number in (10_000, 10_100, 10_200, 10_300)),
        f"{base}/rankings",
        f"{base}/members",
        f"{base}/freshness",
        "/api/v1/cohorts",
        "/",
        f"/cohorts/{CIRCLE}/report",
    ]


def _read(
    number: int,
    address: str,
    paths: Sequence[str],
    until: float,
    crawl: "subprocess.Popen[bytes] | None" = None,
) -> Waits:
    """Let so many readers read until a moment comes, or the crawl has ended."""
    waits = Waits()
    readers = [
        threading.Thread(target=_reader, args=(reader, address, paths, until, crawl, waits))
        for reader in range(number)
    ]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    return waits


def _reader(
    number: int,
    address: str,
    paths: Sequence[str],
    until: float,
    crawl: "subprocess.Popen[bytes] | None",
    waits: Waits,
) -> None:
    rng = random.Random(number)
    connection = HTTPConnection(urlsplit(address).netloc, timeout=60)
    tags: dict[str, str] = {}
    next_at = time.monotonic() + rng.random() * EVERY
    while next_at < until and (crawl is None or crawl.poll() is None):
        time.sleep(max(0.0, next_at - time.monotonic()))
        path = rng.choice(paths)
        begun = time.monotonic()
        connection.request("GET", path, headers={"If-None-Match": tags[path]} if path in tags else {})
        answer = connection.getresponse()
        answer.read()
        waits.seconds.append(time.monotonic() - begun)
        if answer.status not in {200, 304, 404}:
            waits.failures[f"{answer.status} {path}"] += 1
        if tag := answer.headers["ETag"]:
            tags[path] = tag
        # Who had to wait asks no faster afterwards.
        next_at = max(next_at + EVERY, time.monotonic())
    connection.close()


HEAD = (
    f"{'database':<12}{'crawl':<20}{'idle p50':>9}{'p95':>7}{'busy p50':>10}{'p95':>7}"
    f"{'ratio':>7}{'requests':>10}{'failed':>8}{'crawl, s':>10}{'written':>9}"
)


def line(kind: str, pace: str, compared: Comparison) -> str:
    """Return a row of the table; waits in ms."""
    waits = (compared.idle.p50, compared.idle.p95, compared.busy.p50, compared.busy.p95)
    a, b, c, d = (1000 * wait for wait in waits)
    asked = len(compared.idle.seconds) + len(compared.busy.seconds)
    failed = sum((compared.idle.failures + compared.busy.failures).values())
    return (
        f"{kind:<12}{pace:<20}{a:>9.1f}{b:>7.1f}{c:>10.1f}{d:>7.1f}"
        f"{compared.ratio:>7.2f}{asked:>10}{failed:>8}{compared.crawl:>10.1f}{compared.written:>9}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.server_latency", description=__doc__)
    parser.add_argument("--known", type=int, default=30, help="members that readers read of (%(default)s)")
    parser.add_argument("--members", type=int, default=90, help="members of the whole circle (%(default)s)")
    parser.add_argument("--ratings", type=int, default=600, help="ratings of each (%(default)s)")
    parser.add_argument("--seconds", type=float, default=15, help="of reading alone (%(default)s)")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--paces", nargs="+", choices=PACES, default=list(PACES))
    chosen = parser.parse_args()
    print(HEAD, flush=True)
    options = ("--members", str(chosen.members), "--ratings", str(chosen.ratings))
    for kind in chosen.kinds:
        for pace in chosen.paces:
            with running(*options) as site:
                compared = compare(kind, site, chosen.known, chosen.seconds, pace)
            print(line(kind, pace, compared), flush=True)
            for failure, times in (compared.idle.failures + compared.busy.failures).items():
                print(f"  {times} times {failure}", flush=True)


if __name__ == "__main__":
    main()
