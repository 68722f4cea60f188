"""Do crawls and jobs survive their database, and their own death? `python -m benchmarks.outages`.

Each command is run undisturbed once, from a copy of the same database, and again while PostgreSQL is stopped
and started at random moments (`--modes fast immediate`, `--away 5 40` seconds), and then while it is itself
killed (`--kills`) and begun again. All must end in the same state, with nothing left over.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.store import migrate
from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.schema import member_leases, scrape_failures, scrape_runs
from tests import in_process, postgres
from tests.conftest import Shell, crawl_members, environment_for, find_friends, stored_facts
from tests.enriched import stored_films
from tests.nights import change, let_films_wait
from tests.site import FEW, Fault, Site, own_world
from tests.site.archive import archive, file_name
from tests.test_when_rated import TONIGHT

Words = tuple[str, ...]


def _crawl(spider: str, *arguments: str) -> Words:
    return ("scrapy", "crawl", spider, *(word for argument in arguments for word in ("-a", argument)))


# Stands for the archives of the whole circle.
_ARCHIVES = "ARCHIVES"
# What is run, and of which database.
COMMANDS: dict[str, tuple[str, Words]] = {
    "follow_graph": ("known", _crawl("follow_graph", "cohort=friends")),
    "profile": ("known", _crawl("profile", "cohort=friends")),
    "film": ("crawled", _crawl("film", "cohort=friends", "histograms=true")),
    "rss": ("crawled", _crawl("rss", "cohort=friends")),
    "when_rated": ("crawled", _crawl("when_rated", "cohort=friends", "audit=all")),
    "import": ("known", ("letterboxd_scraper", "import", "zip", _ARCHIVES, "--cohort", "mine")),
    "schedule": (
        "crawled",
        ("letterboxd_scraper", "schedule", "run", "--cohort", "friends", "--job", "nightly", "--local"),
    ),
}


@dataclass(frozen=True)
class Ended:
    """How a command ended, how often it asked the site, what is stored, and what is wrongly left over."""

    code: int
    told: str
    requests: int
    state: Any
    wrong: tuple[str, ...]
    seconds: float


@dataclass
class Bench:
    """A server of its own and a site that has changed since it was crawled."""

    server: postgres.Server
    url: str
    site: Site
    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    _undisturbed: dict[str, Ended] = field(default_factory=dict)

    def shell(self, database: str) -> Shell:
        url = sa.make_url(self.url).set(database=database).render_as_string(hide_password=False)
        own = {"LETTERBOXD_NOW": TONIGHT.isoformat()} | self.settings
        return Shell(self.folder, environment_for(self.site.url, url) | own)

    def undisturbed(self, name: str) -> Ended:
        """Return how a command ends with which nothing interferes."""
        if name not in self._undisturbed:
            self._undisturbed[name] = self.run(name, lambda start: start())
        return self._undisturbed[name]

    def run(self, name: str, live: Callable[[Callable[[], Any]], Any]) -> Ended:
        """Run a command on a fresh database: ``live`` starts it, interferes, and returns its last process."""
        template, words = COMMANDS[name]
        with self._database(template) as database:
            self.site.clear_log()
            shell = self.shell(database)
            began = time.monotonic()
            archives = sorted(file.name for file in self.folder.glob("*.zip"))
            words = tuple(one for word in words for one in (archives if word is _ARCHIVES else [word]))
            process = live(lambda: _start(shell, words))
            out, err = process.communicate(timeout=400)
            engine = make_engine(shell.environment["DATABASE_URL"])
            try:
                wrong = tuple(left_over(engine))
                requests = len([hit for hit in self.site.log if hit.path != "/robots.txt"])
                seconds = time.monotonic() - began
                return Ended(process.returncode, out + err, requests, state(engine), wrong, seconds)
            finally:
                engine.dispose()

    def restarted(self, name: str, mode: str, away: float, share: float) -> Ended:
        """Stop the server for so many seconds when a command has sent that share of its requests."""
        moment = max(1, int(self.undisturbed(name).requests * share))

        def live(start: Callable[[], Any]) -> Any:
            process = start()
            self.wait(process, moment)
            self.server.stop(mode)
            time.sleep(away)
            self.server.start()
            return process

        return self.run(name, live)

    def killed(self, name: str, shares: Sequence[float]) -> Ended:
        """Kill a command each time that it has sent such a share of its requests, and begin it again."""
        whole = self.undisturbed(name)

        def live(start: Callable[[], Any]) -> Any:
            for share in shares:
                process = start()
                self.wait(process, len(self.site.log) + int(whole.requests * share))
                if not whole.requests:  # it asks nobody: what counts is the time
                    time.sleep(whole.seconds * share)
                process.kill()
                process.communicate()
            return start()

        return self.run(name, live)

    def wait(self, process: Any, requests: int) -> None:
        """Wait until the site has had so many requests, or the process has ended."""
        while len(self.site.log) < requests and process.poll() is None:
            time.sleep(0.002)

    @contextmanager
    def _database(self, template: str) -> Iterator[str]:
        with postgres.database(self.url, template=template) as url:
            yield str(sa.make_url(url).database)


def _start(shell: Shell, words: Words) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", *words],
        cwd=shell.folder,
        env=shell.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def state(engine: sa.Engine) -> Any:
    """Return what is stored of members and films."""
    return stored_facts(engine), stored_films(engine)


def left_over(engine: sa.Engine) -> Iterator[str]:
    """Name what a command must not leave behind: failures, leases, and runs that seem to go on."""
    with engine.connect() as connection:
        for failure in connection.execute(sa.select(scrape_failures)):
            yield f"failure {failure.stage} {failure.url}: {failure.error}"
        for lease in connection.execute(sa.select(member_leases)):
            yield f"lease of run {lease.run_id}"
        run = connection.execute(sa.select(scrape_runs).order_by(scrape_runs.c.id.desc()).limit(1)).one()
        if run.status != "finished":
            yield f"run {run.id} {run.type}: {run.status}"


@contextmanager
def bench(friends: Words | None = FEW, **settings: str) -> Iterator[Bench]:
    """Yield a bench; its site shows what the circle did since it was crawled."""
    with ExitStack() as stack:
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True))
        )
        server = postgres.Server(folder, safe=True)
        url = stack.enter_context(server.running())
        site = stack.enter_context(Site(own_world(follows=friends)))
        work = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        bench = Bench(server, url, site, work, settings)
        admin = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        with admin.connect() as connection:
            connection.exec_driver_sql("CREATE DATABASE known TEMPLATE template0")
        known = bench.shell("known")
        engine = make_engine(known.environment["DATABASE_URL"])
        migrate.upgrade(engine)
        engine.dispose()
        ago = {"LETTERBOXD_NOW": "", "DOWNLOAD_DELAY": "0"}
        stack.callback(in_process.stop_reactor)
        find_friends(replace(known, environment=known.environment | ago))
        with admin.connect() as connection:
            connection.exec_driver_sql("CREATE DATABASE crawled TEMPLATE known")
        crawled = bench.shell("crawled")
        crawl_members(replace(crawled, environment=crawled.environment | ago))
        engine = make_engine(crawled.environment["DATABASE_URL"])
        let_films_wait(engine, 20)
        engine.dispose()
        change(site)
        for name in site.world.circle("marla"):
            (work / file_name(name)).write_bytes(archive(site.world, name))
        site.faults.replace([Fault("slow", seconds=0.01)])
        yield bench


def differences(ended: Ended, undisturbed: Ended) -> list[str]:
    """Say in what a disturbed command differs from an undisturbed one."""
    wrong = list(ended.wrong)
    if ended.code:
        wrong.append(f"exit {ended.code}: {ended.told[-2000:]}")
    if "Traceback" in ended.told:
        wrong.append(f"a traceback: {ended.told[-2000:]}")
    parts = zip(("facts", "films"), ended.state, undisturbed.state, strict=True)
    return wrong + [f"other {name}" for name, one, other in parts if one != other]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commands", nargs="+", choices=COMMANDS, default=list(COMMANDS))
    parser.add_argument("--modes", nargs="*", default=["fast", "immediate"])
    parser.add_argument("--away", nargs="+", type=float, default=[5.0, 40.0])
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--delay", default="0.02", help="seconds between two requests; 0: no shared pace")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    chance = random.Random(args.seed)
    with bench(DOWNLOAD_DELAY=args.delay) as one:
        for name in args.commands:
            whole = one.undisturbed(name)
            _tell(f"{name}, {whole.requests} requests", whole, whole)
            for mode, away in product(args.modes, args.away * args.repeat):
                share = chance.random()
                ended = one.restarted(name, mode, away, share)
                _tell(f"  {mode}, {away:g} s, after {share:.0%} of its requests", ended, whole)
            for _ in range(args.kills):
                share = chance.random()
                _tell(f"  killed after {share:.0%} of its requests", one.killed(name, [share]), whole)


def _tell(what: str, ended: Ended, whole: Ended) -> None:
    more = ended.requests - whole.requests
    print(f"{what}: {more:+d} requests; {differences(ended, whole) or 'as undisturbed'}", flush=True)


if __name__ == "__main__":
    main()
