"""What the spiders of members share: the pages of a member's listings, and what their absence tells."""

from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from parsel import Selector
from scrapy import Request
from scrapy.exceptions import CloseSpider
from scrapy.http import Response, TextResponse
from twisted.python.failure import Failure as TwistedFailure

from letterboxd_scraper import urls
from letterboxd_scraper.crawl.extent import Extent
from letterboxd_scraper.downloader.stops import CrawlEnding, SiteStop
from letterboxd_scraper.errors import PageError
from letterboxd_scraper.items.members import STARS_OF, Failure, Listing, MemberStatus
from letterboxd_scraper.items.tasks import FollowToNewName
from letterboxd_scraper.pages import diary, people, profile, proof, tiles
from letterboxd_scraper.pages.feed import read_feed
from letterboxd_scraper.spiders.site import (
    SiteSpider,
    answer_of,
    described,
    parsed,
    prove,
    prove_text,
    showing,
)

BODY_CLASS = {
    Listing.PROFILE: "profile",
    Listing.FOLLOWING: "following",
    Listing.FOLLOWERS: "followers",
    Listing.RATED: "films-watched",
    Listing.UNRATED_LIKES: "likes",
    Listing.UNRATED_WATCHED: "films-watched",
    Listing.LIKES: "likes",
    Listing.RATED_BY_DATE: "films-watched",
    Listing.DIARY: "films-diary",
    **dict.fromkeys(STARS_OF, "films-watched"),
}
# What else a page of each type holds; the others list films.
CONTAINER = {
    Listing.PROFILE: profile.CONTAINER,
    Listing.FOLLOWING: people.CONTAINER,
    Listing.FOLLOWERS: people.CONTAINER,
    Listing.DIARY: diary.CONTAINER,
}
# How many entries a full page of each type has; the others list films.
_PER_PAGE = {
    Listing.FOLLOWING: urls.PEOPLE_PER_PAGE,
    Listing.FOLLOWERS: urls.PEOPLE_PER_PAGE,
    Listing.DIARY: urls.VIEWINGS_PER_PAGE,
}
# The status of a feed that has not changed since it was asked for last.
NOT_MODIFIED = 304
# The pages whose absence means that the member has gone, not that a listing has changed.
_HOME = {Listing.PROFILE, Listing.FOLLOWING, Listing.FOLLOWERS, Listing.FEED}


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberTask:
    """What every spider of members is given: how a member goes by a new name."""

    follow_to_new_name: FollowToNewName


class MemberSpider(SiteSpider):
    """A spider that reads members' listings. Subclasses write `read_page`, `renamed` and `gave_up`."""

    task: MemberTask

    def __init__(self, name: str | None = None, **kwargs: Any) -> None:
        super().__init__(name, **kwargs)
        self._old_names: set[str] = set()
        self._extents: dict[tuple[str, Listing], Extent] = {}

    def address(self, member: str, listing: Listing, number: int = 1) -> str:
        """Return where a page of a member's listing is."""
        return self.url(urls.listing(member, listing, number))

    def fetch(self, member: str, listing: Listing, number: int, priority: int = 0) -> Request:
        """Return the request for one page of a member's listing."""
        about = {"member": member, "listing": listing, "number": number}
        path, shows = urls.listing(member, listing, number), None
        if body_class := BODY_CLASS.get(listing):  # a feed has none
            shows = showing(body_class, CONTAINER.get(listing, tiles.CONTAINER))
        return self.ask(path, self.parse_listing, priority, shows, **about)

    def check_extent(
        self,
        member: str,
        listing: Listing,
        number: int,
        entries: Iterable[int | str],
        total: int | None,
        *,
        last: bool,
    ) -> None:
        """Take in a page's entries. Raises LayoutChanged where it cannot end, or go on, as it says."""
        if number == 1 or (member, listing) not in self._extents:
            per_page = _PER_PAGE.get(listing, urls.FILMS_PER_PAGE)
            self._extents[member, listing] = Extent(per_page, before=(number - 1) * per_page)
        self._extents[member, listing].take(entries, total, last=last)

    def forget_extents(self, member: str) -> None:
        """Forget which entries were seen of a member's listings."""
        for key in [key for key in self._extents if key[0] == member]:
            del self._extents[key]

    async def parse_listing(
        self, response: Response, member: str, listing: Listing, number: int
    ) -> AsyncIterator[Any]:
        """Take the answer to a request: a page, a page that proves nothing, or that of a new name."""
        about = {"member": member, "listing": listing, "number": number}
        if name := self._new_name(response, member, listing):
            path, shows = urls.listing(name, Listing.PROFILE), showing("profile", profile.CONTAINER)
            priority = response.request.priority if response.request else 0
            yield self.ask(path, self.parse_new_name, priority, shows, **about)
            return
        try:
            async for output in self.read_answer(response, member, listing, number):
                yield output
        except PageError as error:
            for output in self._bad_page(response, error, member, listing, number):
                yield output

    async def parse_new_name(
        self, response: Response, member: str, listing: Listing, number: int
    ) -> AsyncIterator[Any]:
        """Read a member on under the name that their address leads to, if the code says it is them."""
        try:
            page = profile.parse_profile(prove(response, "profile"))
        except PageError as error:
            for output in self._bad_page(response, error, member, listing, number):
                yield output
            return
        if await self.task.follow_to_new_name(member, page):
            self.logger.info("%s is %s now", member, page.member)
            self._old_names.add(member)
            outputs = self.renamed(member, page.member)
        else:
            reason = f"it leads to {page.member!r}, and no code tells that this is who was read before"
            yield Failure(listing, self.address(member, listing, number), reason, member)
            outputs = self.gave_up(member)
        for output in outputs:
            yield output

    def _new_name(self, response: Response, member: str, listing: Listing) -> str | None:
        """Return whose page a member's address has led to; None where it has led to nobody else's.

        Nobody is followed to a name that they have left, round and round.
        """
        name = urlsplit(response.url).path.split("/")[1].lower()
        if name in {member} | self._old_names:
            return None
        try:
            if listing is not Listing.FEED:
                prove(response, BODY_CLASS[listing], name)
            elif response.status != NOT_MODIFIED:
                read_feed(response.body, name)
        except PageError:
            return None
        return name

    def _bad_page(
        self, response: Response, error: PageError, member: str, listing: Listing, number: int
    ) -> Iterator[Any]:
        if again := self.ask_again(response):
            yield again
            return
        yield Failure(listing, self.address(member, listing, number), str(error), member)
        yield from self.gave_up(member)

    async def failed(self, failure: TwistedFailure) -> AsyncIterator[Any]:
        """Take what never became a page: a refusal, an error status, a network error."""
        if isinstance(failure.value, CrawlEnding):
            return
        request: Request = failure.request  # type: ignore[attr-defined]
        member, listing, number = (request.cb_kwargs[name] for name in ("member", "listing", "number"))
        response = answer_of(failure)
        # Only a first page speaks for the member: one past the end may be refused as well.
        first = number == 1 and isinstance(response, TextResponse)
        status = _status_of(response, listing) if first else None
        if status:
            yield MemberStatus(member, status, listing)
        else:
            url = self.address(member, listing, number)
            yield Failure(listing, url, described(failure), member)
        if isinstance(failure.value, SiteStop):
            raise CloseSpider(failure.value.reason)
        for output in self.gave_up(member, status):
            yield output

    async def read_answer(
        self, response: Response, member: str, listing: Listing, number: int
    ) -> AsyncIterator[Any]:
        """Yield the items and requests that follow from an answer. Raises PageError."""
        page = prove(response, BODY_CLASS[listing], member)
        async for output in self.read_page(page, response.text, member, listing, number):
            yield output

    def read_page(
        self, page: Selector, text: str, member: str, listing: Listing, number: int
    ) -> AsyncIterator[Any]:
        """Yield the items and requests that follow from one proved page, whose ``text`` is as it came."""
        raise NotImplementedError

    def renamed(self, member: str, name: str) -> Iterator[Any]:
        """Yield what follows when a member, who was to be read, goes by another name now."""
        raise NotImplementedError

    def gave_up(self, member: str, status: str | None = None) -> Iterator[Any]:
        """Yield what follows when a member cannot be read on: ``status`` is gone, private or None."""
        raise NotImplementedError


def _status_of(response: Any, listing: Listing) -> str | None:
    """Return the member's status that a refusal tells: gone, private, or None if it tells none."""
    if response.status == 404 and listing in _HOME:
        return "gone"
    if response.status != 403:
        return None
    try:
        prove_text(response)
    except PageError:
        return None
    return "private" if proof.is_private(parsed(response)) else None
