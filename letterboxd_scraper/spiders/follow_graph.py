"""Who belongs to a cohort: whom the seed follows, whom they follow, as deep as asked for."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

from parsel import Selector

from letterboxd_scraper import urls
from letterboxd_scraper.arguments import Definition, FollowGraphArguments
from letterboxd_scraper.circle import Circle
from letterboxd_scraper.items import Listing, Membership, PeoplePage, Person
from letterboxd_scraper.pages.pagination import next_page
from letterboxd_scraper.pages.people import parse_people
from letterboxd_scraper.spiders.site import SiteSpider
from letterboxd_scraper.starts import Bookmark


class FollowGraphSpider(SiteSpider):
    """Walks breadth first. For a refresh, label, seed and definition are filled before it starts."""

    name = "follow_graph"
    arguments = FollowGraphArguments
    label: str
    seed: str
    definition: Definition

    def __init__(self, name: str | None = None, **given: Any) -> None:
        super().__init__(name, **given)
        self.bookmarks: dict[str, Bookmark] = {}
        self._pending = 0
        self._complete = True

    async def start(self) -> AsyncIterator[Any]:
        self.circle = Circle(self.seed, self.definition)
        self.listing = Listing(self.definition.via)
        for found in self.expand(self.circle.to_expand()):
            yield found
        if not self._pending:
            yield self.membership()

    async def read_page(
        self, page: Selector, member: str, listing: Listing, number: int
    ) -> AsyncIterator[Any]:
        people = parse_people(page)
        following = next_page(page, urls.listing(member, listing, number))
        to_read = self.circle.add(member, people)
        kept = self.circle.wanted(people)
        yield PeoplePage(member, listing, number, kept, last=following is None)
        if following and not self.circle.full:
            yield self.request(member, following)
        for found in self.expand(to_read):
            yield found
        for found in self.one_done():
            yield found

    def gave_up(self, member: str, status: str | None = None) -> Iterator[Any]:
        if member == self.seed and status == "gone":
            self.stop_for_bad_input(
                f"no member {member!r} on the site: use the name in the profile's address"
            )
        if member == self.seed and status == "private":
            self.stop_for_bad_input(f"{member!r} has a private account: nobody can see whom they follow")
        # A page that failed may have named people; one that is private or gone names nobody any more.
        self._complete = self._complete and status is not None
        yield from self.one_done()

    def expand(self, members: list[str]) -> Iterator[Any]:
        """Yield the requests for these members' listings, going on from where an earlier run stopped."""
        for member in members:
            bookmark = self.bookmarks.get(member)
            if bookmark is None:
                yield self.request(member, 1)
                continue
            # Counts were stored when the pages were; here only the names matter.
            further = self.circle.add(member, map(Person, bookmark.people))
            if not bookmark.finished and not self.circle.full:
                yield self.request(member, bookmark.page + 1)
            yield from self.expand(further)

    def request(self, member: str, number: int) -> Any:
        self._pending += 1
        # Breadth first: nearer members' pages go before those of farther ones.
        return self.fetch(member, self.listing, number, priority=-self.circle.depth_of(member))

    def one_done(self) -> Iterator[Any]:
        """Count a page that came back; after the last one, yield the membership."""
        self._pending -= 1
        if self._pending == 0:
            yield self.membership()

    def membership(self) -> Membership:
        members = tuple(self.circle.members())
        if not any(depth for _, depth in members):
            verb = "follows nobody" if self.listing is Listing.FOLLOWING else "has no followers"
            self.logger.warning("%s %s: cohort %r has %d members", self.seed, verb, self.label, len(members))
        definition = self.definition.model_dump(mode="json")
        return Membership(self.label, self.seed, members, self._complete, definition)
