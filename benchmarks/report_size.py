"""How large is a report, how long does it take to make and to open? ``python -m benchmarks.report_size``."""

import argparse
import os
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import sqlalchemy as sa
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from benchmarks import report_circle
from benchmarks.circles import LABEL, NOW
from benchmarks.report_circle import Circle
from letterboxd_scraper.config import DEFAULT_STRATEGY
from letterboxd_scraper.downloader.browser import chromium
from letterboxd_scraper.report import Options, render
from letterboxd_scraper.store import migrate
from letterboxd_scraper.store.engine import make_engine, read_transaction
from letterboxd_scraper.store.members import cohorts
from ranking.facts import Facts
from ranking.results import ranking
from ranking.strategies import STRATEGIES
from ranking.strategies.base import MIN_VOTES

# Each input as a reader makes it: the name of the field, and what is in it for each key that is pressed, or
# which of its options is chosen.
INPUTS = (
    *(("search", "the film"[:length]) for length in range(1, 9)),
    ("search", ""),
    ("genre", "1"),
    ("decade", "3"),
    ("decade", "0"),
    ("genre", "0"),
    *(("director", "number 1"[:length]) for length in range(1, 9)),
    ("director", ""),
    ("least", "1"),
    ("least", "10"),
    ("least", ""),
    ("unseen", "3"),
    ("unseen", "4"),
    ("unseen", "0"),
)

# From the input until the page is laid out again, in milliseconds.
_TIME_INPUT = """([name, value]) => {
    const field = document.getElementById("filters").elements[name];
    const begun = performance.now();
    if (field.type === "select-one") field.selectedIndex = Number(value);
    else field.value = value;
    field.dispatchEvent(new Event("input", {bubbles: true}));
    document.body.offsetHeight;
    return performance.now() - begun;
}"""


# Notes when the first film can be seen, and tasks that keep a reader's input waiting.
_WATCH = """
window.seen = {film: null, tasks: []};
new PerformanceObserver((list) => window.seen.tasks.push(...list.getEntries().map((task) => task.duration)))
    .observe({type: "longtask", buffered: true});
requestAnimationFrame(function look() {
    const film = document.querySelector(".tile, #films tbody tr");
    if (film?.getBoundingClientRect().height) setTimeout(() => (window.seen.film = performance.now()));
    else requestAnimationFrame(look);
});
"""


@dataclass(frozen=True)
class Opened:
    """How fast a page opened, in milliseconds.

    Until its first film was painted, its list could be used, all of it was read; its longest task; INPUTS;
    and what an input takes of the processor on the average, which others at work do not lengthen.
    """

    film: float
    table: float
    whole: float
    task: float
    inputs: list[float]
    processor: float


@dataclass(frozen=True)
class Built:
    """A page, its films, the seconds that it took, and of those the strategy's to explain its ranks."""

    page: str
    films: int
    seconds: float
    strategy: float

    @property
    def megabytes(self) -> float:
        return len(self.page.encode()) / 1e6


def build(engine: sa.Engine, limit: int) -> Built:
    """Make a report, as the command does once everything is imported."""
    with read_transaction(engine) as connection:
        cohort = cohorts.find(connection, LABEL)
        begun = time.perf_counter()
        page = render(connection, cohort, Options(at=NOW, limit=limit))
        seconds = time.perf_counter() - begun
        ranked = ranking(connection, cohort, DEFAULT_STRATEGY, limit=limit)
        begun = time.perf_counter()
        STRATEGIES[DEFAULT_STRATEGY].reasons(
            connection, Facts(cohort.id, ranked[0].computed_at), ranked[0].parameters
        )
        return Built(page, len(ranked), seconds, time.perf_counter() - begun)


@contextmanager
def circle(made: Circle) -> Iterator[sa.Engine]:
    """Make a database with this circle."""
    with tempfile.TemporaryDirectory(prefix="report") as folder:
        engine = make_engine(f"sqlite:///{folder}/circle.db")
        migrate.upgrade(engine)
        report_circle.load(engine, made, parameters={MIN_VOTES: 1})
        yield engine
        engine.dispose()


@contextmanager
def launched() -> Iterator[Browser]:
    """Start the machine's Chromium. Raises InputError if there is none."""
    program = chromium.find(os.environ.get("LETTERBOXD_CHROMIUM", ""))
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--disable-gpu", *as_root])
        yield browser
        browser.close()


def open_page(browser: Browser, file: Path, **context: Any) -> Page:
    """Open a report and wait until its table can be used; its pictures may come later."""
    page = browser.new_context(**context).new_page()
    page.add_init_script(_WATCH)
    page.goto(file.as_uri(), wait_until="commit")
    page.wait_for_selector("#films tbody tr")
    return page


def opening_time(page: Page) -> float:
    """Return the milliseconds from the beginning until the table could be used."""
    return float(page.evaluate("performance.getEntriesByName('table')[0].startTime"))


def wait_for_pictures(page: Page) -> None:
    page.wait_for_load_state("load", timeout=60_000)


def input_times(page: Page, inputs: Iterable[tuple[str, str]] = INPUTS) -> list[float]:
    """Return the milliseconds that each of the inputs took."""
    return [float(page.evaluate(_TIME_INPUT, list(words))) for words in inputs]


def measured(browser: Browser, file: Path) -> Opened:
    """Open a report, use its filters, and return how long all of it took."""
    page = open_page(browser, file)
    metrics = page.context.new_cdp_session(page)
    metrics.send("Performance.enable", {"timeDomain": "threadTicks"})
    table = opening_time(page)
    wait_for_pictures(page)
    page.wait_for_function("window.seen.film !== null")
    page.wait_for_timeout(500)  # for what a page does once it is read
    whole = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    film, tasks = page.evaluate("[window.seen.film, window.seen.tasks]")
    begun = _processor_time(metrics)
    inputs = input_times(page)
    processor = (_processor_time(metrics) - begun) / len(inputs)
    page.context.close()
    return Opened(film, table, whole, max(tasks, default=0.0), inputs, processor)


def _processor_time(metrics: CDPSession) -> float:
    """Return the milliseconds that the page's own thread has been at work."""
    values = {metric["name"]: metric["value"] for metric in metrics.send("Performance.getMetrics")["metrics"]}
    return float(1000 * values["TaskDuration"])


def told(opened: Sequence[Opened]) -> str:
    """Return medians, and of inputs what 95 of 100 stay within."""
    inputs = quantiles([milliseconds for one in opened for milliseconds in one.inputs], n=20)[-1]
    names = ("film", "table", "whole", "task", "processor")
    film, table, whole, task, processor = (median(getattr(one, name) for one in opened) for name in names)
    return (
        f"first film {film:.0f} ms, list {table:.0f} ms, whole page {whole:.0f} ms, "
        f"longest task {task:.0f} ms, an input of a filter {inputs:.1f} ms (95 of 100), "
        f"{processor:.1f} ms of the processor"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report_size", description=__doc__)
    parser.add_argument("--films", type=int, default=5_000, help="in the report (%(default)s)")
    parser.add_argument("--members", type=int, default=100, help="in the circle (%(default)s)")
    parser.add_argument("--data", metavar="DIR", help="real ratings: ratings.parquet, films.parquet")
    parser.add_argument("--repeat", type=int, default=5, help="how often (%(default)s)")
    parser.add_argument(
        "--beside", metavar="PAGE", type=Path, help="a page of before, opened in turns with it"
    )
    parser.add_argument("--keep", metavar="PAGE", type=Path, help="where to leave the page")
    chosen = parser.parse_args()
    if chosen.data:
        made = report_circle.real(chosen.data, chosen.members)
    else:
        made = report_circle.invented(chosen.members, int(chosen.films * 1.3), rated_by_each=300)
    with circle(made) as engine, launched() as browser, tempfile.TemporaryDirectory() as folder:
        built = [build(engine, chosen.films) for _ in range(chosen.repeat)]
        file = chosen.keep or Path(folder) / "report.html"
        file.write_text(built[0].page, encoding="utf-8")
        pages = {"this page": file, **({"beside it": chosen.beside} if chosen.beside else {})}
        opened: dict[str, list[Opened]] = {name: [] for name in pages}
        for _ in range(chosen.repeat):
            for name, page in pages.items():
                opened[name].append(measured(browser, page))
        print(
            f"{built[0].films} films, {chosen.members} members, made in "
            f"{median(one.seconds for one in built):.2f} s, of which the strategy "
            f"{median(one.strategy for one in built):.2f} s"
        )
        for name, page in pages.items():
            print(f"{name}: {page.stat().st_size / 1e6:.2f} MB, {told(opened[name])}")


if __name__ == "__main__":
    main()
