"""What a crawl has done so far: how far it is while it runs, and one line for the log of runs at its end.

Each spider has its own summary; its start function in extensions/start.py makes it.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from typing import Any, ClassVar

import sqlalchemy as sa

from letterboxd_scraper.items.films import (
    FILM,
    HISTOGRAM,
    DirectorPage,
    FilmFacts,
    FilmGone,
    FilmHistogram,
    FilmUnmatched,
)
from letterboxd_scraper.items.members import (
    Changes,
    Failure,
    FeedNews,
    FeedUnchanged,
    MemberRead,
    MemberRefreshed,
    MemberStatus,
    PeoplePage,
)
from letterboxd_scraper.items.progress import Progress
from letterboxd_scraper.items.tasks import FilmStart
from letterboxd_scraper.store.members import feeds
from letterboxd_scraper.words import counted


class Summary:
    """Counts the items that were stored, by kind, and the members or films, of ``total``, that have ended."""

    # What is counted, in the words of the progress bar.
    unit: ClassVar[str] = "members"

    def __init__(self, total: int | None = None) -> None:
        self.total = total
        self.kinds: Counter[type] = Counter()
        self.ended: set[Hashable] = set()

    def add(self, item: Any) -> None:
        """Count an item that was stored."""
        self.kinds[type(item)] += 1
        if (name := _ended_by(item)) is not None:
            self.ended.add(name)

    def add_from_store(self, connection: sa.Connection, run: int) -> None:
        """Count, at the end of a run, what only the store knows to have come of it."""

    def progress(self, requests: int) -> Progress:
        """Return how far the spider has come, with so many requests."""
        done = len(self.ended) if self.total is None else min(len(self.ended), self.total)
        return Progress(self.unit, done, self.total, requests)

    def in_words(self, requests: int) -> str:
        """Return what the spider did, in one line; "" where its requests say it all."""
        return ""


class FollowGraphSummary(Summary):
    """Counts pages of people; nobody knows how many there will be."""

    unit = "pages of people"

    def progress(self, requests: int) -> Progress:
        return Progress(self.unit, self.kinds[PeoplePage], None, requests)


class ProfileSummary(Summary):
    """Adds up the films and likes of members who were read in full, as their profiles count them."""

    def __init__(self, total: int) -> None:
        super().__init__(total)
        self.films, self.likes = 0, 0

    def add(self, item: Any) -> None:
        super().add(item)
        if isinstance(item, MemberRead):
            self.films += item.films or 0
            self.likes += item.likes or 0

    def in_words(self, requests: int) -> str:
        members = f"{self.kinds[MemberRead]} read in full, {self.kinds[MemberStatus]} gone or private"
        facts = f"{counted(self.films, 'film')}, {counted(self.likes, 'like')}"
        return f"members: {members}; {facts}; {counted(requests, 'request')}"


class WhenRatedSummary(Summary):
    """Adds up the changes of members' films; of ``skipped`` members nothing was due."""

    def __init__(self, total: int, skipped: int) -> None:
        super().__init__(total)
        self.skipped = skipped
        self.changed_members = 0
        self.changes = Changes()

    def add(self, item: Any) -> None:
        super().add(item)
        if isinstance(item, MemberRefreshed):
            self.changed_members += bool(item.changes)
            self.changes += item.changes

    def in_words(self, requests: int) -> str:
        read, in_full = self.kinds[MemberRefreshed], self.kinds[MemberRead]
        members = f"{self.skipped} not due, {read} read, {self.changed_members} of them changed"
        films = f"{self.changes.added} added, {self.changes.changed} changed, {self.changes.removed} removed"
        more = f", {in_full} read in full" if in_full else ""
        return f"members: {members}{more}; films: {films}; {counted(requests, 'request')}"


class RssSummary(Summary):
    """Counts new entries of feeds, and the ratings that were set by them."""

    unit = "feeds"

    def __init__(self, total: int) -> None:
        super().__init__(total)
        self.new_entries, self.ratings_set = 0, 0

    def add(self, item: Any) -> None:
        super().add(item)
        if isinstance(item, FeedNews):
            self.new_entries += len(item.new)

    def add_from_store(self, connection: sa.Connection, run: int) -> None:
        """Count the ratings that feeds have set, which only the store knows."""
        self.ratings_set = feeds.ratings_set_by(connection, run)

    def in_words(self, requests: int) -> str:
        kinds = {"unchanged": FeedUnchanged, "read": FeedNews, "gone or private": MemberStatus}
        counts = ", ".join(f"{self.kinds[kind]} {name}" for name, kind in kinds.items())
        entries = counted(self.new_entries, "new entry", "new entries")
        entries += f", {counted(self.ratings_set, 'rating')} set"
        asked = f"{counted(self.total or 0, 'member')} asked"
        return f"feeds: {asked}, {counts}; {entries}; {counted(requests, 'request')}"


class FilmSummary(Summary):
    """Counts what is found out about ``films``; ``tmdb_requests`` returns how often TMDB was asked."""

    unit = "films and histograms"

    def __init__(self, films: Sequence[FilmStart], tmdb_requests: Callable[[], int]) -> None:
        # The pages of directors are not counted: nobody knows how many there will be.
        super().__init__(sum((film.page or film.search or film.refresh) + film.histogram for film in films))
        self.due, self.tmdb_requests = len(films), tmdb_requests
        self.by_tmdb = 0

    def add(self, item: Any) -> None:
        super().add(item)
        if isinstance(item, FilmFacts):
            self.by_tmdb += item.details is not None

    def in_words(self, requests: int) -> str:
        films = f"{self.due} due, {self.kinds[FilmFacts]} read, {self.by_tmdb} found on TMDB"
        others = {
            "not found": FilmUnmatched,
            "gone": FilmGone,
        }
        counts = [f"{self.kinds[kind]} {name}" for name, kind in others.items() if self.kinds[kind]]
        pages = {
            ("histogram", "histograms"): FilmHistogram,
            ("director's page", "directors' pages"): DirectorPage,
        }
        counts += [counted(self.kinds[kind], *names) for names, kind in pages.items() if self.kinds[kind]]
        both = f"{counted(requests, 'request')}, {self.tmdb_requests()} to TMDB"
        return f"films: {', '.join([films, *counts])}; {both}"


def _ended_by(item: Any) -> Hashable:
    """Return the member, or the film and what of it, that an item is the last of; None for other items."""
    match item:
        case FilmFacts() | FilmGone() | FilmUnmatched():
            return FILM, item.film.slug
        case FilmHistogram():
            return HISTOGRAM, item.film.slug
        case Failure(stage, film=str(film)):
            return stage, film
        case MemberRead() | MemberRefreshed() | MemberStatus() | FeedNews() | FeedUnchanged() | Failure():
            return item.member
    return None
