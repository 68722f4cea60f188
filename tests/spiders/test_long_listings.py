"""A member with more films than the site shows on one listing is read level by level of their ratings."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from letterboxd_scraper import urls
from letterboxd_scraper.crawl import delta_choice, full
from letterboxd_scraper.items.members import BEYOND
from letterboxd_scraper.store.schema import scrape_failures
from tests.conftest import Shell, assert_ended, make_shell, on_sqlite, stored_facts
from tests.site import Fault, Site, grids
from tests.site.pages import Answer
from tests.site.world import STARS, Film, Member, World

# The site shows 128 pages of a listing: for these tests fewer, and a few films more than stand on them.
PAGES = 4
FILMS = PAGES * 72 + 9


class LongSite(Site):
    """The imitation site with one member, whose profile may hide its histogram."""

    hides_histogram = False

    def answer(self, method: str, target: str, agent: str, body: bytes) -> Answer:
        answer = super().answer(method, target, agent, body)
        if self.hides_histogram and target == "/vera/":
            return Answer(200, answer.body.replace("ratings-histogram-chart", "another-chart"))
        return answer

    def asked(self) -> list[str]:
        return [hit.path for hit in self.log if hit.path.startswith("/vera/")]


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[LongSite]:
    for module in (grids, urls):
        monkeypatch.setattr(module, "LAST_PAGE", PAGES)
    for choice in (full, delta_choice):
        monkeypatch.setattr(choice, "MOST_SHOWN", PAGES * 72)
    films = [Film(n, f"x{n}", f"film-{n}", f"Film {n}", 1950 + n % 70) for n in range(1, FILMS + 1)]
    vera = Member("vera", "vera", "Vera", "v1")
    # No half stars, and by far the most 3.5.
    vera.ratings = {film.slug: max(3.5 if film.id % 3 else film.id % 10 / 2, 1.0) for film in films}
    vera.watched = set(vera.ratings)
    vera.likes = {film.slug: None for film in films[:50]}
    site = LongSite(World(films, [vera]))
    with site:
        yield site


@pytest.fixture
def shell(tmp_path: Path, site: LongSite, engine: sa.Engine) -> Shell:
    shell = make_shell(tmp_path, site, engine)
    (tmp_path / "names.txt").write_text("vera\n")
    assert_ended(shell.letterboxd("cohort", "build", "--label", "friends", "--members", "names.txt"), 0)
    return shell


def pages_by_level(site: LongSite) -> int:
    levels = Counter(site.world.member("vera").ratings.values())
    return sum(max(1, -(-levels[stars] // 72)) for stars in STARS)


@on_sqlite
def test_every_film_is_read_though_no_listing_shows_them_all(
    shell: Shell, site: LongSite, engine: sa.Engine
) -> None:
    site.hides_histogram = True
    assert_ended(shell.scrapy("profile", cohort="friends"), 0)
    assert stored_facts(engine) == site.world.truth()
    # Nothing told the length: it shows at the last page. Then ten levels, and one page of likes.
    assert len(site.asked()) == 1 + PAGES + pages_by_level(site) + 1
    assert not [path for path in site.asked() if f"/page/{PAGES + 1}/" in path]
    site.hides_histogram = False
    site.world.unrate("vera", "film-1")
    site.world.rate("vera", "film-2", 5.0)
    site.clear_log()
    assert_ended(shell.scrapy("profile", cohort="friends"), 0)
    assert stored_facts(engine) == site.world.truth()
    assert "/vera/films/rated/.5-5/" not in site.asked()
    assert "/vera/films/rated/.5/" not in site.asked()  # the histogram says that there is none


@on_sqlite
def test_stopped_between_two_levels_it_goes_on_there(shell: Shell, site: LongSite, engine: sa.Engine) -> None:
    site.faults.add(Fault("challenge", path="/vera/films/rated/4/"))
    assert_ended(shell.scrapy("profile", cohort="friends"), 4)
    assert "/vera/films/rated/3.5/page/3/" in site.asked()
    site.faults.clear()
    assert_ended(shell.scrapy("profile", cohort="friends"), 0)
    assert stored_facts(engine) == site.world.truth()
    twice = {path for path, times in Counter(site.asked()).items() if times > 1}
    assert twice <= {"/vera/", "/vera/films/rated/4/"}


@on_sqlite
def test_what_the_site_shows_nowhere_is_said_once_and_not_read_for_again(
    shell: Shell, site: LongSite, engine: sa.Engine
) -> None:
    vera = site.world.member("vera")
    vera.ratings = dict.fromkeys(vera.ratings, 3.5)  # all on one level
    assert_ended(shell.scrapy("when_rated", cohort="friends"), 3)
    stored = stored_facts(engine)
    # What is rated is shown as far as the last page, and what is liked is on another listing as well.
    assert len(stored) >= PAGES * 72
    assert stored <= site.world.truth()
    assert open_stages(engine) == [BEYOND]
    for rated in (None, "film-1"):
        if rated:
            site.world.rate("vera", rated, 5.0)
        site.clear_log()
        assert_ended(shell.scrapy("when_rated", cohort="friends"), 0)
        assert len(site.asked()) <= 5
        assert open_stages(engine) == [BEYOND]
    assert ("vera", "film-1", 5.0, True, False) in stored_facts(engine)


def open_stages(engine: sa.Engine) -> list[str]:
    failed = scrape_failures.c
    with engine.connect() as connection:
        return list(connection.scalars(sa.select(failed.stage).where(failed.resolved_at.is_(None))))
