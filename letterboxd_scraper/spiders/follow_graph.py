"""Who belongs to a cohort: whom the seed follows, whom they follow, as deep as asked for."""

from collections.abc import AsyncIterator, Container, Iterator
from typing import Any

from parsel import Selector

from letterboxd_scraper import urls
from letterboxd_scraper.arguments import Definition, FollowGraphArguments
from letterboxd_scraper.crawl.follow_walk import FollowWalk
from letterboxd_scraper.errors import LayoutChanged
from letterboxd_scraper.items.members import Listing, Membership, PeoplePage, Person
from letterboxd_scraper.items.tasks import Bookmark
from letterboxd_scraper.pages.pagination import next_page
from letterboxd_scraper.pages.people import parse_people, parse_total
from letterboxd_scraper.spiders.member import MemberSpider


class FollowGraphSpider(MemberSpider):
    """Walks breadth first, one depth after the other.

    Label, seed, definition, those who asked to be forgotten and, for a refresh, the present members are
    filled before it starts.
    """

    name = "follow_graph"
    arguments = FollowGraphArguments
    label: str
    seed: str
    definition: Definition
    stored_members: frozenset[str] = frozenset()
    opted_out: Container[str] = ()

    def __init__(self, name: str | None = None, **given: Any) -> None:
        super().__init__(name, **given)
        self.bookmarks: dict[str, Bookmark] = {}
        self._complete = True
        self._seed_was_read = False
        self._earlier: set[str] | None = None

    async def start(self) -> AsyncIterator[Any]:
        self.listing = Listing(self.definition.via)
        for found in self.walk():
            yield found

    def walk(self) -> Iterator[Any]:
        """Begin at the seed; whatever was found before is found again."""
        self.follow_walk = FollowWalk(self.seed, self.definition, self.opted_out)
        self._pending = 0
        self._waiting = self.follow_walk.to_expand()
        self._seen: dict[str, tuple[set[str], set[int | None]]] = {}
        self._proved = True
        yield from self.next_depth()

    async def read_page(
        self, page: Selector, member: str, listing: Listing, number: int
    ) -> AsyncIterator[Any]:
        people, total = parse_people(page), parse_total(page)
        known = len(self._seen.get(member, ((), ()))[0])
        if not people and known < (total or 0):
            raise LayoutChanged(f"the table of members is empty, but the page says that there are {total}")
        following = next_page(page, urls.listing(member, listing, number))
        self._seed_was_read = self._seed_was_read or member == self.seed
        self._waiting += self.follow_walk.add(member, people)
        kept = self.follow_walk.cohort_members_among(people)
        whole = len(kept) == len(people)
        yield PeoplePage(member, listing, number, kept, last=following is None, whole=whole)
        seen, totals = self._seen.setdefault(member, (set(), set()))
        seen.update(person.member for person in people)
        totals.add(total)
        if following is None:
            # One who left meanwhile moves another over a page's border: then the totals differ.
            self._proved = self._proved and totals == {len(seen)}
        elif not self.follow_walk.full:
            yield self.request(member, following)
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

    def next_depth(self) -> Iterator[Any]:
        """Yield the requests for the listings of those just reached, or what ends the walk."""
        while self._waiting and not self._pending:
            members, self._waiting = self._waiting, []
            for member in members:
                yield from self.expand(member)
        if not self._pending:
            yield from self.end()

    def expand(self, member: str) -> Iterator[Any]:
        """Yield the request for a member's listing, going on from where an earlier run stopped."""
        bookmark = self.bookmarks.get(member)
        if bookmark is None:
            yield self.request(member, 1)
            return
        self._seed_was_read = self._seed_was_read or member == self.seed
        self._proved = False  # pages of different days may miss somebody between them
        # Counts were stored when the pages were; here only the names matter.
        self._waiting += self.follow_walk.add(member, map(Person, bookmark.people))
        if not bookmark.finished and not self.follow_walk.full:
            yield self.request(member, bookmark.page + 1)

    def request(self, member: str, number: int) -> Any:
        self._pending += 1
        return self.fetch(member, self.listing, number)

    def one_done(self) -> Iterator[Any]:
        """Count a page that came back; after the last one of a depth, go on to the next."""
        self._pending -= 1
        if self._pending == 0:
            yield from self.next_depth()

    def end(self) -> Iterator[Any]:
        """Yield the membership; before anybody is dropped on doubtful grounds, walk once more."""
        if not self._seed_was_read:
            return
        members = self.follow_walk.members()
        names = {name for name, _ in members}
        dropped = self.stored_members - names
        if dropped and self._complete and not self._proved and self._earlier is None:
            self._earlier, self.bookmarks = names, {}
            yield from self.walk()
            return
        agreed = self._proved or not dropped or self._earlier == names
        if self._complete and not any(depth for _, depth in members):
            verb = "follows nobody" if self.listing is Listing.FOLLOWING else "has no followers"
            self.logger.warning("%s %s: cohort %r has %d members", self.seed, verb, self.label, len(members))
        definition = self.definition.model_dump(mode="json")
        yield Membership(self.label, self.seed, tuple(members), self._complete and agreed, definition)
