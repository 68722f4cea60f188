"""What the full and the delta crawl of one member have in common, so that one loop drives both."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from letterboxd_scraper.items.members import (
    DiaryPage,
    Failure,
    FeedPage,
    FilmsPage,
    Listing,
    MemberRead,
    MemberRefreshed,
    Profile,
)

MemberPage = Profile | FilmsPage | DiaryPage | FeedPage
# The address of the first page of one of the member's listings.
Address = Callable[[Listing], str]


class MemberCrawl(Protocol):
    """The crawl of one member: ask for the `next_page`, fetch it and hand it to `saw`, until there is none.

    What is to be saved gathers in ``items``, to be taken out after each call, and `end` returns the rest.
    """

    name: str
    items: list[MemberPage]

    async def next_page(self) -> tuple[Listing, int] | None:
        """Return the listing and the number of the page to fetch next; None at the end."""

    async def saw(self, page: MemberPage, at: datetime) -> None:
        """Take in a page that was asked for, as it was read at that time.

        Of a page of films ``last`` says whether the site shows no more after it, and ``total`` what the
        page itself says there are, if it does.
        """

    def end(self, address: Address) -> Sequence[MemberRead | MemberRefreshed | Failure]:
        """Return what marks the member's end, and the failures of listings that do not agree."""
