"""What the spider of feeds makes of an answer."""

import asyncio
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from scrapy.http import XmlResponse

from letterboxd_scraper.items.members import FeedUnchanged, Listing, Profile
from letterboxd_scraper.items.tasks import FeedStart
from letterboxd_scraper.spiders.rss import RssSpider, RssTask
from tests.site import Site
from tests.site.feed import feed
from tests.spiders.test_diary import midnight
from tests.spiders.test_feeds_of_members import TOMORROW
from tests.spiders.test_when_rated import unseen_film

KNOWN = FeedStart(
    "otto_reels", '"tag"', "Mon, 23 Nov 2026 09:00:00 GMT", {}, datetime(2026, 11, 23, tzinfo=UTC)
)


async def nobody_is_followed(member: str, profile: Profile) -> bool:
    return False


def answered(start: FeedStart, **response: Any) -> list[Any]:
    spider = RssSpider(cohort="friends")
    spider.task = RssTask((start,), follow_to_new_name=nobody_is_followed)
    spider.settings = {"LETTERBOXD_BASE_URL": "http://127.0.0.1"}  # type: ignore[assignment]

    async def ask() -> list[Any]:
        (request,) = [request async for request in spider.start()]
        answer = XmlResponse(request.url, request=request, **response)
        return [item async for item in spider.parse_listing(answer, **request.cb_kwargs)]

    return asyncio.run(ask())


def test_what_has_changed_in_a_feed_is_new(site: Site) -> None:
    member = site.world.member("otto_reels")
    body = feed(site.world, member).encode()
    (first,) = answered(FeedStart("otto_reels"), body=body, headers={"ETag": '"1"'})
    assert (len(first.new), first.read_before, first.etag, first.last_modified) == (50, (), '"1"', None)
    read_before = replace(KNOWN, marks={entry.number: entry.mark for entry in first.entries})
    (second,) = answered(read_before, body=body)
    assert second.new == ()
    stars = 1.0 if member.diary[-1].stars != 1.0 else 2.0
    member.diary[-1] = replace(member.diary[-1], stars=stars)
    site.world.log("otto_reels", unseen_film(site.world, "otto_reels"), TOMORROW.isoformat(), 4.0)
    (third,) = answered(read_before, body=feed(site.world, member).encode())
    (new, edited) = third.new if third.new[0].stars == 4.0 else third.new[::-1]
    assert (edited.stars, edited.published) == (stars, max(read_before.read_at, edited.published))
    assert new.published == midnight(TOMORROW) + timedelta(hours=9)


def test_an_entry_that_cannot_be_read_is_a_failure_once(site: Site) -> None:
    member = site.world.member("otto_reels")
    body = re.sub("<pubDate>[^<]*<", "<pubDate>some day<", feed(site.world, member), count=1).encode()
    news, failure = answered(FeedStart("otto_reels"), body=body)
    assert len(news.entries) == 49
    assert (failure.stage, failure.member) == (Listing.FEED, "otto_reels")
    assert "some day" in failure.error
    assert news.unread[0].name in failure.error
    marks = {entry.number: entry.mark for entry in news.entries} | {news.unread[0].name: ""}
    (news,) = answered(replace(KNOWN, marks=marks), body=body)
    assert news.new == ()


def test_an_unchanged_feed_is_told_only_to_who_asked_so() -> None:
    assert answered(KNOWN, status=304) == [FeedUnchanged("otto_reels")]
