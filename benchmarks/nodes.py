"""What do three nodes read more than one, and what if one of them dies? ``python -m benchmarks.nodes``."""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import sqlalchemy as sa

from benchmarks.crawls import FAST, ROOT
from benchmarks.site import RunningSite, add_options, invented_world, options_for, running
from letterboxd_scraper.store import migrate
from letterboxd_scraper.store.engine import make_engine
from tests import postgres
from tests.conftest import stored_facts
from tests.site import parquet_world

NODES = 3
# One request in flight on each node, as soon as the one before is answered.
ONE_AT_A_TIME = FAST | {"CONCURRENT_REQUESTS": 1, "CONCURRENT_REQUESTS_PER_DOMAIN": 1, "LEASE_SECONDS": 5}


@dataclass(frozen=True)
class Nodes:
    """Processes that crawl one circle; each crawl begins with a copy of a database that knows the circle."""

    site: RunningSite
    server: str
    circle: str
    folder: Path

    def start(self, url: str, number: int, count: int) -> "subprocess.Popen[bytes]":
        """Start one node's crawl of its part."""
        chosen = {"cohort": "circle"} | ({"shard": f"{number}/{count}"} if count > 1 else {})
        return self._started(url, "profile", chosen, LETTERBOXD_NODE=f"node{number}")

    def pages_a_second(self, count: int) -> float:
        """Let so many nodes read the circle; count from the first request to the last."""
        with self.database() as url:
            self.site.log()
            for process in [self.start(url, number, count) for number in range(1, count + 1)]:
                _succeed(process)
            served = self.site.log()
            return len(served.paths) / (served.last - served.first)

    @contextmanager
    def database(self) -> Iterator[str]:
        with postgres.database(self.server, template=str(sa.make_url(self.circle).database)) as url:
            yield url

    def build(self) -> None:
        engine = make_engine(self.circle)
        migrate.upgrade(engine)
        engine.dispose()
        _succeed(self._started(self.circle, "follow_graph", {"seed": self.site.seed, "label": "circle"}))

    def _started(
        self, url: str, spider: str, arguments: dict[str, str], **environment: str
    ) -> "subprocess.Popen[bytes]":
        settings = ONE_AT_A_TIME | {"LETTERBOXD_BASE_URL": self.site.url, "DATABASE_URL": url}
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("LETTERBOXD_")}
        project = {"SCRAPY_SETTINGS_MODULE": "letterboxd_scraper.settings", "PYTHONPATH": str(ROOT)}
        variables = {name: str(value) for name, value in settings.items()}
        words = [word for name, value in arguments.items() for word in ("-a", f"{name}={value}")]
        return subprocess.Popen(
            [sys.executable, "-m", "scrapy", "crawl", spider, *words],
            cwd=self.folder,
            env=inherited | project | variables | environment,
        )


@contextmanager
def nodes(*site_options: str) -> Iterator[Nodes]:
    """Start a site and a PostgreSQL server that knows the circle."""
    with (
        tempfile.TemporaryDirectory(prefix="nodes") as folder,
        running(*site_options) as site,
        postgres.server() as server,
        postgres.database(server) as circle,
    ):
        nodes = Nodes(site, server, circle, Path(folder))
        nodes.build()
        yield nodes


def compare(ready: Nodes, pairs: int) -> list[float]:
    """Print the pages a second of one node and of three, in turn; return what the three read more."""
    ratios = []
    for pair in range(pairs):
        order = (1, NODES) if pair % 2 == 0 else (NODES, 1)
        speed = {count: ready.pages_a_second(count) for count in order}
        ratios.append(speed[NODES] / speed[1])
        print(
            f"1 node {speed[1]:7.1f} pages/s   {NODES} nodes {speed[NODES]:7.1f} pages/s   {ratios[-1]:.2f}x"
        )
    print(f"median {median(ratios):.2f}x")
    return ratios


def kill_one(ready: Nodes, truth: set[object], after: float) -> None:
    """Kill one node's crawl and start its part again. Raises AssertionError if the end is not the truth."""
    with ready.database() as url:
        ready.site.log()
        crawls = [ready.start(url, number, NODES) for number in range(1, NODES + 1)]
        time.sleep(after)
        crawls[0].kill()
        crawls[0].wait()
        ready_again = ready.start(url, 1, NODES)
        for process in [*crawls[1:], ready_again]:
            _succeed(process)
        paths = ready.site.log().paths
        engine = make_engine(url)
        wrong = stored_facts(engine) ^ truth
        engine.dispose()
    print(
        f"one of {NODES} killed: {len(paths)} pages, {len(paths) - len(set(paths))} of them twice", end="; "
    )
    print(f"{len(wrong)} facts differ from the truth")
    assert not wrong


def _succeed(process: "subprocess.Popen[bytes]") -> None:
    assert process.wait() == 0, f"a crawl ended with {process.returncode}"


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.nodes", description=__doc__)
    add_options(parser, members=300, ratings=100)
    parser.add_argument("--latency", type=float, default=0.05, help="seconds for an answer (%(default)s)")
    parser.add_argument("--pairs", type=int, default=3, help="crawls by one node and by three (%(default)s)")
    parser.add_argument("--kill-after", type=float, default=8, help="seconds to a node's death (%(default)s)")
    chosen = parser.parse_args(words)
    if chosen.data:
        world = parquet_world(chosen.data, members=chosen.members)
    else:
        world = invented_world(chosen.members, chosen.ratings)
    with nodes(*options_for(chosen), "--latency", str(chosen.latency)) as ready:
        compare(ready, chosen.pairs)
        kill_one(ready, set(world.truth(world.circle(world.seed))), chosen.kill_after)


if __name__ == "__main__":
    main()
