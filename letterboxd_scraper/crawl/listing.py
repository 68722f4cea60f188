"""One listing of one member while it is read, and when it is proved complete."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from letterboxd_scraper import urls
from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.members import Listing, Tile
from letterboxd_scraper.items.tasks import Bookmark

# The most films that the site's pages show on one listing.
MOST_SHOWN = urls.LAST_PAGE * urls.FILMS_PER_PAGE


class Verdict(Enum):
    """What is known of a listing when its last page has been read."""

    PROVED = "proved"  # complete: what is not on it has gone
    AGAIN = "again"  # it does not agree: read it once more
    CUT = "cut"  # the site shows no more of it: nothing is removed
    UNRECONCILED = "unreconciled"  # nor did it agree the second time: nothing is removed


@dataclass(frozen=True, slots=True)
class Doubt:
    """A listing that does not agree with what the site says of it elsewhere, and in which way."""

    listing: Listing
    reason: str


@dataclass
class ListingProgress:
    """How far one listing of one member has been read, and which films were on it.

    ``total`` is what the site says it holds, None where it does not say. When ``binding``, it stands on the
    member's profile (or on the listing) and the films must agree with it; else it was inferred from counts
    that may be older.
    """

    listing: Listing
    total: int | None = None
    binding: bool = False
    page: int = 0
    finished: bool = False
    proved: bool = False
    films: dict[int | str, Film] = field(default_factory=dict)
    liked: int = 0
    first_reading: frozenset[int | str] | None = None  # what a first reading showed, while it is read again
    resumed: bool = False  # its first pages were read by an earlier run
    begun: datetime | None = None  # when its first page was read
    must_look: bool = False  # a page is read, though the counts say that there is nothing on it
    removes: bool = False  # stored films are missing on it
    cut: bool = False  # the site's last page was read, and it is not all
    parts: tuple["ListingProgress", ...] = ()  # the listings that it is read by instead
    overlaps: bool = False  # a film stands on two parts: it was rated anew meanwhile
    _size_before: int = 0

    @property
    def size(self) -> int:
        """The number of different films on the listing, as far as it was read."""
        return len(self.films) or self._size_before

    def add(self, number: int, tiles: tuple[Tile, ...], at: datetime | None = None) -> None:
        """Add the films of page ``number``, which was read ``at``; one that is listed twice counts once."""
        self.page = number
        self.begun = self.begun or at
        for tile in tiles:
            if tile.film.key not in self.films:
                self.films[tile.film.key] = tile.film
                self.liked += tile.liked
        self.cut = number == urls.LAST_PAGE and self.size != self.total

    def verdict(self, stored: frozenset[int | str]) -> Verdict:
        """Judge the listing at its end, and set ``removes``; ``stored``: keys of the films stored as on it.

        The proof of completeness is the site's own total, else a second reading with the same films. Where
        nothing stored is missing there is nothing to remove, so nothing to prove.
        """
        if self.cut:
            return Verdict.CUT
        keys = frozenset(self.films)
        self.removes = bool(stored - keys - {film.slug for film in self.films.values()})
        if self.overlaps:
            proved = False
        elif len(keys) == self.total:
            # Pages read on different days may miss a film and still add up: they remove nothing.
            proved = not (self.removes and self.resumed)
        else:
            proved = not self.binding and (not self.removes or keys == self.first_reading)
        if proved:
            return Verdict.PROVED
        return Verdict.AGAIN if self.first_reading is None else Verdict.UNRECONCILED

    def put_together(self) -> None:
        """Take over what the parts hold, once they have all been read."""
        for part in self.parts:
            self.films |= part.films
            self.liked += part.liked
        self.overlaps = len(self.films) != sum(len(part.films) for part in self.parts)
        self.begun = min((part.begun for part in self.parts if part.begun), default=None)
        self.resumed = any(part.resumed for part in self.parts)
        self.cut = any(part.cut for part in self.parts)

    def start_again(self) -> None:
        """Forget what was read, but not which films they were: a second reading is compared with them."""
        self.first_reading = frozenset(self.films)
        self.page, self.films, self.liked, self.finished = 0, {}, 0, False
        self.resumed, self._size_before, self.begun = False, 0, None
        for part in self.parts:
            part.start_again()

    def turn_to(self, number: int, *, last: bool) -> None:
        """Note page ``number`` of a diary: nothing is removed by it, so there is nothing to prove."""
        self.page, self.finished, self.proved = number, last, last

    def carry_on(self, bookmark: Bookmark) -> None:
        """Take over what an earlier run had read."""
        self.page, self.total, self.liked = bookmark.page, bookmark.total, bookmark.liked
        self.finished = self.proved = bookmark.finished
        self.films = {film.key: film for film in bookmark.films}
        self._size_before = (bookmark.total or 0) if bookmark.finished else 0
        self.resumed = bookmark.page > 0
