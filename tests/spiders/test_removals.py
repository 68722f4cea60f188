"""Nothing that is still on the site is removed: not by counts, nor pages that moved, nor an older crawl."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.members import FilmsPage, Listing, PeoplePage, Person, Profile, Tile
from letterboxd_scraper.items.tasks import Provenance
from letterboxd_scraper.store.save import save
from letterboxd_scraper.store.schema import cohort_members, cohorts, users
from tests.conftest import (
    Names,
    Shell,
    assert_ended,
    make_shell,
    on_sqlite,
    stored_facts,
    with_many_friends,
)
from tests.site import Fault, Site, own_world
from tests.site.pages import Answer


class MovingSite(Site):
    """The imitation site; ``before`` sees each path before the answer, ``after`` may change it."""

    before: Callable[[str], None] = staticmethod(lambda path: None)
    after: Callable[[str, Answer], Answer] = staticmethod(lambda path, answer: answer)

    def answer(self, method: str, target: str, agent: str, body: bytes) -> Answer:
        self.before(target)
        return self.after(target, super().answer(method, target, agent, body))


@pytest.fixture
def site(friends: Names) -> Iterator[MovingSite]:
    site = MovingSite(own_world(follows=friends))
    with site:
        yield site


@pytest.fixture
def shell(crawled: Shell) -> Shell:
    return crawled


def truth(site: Site) -> set[tuple[str, str, float | None, bool, bool]]:
    return site.world.truth(site.world.circle("marla"))


def members_of(engine: sa.Engine, label: str) -> set[str]:
    query = (
        sa.select(users.c.letterboxd_username)
        .join(cohort_members, cohort_members.c.user_id == users.c.id)
        .join(cohorts, cohorts.c.id == cohort_members.c.cohort_id)
    )
    with engine.connect() as connection:
        return set(connection.scalars(query.where(cohorts.c.label == label)))


def test_a_like_outlives_counts_that_come_out_even(
    shell: Shell, site: MovingSite, crawled_engine: sa.Engine
) -> None:
    world = site.world
    ebb = world.member("ebb")
    unrated = [film for film in ebb.likes if film not in ebb.ratings]
    for film in unrated[1:]:
        world.unlike("ebb", film)
    assert_ended(shell.scrapy("follow_graph", cohort="friends"), 0)
    # One more rated film is liked after the likes were counted: count and liked ratings are equal.
    world.like("ebb", next(film for film in ebb.ratings if film not in ebb.likes))
    assert_ended(shell.scrapy("profile", cohort="friends"), 0)
    assert stored_facts(crawled_engine) == truth(site)


MESSAGE = '<section class="ui-block-header filtered-message"><p>Ebb likes 5 films.</p></section>'


@on_sqlite
@pytest.mark.parametrize("instead", [MESSAGE, MESSAGE + '<ul class="tiles"></ul>', ""], ids=range(3))
def test_a_sentence_in_place_of_the_grid_empties_no_listing(
    shell: Shell, site: MovingSite, crawled_engine: sa.Engine, instead: str
) -> None:
    def without_grid(path: str, answer: Answer) -> Answer:
        if not path.startswith("/ebb/likes/"):
            return answer
        start = answer.body.index('<div class="poster-grid">')
        end = answer.body.index("</ul>", start)
        return replace(answer, body=answer.body[:start] + instead + "<div>" + answer.body[end + 5 :])

    site.after = without_grid
    assert_ended(shell.scrapy("profile", user="ebb"), 3)
    assert stored_facts(crawled_engine) == truth(site)


@on_sqlite
def test_a_next_page_that_is_spelt_otherwise_is_still_the_next(
    shell: Shell, site: MovingSite, crawled_engine: sa.Engine
) -> None:
    site.after = lambda path, answer: replace(
        answer, body=answer.body.replace('class="next" href="/otto_reels/', 'class="next" href="/Otto_Reels/')
    )
    assert_ended(shell.scrapy("profile", user="otto_reels"), 0)
    assert stored_facts(crawled_engine) == truth(site)


@with_many_friends
def test_whoever_slips_over_a_page_border_is_still_followed(
    known: Shell, site: MovingSite, known_engine: sa.Engine
) -> None:
    left = site.world.member("marla").following[-1]  # the newest, on page 1

    def unfollow(path: str) -> None:
        if path == "/marla/following/page/2/" and left in site.world.member("marla").following:
            site.world.unfollow("marla", left)

    site.before = unfollow
    before = members_of(known_engine, "friends")
    assert_ended(known.scrapy("follow_graph", cohort="friends"), 0)
    assert members_of(known_engine, "friends") == before - {left} == set(site.world.circle("marla"))


@with_many_friends
def test_a_small_cohort_takes_nothing_from_a_large_one(
    known: Shell, site: MovingSite, known_engine: sa.Engine
) -> None:
    before = members_of(known_engine, "friends")
    site.faults.add(Fault("challenge", path="/marla/following/page/2/"))
    assert_ended(known.scrapy("follow_graph", cohort="friends"), 4)
    site.faults.clear()
    assert_ended(known.scrapy("follow_graph", seed="marla", label="tiny", max_members=3), 0)
    assert_ended(known.scrapy("follow_graph", cohort="friends"), 0)
    assert members_of(known_engine, "friends") == before
    assert len(members_of(known_engine, "tiny")) == 3


def test_a_seed_page_that_fails_makes_no_cohort(tmp_path: Path, site: MovingSite, engine: sa.Engine) -> None:
    site.faults.add(Fault("status", path="/marla/following/", code=500))
    process = make_shell(tmp_path, site, engine).scrapy("follow_graph", seed="marla", label="friends")
    assert_ended(process, 3)
    assert "Traceback" not in process.stderr
    assert "follows nobody" not in process.stderr
    assert members_of(engine, "friends") == set()


def test_a_refusal_of_a_later_page_says_nothing_of_the_member(
    shell: Shell, site: MovingSite, crawled_engine: sa.Engine
) -> None:
    refusal = Answer(403, "<html><body><section class='message'>No.</section></body></html>")
    site.after = lambda path, answer: refusal if path == "/noor/films/rated/.5-5/page/2/" else answer
    assert_ended(shell.scrapy("profile", user="noor"), 3)
    with crawled_engine.connect() as connection:
        status = sa.select(users.c.status).where(users.c.letterboxd_username == "noor")
        assert connection.scalar(status) == "ok"
    assert stored_facts(crawled_engine) == truth(site)


NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ALIEN, BRAZIL = Film("alien", "Alien", 1979, 1), Film("brazil", "Brazil", 1985, 2)


def test_an_older_crawl_does_not_remove_what_a_newer_one_found(engine: sa.Engine) -> None:
    def store(*items: object, minute: int) -> None:
        for item in items:
            with engine.begin() as connection:
                save(item, connection, Provenance(NOON + timedelta(minutes=minute)))

    def rated(number: int, *films: Film, complete: bool) -> FilmsPage:
        tiles = tuple(Tile(film, 4.0) for film in films)
        page = FilmsPage("ada", Listing.RATED, number, tiles, last=complete, total=len(films))
        return replace(page, complete=films, begun=NOON) if complete else page

    store(Profile("ada", None, None, None, 9, 0, 0, (), 2, None), minute=0)
    store(rated(1, ALIEN, complete=False), minute=0)
    # Another crawl meets a rating that was given after the first page was read here.
    store(replace(rated(1, BRAZIL, complete=False), last=False), minute=1)
    store(replace(rated(2, complete=True), complete=(ALIEN,)), minute=2)
    assert {fact[1] for fact in stored_facts(engine)} == {"alien", "brazil"}


def test_a_list_without_counts_wipes_none(engine: sa.Engine) -> None:
    def meet(person: Person, day: int) -> None:
        with engine.begin() as connection:
            page = PeoplePage("ada", Listing.FOLLOWING, 1, (person, person), True)
            save(page, connection, Provenance(NOON + timedelta(days=day)))

    meet(Person("bob", films=10, likes=3), 0)
    meet(Person("bob", films=None, likes=4), 1)
    with engine.connect() as connection:
        query = sa.select(users.c.films_count, users.c.likes_count)
        assert tuple(connection.execute(query.where(users.c.letterboxd_username == "bob")).one()) == (10, 4)
