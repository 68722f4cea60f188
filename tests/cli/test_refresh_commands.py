"""The commands and arguments of the delta crawl: what is read in full, what again, and what is refused."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.store.schema import cohort_members, users
from tests.conftest import Shell, assert_ended, on_sqlite, stored_facts, with_many_friends
from tests.site import Fault, Site
from tests.spiders.test_when_rated import TONIGHT, asked, rate_something_new, readable, truth


@on_sqlite
def test_the_command_reads_in_full_once_and_then_what_changed(
    crawled: Shell, site: Site, crawled_engine: sa.Engine
) -> None:
    rate_something_new(site.world)
    plan = crawled.letterboxd("plan", "--cohort", "friends", "--json", LETTERBOXD_NOW=TONIGHT.isoformat())
    assert_ended(plan, 0)
    assert site.log == []
    refreshed = crawled.letterboxd("scrape", "--cohort", "friends", LETTERBOXD_NOW=TONIGHT.isoformat())
    assert_ended(refreshed, 0)
    assert "2 read, 1 of them changed; films: 1 added, 0 changed, 0 removed" in refreshed.stderr
    assert stored_facts(crawled_engine) == truth(site)
    least, most = (int(number) for number in told_by(plan.stderr))
    assert least <= len(site.log) <= most
    site.clear_log()
    full = crawled.letterboxd("scrape", "--cohort", "friends", "--full")
    assert_ended(full, 0)
    assert len(asked(site)) > 30


@on_sqlite
def test_counts_that_were_seen_before_the_members_were_read_are_read_again(
    crawled: Shell, site: Site, crawled_engine: sa.Engine
) -> None:
    rate_something_new(site.world)  # minutes after the full crawl
    assert_ended(crawled.letterboxd("scrape", "--cohort", "friends"), 0)
    assert stored_facts(crawled_engine) == truth(site)
    assert_ended(crawled.letterboxd("cohort", "refresh", "friends"), 0)
    site.clear_log()
    assert_ended(crawled.letterboxd("scrape", "--cohort", "friends"), 0)
    assert not any("/following/" in hit.path for hit in site.log)


@with_many_friends
@on_sqlite
@pytest.mark.parametrize(
    "command", [("scrape", "--cohort", "friends"), ("sync", "--seed", "marla", "--label", "friends")]
)
def test_a_circle_that_could_not_be_read_whole_is_told_at_the_end(
    crawled: Shell, site: Site, crawled_engine: sa.Engine, command: tuple[str, ...]
) -> None:
    site.faults.add(Fault("truncated", path="/marla/following/page/2/"))
    ended = crawled.letterboxd(*command, LETTERBOXD_NOW=TONIGHT.isoformat())
    assert_ended(ended, 3)


def told_by(text: str) -> tuple[str, str]:
    import re

    cost = re.search(r"at least (\d+) requests, .*; at most (\d+),", text)
    assert cost, text
    return cost[1], cost[2]


@on_sqlite
def test_the_far_circle_is_asked_after_weekly(crawled: Shell, site: Site, crawled_engine: sa.Engine) -> None:
    assert_ended(crawled.scrapy("follow_graph", seed="hal9", label="wide", depth=2), 0)

    def refresh(days: int) -> list[str]:
        site.clear_log()
        at = datetime.now(UTC) + timedelta(days=days)
        assert_ended(
            crawled.scrapy("follow_graph", "-s", f"LETTERBOXD_NOW={at.isoformat()}", cohort="wide"), 0
        )
        return [hit.path for hit in site.log if "/following/" in hit.path]

    assert readable(site, refresh(1)) == {"hal9"}
    assert len(readable(site, refresh(7))) > 3
    with crawled_engine.connect() as connection:
        dated = dict(
            connection.execute(
                sa.select(users.c.letterboxd_username, cohort_members.c.depth)
                .join(cohort_members, cohort_members.c.user_id == users.c.id)
                .where(cohort_members.c.cohort_id == 2)
            ).all()
        )
    assert dated == site.world.circle("hal9", depth=2)


@on_sqlite
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"cohort": "friends", "audit": "some"}, "argument audit='some'"),
        ({"cohort": "friends", "pages": 0}, "argument pages='0'"),
        ({"cohort": "friends", "user": "kip"}, "give cohort=LABEL or user=NAME"),
        ({"cohort": "nobody"}, "no cohort 'nobody'"),
        ({"user": "nobody"}, "no member 'nobody'"),
    ],
)
def test_bad_arguments_are_one_line(
    crawled: Shell, site: Site, arguments: dict[str, Any], message: str
) -> None:
    process = crawled.scrapy("when_rated", **arguments)
    assert_ended(process, 2)
    assert message in process.stderr
    assert len(process.stderr.splitlines()) == 1
    assert site.log == []
