"""Crawls in processes of their own, and what they cost."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import sqlalchemy as sa

from benchmarks.site import RunningSite, running
from letterboxd_scraper import settings
from letterboxd_scraper.store import migrate
from letterboxd_scraper.store.engine import make_engine
from tests import postgres

ROOT = Path(__file__).parent.parent
STORE = "letterboxd_scraper.pipelines.StorePipeline"
METER = {"benchmarks.meter.Meter": 1}
# As fast as it goes. Scrapy allows itself eight requests to one host; here there is only one.
FAST: dict[str, Any] = {
    "DOWNLOAD_DELAY": 0,
    "CONCURRENT_REQUESTS": 16,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
    "AUTOTHROTTLE_ENABLED": False,
    "LOG_LEVEL": "WARNING",
}


@dataclass(frozen=True)
class Cost:
    """What a crawl took; ``seconds`` run from its first request until all that it found is stored.

    ``cpu`` is the seconds of the crawl's own process without its start, ``site_cpu`` those of the
    site; ``memory`` is the process's peak in MB.
    """

    pages: int
    seconds: float
    cpu: float
    memory: float
    site_cpu: float

    @property
    def pages_a_second(self) -> float:
        return self.pages / self.seconds

    @property
    def cpu_a_page(self) -> float:
        """In milliseconds."""
        return 1000 * self.cpu / self.pages

    @property
    def site_load(self) -> float:
        """The share of one processor that the site needed: near 1 it is the site that is measured."""
        return self.site_cpu / self.seconds


@dataclass
class Bench:
    """Crawls of one circle on one site. Each finds the circle known, and nothing of its members."""

    site: RunningSite
    folder: Path
    postgres: str | None
    circles: dict[str, str] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)

    def bare(self, **changed: Any) -> Cost:
        """Let Scrapy fetch the pages of the crawl before, in the same order."""
        pages = self.folder / "pages.txt"
        pages.write_text("\n".join(self.site.url + path for path in self.paths))
        command = ["runspider", str(ROOT / "benchmarks" / "bare.py"), "-a", f"pages={pages}"]
        return self._cost(command, FAST | {"EXTENSIONS": json.dumps(METER)} | changed)

    def unstored(self, **changed: Any) -> Cost:
        """Crawl without the pipeline that stores."""
        others = {name: order for name, order in settings.ITEM_PIPELINES.items() if name != STORE}
        return self.stored("sqlite", ITEM_PIPELINES=json.dumps(others), **changed)

    def stored(self, kind: str, **changed: Any) -> Cost:
        """Crawl into a database of this kind: sqlite or postgresql."""
        with self._fresh(kind) as url:
            extensions = {"EXTENSIONS": json.dumps(settings.EXTENSIONS | METER)}
            return self._cost(_crawl("profile", cohort="circle"), self._ours(url) | extensions | changed)

    def build_circle(self, kind: str, url: str) -> None:
        """Find out who belongs to the circle, in a new database that the crawls get copies of."""
        engine = make_engine(url)
        migrate.upgrade(engine)
        engine.dispose()
        self._run(_crawl("follow_graph", seed=self.site.seed, label="circle"), self._ours(url))
        self.circles[kind] = url

    @contextmanager
    def _fresh(self, kind: str) -> Iterator[str]:
        if kind == "postgresql":
            assert self.postgres
            template = str(sa.make_url(self.circles[kind]).database)
            with postgres.database(self.postgres, template=template) as url:
                yield url
            return
        copy = self.folder / "copy.db"
        shutil.copy(self.folder / "circle.db", copy)
        yield f"sqlite:///{copy}"
        for left in self.folder.glob("copy.db*"):
            left.unlink()

    def _ours(self, url: str) -> dict[str, Any]:
        return FAST | {"LETTERBOXD_BASE_URL": self.site.url, "DATABASE_URL": url}

    def _cost(self, command: Sequence[str], chosen: dict[str, Any]) -> Cost:
        report = self.folder / "report.json"
        self.site.log()
        self._run(command, chosen | {"METER_REPORT": report})
        served, used = self.site.log(), json.loads(report.read_text())
        self.paths = served.paths
        seconds = used["ended"] - served.first
        return Cost(len(served.paths), seconds, used["cpu"], used["memory"], served.cpu)

    def _run(self, command: Sequence[str], chosen: dict[str, Any]) -> None:
        words = [word for name, value in chosen.items() for word in ("-s", f"{name}={value}")]
        # Not in the project's folder: bare Scrapy shall not find our settings.
        environment = _inherited() | {"PYTHONPATH": str(ROOT)}
        if command[0] == "crawl":
            environment["SCRAPY_SETTINGS_MODULE"] = "letterboxd_scraper.settings"
        whole = [sys.executable, "-m", "scrapy", *command, *words]
        subprocess.run(whole, cwd=self.folder, env=environment, check=True)


def _crawl(spider: str, **arguments: str) -> list[str]:
    return [
        "crawl",
        spider,
        *(word for name, value in arguments.items() for word in ("-a", f"{name}={value}")),
    ]


def _inherited() -> dict[str, str]:
    return {
        name: value for name, value in os.environ.items() if not name.startswith(("LETTERBOXD_", "SCRAPY_"))
    }


@contextmanager
def bench(*site_options: str, with_postgres: bool = True) -> Iterator[Bench]:
    """Start a site and a PostgreSQL server, and let a database of each kind know the circle."""
    with (
        tempfile.TemporaryDirectory(prefix="bench") as folder,
        running(*site_options) as site,
        postgres.server() if with_postgres else nullcontext() as server,
        postgres.database(server) if server else nullcontext() as circle,
    ):
        bench = Bench(site, Path(folder), server)
        bench.build_circle("sqlite", f"sqlite:///{folder}/circle.db")
        if circle:
            bench.build_circle("postgresql", circle)
        yield bench


def middle(costs: Sequence[Cost], name: str) -> float:
    """Return the median of one of the costs' values."""
    return float(median(getattr(cost, name) for cost in costs))
