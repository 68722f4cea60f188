"""A member's export archive as snapshots. Of the account, only its name is read."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import Any, TypeVar

from letterboxd_scraper.arguments import OneMember
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.imports import csv_rows
from letterboxd_scraper.imports.contents import FIRST_YEAR, Contents, Options, midnight
from letterboxd_scraper.imports.csv_rows import OddCell, Table
from letterboxd_scraper.imports.files import File, files_at
from letterboxd_scraper.imports.film_links import entry_at, film_at
from letterboxd_scraper.imports.grouping import (
    DIARY,
    LIKES,
    PROFILE,
    RATINGS,
    WATCHED,
    WATCHLIST,
    Group,
    sort_files,
)
from letterboxd_scraper.imports.kinds import Kind, in_words
from letterboxd_scraper.items.sources import DatedFilm, NamedFilm, RatedFilm, Snapshot
from letterboxd_scraper.words import counted

Row = TypeVar("Row")
# A file, what one of its rows is (singular and plural), and what is so of it.
_Remark = tuple[str, tuple[str, str], str]

# How the site names an archive, and what browsers and people put behind that.
_NAME = re.compile(
    r"letterboxd-\w+-(\d{4}-\d{2}-\d{2}-\d{2}-\d{2})-utc(?:[ _-]*\(?\d{1,3}\)?)?(?:\.zip)?", re.ASCII
)
_FILM = ("Date", "Name", "Year", "Letterboxd URI")
# What the rows are of which something is said; so many of their films are named.
_FAVOURITE, _ENTRY, _ONE_FILM = ("favourite", ""), ("entry", "entries"), ("film", "")
_NAMED = 3
# The parts of a snapshot that an archive's files tell.
_PARTS = {
    PROFILE: "favourites",
    RATINGS: "ratings",
    WATCHED: "watched",
    WATCHLIST: "watchlist",
    LIKES: "likes",
    DIARY: "links",
}


@dataclass(frozen=True, slots=True)
class Archive:
    """One archive. ``left_out``: rows that cannot be read; ``unclear``: what names no single film."""

    snapshots: tuple[Snapshot, ...]
    left_out: tuple[str, ...]
    unclear: tuple[str, ...]

    @property
    def snapshot(self) -> Snapshot:
        """What is whole; if nothing is, the rest."""
        return self.snapshots[0]


def read_archive(
    path: Path, now: datetime, user: str | None = None, as_of: datetime | None = None
) -> Archive:
    """Read the one archive in a file or a folder. Raises InputError, in one line, if there is none.

    ``user`` names the member: it must be theirs. ``as_of``: when it was made, where its name does not say.
    """
    problems: list[str] = []
    with files_at(path, problems) as files:
        sorted_files = sort_files(files)
        archives = [group for group in sorted_files.groups if group.kind is Kind.ARCHIVE]
        if problems:
            raise InputError(problems[0])
        if len(archives) != 1:
            raise InputError(f"{path}: no export of Letterboxd: {_instead(archives, sorted_files.others)}")
        options = Options(now, user, as_of)
        contents = read_group(archives[0], options)
    if not contents.snapshots:
        raise InputError(f"{path}: no export of Letterboxd: it tells nothing")
    member = contents.snapshots[0].member
    if user is not None and (owner := options.owner(str(path))) != member:
        raise InputError(f"{path}: it is the archive of {member!r}, not of {owner!r}")
    return Archive(contents.snapshots, contents.left_out, contents.notes)


def _instead(archives: Sequence[Group], others: Sequence[File]) -> str:
    if archives:
        return f"there are {len(archives)} in it"
    is_one_file = len(others) == 1 and not others[0].is_packed
    return in_words(others[0]) if is_one_file else "there is no ratings.csv in it"


def read_group(group: Group, options: Options) -> Contents:
    """Read an archive's files. Raises InputError, in one line, if it is damaged, or contradicts itself.

    Where a row is left out, its part stands in a snapshot of its own, which proves nothing to have gone.
    """
    return _Reader(group, options).read()


class _Reader:
    def __init__(self, archive: Group, options: Options) -> None:
        self.archive = archive
        self.files = archive.files
        self.path = archive.path
        self.options = options
        self.newest: date | None = None
        self.left_out: list[str] = []
        # What is no fault, with the films of all rows of which it is so.
        self.notes: defaultdict[_Remark, list[str]] = defaultdict(list)
        self.not_whole: set[str] = set()

    def read(self) -> Contents:
        member, favourites = self._profile()
        ratings = self._ratings()
        watched, watchlist, likes = (self._films(name) for name in (WATCHED, WATCHLIST, LIKES))
        rated = [rating.film for rating in ratings or ()]
        listed = [dated.film for films in (watchlist, likes, watched) for dated in films or ()]
        links = self._links([dated.film for dated in watched or ()] or rated, member)
        if self.left_out and not (rated or listed or links):
            raise InputError(f"{self.path}: {self.left_out[0]}: nothing else is in it")
        parts = {
            "favourites": self._with_names(favourites, [*(film for film, _ in links), *listed, *rated]),
            "ratings": ratings,
            "watched": watched,
            "watchlist": watchlist,
            "likes": None if likes is None else tuple(dated.film for dated in likes),
        }
        snapshots = self._snapshots(member, parts, links)
        return Contents(
            snapshots,
            left_out=tuple(self.left_out),
            notes=tuple(map(_sentence, self.notes, self.notes.values())),
        )

    def _snapshots(
        self,
        member: str,
        parts: Mapping[str, Any],
        links: tuple[tuple[NamedFilm, str], ...],
    ) -> tuple[Snapshot, ...]:
        """Return a snapshot of the parts that are whole, and one of the others; links are with ratings."""
        named = _named_moment(self.archive.place, self.options.now)
        as_of = named or self.options.made(midnight(self.newest) if self.newest else None)
        told = {name: part for name, part in parts.items() if part is not None}
        snapshots = []
        for complete in (True, False):
            some = {name: part for name, part in told.items() if (name in self.not_whole) is not complete}
            if links and ("ratings" in some or (complete and "ratings" not in told)):
                some["links"] = links
            if some:
                snapshots.append(Snapshot(member, as_of, self.archive.source, complete=complete, **some))
        return tuple(snapshots)

    def _profile(self) -> tuple[str, tuple[NamedFilm, ...] | None]:
        """Return the member's name and their favourites, without names; None where no file tells them."""
        if PROFILE not in self.files:
            return self.options.owner(self.path), None
        table = Table.of(self.files[PROFILE], PROFILE)
        rows, _ = table.read(lambda *cells: cells, "Username", optional=("Favorite Films",))
        if len(rows) != 1:
            raise InputError(f"{self.path}: profile.csv has {counted(len(rows), 'row')} instead of one")
        ((name, links),) = rows
        try:
            member = OneMember.read({"member": name}).member
        except InputError:
            # Not what stands there: in a table that was changed, it may be an address.
            raise InputError(f"{self.path}: profile.csv: its Username is no member's name") from None
        return member, self._favourites(links) if table.has("Favorite Films") else None

    def _favourites(self, links: str) -> tuple[NamedFilm, ...]:
        favourites = []
        for link in re.split(r"[\s,;]+", links):
            if film := film_at(link):
                favourites.append(film)
            elif link:
                self.left_out.append(f"profile.csv: the favourite {link!r} is no film's link")
                self.not_whole.add("favourites")
        return tuple(favourites)

    def _with_names(
        self, favourites: tuple[NamedFilm, ...] | None, films: Iterable[NamedFilm]
    ) -> tuple[NamedFilm, ...] | None:
        """Return the favourites as any other file names them; else they are known by their links alone."""
        if favourites is None:
            return None
        named = {_key(film): film for film in films}
        for film in favourites:
            if _key(film) not in named:
                self.notes[PROFILE, _FAVOURITE, "known by link alone"].append("")
        return tuple(named.get(_key(film), film) for film in favourites)

    def _ratings(self) -> tuple[RatedFilm, ...] | None:
        """Return the ratings: of two of one film the newer, of one day the later in the file."""

        def rating(written: str, name: str, year: str, link: str, stars: str) -> RatedFilm | None:
            day, value = self._day(written), csv_rows.stars(stars)
            film = self._film(RATINGS, name, year, link)
            return RatedFilm(film, value, day) if film else None

        if (ratings := self._rows(RATINGS, rating, "Rating")) is None:
            return None
        ratings.sort(key=attrgetter("day"))
        return tuple({_key(rating.film): rating for rating in ratings}.values())

    def _films(self, name: str) -> tuple[DatedFilm, ...] | None:
        """Return the films of a list; None where the archive has no such file."""

        def dated(written: str, title: str, year: str, link: str) -> DatedFilm | None:
            day = self._day(written)
            film = self._film(name, title, year, link)
            return DatedFilm(film, day) if film else None

        if (films := self._rows(name, dated)) is None:
            return None
        return tuple({_key(dated.film): dated for dated in films}.values())

    def _links(self, films: Sequence[NamedFilm], member: str) -> tuple[tuple[NamedFilm, str], ...]:
        """Return the link to each film's newest diary entry."""
        if DIARY not in self.files:
            return ()
        films_of_entries = _FilmsOfEntries(films)
        members = {member}

        def entry(
            written: str, name: str, year: str, link: str, watched: str
        ) -> tuple[date, date, str, NamedFilm] | None:
            day = self._day(written)
            seen = csv_rows.day(watched) if watched else day
            address = entry_at(link)
            if link and address is None:
                raise OddCell(f"the link {link!r}, which is no diary entry's")
            url, owner, slug = address or ("", None, None)
            members.add(owner or member)
            film = films_of_entries.find(name, csv_rows.year(year), slug)
            if url and isinstance(film, NamedFilm):
                return seen, day, url, film
            why = _unclear(film) if url and isinstance(film, int) else "no longer on the site"
            self.notes[DIARY, _ENTRY, why].append(_in_words(name, year))
            return None

        entries = self._rows(DIARY, entry, optional=("Watched Date",)) or []
        others = members - {member}
        if others and (member or len(others) > 1):
            owner = member or min(others)
            raise InputError(f"{self.path}: it is the archive of {owner!r}, but others' diaries are in it")
        entries.sort(key=itemgetter(0, 1, 2))
        return tuple({film: url for _, _, url, film in entries}.items())

    def _rows(
        self,
        name: str,
        row: Callable[..., Row | None],
        *columns: str,
        optional: Sequence[str] = (),
    ) -> list[Row] | None:
        """Return what the rows of a file are read as, None if there is no such file."""
        if name not in self.files:
            return None
        rows, odd = Table.of(self.files[name], name).read(row, *_FILM, *columns, optional=optional)
        whole = [row for row in rows if row is not None]
        if odd or len(whole) < len(rows):
            self.not_whole.add(_PARTS[name])
        self.left_out += odd
        return whole

    def _day(self, text: str) -> date:
        """Return the day on which a row was written."""
        day = csv_rows.day(text)
        if not FIRST_YEAR <= day.year <= self.options.now.year + 1:
            raise OddCell(f"the date {text!r}, when nobody can have done anything there")
        if self.newest is None or day > self.newest:
            self.newest = day
        return day

    def _film(self, name: str, title: str, year: str, link: str) -> NamedFilm | None:
        if not link:
            # It may be a film that is stored: the archive does not prove that film to be gone.
            self.notes[name, _ONE_FILM, "without a link"].append(_in_words(title, year))
            return None
        if not title:
            raise OddCell("a film without a name")
        if film := film_at(link, title, csv_rows.year(year)):
            return film
        raise OddCell(f"the link {link!r}, which is no film's")


class _FilmsOfEntries:
    """The films of a diary, which names them by title and year alone; until 2020 links named them, too."""

    def __init__(self, films: Iterable[NamedFilm]) -> None:
        self.by_slug: dict[str | None, NamedFilm] = {}
        self.by_name: dict[tuple[str, int | None], set[NamedFilm]] = defaultdict(set)
        for film in films:
            self.by_slug[film.slug] = film
            self.by_name[film.title, film.year].add(film)

    def find(self, title: str, year: int | None, slug: str | None) -> NamedFilm | int:
        """Return the film of an entry; where it cannot be told, how many have that name."""
        if slug is not None:
            return self.by_slug.get(slug) or NamedFilm(title, year, slug=slug)
        namesakes = self.by_name[title, year]
        return next(iter(namesakes)) if len(namesakes) == 1 else len(namesakes)


def _key(film: NamedFilm) -> object:
    return film.lid or (film.slug, film.film_id, film.tmdb_id, film.imdb_id)


def _in_words(title: str, year: str) -> str:
    return f"{' '.join(title.split())} ({year or 'no year'})"


def _named_moment(place: Sequence[str], now: datetime) -> datetime | None:
    """Return when the archive was made by its name, or by that of the zip archive or folder around it."""
    for name in reversed(place):
        if (match := _NAME.fullmatch(name)) is None:
            continue
        try:
            moment = datetime.strptime(match[1], "%Y-%m-%d-%H-%M").replace(tzinfo=UTC)
        except ValueError:
            continue  # renamed by somebody to no date at all
        if moment.year >= FIRST_YEAR:
            return min(moment, now)
    return None


def _unclear(films: int) -> str:
    """Say why an entry in the diary, which is known by title and year, counts for no film."""
    return "whose title and year several films have" if films else "of no film watched or rated"


def _sentence(remark: _Remark, films: Sequence[str]) -> str:
    """Say how many rows of a file are so, and the first films of them.

    >>> _sentence(("diary.csv", ("entry", "entries"), "no longer on the site"), ["Ordet (1955)"])
    'diary.csv: 1 entry no longer on the site: Ordet (1955)'
    """
    file, row, why = remark
    names = [film for film in films[:_NAMED] if film]
    if names and len(films) > _NAMED:
        names.append(f"and {len(films) - _NAMED:,} more")
    return f"{file}: {counted(len(films), *row)} {why}" + (f": {', '.join(names)}" if names else "")
