"""A member's films as their sources tell them together: taken over one after the other, the oldest first."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import NamedTuple

from letterboxd_scraper.items.members import Listing
from letterboxd_scraper.items.sources import DatedFilm, NamedFilm, RatedFilm, Service, Snapshot, Viewed
from letterboxd_scraper.store.members.evidence import (
    Marks,
    is_better_link,
    is_outdated,
    midnight,
    rank_of_link,
    with_favourite,
    with_like,
    with_rating,
    with_viewings,
)

Ids = Mapping[NamedFilm, int]
LISTS = (Listing.UNRATED_WATCHED, Listing.WATCHLIST)


class Listed(NamedTuple):
    """That a film is on a list: since which day, as of when that is known, and by what."""

    since: datetime | None
    as_of: datetime | None
    source: str | None


@dataclass
class Facts:
    """What is known of a member's films, by film, and as of when listings of them are known whole."""

    marks: dict[int, Marks] = field(default_factory=dict)
    lists: dict[Listing, dict[int, Listed]] = field(default_factory=lambda: {name: {} for name in LISTS})
    complete: dict[Listing, datetime] = field(default_factory=dict)


class _Marked(NamedTuple):
    """Which films a source marks; None where it does not tell of such marks."""

    rated: dict[int, RatedFilm] | None
    liked: set[int] | None
    favourites: set[int] | None

    def films(self) -> set[int]:
        return {*(self.rated or ()), *(self.liked or ()), *(self.favourites or ())}


class Ledger:
    """Takes over what sources of one service tell; only Letterboxd's prove that a listing is whole."""

    def __init__(self, facts: Facts, service: str = Service.LETTERBOXD) -> None:
        self.facts = facts
        self._is_site = service == Service.LETTERBOXD
        # When each film's rating was told last.
        self._told: dict[int, datetime] = {}
        self._viewings: dict[int, dict[date, Viewed]] = defaultdict(dict)
        self._links: dict[int, tuple[bool, bool, date, int, str]] = {}

    def take_over(self, source: Snapshot, ids: Ids) -> None:
        """Take over a source that is as of no earlier moment than those before it."""
        whole = source.complete and self._is_site
        self._take_over_marks(source, ids, whole=whole)
        self.note_viewings(source, ids)
        for listing, listed in zip(LISTS, (source.watched, source.watchlist), strict=True):
            if listed is not None:
                films = {film: dated for dated in listed if (film := ids.get(dated.film))}
                self._take_over_list(listing, films, source, whole=whole)
        if whole:
            complete = self.facts.complete
            for listing in _listings_of(source):
                complete[listing] = max(source.as_of, complete.get(listing, source.as_of))

    def _take_over_marks(self, source: Snapshot, ids: Ids, *, whole: bool) -> None:
        """Take over ratings, likes and favourites; films that a whole source does not name have none."""
        marks = self.facts.marks
        told = _Marked(
            None if source.ratings is None else {f: r for r in source.ratings if (f := ids.get(r.film))},
            _films_of(source.likes, ids) if self._is_site else None,
            _films_of(source.favourites, ids) if self._is_site else None,
        )
        likes_complete = _likes_complete(self.facts.complete)
        for film in told.films() | (marks.keys() if whole else set()):
            stored = marks.get(film)
            changed = self._marked(film, stored, told, source.as_of, likes_complete, whole=whole)
            if changed is None or changed is stored:
                continue
            marks[film] = changed
            if not changed.say_something:
                del marks[film]

    def _marked(
        self,
        film: int,
        marks: Marks | None,
        told: _Marked,
        as_of: datetime,
        likes_complete: datetime | None,
        *,
        whole: bool,
    ) -> Marks | None:
        """Return what is known of a film after a source that tells all, or something, of such marks."""
        complete = self.facts.complete
        if told.rated is not None and (whole or film in told.rated):
            rating = told.rated.get(film)
            stars, day = (rating.stars, rating.day) if rating else (None, None)
            since, told_at = complete.get(Listing.RATED), self._told.get(film)
            marks = with_rating(marks, stars, midnight(day) if day else None, as_of, since, told_at)
            self._told[film] = as_of
        if told.liked is not None and (whole or film in told.liked):
            marks = with_like(marks, film in told.liked, as_of, likes_complete)
        if told.favourites is not None and (whole or film in told.favourites):
            marks = with_favourite(marks, film in told.favourites, as_of, complete.get(Listing.PROFILE))
        return marks

    def _take_over_list(
        self, listing: Listing, films: Mapping[int, DatedFilm], source: Snapshot, *, whole: bool
    ) -> None:
        """Let the films on a list be these, or these as well; a newer source that told all is right."""
        stored = self.facts.lists[listing]
        outdated = is_outdated(source.as_of, self.facts.complete.get(listing))
        if whole and not outdated:
            for film in stored.keys() - films.keys():
                del stored[film]
        for film, dated in films.items():
            since = midnight(dated.day) if dated.day else None
            listed = stored.get(film)
            if listed is None:
                if not outdated:
                    stored[film] = Listed(since, source.as_of, source.source)
            elif since and (listed.since is None or not outdated):
                stored[film] = listed._replace(since=since)

    def note_viewings(self, source: Snapshot, ids: Ids) -> None:
        """Note a source's diary: of a film and a day the newest source's entry counts, the one with stars."""
        of_source: dict[tuple[int, date], Viewed] = {}
        for viewing in source.viewings:
            if (film := ids.get(viewing.film)) is None:
                continue
            self._note_link(film, rank_of_link(viewing.url, viewing))
            if of_source.setdefault((film, viewing.day), viewing).stars is None:
                of_source[film, viewing.day] = viewing
        for (film, day), viewing in of_source.items():
            self._viewings[film][day] = viewing
        for named, url in source.links:
            if (film := ids.get(named)) is not None:
                self._note_link(film, rank_of_link(url))

    def _note_link(self, film: int, rank: tuple[bool, bool, date, int, str]) -> None:
        self._links[film] = max(rank, self._links.get(film, rank))

    def date_and_link(self) -> None:
        """Date what is rated by the diary's entries, and link what is marked to the best of them."""
        marks = self.facts.marks
        for film in self._viewings.keys() & marks.keys():
            marks[film] = with_viewings(marks[film], self._viewings[film].values())
        for film in self._links.keys() & marks.keys():
            url = self._links[film][-1]
            if is_better_link(url, marks[film].diary_entry_url):
                marks[film] = replace(marks[film], diary_entry_url=url)

    def waiting(self) -> int:
        """Return how many of the diary's entries are of films whose rating is not known."""
        rated = {film for film, marks in self.facts.marks.items() if marks.rating is not None}
        return sum(len(viewings) for film, viewings in self._viewings.items() if film not in rated)


def together(site: Facts, others: Mapping[str, Facts], *, site_stands: bool) -> Facts:
    """Return what Letterboxd and other services tell: of a film's ratings that of the newest day.

    An undated one counts as of the day on which it was seen first; of two of one day Letterboxd's is taken.
    ``site_stands``: its ratings are taken whatever their days.
    """
    marks, lists = dict(site.marks), {name: dict(listed) for name, listed in site.lists.items()}
    for service, facts in others.items():
        for film, other in facts.marks.items():
            mine = marks.get(film)
            stands = site_stands and mine is not None and mine.service == Service.LETTERBOXD
            if mine is None or mine.rating is None or (not stands and _day(other) > _day(mine)):
                marks[film] = replace(
                    other,
                    liked=mine is not None and mine.liked,
                    favorite=mine is not None and mine.favorite,
                    diary_entry_url=mine.diary_entry_url if mine else None,
                    service=service,
                )
        for name, listed in facts.lists.items():
            lists[name] = listed | lists[name]
    return Facts(marks, lists, site.complete)


def _day(marks: Marks) -> date:
    return (marks.rated_at or marks.first_seen_at).date()


def _films_of(named: Sequence[NamedFilm] | None, ids: Ids) -> set[int] | None:
    return None if named is None else {id_ for film in named if (id_ := ids.get(film))}


def _listings_of(source: Snapshot) -> list[Listing]:
    """Return the listings that a source tells."""
    parts: dict[Listing, Sequence[object] | None] = {
        Listing.RATED: source.ratings,
        Listing.LIKES: source.likes,
        Listing.PROFILE: source.favourites,
        Listing.UNRATED_WATCHED: source.watched,
        Listing.WATCHLIST: source.watchlist,
    }
    return [listing for listing, part in parts.items() if part is not None]


def _likes_complete(complete: Mapping[Listing, datetime]) -> datetime | None:
    """Return as of when all likes are known: by both of their listings, or by the one of them all."""
    moments = [complete[Listing.LIKES]] if Listing.LIKES in complete else []
    if {Listing.RATED, Listing.UNRATED_LIKES} <= complete.keys():
        moments.append(min(complete[Listing.RATED], complete[Listing.UNRATED_LIKES]))
    return max(moments, default=None)
