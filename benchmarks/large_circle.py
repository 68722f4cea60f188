"""What does a circle of 2,000 members take? ``python -m benchmarks.large_circle``.

Its report, made by the command; the page in the machine's Chromium: until the list is there, a key in a
filter, another order; and `letterboxd serve`: the first reader of the report, those who come later.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks import report_size
from benchmarks.circles import LABEL
from benchmarks.large import Run, Spent, run_process
from benchmarks.meter import peak_memory
from benchmarks.report_circle import invented
from tests.served import serving

# By number of ratings, and back to the rank: which options of the field they are.
ORDERS = (("sort", "6"), ("sort", "0"))
PATHS = (f"/cohorts/{LABEL}/report", f"/cohorts/{LABEL}/rankings/circle", "/")


@dataclass(frozen=True)
class Served:
    """Seconds until a server, just started, answered each path once, and later; its peak memory in MB."""

    first: list[float]
    later: list[float]
    memory: float


def made(url: str, file: Path, run: Run) -> Spent:
    """Write the report of the circle, by the command; return what that took."""
    return run(["letterboxd_scraper", "report", "--cohort", LABEL, "--output", str(file)], url)


def served(url: str, repeat: int, paths: Sequence[str] = PATHS) -> Served:
    """Start a server and read the paths: once, and then so many times; of these the medians are kept."""
    with serving(url) as server:

        def seconds(path: str) -> float:
            begun = time.monotonic()
            server.get(path).raise_for_status()
            return time.monotonic() - begun

        first = [seconds(path) for path in paths]
        later = [median(seconds(path) for _ in range(repeat)) for path in paths]
        assert server.process.pid
        return Served(first, later, peak_memory(server.process.pid))


def in_browser(file: Path, repeat: int) -> str:
    """Open the page so many times and say how long that took, and an order of the list."""
    opened, orders = [], []
    with report_size.launched() as browser:
        for _ in range(repeat):
            opened.append(report_size.measured(browser, file))
            page = report_size.open_page(browser, file)
            orders += report_size.input_times(page, ORDERS)
            page.context.close()
    return f"{report_size.told(opened)}; another order {median(orders):.0f} ms"


def lines(spent: Spent, file: Path, answers: Served) -> list[str]:
    """Say what the report and the server took."""
    seconds, cpu, memory = spent
    size = file.stat().st_size / 1e6
    return [
        f"report: {seconds:.1f} s, {cpu:.1f} s of CPU, {memory:.0f} MB; the page has {size:.2f} MB",
        *(
            f"serve {path}: first {first:.2f} s, later {1000 * later:.0f} ms"
            for path, first, later in zip(PATHS, answers.first, answers.later, strict=True)
        ),
        f"serve: {answers.memory:.0f} MB",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.large_circle", description=__doc__)
    parser.add_argument("--members", type=int, default=2_000, help="in the circle (%(default)s)")
    parser.add_argument("--films", type=int, default=10_000, help="of which they choose (%(default)s)")
    parser.add_argument("--each", type=int, default=300, help="ratings of a member (%(default)s)")
    parser.add_argument("--repeat", type=int, default=5, help="how often pages are opened (%(default)s)")
    chosen = parser.parse_args()
    circle = invented(chosen.members, chosen.films, chosen.each)
    with report_size.circle(circle) as engine, tempfile.TemporaryDirectory(prefix="bench") as folder:
        url, file = engine.url.render_as_string(hide_password=False), Path(folder) / "report.html"
        spent = made(url, file, run_process)
        print(*lines(spent, file, served(url, chosen.repeat)), sep="\n", flush=True)
        print(f"in Chromium: {in_browser(file, chosen.repeat)}")


if __name__ == "__main__":
    main()
