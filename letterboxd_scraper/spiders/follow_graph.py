"""Who belongs to a cohort: whom the seed follows, whom they follow, as deep as asked for."""

from collections.abc import AsyncIterator, Collection, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from parsel import Selector

from letterboxd_scraper import urls
from letterboxd_scraper.arguments import Definition, FollowGraphArguments
from letterboxd_scraper.crawl.follow_walk import FollowWalk
from letterboxd_scraper.items.members import Failure, Listing, Membership, PeoplePage, Person
from letterboxd_scraper.items.tasks import Bookmark
from letterboxd_scraper.pages.pagination import proved_next_page
from letterboxd_scraper.pages.people import parse_people, parse_total
from letterboxd_scraper.spiders.member import MemberSpider, MemberTask
from letterboxd_scraper.words import counted


@dataclass(frozen=True, slots=True)
class FollowGraphTask(MemberTask):
    """The cohort to be built or refreshed, whose members are those in ``stored_members``.

    ``opted_out`` are members who asked to be forgotten; ``bookmarks`` tell, by member, which pages need not
    be read, and ``read_last`` whom they led to when they were read whole the last time.
    """

    label: str
    seed: str
    definition: Definition
    stored_members: frozenset[str] = frozenset()
    opted_out: Container[str] = ()
    bookmarks: Mapping[str, Bookmark] = field(default_factory=dict)
    read_last: Mapping[str, Bookmark] = field(default_factory=dict)

    def renamed(self, member: str, name: str) -> Self:
        """Return the same, with another name of a member wherever they are named."""

        def present(names: Iterable[str]) -> Iterator[str]:
            return (name if person == member else person for person in names)

        def led_to(bookmarks: Mapping[str, Bookmark]) -> dict[str, Bookmark]:
            people = (replace(mark, people=tuple(present(mark.people))) for mark in bookmarks.values())
            return dict(zip(present(bookmarks), people, strict=True))

        (seed,) = present([self.seed])
        return replace(
            self,
            seed=seed,
            stored_members=frozenset(present(self.stored_members)),
            bookmarks=led_to(self.bookmarks),
            read_last=led_to(self.read_last),
        )


class FollowGraphSpider(MemberSpider):
    """Walks breadth first, one depth after the other."""

    name = "follow_graph"
    arguments = FollowGraphArguments
    task: FollowGraphTask

    def __init__(self, name: str | None = None, **kwargs: Any) -> None:
        super().__init__(name, **kwargs)
        self._complete = True
        self._seed_was_read = False
        self._earlier: set[str] | None = None

    async def start(self) -> AsyncIterator[Any]:
        """Yield the requests of the first walk."""
        self.listing = Listing(self.task.definition.via)
        self._bookmarks = self.task.bookmarks
        for output in self.walk():
            yield output

    def walk(self) -> Iterator[Any]:
        """Begin at the seed; whoever was reached before is reached again."""
        self.follow_walk = FollowWalk(self.task.seed, self.task.definition, self.task.opted_out)
        self._pending = 0
        self._begin_again = False
        self._waiting = self.follow_walk.to_expand()
        self._seen: dict[str, tuple[set[str], set[int | None]]] = {}
        self._proved = True
        self._contradicted: dict[str, str] = {}  # who leads to others than their page counts, and how
        yield from self.next_depth()

    async def read_page(
        self, page: Selector, text: str, member: str, listing: Listing, number: int
    ) -> AsyncIterator[Any]:
        """Yield the people on a page who belong to the cohort, and what is to be read after it."""
        people, total = parse_people(page), parse_total(page)
        following = proved_next_page(page, urls.listing(member, listing, number), text)
        names = {person.member for person in people}
        self.check_extent(member, listing, number, names, total, last=following is None)
        self._seed_was_read = self._seed_was_read or member == self.task.seed
        self._waiting += self.follow_walk.add(member, people)
        kept = self.follow_walk.cohort_members_among(people)
        whole = len(kept) == len(people)
        yield PeoplePage(member, listing, number, kept, last=following is None, whole=whole, total=total)
        seen, totals = self._seen.setdefault(member, (set(), set()))
        seen.update(names)
        totals.add(total)
        if following is None:
            self.forget_extents(member)
            # One who left meanwhile moves another over a page's border: then the totals differ.
            self._proved = self._proved and totals == {len(seen)}
            if totals not in ({None}, {len(seen)}) and member not in self._bookmarks:
                said = "no number of people" if total is None else counted(total, "person", "people")
                self._contradicted[member] = f"the page says {said}, {len(seen)} were seen"
        elif not self.follow_walk.full:
            yield self.request(member, following)
        for output in self.one_done():
            yield output

    def renamed(self, member: str, name: str) -> Iterator[Any]:
        """Know the member by the new name, and walk once more when all that was asked for has come."""
        self.task = self.task.renamed(member, name)
        self._bookmarks = self._bookmarks and self.task.bookmarks
        self._begin_again = True
        yield from self.one_done()

    def gave_up(self, member: str, status: str | None = None) -> Iterator[Any]:
        """Go on without a member, who may have led to others; without the seed there is no circle."""
        if member == self.task.seed and status == "gone":
            self.stop_for_bad_input(
                f"no member {member!r} on the site: use the name in the profile's address"
            )
        if member == self.task.seed and status == "private":
            self.stop_for_bad_input(f"{member!r} has a private account: nobody can see whom they follow")
        # A page that failed may have named people; one that is private or gone names nobody any more.
        self._complete = self._complete and status is not None
        yield from self.one_done()

    def next_depth(self) -> Iterator[Any]:
        """Yield the requests for the listings of those just reached, or what ends the walk."""
        if self._begin_again:
            yield from self.walk()
            return
        while self._waiting and not self._pending:
            members, self._waiting = self._waiting, []
            for member in members:
                yield from self.expand(member)
        if not self._pending:
            yield from self.end()

    def expand(self, member: str) -> Iterator[Any]:
        """Yield the request for a member's listing, going on from where an earlier run stopped."""
        bookmark = self._bookmarks.get(member)
        if bookmark is None:
            yield self.request(member, 1)
            return
        self._seed_was_read = self._seed_was_read or member == self.task.seed
        self._proved = False  # pages of different days may miss somebody between them
        # Counts were stored when the pages were; only the names matter now.
        self._waiting += self.follow_walk.add(member, map(Person, bookmark.people))
        if not bookmark.finished and not self.follow_walk.full:
            yield self.request(member, bookmark.page + 1)

    def request(self, member: str, number: int) -> Any:
        """Return the request for one page of people, and count it as under way."""
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
        dropped = self.task.stored_members - names
        if dropped and self._complete and not self._proved and self._earlier is None:
            self._earlier, self._bookmarks = names, {}
            yield from self.walk()
            return
        agreed = (
            self._proved
            or not dropped
            or (
                self._earlier == names
                and all(self._hides_as_many(who, dropped) for who in self._contradicted)
            )
        )
        if self._complete and not agreed:
            yield from self._doubts(len(dropped))
        if self._complete and not any(depth for _, depth in members):
            verb = "follows nobody" if self.listing is Listing.FOLLOWING else "has no followers"
            left = counted(len(members), "member")
            self.logger.warning("%s %s: cohort %r has %s", self.task.seed, verb, self.task.label, left)
        definition = self.task.definition.model_dump(mode="json")
        complete = self._complete and agreed
        yield Membership(self.task.label, self.task.seed, tuple(members), complete, definition)

    def _hides_as_many(self, member: str, dropped: Collection[str]) -> bool:
        """Say whether a listing hides as many people as when it last showed those who are missing now.

        Closed accounts are counted and not shown. One who cannot be read would make that one more.
        """
        last, (seen, totals) = self.task.read_last.get(member), self._seen[member]
        if last is None or last.total is None or len(totals) != 1:
            return False
        stored = sum(name not in self.task.opted_out for name in seen)  # the others are not stored
        return totals == {last.total - len(last.people) + stored} and set(dropped) <= set(last.people)

    def _doubts(self, missing: int) -> Iterator[Failure]:
        """Yield why nobody is dropped, of the members whose listings it lies with."""
        doubts = self._contradicted or {self.task.seed: "two readings showed different people"}
        for member, doubt in doubts.items():
            error = f"{doubt}: nobody is dropped ({counted(missing, 'member')} missing)"
            yield Failure(self.listing, self.address(member, self.listing), error, member)
