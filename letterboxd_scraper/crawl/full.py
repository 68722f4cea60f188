"""The full crawl of one member: which page to read next."""

from letterboxd_scraper.crawl.listing import MOST_SHOWN, Reading, Verdict
from letterboxd_scraper.items.members import LEVELS, STARS_OF, Listing, Profile
from letterboxd_scraper.items.tasks import Bookmark, MemberStart


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
