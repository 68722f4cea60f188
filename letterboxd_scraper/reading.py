"""Which page of a member to read next, and when a listing is proved complete. No network, no database."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from letterboxd_scraper import urls
from letterboxd_scraper.items import LEVELS, STARS_OF, Film, Listing, Profile, Tile
from letterboxd_scraper.starts import Bookmark, MemberStart

# The most films of a member that the site's pages show on one listing.
MOST_SHOWN = urls.LAST_PAGE * urls.FILMS_PER_PAGE


class Verdict(Enum):
    """What is known of a listing when its last page has been read."""

    PROVED = "proved"  # complete: what is not on it has gone
    AGAIN = "again"  # it does not agree: read it once more
    CUT = "cut"  # the site shows no more of it: nothing is removed
    UNRECONCILED = "unreconciled"  # nor did it the second time: nothing is removed


@dataclass
class Reading:
    """One listing of one member while it is read.

    ``total`` is what the site says it holds. When ``binding``, it stands on the member's profile
    and the listing must agree with it; else it was inferred from counts that may be older.
    """

    listing: Listing
    total: int | None = None
    binding: bool = False
    page: int = 0
    finished: bool = False
    proved: bool = False
    films: dict[int | str, Film] = field(default_factory=dict)
    liked: int = 0
    earlier: frozenset[int | str] | None = None
    resumed: bool = False
    begun: datetime | None = None
    look: bool = False  # read a page, though the counts say that there is nothing on it
    removes: bool = False
    cut: bool = False  # the site's last page was read, and it is not all
    parts: tuple["Reading", ...] = ()  # the listings that it is read by instead
    moved: bool = False  # a film stands on two of them: it was rated anew meanwhile
    _size_before: int = 0

    @property
    def size(self) -> int:
        """The number of different films on the listing, as far as it was read."""
        return len(self.films) or self._size_before

    def add(self, number: int, tiles: tuple[Tile, ...], at: datetime | None = None) -> None:
        """Note the films of page ``number``, read ``at`` that time; one that is listed twice counts once."""
        self.page = number
        self.begun = self.begun or at
        for tile in tiles:
            if tile.film.key not in self.films:
                self.films[tile.film.key] = tile.film
                self.liked += tile.liked
        self.cut = number == urls.LAST_PAGE and self.size != self.total

    def verdict(self, stored: frozenset[int | str]) -> Verdict:
        """Judge the listing at its end; ``stored`` names the films known to be on it before.

        The proof of completeness is the site's own total, else a second reading that found the
        same films. Where nothing stored is missing there is nothing to remove, so nothing to prove.
        """
        if self.cut:
            return Verdict.CUT
        found = frozenset(self.films)
        self.removes = bool(stored - found - {film.slug for film in self.films.values()})
        if self.moved:
            proved = False
        elif len(found) == self.total:
            # Pages read on different days may miss a film and still add up: nothing goes on their word.
            proved = not (self.removes and self.resumed)
        else:
            proved = not self.binding and (not self.removes or found == self.earlier)
        if proved:
            return Verdict.PROVED
        return Verdict.AGAIN if self.earlier is None else Verdict.UNRECONCILED

    def put_together(self) -> None:
        """Take over what the parts hold, once they have all been read."""
        for part in self.parts:
            self.films |= part.films
            self.liked += part.liked
        self.moved = len(self.films) != sum(len(part.films) for part in self.parts)
        self.begun = min((part.begun for part in self.parts if part.begun), default=None)
        self.resumed = any(part.resumed for part in self.parts)
        self.cut = any(part.cut for part in self.parts)

    def start_again(self) -> None:
        """Forget what was read, but not which films they were: the second reading is compared with it."""
        self.earlier = frozenset(self.films)
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


class MemberCrawl:
    """The full crawl of one member: profile, rated films, unrated likes, unrated watched films, diary."""

    def __init__(self, start: MemberStart, *, watched: bool = False, diary: bool = False) -> None:
        self.name = start.name
        self._start = start
        self._films: int | None = None
        self._histogram: dict[Listing, int] = {}
        self._profile_read = False
        listings = [Listing.RATED, Listing.UNRATED_LIKES] + [Listing.UNRATED_WATCHED] * watched
        # Last: it dates the ratings that the others have brought up to date.
        listings += [Listing.DIARY] * diary
        self.readings = {listing: Reading(listing) for listing in listings}
        self._carry_on(start.bookmarks)

    def _carry_on(self, bookmarks: dict[Listing, Bookmark]) -> None:
        if not {Listing.PROFILE, Listing.RATED} <= bookmarks.keys():
            return
        self._profile_read = True
        self._films = bookmarks[Listing.PROFILE].total
        for listing, reading in self.readings.items():
            if bookmark := bookmarks.get(listing):
                reading.carry_on(bookmark)
        self._expect_ratings(self.readings[Listing.RATED].total)

    def next_page(self) -> tuple[Listing, int] | None:
        """Return the page to fetch next, None at the end; page 0: known to be empty, nothing to fetch."""
        if not self._profile_read:
            return Listing.PROFILE, 1
        self._split_if_too_long()
        for listing, reading in self.readings.items():
            if not reading.finished:
                if reading.parts:
                    return listing, 0
                if listing in STARS_OF and self._histogram.get(listing) == 0:
                    reading.finished = True
                    continue
                if reading.page == 0 and listing is not Listing.RATED:
                    reading.total = self._inferred_total(listing)
                nothing_there = reading.total == 0 and reading.page == 0 and not reading.look
                return listing, 0 if nothing_there else reading.page + 1
        return None

    def saw_profile(self, profile: Profile) -> None:
        self._profile_read = True
        self._films = profile.films
        self._histogram = dict(zip(LEVELS.values(), profile.histogram or (), strict=False))
        self._expect_ratings(profile.ratings)

    def finish(self, reading: Reading, verdict: Verdict) -> None:
        """Take note of a listing's end: go on, or read it (and the total it must agree with) again."""
        if verdict is Verdict.AGAIN:
            reading.start_again()
            self._profile_read = self._profile_read and not reading.binding
            return
        if verdict is Verdict.CUT and reading.listing is Listing.RATED and not reading.parts:
            return  # it is read by its levels next
        reading.finished = True
        reading.proved = verdict is Verdict.PROVED
        if reading.listing is Listing.RATED and reading.removes:
            # A film that lost its rating may still be liked, though the counts come out even.
            self.readings[Listing.UNRATED_LIKES].look = True

    @property
    def films(self) -> int | None:
        """The number of watched films that the profile shows."""
        return self._films

    @property
    def likes(self) -> int | None:
        """The number of liked films, rated or not; None unless both listings are proved."""
        rated, unrated = self.readings[Listing.RATED], self.readings[Listing.UNRATED_LIKES]
        return rated.liked + unrated.size if rated.proved and unrated.proved else None

    def _expect_ratings(self, total: int | None) -> None:
        rated = self.readings[Listing.RATED]
        rated.total, rated.binding = total, total is not None

    def _split_if_too_long(self) -> None:
        """Read the rated films level by level, where one listing would not show them all."""
        rated = self.readings[Listing.RATED]
        too_long = rated.cut or (rated.total or 0) > MOST_SHOWN
        if rated.finished or rated.parts or not too_long:
            return
        levels = {level: Reading(level) for level in STARS_OF}
        for level, bookmark in self._start.bookmarks.items():
            if level in levels:
                levels[level].carry_on(bookmark)
        whole = Reading(Listing.RATED, rated.total, rated.binding, parts=tuple(levels.values()))
        self.readings = {**levels, **self.readings, Listing.RATED: whole}

    def _inferred_total(self, listing: Listing) -> int | None:
        """Return how many films the counts say are on ``listing``; None if they do not say."""
        rated = self.readings[Listing.RATED]
        if not rated.proved or listing is Listing.DIARY:
            return None
        if listing is Listing.UNRATED_WATCHED:
            return _difference(self._films, rated.size)
        # Both counts come from one following page: if the profile's differs from it, it is old.
        return _difference(self._start.likes, rated.liked) if self._start.films == self._films else None


def _difference(all_films: int | None, rated: int) -> int | None:
    return all_films - rated if all_films is not None and all_films >= rated else None
