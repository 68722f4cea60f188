"""How much CPU does an answer of the server take, and how soon is the first page there?

python -m benchmarks.server_cpu [--films 5000] [--members 100] [--repeat 30]
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median, quantiles
from urllib.request import urlopen

from starlette.types import ASGIApp

from benchmarks import report_circle
from benchmarks.circles import LABEL
from benchmarks.crawls import ROOT
from letterboxd_scraper.config import Config
from letterboxd_scraper.server.app import make_app
from letterboxd_scraper.server.running import settle
from letterboxd_scraper.server.served import Served
from letterboxd_scraper.store import migrate
from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.open import open_read_only
from tests.asked import ask

_API = f"/api/v1/cohorts/{LABEL}"
PATHS = (
    "/api/v1/cohorts",
    _API,
    f"{_API}/members",
    f"{_API}/freshness",
    f"{_API}/rankings",
    f"{_API}/rankings/circle",
    f"{_API}/rankings/circle?limit=500",
    f"{_API}/rankings/circle?offset=4000",
    f"{_API}/rankings/bayesian?unseen_by=1&min_watchers=2",
    f"{_API}/rankings/circle?genre=Horror&decade=1990s",
    f"{_API}/recommendations?member=1",
    f"{_API}/recommendations?member=1&member=2&decade=1990s&decade=1980s",
    f"{_API}/films/film-1",
    f"{_API}/films/film-100",
    "/openapi.json",
)
PAGES = (
    "/",
    f"/cohorts/{LABEL}/rankings/circle",
    f"/cohorts/{LABEL}/recommendations?member=1",
    f"/cohorts/{LABEL}/report",
)


HEAD = "| address | median, ms | p95, ms |\n|---|---|---|"


def line(address: str, taken: Sequence[float]) -> str:
    """Return a row of the table."""
    return f"| {address} | {1000 * median(taken):.1f} | {1000 * quantiles(taken, n=20)[-1]:.1f} |"


async def cpu_seconds(app: ASGIApp, address: str, repeat: int) -> list[float]:
    """Return the CPU seconds of the process that each of so many answers took, after one to warm up."""
    first = await ask(app, address)
    assert first.status == 200, (address, first.status)
    taken = []
    for _ in range(repeat):
        begun = time.process_time()
        await ask(app, address)
        taken.append(time.process_time() - begun)
    return taken


def first_page(url: str, path: str) -> tuple[float, float]:
    """Start a server; return the seconds until its first answer is there, and those of CPU until then."""
    begun = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "letterboxd_scraper", "--db-url", url, "serve", "--port", "0"],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout
    line = next(line for line in process.stdout if "http://" in line)
    address = next(word for word in line.split() if word.startswith("http://"))
    with urlopen(address.rstrip("/") + path) as answer:
        answer.read()
    taken = time.monotonic() - begun
    process.terminate()
    _, _, usage = os.wait4(process.pid, 0)
    return taken, usage.ru_utime + usage.ru_stime


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.server_cpu", description=__doc__)
    parser.add_argument("--films", type=int, default=5_000)
    parser.add_argument("--members", type=int, default=100)
    parser.add_argument("--repeat", type=int, default=30)
    parser.add_argument("--starts", type=int, default=3)
    chosen = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="bench") as folder:
        url = f"sqlite:///{Path(folder) / 'circle.db'}"
        engine = make_engine(url)
        migrate.upgrade(engine)
        invented = report_circle.invented(chosen.members, int(chosen.films * 1.3), rated_by_each=300)
        report_circle.load(engine, invented, ("circle", "bayesian"))
        engine.dispose()
        served = Served(open_read_only(url), names=False, settings=Config(DATABASE_URL=url))
        app = make_app(served, token="", local=True)
        settle()
        for paths in (PATHS, PAGES):
            print(HEAD)
            every = []
            for path in paths:
                taken = asyncio.run(cpu_seconds(app, path, chosen.repeat))
                every += taken
                print(line(path, taken), flush=True)
            print(line("all of these", every))
        for path in ("/", f"/cohorts/{LABEL}/report"):
            times = [first_page(url, path) for _ in range(chosen.starts)]
            seconds, cpu = (median(column) for column in zip(*times, strict=True))
            print(f"first page after start, {path}: {seconds:.2f} s, {cpu:.2f} s of CPU")


if __name__ == "__main__":
    main()
