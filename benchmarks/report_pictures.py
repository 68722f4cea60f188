"""What do reports look like? ``python -m benchmarks.report_pictures FOLDER`` writes pictures to look at.

Circles of one member to a hundred, awkward titles, little known; screens wide and narrow, light and dark;
paper. It also prints which rules of access are broken.
"""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from playwright.sync_api import Browser, Page

from benchmarks import report_size
from benchmarks.circles import LABEL, NOW
from benchmarks.report_circle import Circle, invented
from letterboxd_scraper.report import Options, render
from letterboxd_scraper.store.engine import read_transaction
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.schema import film_genres, film_histograms, film_people, film_rankings, films

_WIDTHS = (1920, 1280, 390, 320)
# axe takes seconds each time.
_LOOKED_AT = ((1280, "light"), (1280, "dark"), (320, "light"))
_TITLES = (
    "</script><script>alert(1)</script>",
    "سینما پارادیزو",
    "千と千尋の神隠し",
    "👩‍👩‍👧 🎬",
    "Llanfair" + "pwllgwyngyll" * 6 + "o",
)


def _as_it_is(engine: sa.Engine) -> None:
    pass


def _awkward_titles(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        for rank, title in enumerate(_TITLES * 4, 1):
            film = sa.select(film_rankings.c.film_id).where(film_rankings.c.rank == rank)
            connection.execute(films.update().where(films.c.id.in_(film)).values(title=title))


def _little_known(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        for table in (film_genres, film_people, film_histograms):
            connection.execute(table.delete())
        nothing = dict.fromkeys(("letterboxd_weighted_average", "release_year", "runtime_minutes"))
        connection.execute(films.update().values(nothing))


_CIRCLES: dict[str, tuple[Callable[[], Circle], Callable[[sa.Engine], None]]] = {
    "1": (lambda: invented(1, 60, 30), _as_it_is),
    "2": (lambda: invented(2, 60, 40), _as_it_is),
    "3": (lambda: invented(3, 60, 40), _as_it_is),
    "6-little-known": (lambda: invented(6, 80, 50), _little_known),
    "36-awkward": (lambda: invented(36, 400, 80), _awkward_titles),
    "100": (lambda: invented(100, 3_000, 400), _as_it_is),
}


def pages() -> Iterator[tuple[str, str]]:
    """Yield the name and the text of a report for each circle, and of one with posters that do not come."""
    for name, (circle, change) in _CIRCLES.items():
        with report_size.circle(circle()) as engine:
            change(engine)
            for posters in (False, True) if name == "3" else (False,):
                with read_transaction(engine) as connection:
                    options = Options(at=NOW, names=name == "36-awkward", posters=posters)
                    text = render(connection, cohorts.find(connection, LABEL), options)
                yield f"{name}{'-posters' if posters else ''}", text


def breaches(page: Page) -> list[str]:
    """Return the rules of access that the page breaks, as far as axe can tell."""
    from axe_playwright_python.sync_playwright import Axe

    return [f"{each['id']} ({len(each['nodes'])})" for each in Axe().run(page).response["violations"]]


def take(browser: Browser, file: Path, folder: Path) -> None:
    """Write the pictures of a report: each screen, with a film open and a member chosen, and paper."""
    for width in _WIDTHS:
        for scheme in ("light", "dark"):
            screen: Any = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
            page = report_size.open_page(browser, file, reduced_motion="reduce", **screen)
            report_size.wait_for_pictures(page)
            page.screenshot(path=folder / f"{file.stem}-{width}-{scheme}-first.png")
            if page.locator("#me").count():
                page.locator("#me").select_option(index=1)
            page.locator("#films .name").first.click()
            page.wait_for_selector(".details svg, .details .missing")
            page.screenshot(path=folder / f"{file.stem}-{width}-{scheme}.png", full_page=True)
            wide = page.evaluate("document.documentElement.scrollWidth")
            if (width, scheme) in _LOOKED_AT:
                print(f"{file.stem}, {width}, {scheme}: {wide} wide, breaches: {breaches(page) or 'none'}")
            page.context.close()
    page = report_size.open_page(browser, file)
    report_size.wait_for_pictures(page)
    page.pdf(path=folder / f"{file.stem}.pdf", format="A4")
    page.context.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report_pictures", description=__doc__)
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    with report_size.launched() as browser:
        for name, text in pages():
            file = folder / f"{name}.html"
            file.write_text(text, encoding="utf-8")
            take(browser, file, folder)


if __name__ == "__main__":
    main()
