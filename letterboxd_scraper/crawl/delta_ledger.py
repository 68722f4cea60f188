"""What a delta crawl knows of its member's films, and what it has read of them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from letterboxd_scraper.crawl.delta_choice import DeltaRules, Known
from letterboxd_scraper.crawl.listing import ListingProgress
from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.members import (
    LEVELS,
    STARS_OF,
    Changes,
    FeedEntry,
    Listing,
    Profile,
    Tile,
)
from letterboxd_scraper.items.tasks import DeltaStart, Stored

Key = int | str
# What a second attempt need not read again: it does not depend on the profile.
_KEPT = frozenset({Listing.LIKES, Listing.FEED})


class Ledger:
    """A member's films: as they are stored, and corrected by what the pages show.

    ``watched`` are the watched, unrated films, None where they do not matter; ``read_at`` is when the member
    was read before. ``lost`` holds films that have left their level and were seen nowhere since: either they
    were rated anew, to a level whose count stands still, or their rating was taken back. Only the whole
    listing tells. ``lost_a_like``: a liked film may have lost its rating, and be no longer liked.
    """

    def __init__(
        self,
        stored: Iterable[Stored] = (),
        watched: frozenset[Key] | None = None,
        read_at: datetime | None = None,
    ) -> None:
        self._films: dict[Key, Stored] = {}
        self._key_of_slug: dict[str, Key] = {}
        for row in stored:
            self._put(row.film.key, row)
        self._before: Mapping[Key, Stored] = dict(self._films)
        self._watched = watched
        self.lost: set[Key] = set()
        # A crawl that was killed may have taken back a liked film's rating, and not come to the likes.
        self.lost_a_like = any(
            row.liked and not row.stars and row.since and read_at and row.since > read_at
            for row in self._films.values()
        )

    def stored_on(self, listing: Listing) -> frozenset[Key]:
        """Return the films stored as rated, as liked or as watched and not rated."""
        if listing is Listing.UNRATED_WATCHED:
            return self._watched or frozenset()
        liked = listing is Listing.LIKES
        return frozenset(key for key, row in self._before.items() if (row.liked if liked else row.stars))

    def rated(self, level: Listing | None = None) -> set[Key]:
        """Return the films of one level of ratings, or of all."""
        stars = STARS_OF[level] if level else None
        return {key for key, row in self._films.items() if row.stars and stars in (None, row.stars)}

    def liked(self) -> set[Key]:
        """Return the films that are liked, rated or not."""
        return {key for key, row in self._films.items() if row.liked}

    def unrated_watched(self) -> int | None:
        """Return how many watched films are not rated, as far as is known; None if they do not matter."""
        if self._watched is None:
            return None
        return len((self._watched | self.stored_on(Listing.RATED)) - self.rated())

    def histogram(self) -> tuple[int, ...]:
        """Return how many films are rated with half a star, one, … five."""
        counts = Counter(LEVELS[row.stars] for row in self._films.values() if row.stars)
        return tuple(counts[level] for level in STARS_OF)

    def changes(self) -> Changes:
        """Return how many films are new, say something else than was stored, or say nothing any more."""
        kinds: Counter[str] = Counter()
        for key, row in self._films.items():
            before = self._before.get(key)
            says, said = (row.stars, row.liked), (before.stars, before.liked) if before else (None, False)
            if says != said:
                kinds["removed" if not any(says) else "changed" if any(said) else "added"] += 1
        return Changes(kinds["added"], kinds["changed"], kinds["removed"])

    def see(self, listing: Listing, tile: Tile) -> bool:
        """Take over what a page shows of a film; return whether it was known just so."""
        key = self._key(tile.film)
        row = self._films.get(key)
        if listing is Listing.LIKES:
            unchanged = row is not None and row.liked
            if row and row.stars and tile.stars is None:
                self.lost.add(key)
        else:
            unchanged = row is not None and (row.stars, row.liked) == (tile.stars, tile.liked)
        if tile.stars:
            self.lost.discard(key)
        self._put(key, Stored(tile.film, tile.stars, listing is Listing.LIKES or tile.liked))
        return unchanged

    def see_feed(self, entries: Iterable[FeedEntry], since: datetime | None) -> tuple[FeedEntry, ...]:
        """Take over the ratings published after ``since``; return these entries, the newest of each film.

        A feed shows no more than the last entries, the newest first: what is not in it has not gone.
        """
        newest: dict[str, FeedEntry] = {}
        for entry in entries:
            if entry.stars and (since is None or entry.published > since):
                newest.setdefault(entry.film.slug, entry)
        for entry in newest.values():
            key = self._key(entry.film)
            row = self._films.get(key)
            liked = bool(row and row.liked) if entry.liked is None else entry.liked
            self._put(key, Stored(entry.film, entry.stars, liked))
        return tuple(newest.values())

    def end_level(self, level: Listing, films: Iterable[Film]) -> None:
        """Count those as lost that were on a level of ratings and are not among the ``films`` on it now."""
        self._lose(self.rated(level) - set(map(self._key, films)))

    def end_whole(self, listing: Listing, films: Iterable[Film]) -> None:
        """Take back ratings or likes of what is not among the ``films`` of a listing proved complete."""
        keys = set(map(self._key, films))
        if listing is Listing.RATED:
            self._lose(self.rated() - keys)
            self.lost_a_like = self.lost_a_like or any(self._films[key].liked for key in self.lost)
            self.lost.clear()
        elif listing is Listing.LIKES:
            for key in self.liked() - keys:
                self._films[key] = replace(self._films[key], liked=False)
            self.lost_a_like = False

    def _lose(self, keys: set[Key]) -> None:
        self.lost |= keys
        for key in keys:
            self._films[key] = replace(self._films[key], stars=None)

    def _key(self, film: Film) -> Key:
        """Return under which key a film is known: its number is its identity, else its slug is."""
        return film.key if film.key in self._films else self._key_of_slug.get(film.slug, film.key)

    def _put(self, key: Key, row: Stored) -> None:
        self._films[key] = row
        self._key_of_slug[row.film.slug] = key


@dataclass
class Attempt:
    """What has been read in one attempt; where it does not agree, a second one takes its place.

    ``levels_moved``: a level showed another number of films than the profile that was read before it.
    ``to_the_end``: the pages sorted by date are read as the whole listing.
    """

    profile: Profile | None = None
    read: dict[Listing, ListingProgress] = field(default_factory=dict)
    levels_moved: bool = False
    to_the_end: bool = False
    second: bool = False

    def begin(self, listing: Listing, total: int | None) -> ListingProgress:
        """Return a listing about to be read, on which the counts say that there are ``total`` films.

        The whole is read on where the newest ratings were left: to their end, they are all ratings as well.
        """
        # The profile does not say itself how many watched films are not rated.
        binding = total is not None and listing is not Listing.UNRATED_WATCHED
        if listing is not Listing.RATED or Listing.RATED_BY_DATE not in self.read:
            return ListingProgress(listing, total, binding)
        by_date = self.read.pop(Listing.RATED_BY_DATE)
        by_date.total, by_date.binding = total, binding
        self.to_the_end = True
        return by_date

    def end(self, progress: ListingProgress) -> None:
        """Note that a listing was read as far as is needed."""
        self.read[progress.listing] = progress
        if progress.listing in STARS_OF:
            self.levels_moved = self.levels_moved or progress.size != progress.total
        elif progress.listing is Listing.RATED_BY_DATE and self.to_the_end:
            self.read[Listing.RATED] = progress

    def again(self) -> "Attempt":
        """Return the second attempt, which keeps the likes and the feed."""
        kept = {name: read for name, read in self.read.items() if name in _KEPT}
        return Attempt(read=kept, second=True)

    def whole_by_levels(self) -> ListingProgress | None:
        """Return all rated films put together from the ten levels; None if one of them was not read."""
        if self.profile is None or not STARS_OF.keys() <= self.read.keys():
            return None
        levels = tuple(self.read[level] for level in STARS_OF)
        whole = ListingProgress(Listing.RATED, self.profile.ratings, binding=True, parts=levels)
        whole.put_together()
        return whole


def all_known(start: DeltaStart, rules: DeltaRules, ledger: Ledger, attempt: Attempt) -> Known:
    """Return what the choice of the next listing rests on."""
    whole = attempt.read.get(Listing.RATED)
    return Known(
        start,
        rules,
        profile=attempt.profile,
        pages_read={listing: progress.page for listing, progress in attempt.read.items()},
        whole_proved=whole is not None and whole.proved,
        histogram=ledger.histogram(),
        rated_before=len(ledger.stored_on(Listing.RATED)),
        liked=len(ledger.liked()),
        unrated_watched=ledger.unrated_watched(),
        lost=len(ledger.lost),
        lost_a_like=ledger.lost_a_like,
        levels_moved=attempt.levels_moved,
        second_try=attempt.second,
        to_the_end=attempt.to_the_end,
    )
