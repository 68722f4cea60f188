"""What members' feeds tell: one request each, and none for what the site says is unchanged."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from typing import Any

from scrapy import Request
from scrapy.http import Response

from letterboxd_scraper.arguments import RssArguments
from letterboxd_scraper.items.members import Failure, FeedEntry, FeedNews, FeedUnchanged, Listing
from letterboxd_scraper.items.tasks import FeedStart
from letterboxd_scraper.pages.feed import read_feed
from letterboxd_scraper.spiders.member import NOT_MODIFIED, MemberSpider, MemberTask


@dataclass(frozen=True, slots=True)
class RssTask(MemberTask):
    """The members whose feeds are to be asked for, in this order."""

    feeds: tuple[FeedStart, ...]


class RssSpider(MemberSpider):
    """Reads one feed of each member."""

    name = "rss"
    arguments = RssArguments
    task: RssTask

    def __init__(self, name: str | None = None, **kwargs: Any) -> None:
        super().__init__(name, **kwargs)
        self._starts: dict[str, FeedStart] = {}

    async def start(self) -> AsyncIterator[Any]:
        """Yield the requests for all feeds, the first first."""
        self._starts = {start.name: start for start in self.task.feeds}
        for place, start in enumerate(self.task.feeds):
            yield self._request(start, priority=-place)

    async def read_answer(
        self, response: Response, member: str, listing: Listing, number: int
    ) -> AsyncIterator[Any]:
        """Yield the news of a feed, or that it is unchanged, and which entries cannot be read."""
        if response.status == NOT_MODIFIED:
            yield FeedUnchanged(member)
            return
        entries, unread = read_feed(response.body, member)
        start = self._starts[member]
        news, unchanged = _news_of(start, entries)
        validators = (_header(response, "ETag"), _header(response, "Last-Modified"))
        yield FeedNews(member, news, unchanged, *validators, unread)
        for entry in unread:
            if entry.name in start.marks:  # it is a failure once, not until it has left the feed
                self.logger.info("The feed of %s: %s", member, entry)
            else:
                yield Failure(Listing.FEED, self.address(member, Listing.FEED), str(entry), member)

    def renamed(self, member: str, name: str) -> Iterator[Any]:
        """Ask for the feed under the new name, unless that is asked for anyway."""
        start = replace(self._starts.pop(member), name=name)
        if name not in self._starts:
            self._starts[name] = start
            yield self._request(start)

    def gave_up(self, member: str, status: str | None = None) -> Iterator[Any]:
        """Do nothing: each feed stands for itself."""
        yield from ()

    def _request(self, start: FeedStart, priority: int = 0) -> Request:
        request = self.fetch(start.name, Listing.FEED, 1, priority)
        validators = {"If-None-Match": start.etag, "If-Modified-Since": start.last_modified}
        for name, value in validators.items():
            if value is not None:
                request.headers[name] = value
                # Whoever did not ask so gets no such answer.
                request.meta["handle_httpstatus_list"] = [NOT_MODIFIED]
        return request


def _news_of(
    start: FeedStart, entries: tuple[FeedEntry, ...]
) -> tuple[tuple[FeedEntry, ...], tuple[str, ...]]:
    """Return the entries of a feed, and the guids of those that stood in it just so before."""
    unchanged = {entry.guid for entry in entries if start.marks.get(entry.number) == entry.mark}
    edited = {entry.guid for entry in entries if entry.number in start.marks} - unchanged
    dated = tuple(
        replace(entry, published=max(entry.published, start.read_at))
        if start.read_at and entry.guid in edited
        else entry
        for entry in entries
    )
    return dated, tuple(entry.guid for entry in entries if entry.guid in unchanged)


def _header(response: Response, name: str) -> str | None:
    value = response.headers.get(name)
    return value.decode("latin-1") if value else None
