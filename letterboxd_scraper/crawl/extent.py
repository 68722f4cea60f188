"""What was seen of a listing page by page, and whether it can end, or go on, as its pages say."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from letterboxd_scraper.errors import LayoutChanged

# Where a listing does not say how much it holds, nobody's is longer than this.
_MOST = 50_000


@dataclass
class Extent:
    """The entries seen so far on the pages of one listing, of which a full page has ``per_page``.

    ``before`` counts those on pages that an earlier run has read.
    """

    per_page: int
    before: int = 0
    _seen: set[int | str] = field(default_factory=set)

    def take(self, entries: Iterable[int | str], total: int | None, *, last: bool) -> None:
        """Take in the ``entries`` of one more page, which says that there are ``total`` in all.

        ``total`` is None where the page does not say, or counts something else of which there are no more.
        Raises LayoutChanged where the page cannot be what it says, ``last`` or followed by another; what it
        showed then does not count.
        """
        on_page = set(entries)
        seen = self._seen | on_page
        count = self.before + len(seen)
        if last and total is not None and count < total and (not on_page or len(on_page) >= self.per_page):
            page = "full" if on_page else "empty"
            raise LayoutChanged(f"the last page is {page}, but {count} of {total} were seen")
        if not last and len(seen) == len(self._seen):
            raise LayoutChanged("the page shows nothing that the pages before it did not show")
        if not last and count >= (_MOST if total is None else total + self.per_page):
            raise LayoutChanged(f"{count} were seen, and there shall be more, but {total or _MOST} is all")
        self._seen = seen
