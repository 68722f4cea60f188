"""How large is the page of a year, how long does it take to make? ``python -m benchmarks.year_size``.

Beside it stands the report of the same circle. With a FOLDER it also writes what the page looks like: on
screens wide and narrow, light and dark, and on paper.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import sqlalchemy as sa

from benchmarks import report_size
from benchmarks.circles import LABEL, NOW
from benchmarks.dated_circle import YEAR, give_days
from benchmarks.report_circle import invented
from letterboxd_scraper.report.year import YearOptions, page, read
from letterboxd_scraper.store.engine import read_transaction
from letterboxd_scraper.store.members import cohorts

_SCREENS = [(width, scheme) for width in (1280, 390, 320) for scheme in ("light", "dark")]


def build(engine: sa.Engine) -> str:
    """Make the page of a year, as the command does once everything is imported."""
    with read_transaction(engine) as connection:
        cohort = cohorts.find(connection, LABEL)
        return page(read(connection, cohort, YearOptions(year=YEAR, at=NOW)))


def take(file: Path, folder: Path) -> None:
    """Write pictures of a page."""
    with report_size.launched() as browser:
        for width, scheme in _SCREENS:
            screen: Any = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
            opened = browser.new_context(**screen).new_page()
            opened.goto(file.as_uri())
            opened.screenshot(path=folder / f"{file.stem}-{width}-{scheme}.png", full_page=True)
            opened.context.close()
        opened = browser.new_page()
        opened.goto(file.as_uri())
        opened.pdf(path=folder / f"{file.stem}.pdf", format="A4")


def _seconds(make: Callable[[], object], times: int) -> float:
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        make()
        taken.append(time.perf_counter() - begun)
    return median(taken)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.year_size", description=__doc__)
    parser.add_argument("--films", type=int, default=5_000, help="in the report (%(default)s)")
    parser.add_argument("--members", type=int, default=100, help="in the circle (%(default)s)")
    parser.add_argument("--each", type=int, default=300, help="ratings of a member (%(default)s)")
    parser.add_argument("--repeat", type=int, default=5, help="how often (%(default)s)")
    parser.add_argument("--pictures", metavar="FOLDER", type=Path, help="where to leave page and pictures")
    chosen = parser.parse_args()
    with report_size.circle(invented(chosen.members, int(chosen.films * 1.3), chosen.each)) as engine:
        give_days(engine)
        text = build(engine)
        year = _seconds(lambda: build(engine), chosen.repeat)
        report = _seconds(lambda: report_size.build(engine, chosen.films), chosen.repeat)
    print(f"the year: {len(text.encode()) / 1e6:.3f} MB in {year:.2f} s; the report beside it {report:.2f} s")
    if chosen.pictures:
        chosen.pictures.mkdir(parents=True, exist_ok=True)
        file = chosen.pictures / "year.html"
        file.write_text(text, encoding="utf-8")
        take(file, chosen.pictures)


if __name__ == "__main__":
    main()
