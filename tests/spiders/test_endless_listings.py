"""Listings whose pages do not end, or end too soon: nobody is dropped by them, and every crawl ends."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa

from letterboxd_scraper.items.members import Listing
from letterboxd_scraper.store.schema import scrape_failures, user_scrape_state
from tests.conftest import Shell, assert_ended, on_sqlite, with_many_friends
from tests.site import own_world
from tests.spiders.test_removals import MovingSite, members_of

FOLLOWING, OTTO = "/marla/following/", "otto_reels"
NO_RETRY = ("-s", "RETRY_TIMES=0")
# How a body is changed: (path, body) to body.
Change = Callable[[str, str], str]


@pytest.fixture
def site() -> Iterator[MovingSite]:
    site = MovingSite(own_world(follows=None))
    with site:
        yield site


def change(site: MovingSite, path: str, to: Change) -> None:
    """Let the site answer otherwise at all paths that begin with ``path``."""
    site.after = lambda target, answer: (
        replace(answer, body=to(target, answer.body)) if target.startswith(path) else answer
    )


def renamed(path: str, body: str) -> str:
    return body.replace('<a class="next"', '<a class="pager-next"')


def without_pager(path: str, body: str) -> str:
    return re.sub(r'<div class="pagination">.*</div>', "", body)


def ends_at_once(path: str, body: str) -> str:
    return re.sub(r'<a class="next" href="[^"]*">', '<span class="next">', body)


def open_failures(engine: sa.Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.scalars(sa.select(scrape_failures.c.error)))


@on_sqlite
@with_many_friends
@pytest.mark.parametrize("to", [renamed, without_pager, ends_at_once])
def test_a_pager_that_was_renamed_drops_nobody(
    known: Shell, site: MovingSite, known_engine: sa.Engine, to: Change
) -> None:
    before = members_of(known_engine, "friends")
    change(site, FOLLOWING, to)
    assert_ended(known.scrapy("follow_graph", *NO_RETRY, cohort="friends"), 3)
    assert members_of(known_engine, "friends") == before
    site.after = lambda path, answer: answer
    assert_ended(known.scrapy("follow_graph", cohort="friends"), 0)


@on_sqlite
@with_many_friends
def test_two_readings_prove_nothing_against_the_pages_own_total(
    known: Shell, site: MovingSite, known_engine: sa.Engine
) -> None:
    before = members_of(known_engine, "friends")
    last = site.world.member("marla").following[0]
    row = re.compile(
        rf'<tr>\s*<td[^>]*><div class="person-summary"> <a class="avatar -a40" href="/{last}/">.*?</tr>', re.S
    )
    change(site, FOLLOWING, lambda path, body: row.sub("", body))
    assert_ended(known.scrapy("follow_graph", cohort="friends"), 3)
    assert members_of(known_engine, "friends") == before
    (error,) = open_failures(known_engine)
    assert error == "the page says 35 people, 34 were seen: nobody is dropped (1 member missing)"
    assert_ended(known.scrapy("follow_graph", cohort="friends"), 3)  # nor do four
    change(site, FOLLOWING, lambda path, body: body.replace("35&nbsp;people", "36&nbsp;people"))
    assert_ended(known.scrapy("follow_graph", cohort="friends"), 0)  # nobody is missing: nothing to prove


@on_sqlite
@with_many_friends
def test_whoever_leaves_beside_a_closed_account_is_dropped(
    known: Shell, site: MovingSite, known_engine: sa.Engine
) -> None:
    def one_more(path: str, body: str) -> str:
        return re.sub(r"\b(\d+)&nbsp;people", lambda match: f"{int(match[1]) + 1}&nbsp;people", body)

    change(site, FOLLOWING, one_more)
    assert_ended(known.scrapy("follow_graph", cohort="friends"), 0)
    before, left = members_of(known_engine, "friends"), site.world.member("marla").following[0]
    site.world.unfollow("marla", left)
    assert_ended(known.scrapy("follow_graph", cohort="friends"), 0)
    assert members_of(known_engine, "friends") == before - {left}


def again(path: str, body: str) -> str:
    """The first page for ever."""
    number = int((re.search(r"page/(\d+)/", path) or ("", "1"))[1])
    return body.replace('href="/marla/following/page/2/"', f'href="/marla/following/page/{number + 1}/"')


@on_sqlite
@with_many_friends
@pytest.mark.parametrize("new", [False, True], ids=["the same people", "new people"])
def test_a_listing_without_an_end_is_left(
    known: Shell, site: MovingSite, known_engine: sa.Engine, new: bool
) -> None:
    before = members_of(known_engine, "friends")
    first = site.answer("GET", FOLLOWING, "", b"").body

    def endless(path: str, body: str) -> str:
        page = again(path, first)
        number = re.sub(r"\D", "", path)
        return re.sub(r'(class="avatar -a40" href="/)(\w+)/', rf"\g<1>\g<2>{number}/", page) if new else page

    change(site, FOLLOWING, endless)
    site.clear_log()
    assert_ended(known.scrapy("follow_graph", *NO_RETRY, cohort="friends"), 3)
    assert members_of(known_engine, "friends") >= before
    assert len([hit for hit in site.log if hit.path.startswith(FOLLOWING)]) <= 3


@on_sqlite
def test_a_diary_whose_pager_was_renamed_is_not_complete(
    crawled: Shell, site: MovingSite, crawled_engine: sa.Engine
) -> None:
    change(site, f"/{OTTO}/diary/", renamed)
    assert_ended(crawled.scrapy("profile", *NO_RETRY, user=OTTO, diary="true"), 3)
    state = user_scrape_state.c
    with crawled_engine.connect() as connection:
        query = sa.select(state.status).where(state.listing == Listing.DIARY, state.status == "complete")
        assert list(connection.scalars(query)) == []
    (error,) = open_failures(crawled_engine)
    assert "no link leads to a page after" in error
