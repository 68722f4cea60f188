"""The full crawl of one member: which page to read next, and what the end of a listing proves."""

from dataclasses import replace
from datetime import datetime

from letterboxd_scraper import urls
from letterboxd_scraper.crawl.listing import MOST_SHOWN, ListingProgress, Verdict
from letterboxd_scraper.crawl.member import Address, MemberPage
from letterboxd_scraper.items.members import (
    BEYOND,
    LEVELS,
    STARS_OF,
    DiaryPage,
    Failure,
    FilmsPage,
    Listing,
    MemberRead,
    Profile,
    UnreadEntry,
)
from letterboxd_scraper.items.tasks import Bookmark, MemberStart, StoredFilms
from letterboxd_scraper.words import counted


class FullCrawl:
    """The full crawl of one member: profile, rated films, unrated likes, unrated watched films, diary."""

    def __init__(
        self, start: MemberStart, stored_films: StoredFilms, *, watched: bool = False, diary: bool = False
    ) -> None:
        self.name = start.name
        self.items: list[MemberPage] = []
        self._start = start
        self._stored_films = stored_films
        self._films: int | None = None
        self._histogram: dict[Listing, int] = {}
        self._profile_read = False
        self._unread: tuple[UnreadEntry, ...] = ()  # of the diary
        listings = [Listing.RATED, Listing.UNRATED_LIKES] + [Listing.UNRATED_WATCHED] * watched
        # Last: it dates the ratings that the others have brought up to date.
        listings += [Listing.DIARY] * diary
        self.listings = {listing: ListingProgress(listing) for listing in listings}
        self._carry_on(start.bookmarks)

    def _carry_on(self, bookmarks: dict[Listing, Bookmark]) -> None:
        if not {Listing.PROFILE, Listing.RATED} <= bookmarks.keys():
            return
        self._profile_read = True
        self._films = bookmarks[Listing.PROFILE].total
        for listing, progress in self.listings.items():
            if bookmark := bookmarks.get(listing):
                progress.carry_on(bookmark)
        self._expect_ratings(self.listings[Listing.RATED].total)

    async def next_page(self) -> tuple[Listing, int] | None:
        """Return the page to fetch next; None at the end."""
        while self._profile_read:
            self._split_if_too_long()
            unfinished = [progress for progress in self.listings.values() if not progress.finished]
            if not unfinished:
                return None
            if not self._takes_no_page(unfinished[0]):
                return unfinished[0].listing, unfinished[0].page + 1
            await self._end_without_a_page(unfinished[0])
        return Listing.PROFILE, 1

    def _split_if_too_long(self) -> None:
        """Read the rated films level by level, where one listing would not show them all."""
        rated = self.listings[Listing.RATED]
        too_long = rated.cut or (rated.total or 0) > MOST_SHOWN
        if rated.finished or rated.parts or not too_long:
            return
        levels = {level: ListingProgress(level) for level in STARS_OF}
        for level, bookmark in self._start.bookmarks.items():
            if level in levels:
                levels[level].carry_on(bookmark)
        whole = ListingProgress(Listing.RATED, rated.total, rated.binding, parts=tuple(levels.values()))
        self.listings = {**levels, **self.listings, Listing.RATED: whole}

    def _takes_no_page(self, progress: ListingProgress) -> bool:
        """Whether a listing was read by its parts, or is empty for all that the counts say."""
        if progress.listing in STARS_OF:
            return self._histogram.get(progress.listing) == 0
        if progress.parts or progress.page:
            return bool(progress.parts)
        if progress.listing is not Listing.RATED:
            progress.total = self._inferred_total(progress.listing)
        return progress.total == 0 and not progress.must_look

    def _inferred_total(self, listing: Listing) -> int | None:
        """Return how many films the counts say are on ``listing``; None if they do not say."""
        rated = self.listings[Listing.RATED]
        if not rated.proved or listing is Listing.DIARY:
            return None
        if listing is Listing.UNRATED_WATCHED:
            return _difference(self._films, rated.size)
        # Both counts come from one following page: if the profile's differs from it, it is old.
        same = self._films is not None and self._start.films == self._films
        return _difference(self._start.likes, rated.liked) if same else None

    async def _end_without_a_page(self, progress: ListingProgress) -> None:
        if progress.listing in STARS_OF:
            progress.finished = True  # what it proves is seen when all levels have been read
            return
        stored = await self._stored_films(self.name, progress.listing)
        if stored and not progress.parts:
            progress.must_look = True  # counts alone remove nothing
            return
        progress.put_together()
        page = FilmsPage(self.name, progress.listing, 0, (), last=True, total=progress.total)
        self.items.append(self._judged(progress, page, stored))

    async def saw(self, page: MemberPage, at: datetime) -> None:
        """Take in a page that was asked for, as it was read at that time."""
        match page:
            case Profile():
                self._saw_profile(page)
            case DiaryPage():
                self._unread += page.unread
                self.listings[Listing.DIARY].turn_to(page.number, last=page.last)
            case FilmsPage():
                page = await self._saw_films(page, at)
        self.items.append(page)

    def _saw_profile(self, profile: Profile) -> None:
        self._profile_read = True
        self._films = profile.films
        self._histogram = dict(zip(LEVELS.values(), profile.histogram or (), strict=False))
        self._expect_ratings(profile.ratings)

    def _expect_ratings(self, total: int | None) -> None:
        rated = self.listings[Listing.RATED]
        rated.total, rated.binding = total, total is not None

    async def _saw_films(self, page: FilmsPage, at: datetime) -> FilmsPage:
        """Return the page as it is to be saved; the last one of a proved listing names all its films."""
        progress = self.listings[page.listing]
        if page.total is not None:
            progress.total, progress.binding = page.total, True
        progress.add(page.number, page.tiles, at)
        page = replace(page, total=progress.total)
        if not page.last:
            return page
        if page.listing in STARS_OF:
            progress.finished = True
            return page
        return self._judged(progress, page, await self._stored_films(self.name, page.listing))

    def _judged(self, progress: ListingProgress, page: FilmsPage, stored: frozenset[int | str]) -> FilmsPage:
        """Return a listing's last page with what it proves, and go on as its verdict says."""
        verdict = progress.verdict(stored)
        films = tuple(progress.films.values()) if verdict is Verdict.PROVED else None
        page = replace(page, complete=films, begun=progress.begun)
        self._finish(progress, verdict)
        return page

    def _finish(self, progress: ListingProgress, verdict: Verdict) -> None:
        if verdict is Verdict.AGAIN:  # with the total that it must agree with
            progress.start_again()
            self._profile_read = not (progress.binding and progress.listing is Listing.RATED)
            return
        if verdict is Verdict.CUT and progress.listing is Listing.RATED and not progress.parts:
            return  # it is read by its levels next
        progress.finished = True
        progress.proved = verdict is Verdict.PROVED
        if progress.listing is Listing.RATED and progress.removes:
            # A film that lost its rating may still be liked, though the counts come out even.
            self.listings[Listing.UNRATED_LIKES].must_look = True

    def end(self, address: Address) -> list[MemberRead | Failure]:
        """Return what marks the member's end, and a failure for each listing that is not proved."""
        whole = {name: progress for name, progress in self.listings.items() if name not in STARS_OF}
        failures = [
            Failure(BEYOND if progress.cut else name, address(name), _disagreement(progress), self.name)
            for name, progress in whole.items()
            if not progress.proved
        ]
        failures += [
            Failure(Listing.DIARY, address(Listing.DIARY), str(entry), self.name) for entry in self._unread
        ]
        # What the site does not show is no reason to read the member again tomorrow.
        whole_listings = tuple(name for name, progress in whole.items() if not progress.cut)
        return [MemberRead(self.name, whole_listings, self._films, self._likes()), *failures]

    def _likes(self) -> int | None:
        """Return the number of liked films, rated or not; None unless both listings are proved."""
        rated, unrated = self.listings[Listing.RATED], self.listings[Listing.UNRATED_LIKES]
        return rated.liked + unrated.size if rated.proved and unrated.proved else None


def _difference(all_films: int | None, rated: int) -> int | None:
    return all_films - rated if all_films is not None and all_films >= rated else None


def _disagreement(progress: ListingProgress) -> str:
    site_says = f"the profile says {progress.total}"
    if progress.cut:
        site_says = f"the site shows no page after the {urls.LAST_PAGE}th"
    return f"the listing shows {counted(progress.size, 'film')}, {site_says}: nothing was removed"
