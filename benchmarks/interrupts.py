"""Ctrl-C at random instants of commands that crawl: which exit codes, which tracebacks, which runs stay open.

    python -m benchmarks.interrupts [--instants 20] [--seed 1]

Each command runs in a process of its own on the imitation site, and gets one SIGINT, at an instant within the
time that it takes.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import sqlalchemy as sa

from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.schema import scrape_runs
from tests.conftest import environment_for
from tests.site import FEW, Site, own_world
from tests.site.rules import Fault

LETTERBOXD = (sys.executable, "-m", "letterboxd_scraper")
COMMANDS: dict[str, tuple[str, ...]] = {
    "scrapy crawl": (sys.executable, "-m", "scrapy", "crawl", "profile", "-a", "cohort=friends"),
    "letterboxd scrape": (*LETTERBOXD, "scrape", "--cohort", "friends", "--full"),
    "letterboxd schedule run": (
        *(*LETTERBOXD, "schedule", "run", "--local"),
        *("--cohort", "friends", "--job", "nightly"),
    ),
    "letterboxd rank list": (*LETTERBOXD, "rank", "list"),
}


@dataclass(frozen=True)
class Ending:
    """What became of a command that was interrupted ``after`` so many seconds."""

    after: float
    code: int
    told: str
    open_runs: int

    @property
    def in_words(self) -> str:
        traceback = ", traceback" if "Traceback" in self.told or "Error" in self.told else ""
        return f"exit {self.code}{traceback}" + (f", {self.open_runs} runs open" if self.open_runs else "")


@contextmanager
def circle(folder: Path) -> Iterator[dict[str, str]]:
    """Serve a circle whose pages take a while, and yield the environment of commands that know it."""
    url = f"sqlite:///{folder / 'letterboxd.db'}"
    with Site(own_world(follows=FEW)) as site:
        environment = environment_for(site.url, url)
        build = [sys.executable, "-m", "scrapy", "crawl", "follow_graph", "-a", "seed=marla"]
        subprocess.run([*build, "-a", "label=friends"], cwd=folder, env=environment, check=True)
        site.faults.replace([Fault("slow", seconds=0.1)])
        yield environment


def interrupt(command: Sequence[str], folder: Path, environment: Mapping[str, str], after: float) -> Ending:
    """Run a command, press Ctrl-C once after so many seconds, and wait for its end."""
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    time.sleep(after)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=120)
    return Ending(after, process.returncode, told, open_runs(environment["DATABASE_URL"]))


def open_runs(url: str) -> int:
    """Return how many runs have not ended, and close them for the next."""
    engine = make_engine(url)
    with engine.begin() as connection:
        still = scrape_runs.c.status == "running"
        count = connection.scalar(sa.select(sa.func.count()).where(still))
        connection.execute(scrape_runs.update().where(still).values(status="interrupted"))
    engine.dispose()
    return count or 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--instants", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--longest", type=float, default=3.0)
    options = parser.parse_args()
    random = Random(options.seed)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # as a child is to have it
    with tempfile.TemporaryDirectory() as name, circle(Path(name)) as environment:
        for title, command in COMMANDS.items():
            longest = 0.6 if "rank" in title else options.longest
            # An interpreter that has not come to our first line yet shows Python's own traceback.
            instants = [random.uniform(0.1, longest) for _ in range(options.instants)]
            endings = [interrupt(command, Path(name), os.environ | environment, after) for after in instants]
            counts = Counter(ending.in_words for ending in endings)
            print(title, dict(counts))
            for ending in endings:
                if ending.code != 130 or "Traceback" in ending.told or ending.open_runs:
                    print(f"  after {ending.after:.2f} s: {ending.in_words}: {ending.told[-300:]!r}")


if __name__ == "__main__":
    main()
