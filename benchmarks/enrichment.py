"""What does it cost to find out what films are, and is it the truth? ``python -m benchmarks.enrichment``.

The imitation site's sixty members are one cohort. Its films are enriched with histograms, once without faults
and once with; what is stored is held against what the site and its TMDB know. Done again, it sends nothing.
"""

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from benchmarks.nights import database
from letterboxd_scraper import config
from tests.conftest import Shell, assert_ended, make_shell
from tests.enriched import asked, assert_true, looked_at, open_failures
from tests.site import Fault, Site, own_world

SITE, TMDB = "/(film|csi|director)/.*", "/3/.*"
# Together they strike a tenth of the requests, to the site and to TMDB alike.
FAULTS = (
    Fault("status", SITE, code=500, share=0.04),
    Fault("truncated", SITE, share=0.03, adapted=True),
    Fault("reset", SITE, share=0.03),
    Fault("status", TMDB, code=502, share=0.04),
    Fault("garbage", TMDB, share=0.03),
    Fault("reset", TMDB, share=0.03),
)


@dataclass(frozen=True)
class Cost:
    """What one run took; ``requests`` by what they asked for, ``failures`` are those left open."""

    films: int
    seconds: float
    requests: Counter[str]
    failures: int

    @property
    def to_site(self) -> int:
        return sum(self.requests[kind] for kind in ("films", "histograms", "directors"))


@dataclass
class Enrichment:
    """A cohort of all members, crawled, on one site and one database."""

    site: Site
    engine: sa.Engine
    shell: Shell

    def run(self, code: int, *settings: str) -> Cost:
        """Enrich the cohort, which must end with this exit code."""
        self.site.clear_log()
        began = time.monotonic()
        assert_ended(self.shell.scrapy("film", *settings, cohort="all", histograms="true"), code)
        seconds = time.monotonic() - began
        failures = open_failures(self.engine)
        return Cost(len(looked_at(self.engine)), seconds, asked(self.site), len(failures))

    def verify(self) -> None:
        """Demand that all that is stored is the truth."""
        assert_true(self.site, looked_at(self.engine))


@contextmanager
def enrichment(kind: str) -> Iterator[Enrichment]:
    """Crawl all sixty members into a new database of this kind."""
    with (
        tempfile.TemporaryDirectory(prefix="enrichment") as folder,
        Site(own_world()) as site,
        database(kind, Path(folder)) as engine,
    ):
        shell = make_shell(Path(folder), site, engine)
        names = Path(folder) / "names.txt"
        names.write_text("\n".join(site.world.members), encoding="utf-8")
        assert_ended(shell.letterboxd("cohort", "build", "--members", str(names), "--label", "all"), 0)
        assert_ended(shell.scrapy("profile", cohort="all"), 0)
        yield Enrichment(site, engine, shell)


HEAD = f"{'':<34}{'films':>7}{'to the site':>13}{'a film':>8}{'to TMDB':>9}{'films/min':>11}{'failures':>10}"


def line(name: str, cost: Cost) -> str:
    a_minute = 60 * cost.films / cost.seconds if cost.requests else 0
    return (
        f"{name:<34}{cost.films:>7}{cost.to_site:>13}{cost.to_site / cost.films:>8.2f}"
        f"{cost.requests['tmdb']:>9}{a_minute:>11.0f}{cost.failures:>10}"
    )


def measure(kind: str) -> Iterator[tuple[str, Cost]]:
    """Yield what each run took: without faults, again, with faults, and once more without."""
    with enrichment(kind) as films:
        yield f"{kind}, delay 0", films.run(0)
        films.verify()
        again = films.run(0)
        assert not films.site.log, "complete and fresh films were asked for"
        yield f"{kind}, again", again
    with enrichment(kind) as films:
        films.site.faults.add(*FAULTS)
        yield f"{kind}, a tenth fails", films.run(3, "-s", "RETRY_TIMES=0")
        films.site.faults.clear()
        yield f"{kind}, the next run", films.run(0)
        films.verify()


def days(films: int, requests_a_film: float) -> float:
    """Return how many days a polite crawl of so many films takes, by the default settings."""
    return films * requests_a_film * config.load().DOWNLOAD_DELAY / 86_400


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.enrichment", description=__doc__)
    parser.add_argument(
        "--kind", nargs="+", choices=("sqlite", "postgresql"), default=["sqlite", "postgresql"]
    )
    parser.add_argument("--films", type=int, default=7_472, help="how many, for the days (%(default)s)")
    chosen = parser.parse_args()
    print(HEAD, flush=True)
    a_film = 2.0
    for kind in chosen.kind:
        for name, cost in measure(kind):
            print(line(name, cost), flush=True)
            if name.endswith("delay 0"):
                a_film = cost.to_site / cost.films
    print(
        f"{chosen.films} films at one request each {config.load().DOWNLOAD_DELAY:g} s: "
        f"{days(chosen.films, a_film):.2f} days with histograms, {days(chosen.films, a_film - 1):.2f} without"
    )


if __name__ == "__main__":
    main()
