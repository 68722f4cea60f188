"""Members of a list of names who have a new name: their old address leads to it, and the code stays."""

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa
from scrapy import Request
from scrapy.http import HtmlResponse, XmlResponse
from scrapy.settings import Settings

from letterboxd_scraper.items.members import Profile
from letterboxd_scraper.items.tasks import FeedStart
from letterboxd_scraper.spiders.rss import RssSpider, RssTask
from letterboxd_scraper.store.members import cohorts, renaming
from letterboxd_scraper.store.schema import cohort_members, scrape_failures, users
from tests.conftest import Shell, assert_ended, on_sqlite, stored_facts
from tests.site import Site
from tests.site.feed import feed
from tests.site.profile import profile_page
from tests.site.world import Member
from tests.store.rows import add_user
from tests.store.test_store import MONDAY

NAMES = ("kip", "otto_reels")


@pytest.fixture
def listed(crawled: Shell, crawled_engine: sa.Engine) -> Shell:
    """A shell whose database has a list of names, all of whom were read before."""
    with crawled_engine.begin() as connection:
        cohorts.make_from_names(connection, "listed", NAMES, MONDAY)
        circle = cohorts.find(connection, "friends")
        cohorts.redefine(connection, circle, circle.definition | {"exclude": ["kip", "noor"]}, MONDAY)
    return crawled


def members_of(engine: sa.Engine, label: str) -> set[str]:
    with engine.connect() as connection:
        return {row.member for row in cohorts.members(connection, cohorts.find(connection, label))}


def paths_of(site: Site, *names: str) -> list[str]:
    """Return the pages of members that were asked for, in this order."""
    return [hit.path for hit in site.log if hit.path.split("/")[1] in names]


@on_sqlite
@pytest.mark.parametrize("spider", ["profile", "when_rated"])
def test_a_member_is_followed_to_a_new_name_once(
    listed: Shell, site: Site, crawled_engine: sa.Engine, spider: str
) -> None:
    before = stored_facts(crawled_engine)
    site.world.rename_member("kip", "kip_anew")
    site.world.rate("kip_anew", next(iter(site.world.member("otto_reels").ratings)), 1.5)
    assert_ended(listed.scrapy(spider, cohort="listed"), 0)
    assert members_of(crawled_engine, "listed") == {"kip_anew", "otto_reels"}
    assert members_of(crawled_engine, "friends") >= {"kip_anew"}
    with crawled_engine.connect() as connection:
        definition = cohorts.find(connection, "friends").definition
        assert connection.scalar(sa.select(sa.func.count()).select_from(scrape_failures)) == 0
    assert definition["exclude"] == ["kip_anew", "noor"]
    read = set(site.world.truth(["kip_anew", "otto_reels"]))
    others = {fact for fact in before if fact[0] not in NAMES}
    assert stored_facts(crawled_engine) == read | others
    site.clear_log()
    assert_ended(listed.scrapy(spider, cohort="listed"), 0)
    assert not [hit.path for hit in site.log if hit.path.startswith("/kip/")]


@on_sqlite
def test_a_member_s_feed_is_followed_to_a_new_name_once(
    listed: Shell, site: Site, crawled_engine: sa.Engine
) -> None:
    assert_ended(listed.scrapy("rss", cohort="listed"), 0)
    site.world.rename_member("kip", "kip_anew")
    site.clear_log()
    assert_ended(listed.scrapy("rss", cohort="listed"), 0)
    assert paths_of(site, "kip", "kip_anew") == [
        "/kip/rss/",
        "/kip_anew/rss/",
        "/kip_anew/",
        "/kip_anew/rss/",
    ]
    assert members_of(crawled_engine, "listed") == {"kip_anew", "otto_reels"}
    site.clear_log()
    assert_ended(listed.scrapy("rss", cohort="listed"), 0)
    assert paths_of(site, "kip", "kip_anew") == ["/kip_anew/rss/"]


@on_sqlite
def test_a_circle_follows_its_seed_to_a_new_name_once(
    crawled: Shell, site: Site, crawled_engine: sa.Engine
) -> None:
    before = members_of(crawled_engine, "friends")
    site.world.rename_member("marla", "marla_anew")
    assert_ended(crawled.scrapy("follow_graph", cohort="friends"), 0)
    assert members_of(crawled_engine, "friends") == before - {"marla"} | {"marla_anew"}
    site.clear_log()
    assert_ended(crawled.scrapy("follow_graph", cohort="friends"), 0)
    assert paths_of(site, "marla", "marla_anew") == ["/marla_anew/following/"]


@on_sqlite
def test_a_circle_follows_whom_it_knows_by_an_old_name(
    crawled: Shell, site: Site, crawled_engine: sa.Engine
) -> None:
    """What was read of the nearer ones not long ago still leads to the old name."""
    far = {"label": "far", "depth": "2"}
    assert_ended(crawled.scrapy("follow_graph", seed="marla", **far), 0)
    with crawled_engine.begin() as connection:
        circle = cohorts.find(connection, "far")
        cohorts.redefine(connection, circle, circle.definition | {"depth": 3}, MONDAY)
        nearest = {row.member for row in cohorts.members(connection, circle) if row.depth < 2}
    before = members_of(crawled_engine, "far")
    farthest = next(name for name in sorted(before - nearest) if site.world.member(name).state == "ok")
    assert_ended(crawled.scrapy("profile", user=farthest), 0)
    site.world.rename_member(farthest, "far_anew")
    assert_ended(crawled.scrapy("follow_graph", cohort="far"), 0)
    after = members_of(crawled_engine, "far")
    assert "far_anew" in after
    assert farthest not in after
    assert after >= before - {farthest}


@on_sqlite
@pytest.mark.parametrize("code", [None, "another"])
def test_without_the_same_code_nobody_is_taken_for_a_member(
    listed: Shell, site: Site, crawled_engine: sa.Engine, code: str | None
) -> None:
    is_kip = users.c.letterboxd_username == "kip"
    with crawled_engine.begin() as connection:
        connection.execute(users.update().where(is_kip).values(letterboxd_lid=code))
    before = stored_facts(crawled_engine)
    site.world.rename_member("kip", "kip_anew")
    assert_ended(listed.scrapy("profile", cohort="listed"), 3)
    with crawled_engine.connect() as connection:
        error = connection.scalars(sa.select(scrape_failures.c.error)).one()
    assert error.startswith("it leads to 'kip_anew', and no code tells")
    assert members_of(crawled_engine, "listed") == set(NAMES)
    assert stored_facts(crawled_engine) == before


def test_nobody_is_followed_to_a_name_that_they_have_left(site: Site) -> None:
    """The feeds of two names lead to each other, and each profile shows the code."""

    async def follow(member: str, profile: Profile) -> bool:
        return True

    spider = RssSpider(cohort="friends")
    spider.task = RssTask((FeedStart("kip"),), follow_to_new_name=follow)
    spider.settings = Settings({"LETTERBOXD_BASE_URL": "http://127.0.0.1", "RETRY_TIMES": 0})
    kip, otto = (site.world.member(name) for name in NAMES)

    async def led_to(request: Request, member: Member) -> list[Any]:
        """Return what comes of a feed that leads to that of a member, whose profile is read then."""
        url = f"http://127.0.0.1/{member.name}/rss/"
        answer = XmlResponse(url, request=request, body=feed(site.world, member).encode())
        (output,) = [output async for output in spider.parse_listing(answer, **request.cb_kwargs)]
        if not isinstance(output, Request):
            return [output]
        assert output.url == f"http://127.0.0.1/{member.name}/"
        home = HtmlResponse(output.url, request=output, body=profile_page(site.world, member).encode())
        return [after async for after in spider.parse_new_name(home, **output.cb_kwargs)]

    async def round_and_round() -> list[Any]:
        (request,) = [request async for request in spider.start()]
        (again,) = await led_to(request, otto)
        again.meta["retry_times"] = 2
        return await led_to(again, kip)

    (failure,) = asyncio.run(round_and_round())
    assert failure.error == "expected the feed of 'otto_reels', found one of 'kip'"


def profile(member: str, lid: str | None = "2aHi") -> Profile:
    return Profile(member, None, None, lid, 0, 0, 0, (), None, None)


def follow(engine: sa.Engine, member: str, page: Profile) -> bool:
    with engine.begin() as connection:
        return renaming.follow_to_new_name(connection, member, page, MONDAY)


def test_a_row_under_the_new_name_becomes_theirs(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        add_user(connection, "ada", letterboxd_lid="2aHi")
        add_user(connection, "lovelace")
        cohorts.make_from_names(connection, "listed", ["ada", "lovelace"], MONDAY)
    assert follow(engine, "ada", profile("lovelace"))
    assert members_of(engine, "listed") == {"lovelace"}
    with engine.connect() as connection:
        assert connection.scalars(sa.select(cohort_members.c.user_id)).all() == [1]


@on_sqlite
def test_a_name_that_is_stored_as_somebody_elses_is_not_taken(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        add_user(connection, "ada", letterboxd_lid="2aHi")
        add_user(connection, "lovelace", letterboxd_lid="other")
    assert not follow(engine, "ada", profile("lovelace"))
    assert not follow(engine, "ada", profile("countess", None))
    assert not follow(engine, "nobody", profile("countess"))
    with engine.connect() as connection:
        assert set(connection.scalars(sa.select(users.c.letterboxd_username))) == {"ada", "lovelace"}
