"""What changed since a member was read: which pages tell it, and what follows. No network, no database.

Everything rests on counts: those beside a member's name on a following page, and the ten on their
profile, which are held against what is stored. Only where they differ are listings read. What no count
shows (changes that cancel in all of them) a delta crawl cannot see.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from letterboxd_scraper.crawl.listing import MOST_SHOWN, Reading, Verdict
from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.members import (
    LEVELS,
    STARS_OF,
    Changes,
    FeedEntry,
    FeedPage,
    FilmsPage,
    Listing,
    Profile,
    Tile,
)
from letterboxd_scraper.items.tasks import DeltaStart, Reason, Stored
from letterboxd_scraper.urls import FILMS_PER_PAGE

Key = int | str
# So many pages of levels are read without asking the feed first, which is one.
_FEWER_THAN_A_FEED = 2


@dataclass(frozen=True, slots=True)
class Rules:
    """How a delta crawl reads.

    ``by_date``: whether pages sorted by date are allowed. On these, and among the likes, it may stop after
    ``known_run`` known, unchanged films in a row; ``most_pages`` limits the pages sorted by date.
    """

    by_date: bool = False
    known_run: int = 20
    most_pages: int | None = None


class Rows:
    """A member's films as far as they are known: first from the store, then from the pages."""

    def __init__(self, stored: Iterable[Stored] = ()) -> None:
        self._rows: dict[Key, Stored] = {}
        self._by_slug: dict[str, Key] = {}
        for row in stored:
            self._put(row.film.key, row)

    def key(self, film: Film) -> Key:
        """Return under which key a film is known: its number is its identity, else its slug is."""
        return film.key if film.key in self._rows else self._by_slug.get(film.slug, film.key)

    def get(self, film: Film) -> Stored | None:
        return self._rows.get(self.key(film))

    def __getitem__(self, key: Key) -> Stored:
        return self._rows[key]

    def see(self, film: Film, stars: float | None, liked: bool) -> None:
        """Take over what a page shows of a film."""
        self._put(self.key(film), Stored(film, stars, liked))

    def unrate(self, key: Key) -> None:
        self._rows[key] = replace(self._rows[key], stars=None)

    def unlike(self, key: Key) -> None:
        self._rows[key] = replace(self._rows[key], liked=False)

    def rated(self, level: Listing | None = None) -> set[Key]:
        """Return the films of one level of ratings, or of all."""
        stars = STARS_OF[level] if level else None
        return {key for key, row in self._rows.items() if row.stars and stars in (None, row.stars)}

    def liked(self) -> set[Key]:
        return {key for key, row in self._rows.items() if row.liked}

    def histogram(self) -> Counter[Listing]:
        return Counter(LEVELS[row.stars] for row in self._rows.values() if row.stars)

    def changes_since(self, before: Mapping[Key, Stored]) -> Changes:
        kinds: Counter[str] = Counter()
        for key, row in self._rows.items():
            was = before.get(key)
            says, said = (row.stars, row.liked), (was.stars, was.liked) if was else (None, False)
            if says != said:
                kinds["removed" if not any(says) else "changed" if any(said) else "added"] += 1
        return Changes(kinds["added"], kinds["changed"], kinds["removed"])

    def _put(self, key: Key, row: Stored) -> None:
        self._rows[key] = row
        self._by_slug[row.film.slug] = key


class MemberDelta:
    """The delta crawl of one member.

    Call `know` with what is stored, then fetch what `next_page` asks for and hand it to `saw_profile` or
    `saw_page`, until nothing is asked for. What is to be saved gathers in ``items``. ``doubts`` tell what
    could not be reconciled; without any, the member is up to date.
    """

    def __init__(self, start: DeltaStart, rules: Rules) -> None:
        self.start = start
        self.name = start.name
        self.rules = rules
        self.rows = Rows()
        self.knows = False
        self.profile: Profile | None = None
        self.items: list[FilmsPage | FeedPage] = []
        self.doubts: list[tuple[Listing, str]] = []
        self.reading: Reading | None = None
        self.done: dict[Listing, Reading] = {}
        # Films that have left their place and were seen nowhere since: either they were rated anew, to a
        # level whose count stands still, or their rating was taken back. Only the whole listing tells.
        self.lost: set[Key] = set()
        self._lost_a_like = False
        self._known_run = 0
        self._moved = False  # a level showed another number of films than the profile that was read before it
        self._second_try = False
        self._to_the_end = False  # the ratings by date are read as the whole listing

    def know(self, stored: Collection[Stored], watched: frozenset[Key] | None = None) -> None:
        """Take what is stored of the member; ``watched``: the watched, unrated films, if they matter."""
        self.knows = True
        self._watched = watched
        self._before = {row.film.key: row for row in stored}
        self.rows = Rows(self._before.values())
        self._rated_before = frozenset(key for key, row in self._before.items() if row.stars)
        self._liked_before = frozenset(key for key, row in self._before.items() if row.liked)
        # A crawl that was killed may have taken back a liked film's rating, and not come to the likes.
        read_at = self.start.read_at
        self._lost_a_like = any(
            row.liked and not row.stars and row.since and read_at and row.since > read_at for row in stored
        )

    def changes(self) -> Changes:
        """Return how many of the member's films are new, say something else now, or say nothing any more."""
        return self.rows.changes_since(self._before)

    def histogram(self) -> tuple[int, ...]:
        """Return how many films are rated with half a star, one, … five, as far as is known now."""
        counts = self.rows.histogram()
        return tuple(counts[level] for level in STARS_OF)

    @property
    def films(self) -> int | None:
        """The number of films the member has watched, as of now."""
        return self.profile.films if self.profile else self.start.films

    @property
    def likes(self) -> int | None:
        """The number of films the member likes, as of now."""
        read = self.done.get(Listing.LIKES)
        return read.total if read and read.total is not None else self.start.likes

    # Which page comes next

    def next_page(self) -> tuple[Listing, int] | None:
        """Return the page to fetch next; None at the end."""
        while self.reading is None:
            listing = self._choose()
            if listing is None:
                return None
            if listing in (Listing.PROFILE, Listing.FEED):
                return listing, 1
            self._begin(listing)
        return self.reading.listing, self.reading.page + 1

    def _choose(self) -> Listing | None:
        """Return which listing to read next."""
        if self.profile is None and (self.lost or not self._newest_explain()):
            first = self.start.reason is Reason.MOVED and not self._second_try
            return self._newest_or(Listing.PROFILE) if first else Listing.PROFILE
        if self.profile and not self._moved and (listing := self._rated_listing(self.profile)):
            return self._newest_or(listing)
        if Listing.LIKES not in self.done and self._likes_in_doubt():
            return Listing.LIKES
        if self.profile is None:
            return None
        if not self._agrees(self.profile):
            return self._try_again(self.profile)
        return Listing.UNRATED_WATCHED if self._watched_in_doubt(self.profile) else None

    def _newest_or(self, listing: Listing) -> Listing:
        """Return the newest ratings, where they may be read and have not been, else ``listing``."""
        by_date = self.rules.by_date and Listing.RATED_BY_DATE not in self.done
        return Listing.RATED_BY_DATE if by_date else listing

    def _rated_listing(self, profile: Profile) -> Listing | None:
        """Return the ratings to read next: a level that differs, or the whole where that is cheaper."""
        rest = [level for level in STARS_OF if level not in self.done]
        if Listing.RATED in self.done or not rest:
            return None
        if profile.histogram is None or profile.ratings is None:
            return Listing.RATED
        counts = dict(zip(LEVELS.values(), profile.histogram, strict=True))
        here = self.rows.histogram()
        wanted = [level for level in rest if here[level] != counts[level]]
        # More films than there are ratings: one was taken back, and only all levels or the whole prove which.
        if len(self.rows.rated()) + len(self.lost) > profile.ratings or (self.lost and not wanted):
            wanted = rest
        if not wanted:
            return None
        by_levels = sum(_pages(counts[level]) for level in wanted)
        if wanted is not rest and by_levels > _FEWER_THAN_A_FEED and Listing.FEED not in self.done:
            return Listing.FEED
        whole = max(1, _pages(profile.ratings)) - self._pages_by_date()
        cheaper = whole <= by_levels or not profile.ratings
        return Listing.RATED if cheaper and profile.ratings <= MOST_SHOWN else wanted[0]

    def _pages_by_date(self) -> int:
        """Return how many pages of the whole listing, in the order of dates, have been read already."""
        by_date = self.done.get(Listing.RATED_BY_DATE)
        return by_date.page if by_date else 0

    def _likes_in_doubt(self) -> bool:
        count, here = self.start.likes, len(self.rows.liked())
        if self._lost_a_like or count is None:
            return True
        if self.start.reason in (Reason.AUDIT, Reason.FAILED):
            return bool(count or here)  # nobody who likes nothing can have changed that unseen
        return count != here or count != self.start.crawled_likes

    def _watched_in_doubt(self, profile: Profile) -> bool:
        """Whether other films are watched and not rated than those stored, for all that the counts tell."""
        count = _unrated(profile)
        if self._watched is None or count is None or Listing.UNRATED_WATCHED in self.done:
            return False
        return len((self._watched | self._rated_before) - self.rows.rated()) != count

    def _newest_explain(self) -> bool:
        """Whether the films that are newly rated are as many as the count of films has grown by."""
        if Listing.RATED_BY_DATE not in self.done or self.start.reason is not Reason.MOVED:
            return False
        if self.start.films is None or self.start.crawled_films is None or self._second_try:
            return False
        new = len(self.rows.rated()) - len(self._rated_before)
        return new == self.start.films - self.start.crawled_films

    def _agrees(self, profile: Profile) -> bool:
        if profile.histogram is None:
            return Listing.RATED in self.done and self.done[Listing.RATED].proved
        return not self.lost and self.histogram() == profile.histogram

    def _try_again(self, profile: Profile) -> Listing | None:
        """Read the profile and what differs once more: something may have changed meanwhile."""
        if self._second_try:
            what = f"the profile says {profile.ratings} ratings, the listings show {len(self.rows.rated())}"
            self.doubts.append((Listing.RATED, f"{what}: nothing was removed"))
            return None
        self._second_try, self._moved, self._to_the_end = True, False, False
        self.profile = None
        kept = (Listing.LIKES, Listing.FEED)
        self.done = {kind: read for kind, read in self.done.items() if kind in kept}
        return Listing.PROFILE

    # What the pages say

    def saw_profile(self, profile: Profile) -> None:
        self.profile = profile

    def saw_feed(self, entries: Iterable[FeedEntry]) -> None:
        """Take the ratings given since the crawl before; a feed proves nothing of what is not in it."""
        self.done[Listing.FEED] = Reading(Listing.FEED)
        since = self.start.read_at
        newest: dict[str, FeedEntry] = {}
        for entry in entries:
            if entry.stars and (since is None or entry.published > since):
                newest.setdefault(entry.film.slug, entry)
        for entry in newest.values():
            row = self.rows.get(entry.film)
            liked = bool(row and row.liked) if entry.liked is None else entry.liked
            self.rows.see(row.film if row else entry.film, entry.stars, liked)
        if newest:
            self.items.append(FeedPage(self.name, tuple(newest.values())))

    def _begin(self, listing: Listing) -> None:
        if listing is Listing.RATED and self._pages_by_date():
            self._go_on_by_date()
            return
        total = None
        if listing is Listing.RATED and self.profile:
            total = self.profile.ratings
        elif listing in STARS_OF and self.profile and self.profile.histogram:
            total = self.profile.histogram[list(STARS_OF).index(listing)]
        elif listing is Listing.LIKES:
            total = self.start.likes
        elif listing is Listing.UNRATED_WATCHED and self.profile:
            total = _unrated(self.profile)
        # The profile does not say itself how many watched films are not rated.
        binding = total is not None and listing is not Listing.UNRATED_WATCHED
        self.reading = Reading(listing, total, binding=binding)
        self._known_run = 0
        if listing in STARS_OF and total == 0:  # takes no request
            self._end_level(self.reading)
            self.items += self._proof_by_levels()

    def _go_on_by_date(self) -> None:
        """Read on where the newest ratings were left: to its end, that is the whole listing as well."""
        assert self.profile is not None  # noqa: S101  (it is what calls for the whole listing)
        reading = self.done.pop(Listing.RATED_BY_DATE)
        reading.total, reading.binding = self.profile.ratings, self.profile.ratings is not None
        self._to_the_end = True
        self.reading = reading
        if reading.finished:
            self.items += self._end(reading, self._page_of(reading))

    def saw_page(
        self,
        number: int,
        tiles: tuple[Tile, ...],
        *,
        last: bool,
        total: int | None = None,
        at: datetime | None = None,
    ) -> None:
        """Take page ``number`` of the listing asked for; ``total`` is what the page says there are."""
        reading = self.reading
        assert reading is not None  # noqa: S101  (nobody else asks for pages)
        if total is not None:
            reading.total, reading.binding = total, True
        reading.add(number, tiles, at)
        if reading.listing is not Listing.UNRATED_WATCHED:
            for tile in tiles:
                self._see(reading.listing, tile)
        page = FilmsPage(self.name, reading.listing, number, tiles, last=last, total=reading.total)
        ended = last or self._may_stop(reading)
        self.items += self._end(reading, page) if ended else [page]

    def _see(self, listing: Listing, tile: Tile) -> None:
        row, key = self.rows.get(tile.film), self.rows.key(tile.film)
        if listing is Listing.LIKES:
            known = row is not None and row.liked
            if row and row.stars and tile.stars is None:
                self.lost.add(key)
        else:
            known = row is not None and (row.stars, row.liked) == (tile.stars, tile.liked)
        self._known_run = self._known_run + 1 if known else 0
        if tile.stars:
            self.lost.discard(key)
        self.rows.see(tile.film, tile.stars, listing is Listing.LIKES or tile.liked)

    def _may_stop(self, reading: Reading) -> bool:
        if reading.listing is Listing.RATED_BY_DATE and not self._to_the_end:
            enough = self._known_run >= self.rules.known_run
            return enough or reading.page == self.rules.most_pages
        if reading.listing is Listing.LIKES and not self._lost_a_like:
            return self._known_run >= self.rules.known_run and len(self.rows.liked()) == reading.total
        return False

    def _end(self, reading: Reading, page: FilmsPage) -> list[FilmsPage]:
        """Take note of a listing's end; return its last page, with what it proves."""
        self.reading = None
        self.done[reading.listing] = reading
        if reading.listing in STARS_OF:
            self._end_level(reading)
            return [page, *self._proof_by_levels()]
        reading.finished = page.last
        by_date_to_the_end = reading.listing is Listing.RATED_BY_DATE and self._to_the_end
        if reading.listing is Listing.RATED or by_date_to_the_end:
            self.done[Listing.RATED] = reading
            return [self._end_whole(reading, page)]
        if reading.listing is Listing.LIKES and page.last:
            return [self._end_likes(reading, page)]
        if reading.listing is Listing.UNRATED_WATCHED:
            return [self._end_watched(reading, page)]
        return [page]

    def _end_level(self, reading: Reading) -> None:
        """Miss the films that were on this level and are not on it now."""
        self.reading = None
        self.done[reading.listing] = reading
        self._moved = self._moved or reading.size != reading.total
        for key in self.rows.rated(reading.listing) - self._found(reading):
            self.lost.add(key)
            self.rows.unrate(key)

    def _found(self, reading: Reading) -> set[Key]:
        return {self.rows.key(film) for film in reading.films.values()}

    def _proof_by_levels(self) -> list[FilmsPage]:
        """Return the proof that all ten levels, read whole, are: that what is lost has gone."""
        if not self.lost or self.profile is None or not STARS_OF.keys() <= self.done.keys():
            return []
        whole = Reading(Listing.RATED, self.profile.ratings, binding=True)
        whole.parts = tuple(self.done[level] for level in STARS_OF)
        whole.put_together()
        return [self._end_whole(whole, self._page_of(whole))]

    def _page_of(self, reading: Reading) -> FilmsPage:
        return FilmsPage(self.name, reading.listing, 0, (), last=True, total=reading.total)

    def _end_whole(self, reading: Reading, page: FilmsPage) -> FilmsPage:
        verdict = reading.verdict(self._rated_before)
        if verdict is not Verdict.PROVED:
            self._read_again(reading, verdict)
            return replace(page, last=False)
        reading.proved = True
        for key in self.rows.rated() - self._found(reading):
            self.lost.add(key)
            self.rows.unrate(key)
        self._lost_a_like = self._lost_a_like or any(self.rows[key].liked for key in self.lost)
        self.lost.clear()
        return _proved(reading, page)

    def _end_likes(self, reading: Reading, page: FilmsPage) -> FilmsPage:
        verdict = reading.verdict(self._liked_before)
        if verdict is not Verdict.PROVED:
            self._read_again(reading, verdict)
            return replace(page, last=False)
        for key in self.rows.liked() - self._found(reading):
            self.rows.unlike(key)
        self._lost_a_like = False
        return _proved(reading, page)

    def _end_watched(self, reading: Reading, page: FilmsPage) -> FilmsPage:
        verdict = reading.verdict(self._watched or frozenset())
        if verdict is not Verdict.PROVED:
            self._read_again(reading, verdict)
            return replace(page, last=False)
        return _proved(reading, page)

    def _read_again(self, reading: Reading, verdict: Verdict) -> None:
        """Read a listing that does not agree once more; the second time, give up on it."""
        by_itself = reading.listing in (Listing.LIKES, Listing.UNRATED_WATCHED)
        if verdict is Verdict.AGAIN and (by_itself or not reading.binding):
            self.done = {kind: read for kind, read in self.done.items() if read is not reading}
            reading.start_again()
            self.reading = reading
        elif by_itself:
            said = f"the page says {reading.total} films, the listing shows {reading.size}"
            self.doubts.append((reading.listing, f"{said}: nothing was removed"))


def _proved(reading: Reading, page: FilmsPage) -> FilmsPage:
    """Return the end of a listing that is complete: it names all its films."""
    return replace(page, last=True, complete=tuple(reading.films.values()), begun=reading.begun)


def _unrated(profile: Profile) -> int | None:
    """Return how many watched films a profile's counts leave without a rating; None if they do not tell."""
    if profile.films is None or profile.ratings is None or profile.films < profile.ratings:
        return None
    return profile.films - profile.ratings


def _pages(films: int) -> int:
    return math.ceil(films / FILMS_PER_PAGE)
