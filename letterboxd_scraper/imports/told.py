"""What another service, or a table, tells of one member: gathered row by row, put together to a snapshot."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime

from letterboxd_scraper.imports import csv_rows
from letterboxd_scraper.imports.contents import Contents, Options, midnight
from letterboxd_scraper.imports.csv_rows import OddCell
from letterboxd_scraper.items.sources import DatedFilm, NamedFilm, RatedFilm, Service, Snapshot

_WITHOUT_DATES = "it has no dates, so that whatever else is known counts as newer"
_UNREAD_DAYS = "dates that are not written like 2026-01-31"


@dataclass(slots=True)
class Told:
    """Ratings, watched films, a watchlist; ``passed_over`` counts in words what is not taken on purpose."""

    ratings: list[RatedFilm] = field(default_factory=list)
    watched: list[DatedFilm] = field(default_factory=list)
    watchlist: list[DatedFilm] = field(default_factory=list)
    newest: datetime | None = None
    left_out: list[str] = field(default_factory=list)
    passed_over: Counter[str] = field(default_factory=Counter)

    def day(self, text: str) -> date | None:
        """Read the day of a row; a row whose day cannot be read counts without one."""
        if not text:
            return None
        try:
            day = csv_rows.day(text)
        except OddCell:
            self.passed_over[_UNREAD_DAYS] += 1
            return None
        self.see(midnight(day))
        return day

    def see(self, moment: datetime) -> None:
        """Note that something is dated so: what is told cannot be older."""
        self.newest = max(self.newest or moment, moment)

    def contents(self, member: str, service: Service, source: str, options: Options) -> Contents:
        """Return all of it. Nothing of it proves anything to have gone."""
        notes = [f"not taken: {what} ({count})" for what, count in sorted(self.passed_over.items())]
        snapshots = []
        if self.ratings or self.watched or self.watchlist:
            if self.newest is None and options.as_of is None:
                notes.append(_WITHOUT_DATES)
            snapshots.append(
                Snapshot(
                    member,
                    options.made(self.newest),
                    source,
                    ratings=_newest(self.ratings) or None,
                    watched=_first_watched(self.watched) or None,
                    watchlist=tuple({_key(dated.film): dated for dated in self.watchlist}.values()) or None,
                    complete=False,
                    service=service,
                )
            )
        return Contents(tuple(snapshots), left_out=tuple(self.left_out), notes=tuple(notes))


def _newest(ratings: list[RatedFilm]) -> tuple[RatedFilm, ...]:
    """Return each film's newest rating; of those of one day, and of those without, the last."""
    ordered = sorted(ratings, key=lambda rating: rating.day or date.min)
    return tuple({_key(rating.film): rating for rating in ordered}.values())


def _first_watched(watched: list[DatedFilm]) -> tuple[DatedFilm, ...]:
    """Return each film with the first day on which it was watched."""
    ordered = sorted(watched, key=lambda dated: dated.day or date.max, reverse=True)
    return tuple({_key(dated.film): dated for dated in ordered}.values())


def _key(film: NamedFilm) -> object:
    tmdb = film.tmdb_id and (film.tmdb_kind, film.tmdb_id)
    return film.lid or film.film_id or film.slug or tmdb or film.imdb_id or (film.title, film.year)
