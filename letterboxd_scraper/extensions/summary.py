"""What a run found, counted for its one line in the log of runs."""

from collections import Counter
from typing import Any

from letterboxd_scraper.arguments import (
    FilmArguments,
    FollowGraphArguments,
    ProfileArguments,
    RssArguments,
    WhenRatedArguments,
)
from letterboxd_scraper.items.films import FILM, HISTOGRAM, DirectorPage, FilmFacts, FilmGone, FilmHistogram
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


class Tally:
    """Counts the items that were stored, by their kinds; changes of members' films add up."""

    def __init__(self) -> None:
        self.kinds: Counter[type] = Counter()
        self.by_tmdb = 0
        self.changed_members = 0
        self.changes = Changes()
        self.new_entries = 0
        # Of members who were read in full, as their profiles count them.
        self.films, self.likes = 0, 0
        # The members or films that are finished with, and their histograms.
        self.ended: set[Any] = set()
        # What came of them only the store knows.
        self.ratings_set = 0

    def add(self, item: Any) -> None:
        self.kinds[type(item)] += 1
        self.ended.add(_ended_by(item))
        if isinstance(item, MemberRefreshed):
            self.changed_members += bool(item.changes)
            self.changes += item.changes
        elif isinstance(item, MemberRead):
            self.films += item.films or 0
            self.likes += item.likes or 0
        elif isinstance(item, FilmFacts):
            self.by_tmdb += item.details is not None
        elif isinstance(item, FeedNews):
            self.new_entries += len(item.new)

    def progress(self, spider: Any, requests: int) -> Progress:
        """Return how far a spider has come."""
        done = len(self.ended - {None})
        match spider.args:
            case FilmArguments():
                total = sum((film.page or film.refresh) + film.histogram for film in spider.films)
                return Progress("films and histograms", min(done, total), total, requests)
            case RssArguments():
                return Progress("feeds", done, len(spider.feeds), requests)
            case FollowGraphArguments():
                return Progress("pages of people", self.kinds[PeoplePage], None, requests)
        total = len(spider.members) + len(getattr(spider, "starts", ()))
        return Progress("members", min(done, total), total, requests)

    def in_words(self, spider: Any, requests: int) -> str:
        """Return what a spider did, in one line; "" where its requests say it all."""
        if isinstance(spider.args, WhenRatedArguments):
            return self._of_members(spider.skipped, requests)
        if isinstance(spider.args, RssArguments):
            return self._of_feeds(len(spider.feeds), requests)
        if isinstance(spider.args, FilmArguments):
            return self._of_films(spider, requests)
        if isinstance(spider.args, ProfileArguments):
            return self._in_full(requests)
        return ""

    def _of_members(self, skipped: int, requests: int) -> str:
        read, whole = self.kinds[MemberRefreshed], self.kinds[MemberRead]
        members = f"{skipped} skipped by the gate, {read} read, {self.changed_members} of them changed"
        films = f"{self.changes.added} added, {self.changes.changed} changed, {self.changes.removed} removed"
        more = f", {whole} read in full" if whole else ""
        return f"members: {members}{more}; films: {films}; {requests} requests"

    def _in_full(self, requests: int) -> str:
        members = f"{self.kinds[MemberRead]} read in full, {self.kinds[MemberStatus]} gone or private"
        return f"members: {members}; {self.films} films, {self.likes} likes; {requests} requests"

    def _of_feeds(self, asked: int, requests: int) -> str:
        kinds = {"unchanged": FeedUnchanged, "read": FeedNews, "gone or private": MemberStatus}
        feeds = ", ".join(f"{self.kinds[kind]} {name}" for name, kind in kinds.items())
        entries = f"{self.new_entries} new entries, {self.ratings_set} ratings set"
        return f"feeds: {asked} members asked, {feeds}; {entries}; {requests} requests"

    def _of_films(self, spider: Any, requests: int) -> str:
        films = f"{len(spider.films)} due, {self.kinds[FilmFacts]} read, {self.by_tmdb} found on TMDB"
        others = {"gone": FilmGone, "histograms": FilmHistogram, "directors' pages": DirectorPage}
        counted = [f"{self.kinds[kind]} {name}" for name, kind in others.items() if self.kinds[kind]]
        asked = spider.tmdb.requests if spider.tmdb else 0
        return f"films: {', '.join([films, *counted])}; {requests} requests, {asked} to TMDB"


def _ended_by(item: Any) -> Any:
    """Return the member or film with which an item says to be finished; None if it says of none."""
    match item:
        case FilmFacts() | FilmGone():
            return FILM, item.film.slug
        case FilmHistogram():
            return HISTOGRAM, item.film.slug
        case Failure(stage, film=str(film)):
            return stage, film
        case MemberRead() | MemberRefreshed() | MemberStatus() | FeedNews() | FeedUnchanged() | Failure():
            return item.member
    return None
