"""A delta crawl that is shown its pages one by one."""

import asyncio

from letterboxd_scraper.crawl.delta import DeltaCrawl
from letterboxd_scraper.crawl.delta_choice import DeltaRules
from letterboxd_scraper.crawl.member import MemberPage
from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.members import (
    Failure,
    FilmsPage,
    Listing,
    MemberRefreshed,
    Profile,
    Tile,
)
from letterboxd_scraper.items.tasks import DeltaStart, Reason, Stored
from tests.crawl.delta_site import TONIGHT, YESTERDAY, Request

PROFILE, FEED, LIKES = Listing.PROFILE, Listing.FEED, Listing.LIKES
WHOLE, NEWEST, WATCHED = Listing.RATED, Listing.RATED_BY_DATE, Listing.UNRATED_WATCHED
TWO, THREE, FOUR = Listing.RATED_2_0, Listing.RATED_3_0, Listing.RATED_4_0
START = DeltaStart("ida", Reason.MOVED, 5, 1, crawled_films=4, crawled_likes=1, read_at=YESTERDAY)


def film(number: int) -> Film:
    return Film(f"film-{number}", f"Film {number}", film_id=number)


def tiles(stars: float | None, *numbers: int, liked: bool = False) -> tuple[Tile, ...]:
    return tuple(Tile(film(number), stars, liked) for number in numbers)


def histogram(threes: int, fours: int, twos: int = 0) -> tuple[int, ...]:
    return (0, 0, 0, twos, 0, threes, 0, fours, 0, 0)


def profile(threes: int, fours: int, twos: int = 0, films: int | None = 5) -> Profile:
    counts = histogram(threes, fours, twos)
    return Profile("ida", None, None, None, films, 0, 0, (), sum(counts), counts)


# Films 1 and 2 are rated with 3 stars, 3 with 4 and liked.
ROWS = (Stored(film(1), 3.0), Stored(film(2), 3.0), Stored(film(3), 4.0, True))
# And 144 others with 2 stars, so that a level or two are cheaper to read than all three pages.
MORE_ROWS = ROWS + tuple(Stored(film(number), 2.0) for number in range(1_000, 1_144))


class Driven:
    """A delta crawl that is shown its pages one by one."""

    def __init__(
        self,
        start: DeltaStart = START,
        rules: DeltaRules = DeltaRules(),  # noqa: B008
        rows: tuple[Stored, ...] = ROWS,
        watched: frozenset[int | str] = frozenset(),
    ) -> None:
        self.rows, self.watched = rows, watched
        self.questions: list[str] = []
        self.crawl = DeltaCrawl(start, rules, self.stored_rows, self.stored_films)

    async def stored_rows(self, member: str) -> tuple[Stored, ...]:
        self.questions.append(f"rows of {member}")
        return self.rows

    async def stored_films(self, member: str, listing: Listing) -> frozenset[int | str]:
        self.questions.append(f"{listing} of {member}")
        return self.watched

    def next_page(self) -> Request | None:
        return asyncio.run(self.crawl.next_page())

    def saw(self, page: MemberPage) -> list[MemberPage]:
        """Show it a page; return what is to be saved."""
        asyncio.run(self.crawl.saw(page, TONIGHT))
        return self.saved()

    def saw_films(
        self,
        listing: Listing,
        on_page: tuple[Tile, ...],
        number: int = 1,
        *,
        last: bool = True,
        total: int | None = None,
    ) -> list[MemberPage]:
        assert self.next_page() == (listing, number)
        return self.saw(FilmsPage("ida", listing, number, on_page, last, total))

    def saved(self) -> list[MemberPage]:
        items, self.crawl.items = self.crawl.items, []
        return items

    def end(self) -> list[MemberRefreshed] | list[Failure]:
        return self.crawl.end(lambda listing: f"https://site/ida/{listing}")

    def failures(self) -> list[tuple[str, str]]:
        assert self.next_page() is None
        return [(item.stage, item.error) for item in self.end() if isinstance(item, Failure)]

    def refreshed(self) -> MemberRefreshed:
        assert self.next_page() is None
        (end,) = self.end()
        assert isinstance(end, MemberRefreshed)
        return end


def complete(page: MemberPage) -> set[int | str] | None:
    """Return the films that a page names as all that are on its listing; None if it names none."""
    assert isinstance(page, FilmsPage)
    assert page.last or page.complete is None
    return None if page.complete is None else {one.key for one in page.complete}
