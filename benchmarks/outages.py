"""Do crawls and jobs survive their database, and their own death? `python -m benchmarks.outages`.

Each command is run undisturbed once, from a copy of the same database, and then again and again while
PostgreSQL is stopped and started at random moments (`--modes fast immediate`, `--away 5 40` seconds), while
it is itself killed and begun again (`--kills`), and while it is frozen inside a transaction and a second one
does its work (`--freezes`, for `--frozen` seconds). All must end in the same state, with nothing left over.
"""

import argparse
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa

from benchmarks.started import Started
from letterboxd_scraper.errors import ExitCode
from letterboxd_scraper.store import migrate
from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.schema import member_leases, scrape_failures, scrape_runs
from tests import in_process, postgres
from tests.conftest import Shell, assert_ended, crawl_members, environment_for, find_friends
from tests.nights import change, let_films_wait
from tests.site import FEW, Fault, Site, own_world
from tests.site.archive import archive, file_name
from tests.stored_state import Rows, differences, stored_state

Words = tuple[str, ...]


def _crawl(spider: str, *arguments: str) -> Words:
    return ("scrapy", "crawl", spider, *(word for argument in arguments for word in ("-a", argument)))


def _find_friends_of_friends(shell: Shell) -> None:
    assert_ended(shell.scrapy("follow_graph", seed="marla", label="far", depth=2), 0)


# Stands for the archives of the whole circle.
_ARCHIVES = "ARCHIVES"
# What is run, and of which database.
COMMANDS: dict[str, tuple[str, Words]] = {
    "follow_graph": ("far", (*_crawl("follow_graph", "cohort=far"), "-s", "FAR_CIRCLE_DAYS=0")),
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
# From which database each of theirs is made, and how.
TEMPLATES: dict[str, tuple[str, Callable[[Shell], None]]] = {
    "known": ("empty", find_friends),
    "far": ("known", _find_friends_of_friends),
    "crawled": ("known", crawl_members),
}


@dataclass(frozen=True)
class Ended:
    """How a command's processes ended, and how often they asked for each page; what is stored, and is wrong.

    ``start`` and ``seconds`` are the seconds until its first request, and those that it took.
    """

    codes: tuple[int, ...]
    told: str
    asked: Counter[str]
    state: Rows
    wrong: tuple[str, ...]
    start: float
    seconds: float

    @property
    def requests(self) -> int:
        return self.asked.total()


@dataclass
class Bench:
    """A server of its own and a site that has changed since it was crawled."""

    server: postgres.Server
    url: str
    site: Site
    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    _undisturbed: dict[str, Ended] = field(default_factory=dict)

    def shell(self, database: str, **settings: str) -> Shell:
        url = sa.make_url(self.url).set(database=database).render_as_string(hide_password=False)
        return Shell(self.folder, environment_for(self.site.url, url) | settings)

    def undisturbed(self, name: str) -> Ended:
        """Return how a command ends with which nothing interferes."""
        if name not in self._undisturbed:
            self._undisturbed[name] = self.run(name, lambda command: [command.start()])
        return self._undisturbed[name]

    def run(self, name: str, live: Callable[["Command"], list[Started]], **settings: str) -> Ended:
        """Run a command on a fresh database.

        ``live`` starts it, interferes, and returns the processes that shall end well.
        """
        template, words = COMMANDS[name]
        archives = sorted(file.name for file in self.folder.glob("*.zip"))
        words = tuple(one for word in words for one in (archives if word is _ARCHIVES else [word]))
        with postgres.database(self.url, template=template) as url, ExitStack() as stack:
            shell = self.shell(str(sa.make_url(url).database), **self.settings, **settings)
            engine = make_engine(shell.environment["DATABASE_URL"])
            stack.callback(engine.dispose)
            command = Command(self.site, shell, engine, words)
            stack.callback(command.end)
            self.site.clear_log()
            began, moment = time.monotonic(), datetime.now(UTC)
            processes = live(command)
            codes, told = zip(*(process.wait(400) for process in processes), strict=True)
            seconds = time.monotonic() - began
            first = next((hit.time for hit in self.site.log), moment.timestamp())
            return Ended(
                codes,
                "".join(told),
                command.asked(),
                stored_state(engine, moment),
                (*command.wrong, *left_over(engine)),
                first - moment.timestamp(),
                seconds,
            )

    def restarted(self, name: str, mode: str, away: float, share: float) -> Ended:
        """Stop the server for so many seconds when a command has sent that share of its requests."""
        moment = max(1, int(self.undisturbed(name).requests * share))

        def live(command: Command) -> list[Started]:
            process = command.start()
            command.wait(process, lambda: command.requests() >= moment)
            self.server.stop(mode)
            time.sleep(away)
            self.server.start()
            return [process]

        return self.run(name, live)

    def killed(self, name: str, shares: Sequence[float], *, alone: bool = False) -> Ended:
        """Kill a command each time that it has sent such a share of its requests, and begin it again.

        The same share of a tenth of its time passes after that, so that it is killed while it stores, too. Of
        one that asks nobody it is the time that counts.
        Where it is killed ``alone``, the crawl that it has started notices that by itself.
        """
        whole = self.undisturbed(name)

        def live(command: Command) -> list[Started]:
            for share in shares:
                before = command.requests()
                process = command.start()
                moment = before + int(whole.requests * share)
                command.wait(process, lambda: command.requests() >= moment)  # noqa: B023  (over by then)
                time.sleep((whole.seconds - whole.start) * share / (10 if whole.requests else 1))
                process.kill(alone=alone)
            return [command.start()]

        return self.run(name, live)


@dataclass
class Command:
    """A command that is run on one database, perhaps several times."""

    site: Site
    shell: Shell
    engine: sa.Engine
    words: Words
    wrong: list[str] = field(default_factory=list)
    _started: list[Started] = field(default_factory=list)

    def start(self) -> Started:
        self._started.append(Started(self.words, self.shell.folder, self.shell.environment))
        return self._started[-1]

    def end(self) -> None:
        """Leave no process behind."""
        for process in self._started:
            process.kill()

    def asked(self) -> Counter[str]:
        """Return how often the site was asked for each page."""
        return Counter(hit.path for hit in self.site.log if hit.path != "/robots.txt")

    def requests(self) -> int:
        return self.asked().total()

    def wait(self, process: Started, condition: Callable[[], object]) -> None:
        """Wait until something holds, or the process has ended."""
        while process.poll() is None and not condition():
            time.sleep(0.002)


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
def bench(commands: Sequence[str], friends: Words | None = FEW, **settings: str) -> Iterator[Bench]:
    """Yield a bench for these commands; its site shows what the circle did in two days since the crawl."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True)))
        server = postgres.Server(folder, safe=True)
        url = stack.enter_context(server.running())
        site = stack.enter_context(Site(own_world(follows=friends)))
        work = Path(stack.enter_context(TemporaryDirectory()))
        bench = Bench(server, url, site, work, settings)
        stack.callback(in_process.stop_reactor)
        for name in commands:
            _prepare(bench, COMMANDS[name][0], datetime.now(UTC) - timedelta(days=2))
        _change(site)
        for name in site.world.circle("marla"):
            (work / file_name(name)).write_bytes(archive(site.world, name))
        site.faults.replace([Fault("slow", seconds=0.01)])
        yield bench


def _prepare(bench: Bench, name: str, at: datetime) -> None:
    """Make the database from which a command's are copied, as of that moment."""
    admin = sa.create_engine(bench.url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with admin.connect() as connection:
        exists = sa.text("SELECT count(*) FROM pg_database WHERE datname = :name")
        if connection.scalar(exists, {"name": name}):
            return
        template, work = TEMPLATES.get(name, ("template0", None))
        if work:
            _prepare(bench, template, at)
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")
    shell = bench.shell(name, LETTERBOXD_NOW=at.isoformat())
    engine = make_engine(shell.environment["DATABASE_URL"])
    if work:
        work(shell)
        let_films_wait(engine, 20, at + timedelta(days=2))
    else:
        migrate.upgrade(engine)
    engine.dispose()


def _change(site: Site) -> None:
    change(site)
    world = site.world
    followed = [name for name in world.member("marla").following if world.member(name).state == "ok"]
    strangers = [name for name in world.members if name not in world.circle("marla")]
    world.unfollow("marla", followed[-1])
    world.follow("marla", strangers[0])
    world.follow(followed[0], strangers[-1])
    leaves = next(name for name, depth in world.circle("marla", depth=2).items() if depth == 2)
    for follower in world.followers(leaves):
        world.unfollow(follower, leaves)


def what_is_wrong(ended: Ended, undisturbed: Ended) -> list[str]:
    """Say in what a disturbed command differs from an undisturbed one.

    Others than its first process may have left the work to that one.
    """
    wrong = [*ended.wrong, *differences(ended.state, undisturbed.state)]
    code, *others = ended.codes
    if code or not set(others) <= {ExitCode.DONE, ExitCode.INTERRUPTED}:
        wrong.append(f"exit {ended.codes}: {ended.told[-2000:]}")
    if "Traceback" in ended.told:
        wrong.append(f"a traceback: {ended.told[-2000:]}")
    return wrong


def main() -> None:
    from benchmarks.frozen import frozen

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commands", nargs="+", choices=COMMANDS, default=list(COMMANDS))
    parser.add_argument("--modes", nargs="*", default=["fast", "immediate"])
    parser.add_argument("--away", nargs="+", type=float, default=[5.0, 40.0])
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--freezes", type=int, default=1)
    parser.add_argument("--frozen", type=float, default=60.0)
    parser.add_argument("--delay", default="0.02", help="seconds between two requests; 0: no shared pace")
    parser.add_argument("--many", action="store_true", help="a circle of 35 instead of 11")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    chance = random.Random(args.seed)
    with bench(args.commands, None if args.many else FEW, DOWNLOAD_DELAY=args.delay) as one:
        for name in args.commands:
            whole = one.undisturbed(name)
            _tell(f"{name}, {whole.requests} requests", whole, whole)
            for mode, away in product(args.modes, args.away * args.repeat):
                share = chance.random()
                ended = one.restarted(name, mode, away, share)
                _tell(f"  {mode}, {away:g} s, after {share:.0%} of its requests", ended, whole)
            for number in range(args.kills):
                shares = [chance.random() for _ in range(1 + number % 3 // 2)]
                alone = number % 2 == 1
                after = " and ".join(f"{share:.0%}" for share in shares)
                words = f"  killed{' alone' * alone} after {after} of its requests"
                _tell(words, one.killed(name, shares, alone=alone), whole)
            for _ in range(args.freezes):
                share = chance.random()
                ended = frozen(one, name, share, args.frozen)
                _tell(f"  frozen after {share:.0%} of its requests", ended, whole)


def _tell(what: str, ended: Ended, whole: Ended) -> None:
    again = " ".join((ended.asked - whole.asked).elements())
    more = f"{ended.requests - whole.requests:+d} requests{f' ({again})' if again else ''}"
    verdict = "; ".join(what_is_wrong(ended, whole)) or "as undisturbed"
    print(f"{what}: exit {ended.codes}, {ended.seconds:.1f} s, {more}; {verdict}", flush=True)


if __name__ == "__main__":
    main()
