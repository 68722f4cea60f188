"""What do reports look like? ``python -m benchmarks.report_pictures FOLDER`` writes pictures to look at.

Circles of one member to a hundred, of archives and of a site's pages, awkward titles, little known, ten
thousand films; screens wide and narrow, light and dark; paper; and in words, as a screen reader has it, the
first screen. It also prints which rules of access are broken.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from playwright.sync_api import Browser, Page

from benchmarks import report_size
from benchmarks.circles import LABEL, NOW
from benchmarks.report_circle import invented
from letterboxd_scraper.report import Options, render
from letterboxd_scraper.report.page import MOST_FILMS
from letterboxd_scraper.store.engine import make_engine, read_transaction
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.schema import film_genres, film_histograms, film_people, film_rankings, films
from tests.conftest import environment_for
from tests.site import Site, own_world
from tests.site.archive import archive, file_name

_WIDTHS = (1920, 1280, 390, 320)
# axe takes seconds each time.
_LOOKED_AT = ((1280, "light"), (1280, "dark"), (320, "light"))
_IN_WORDS = (1280, "light")
_FIRST_SCREEN = ("header.page", "section.top", "section.cards", ".i-am")
_TITLES = (
    "</script><script>alert(1)</script>",
    "سینما پارادیزو",
    "千と千尋の神隠し",
    "👩‍👩‍👧 🎬",
    "Llanfair" + "pwllgwyngyll" * 6 + "o",
)


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


@contextmanager
def _invented(
    members: int, count: int, rated_by_each: int, change: Callable[[sa.Engine], None] | None = None
) -> Iterator[sa.Engine]:
    with report_size.circle(invented(members, count, rated_by_each)) as engine:
        if change is not None:
            change(engine)
        yield engine


@contextmanager
def _site(*commands: str, archives: int = 0) -> Iterator[sa.Engine]:
    """Make a database by commands, as users do, beside the imitation site and so many members' archives."""
    with tempfile.TemporaryDirectory(prefix="pictures") as name, Site(own_world()) as site:
        folder = Path(name)
        (folder / "archives").mkdir()
        for member in list(site.world.members)[:archives]:
            (folder / "archives" / file_name(member)).write_bytes(archive(site.world, member))
        url = f"sqlite:///{folder}/circle.db"
        for command in commands:
            line = [sys.executable, "-m", *command.split()]
            subprocess.run(line, cwd=folder, env=environment_for(site.url, url), check=True)
        engine = make_engine(url)
        yield engine
        engine.dispose()


@dataclass(frozen=True)
class _Kind:
    """A circle, and how its page is made; of a large one, fewer pictures are taken."""

    circle: Callable[[], AbstractContextManager[sa.Engine]]
    names: bool = False
    posters: bool = False
    pages: bool = True
    limit: int = MOST_FILMS
    widths: tuple[int, ...] = _WIDTHS


_OURS = "letterboxd_scraper"
_RANKED = f"{_OURS} rank compute --cohort {LABEL}"
_OF_ARCHIVES = (f"{_OURS} import files archives --cohort {LABEL} --yes --quiet", _RANKED)
_OF_PAGES = (
    f"scrapy crawl follow_graph -a seed=marla -a label={LABEL}",
    f"scrapy crawl profile -a cohort={LABEL}",
    f"{_OURS} enrich --cohort {LABEL} --quiet",
    _RANKED,
)
_KINDS = {
    "1": _Kind(lambda: _invented(1, 60, 30)),
    "2": _Kind(lambda: _invented(2, 60, 40)),
    "3": _Kind(lambda: _invented(3, 60, 40)),
    "3-posters-unreachable": _Kind(lambda: _invented(3, 60, 40), posters=True),
    "6-archives": _Kind(lambda: _site(*_OF_ARCHIVES, archives=6), pages=False),
    "6-little-known": _Kind(lambda: _invented(6, 80, 50, _little_known)),
    "36-site": _Kind(lambda: _site(*_OF_PAGES)),
    "36-awkward-names": _Kind(lambda: _invented(36, 400, 80, _awkward_titles), names=True),
    "100": _Kind(lambda: _invented(100, 3_000, 400)),
    "5000-films": _Kind(lambda: _invented(100, 6_500, 300), widths=(1280, 390)),
    "10000-films": _Kind(lambda: _invented(200, 13_000, 400), limit=10_000, widths=(1280, 390)),
}


def written(name: str, kind: _Kind, folder: Path) -> Path:
    """Make the report of a circle, and return its file."""
    with kind.circle() as engine, read_transaction(engine) as connection:
        options = Options(at=NOW, names=kind.names, posters=kind.posters, pages=kind.pages, limit=kind.limit)
        text = render(connection, cohorts.find(connection, LABEL), options)
    file = folder / f"{name}.html"
    file.write_text(text, encoding="utf-8")
    return file


def breaches(page: Page) -> list[str]:
    """Return the rules of access that the page breaks, as far as axe can tell."""
    from axe_playwright_python.sync_playwright import Axe

    return [f"{breach['id']} ({len(breach['nodes'])})" for breach in Axe().run(page).response["violations"]]


def take(browser: Browser, file: Path, folder: Path, widths: tuple[int, ...] = _WIDTHS) -> None:
    """Write the pictures of a report: each screen, with a film open and a member chosen, and paper."""
    for width in widths:
        for scheme in ("light", "dark"):
            screen: Any = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
            page = report_size.open_page(browser, file, reduced_motion="reduce", **screen)
            report_size.wait_for_pictures(page)
            page.screenshot(path=folder / f"{file.stem}-{width}-{scheme}-first.png")
            if (width, scheme) == _IN_WORDS:
                words = [
                    page.locator(part).first.aria_snapshot()
                    for part in _FIRST_SCREEN
                    if page.locator(part).count()
                ]
                (folder / f"{file.stem}.txt").write_text("\n".join(words), encoding="utf-8")
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
    parser.add_argument("--only", choices=_KINDS, action="append", help="these circles (may be given again)")
    chosen = parser.parse_args()
    folder: Path = chosen.folder
    folder.mkdir(parents=True, exist_ok=True)
    with report_size.launched() as browser:
        for name in chosen.only or _KINDS:
            take(browser, written(name, _KINDS[name], folder), folder, _KINDS[name].widths)


if __name__ == "__main__":
    main()
