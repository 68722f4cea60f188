"""The delta crawl of one member: what has changed since they were read, for a handful of pages."""

from dataclasses import replace
from datetime import datetime

from letterboxd_scraper.crawl.delta_choice import (
    MAY_BE_LEFT,
    DeltaRules,
    Known,
    expected_films,
    is_shown,
    may_stop,
    next_listing,
)
from letterboxd_scraper.crawl.delta_ledger import Attempt, Ledger, all_known
from letterboxd_scraper.crawl.listing import Doubt, ListingProgress, Verdict
from letterboxd_scraper.crawl.member import Address, MemberPage
from letterboxd_scraper.items.members import (
    BEYOND,
    STARS_OF,
    Failure,
    FeedPage,
    FilmsPage,
    Listing,
    MemberRefreshed,
    Profile,
)
from letterboxd_scraper.items.tasks import DeltaStart, StoredFilms, StoredRows
from letterboxd_scraper.words import counted


class DeltaCrawl:
    """The delta crawl of one member: holds together what is known, what is read next and what it proves."""

    def __init__(
        self, start: DeltaStart, rules: DeltaRules, stored_rows: StoredRows, stored_films: StoredFilms
    ) -> None:
        self.name = start.name
        self.items: list[MemberPage] = []
        self._start, self._rules = start, rules
        self._stored_rows, self._stored_films = stored_rows, stored_films
        self._loaded = False
        self._ledger = Ledger()
        self._attempt = Attempt()
        self._progress: ListingProgress | None = None  # of the listing that is being read
        self._unchanged = 0  # so many films at the end of what was read of it were known just so
        self._doubts: list[Doubt] = []
        # Listings of which an interrupted run has read the first pages: what is stored says so by now, and
        # the counts might not tell that the rest is to be read.
        self._begun = {
            listing: bookmark
            for listing, bookmark in start.bookmarks.items()
            if bookmark.page and not bookmark.finished
        }

    async def next_page(self) -> tuple[Listing, int] | None:
        """Return the page to fetch next; None at the end."""
        while self._progress is None:
            known = self._known()
            choice = self._to_be_finished() or next_listing(known)
            if isinstance(choice, Doubt) and not self._attempt.second:
                self._attempt = self._attempt.again()  # something may have changed between the pages
                self._begun.clear()
            elif isinstance(choice, Doubt):
                self._doubts.append(choice)
                return None
            elif choice is None:
                return None
            elif choice in (Listing.PROFILE, Listing.FEED):
                return choice, 1
            else:
                self._begin(choice, expected_films(known, choice))
        return self._progress.listing, self._progress.page + 1

    def _to_be_finished(self) -> Listing | None:
        """Return a listing that an interrupted run has begun; the whole one makes levels needless."""
        if self._attempt.profile is None or self._attempt.second:
            return None
        order = (Listing.RATED, *STARS_OF, Listing.LIKES, Listing.UNRATED_WATCHED)
        return next((listing for listing in order if listing in self._begun), None)

    def _take_over(self, profile: Profile) -> None:
        """Take the levels for read that an interrupted run has read, and that the profile counts just so."""
        for place, level in enumerate(STARS_OF):
            bookmark = self._start.bookmarks.get(level)
            if bookmark is None or not bookmark.finished or profile.histogram is None:
                continue
            if len(bookmark.films) == (total := profile.histogram[place]):
                progress = ListingProgress(level, total, binding=True)
                progress.carry_on(bookmark)
                progress.total = total
                self._attempt.end(progress)
                self._ledger.end_level(level, progress.films.values())

    def _known(self) -> Known:
        return all_known(self._start, self._rules, self._ledger, self._attempt)

    def _begin(self, listing: Listing, total: int | None) -> None:
        self._unchanged = 0
        self._progress = progress = self._attempt.begin(listing, total)
        if (bookmark := self._begun.pop(listing, None)) and not progress.page:
            if listing is Listing.RATED:
                self._begun = {name: begun for name, begun in self._begun.items() if name not in STARS_OF}
            progress.carry_on(bookmark)
            progress.total = bookmark.total if total is None else total
        if listing in STARS_OF and total == 0:  # takes no page
            self.items += self._end_level(progress)
        elif progress.finished:  # by date, to its end
            self.items += self._end(progress, self._without_a_page(progress))

    async def saw(self, page: MemberPage, at: datetime) -> None:
        """Take in a page that was asked for, as it was read at that time."""
        if not self._loaded:
            watched = None
            if self._start.is_seed:
                watched = await self._stored_films(self.name, Listing.UNRATED_WATCHED)
            self._ledger = Ledger(await self._stored_rows(self.name), watched, self._start.read_at)
            self._loaded = True
        match page:
            case Profile():
                self._attempt.profile = page
                if Listing.RATED not in self._begun:  # to store it would set the bookmark back
                    self.items.append(page)
                if not self._attempt.second:
                    self._take_over(page)
            case FeedPage():
                self._attempt.read[Listing.FEED] = ListingProgress(Listing.FEED)
                if entries := self._ledger.see_feed(page.entries, self._start.read_at):
                    self.items.append(replace(page, entries=entries))
            case FilmsPage():
                self._saw_films(page, at)

    def _saw_films(self, page: FilmsPage, at: datetime) -> None:
        progress = self._progress
        assert progress is not None  # noqa: S101  (nobody else asks for pages)
        if page.total is not None:
            progress.total, progress.binding = page.total, True
        progress.add(page.number, page.tiles, at)
        if page.listing is not Listing.UNRATED_WATCHED:
            for tile in page.tiles:
                self._unchanged = self._unchanged + 1 if self._ledger.see(page.listing, tile) else 0
        page = replace(page, total=progress.total)
        ended = page.last or (
            page.listing in MAY_BE_LEFT and may_stop(self._known(), progress, self._unchanged)
        )
        self.items += self._end(progress, page) if ended else [page]

    def _end(self, progress: ListingProgress, page: FilmsPage) -> list[FilmsPage]:
        """Note that a listing was read as far as is needed; return its last page, with what it proves."""
        if progress.listing in STARS_OF:
            return [page, *self._end_level(progress)]
        self._progress = None
        self._attempt.end(progress)
        progress.finished = page.last
        whole_by_date = progress.listing is Listing.RATED_BY_DATE and self._attempt.to_the_end
        listing = Listing.RATED if whole_by_date else progress.listing
        if listing is Listing.RATED_BY_DATE or not page.last:
            return [page]
        return [self._end_whole(listing, progress, page)]

    def _end_level(self, level: ListingProgress) -> list[FilmsPage]:
        """Note the end of a level; return the proof that all ten, once read, are: what is lost has gone."""
        self._progress = None
        self._attempt.end(level)
        self._ledger.end_level(level.listing, level.films.values())
        whole = self._attempt.whole_by_levels() if self._ledger.lost else None
        return [self._end_whole(Listing.RATED, whole, self._without_a_page(whole))] if whole else []

    def _without_a_page(self, progress: ListingProgress) -> FilmsPage:
        return FilmsPage(self.name, progress.listing, 0, (), last=True, total=progress.total)

    def _end_whole(self, listing: Listing, progress: ListingProgress, page: FilmsPage) -> FilmsPage:
        """Return the last page of a listing, which names all its films if it is proved complete.

        Else it is the last all the same: who goes on after a kill must not ask for the page after it.
        """
        verdict = progress.verdict(self._ledger.stored_on(listing))
        if verdict is Verdict.PROVED:
            progress.proved = True
            self._ledger.end_whole(listing, progress.films.values())
            return replace(page, complete=tuple(progress.films.values()), begun=progress.begun)
        by_itself = listing in (Listing.LIKES, Listing.UNRATED_WATCHED)
        if verdict is Verdict.AGAIN and (by_itself or not progress.binding):
            progress.start_again()
            self._progress = progress
        elif by_itself:
            says = f"the page says {counted(progress.total or 0, 'film')}, the listing shows {progress.size}"
            self._doubts.append(Doubt(listing, f"{says}: nothing was removed"))
        return page

    def _stage(self, listing: Listing) -> str:
        """Return the stage of a doubt about a listing: it is another where the site shows no more of it."""
        parts = (listing, *STARS_OF) if listing is Listing.RATED else (listing,)
        cut = any(self._attempt.read[part].cut for part in parts if part in self._attempt.read)
        return BEYOND if cut else listing

    def end(self, address: Address) -> list[MemberRefreshed] | list[Failure]:
        """Return what brings the member up to date, or a failure for each listing that is in doubt."""
        if self._doubts:
            return [
                Failure(self._stage(doubt.listing), address(doubt.listing), doubt.reason, self.name)
                for doubt in self._doubts
            ]
        profile, likes = self._attempt.profile, self._attempt.read.get(Listing.LIKES)
        return [
            MemberRefreshed(
                self.name,
                profile.films if profile else self._start.films,
                likes.total if likes and likes.total is not None else self._start.likes,
                histogram=self._ledger.histogram(),
                liked=len(self._ledger.liked()),
                url=address(Listing.PROFILE),
                changes=self._ledger.changes(),
                whole=profile is None or all(is_shown(self._start, profile, level) for level in STARS_OF),
            )
        ]
