"""A member's export archive as a snapshot. Of the account, only its name is read."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from letterboxd_scraper.arguments import OneMember
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.imports.archive_files import ArchiveFiles, Row
from letterboxd_scraper.items.members import STARS
from letterboxd_scraper.items.sources import NamedFilm, RatedFilm, Snapshot

_NAME = re.compile(
    r"letterboxd-(?P<member>\w+)-(?P<moment>\d{4}-\d{2}-\d{2}-\d{2}-\d{2})-utc(?: ?\(\d+\))?\.zip", re.ASCII
)
_LINK = re.compile(r"https?://boxd\.it/([0-9A-Za-z]{1,16})")
# The site was opened in this year.
FIRST_YEAR = 2011
_FILM = ("Date", "Name", "Year", "Letterboxd URI")
_STARS = {f"{stars:g}": stars for stars in STARS} | {str(stars): stars for stars in STARS}


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive's snapshot; ``unclear`` says in words which entries name no single film."""

    snapshot: Snapshot
    unclear: tuple[str, ...]


def read_archive(
    path: Path, now: datetime, user: str | None = None, as_of: datetime | None = None
) -> Archive:
    """Read an archive. Raises InputError, in one line, if it is none, or is damaged.

    ``user`` names the member where the archive does not, ``as_of`` when it was made where its name
    does not.
    """
    files = ArchiveFiles(path)
    try:
        return _Reader(files, now).read(user, as_of)
    finally:
        files.close()


class _Reader:
    def __init__(self, files: ArchiveFiles, now: datetime) -> None:
        self.files = files
        self.now = now
        self.days: list[date] = []
        self.unclear: list[str] = []
        self.complete = True

    def read(self, user: str | None, as_of: datetime | None) -> Archive:
        path = self.files.path
        if "ratings.csv" not in self.files:
            raise InputError(f"{path}: no export of Letterboxd: there is no ratings.csv in it")
        member, favourites = self._profile(user)
        ratings = self._ratings()
        watched = self._films("watched.csv")
        likes, watchlist = self._films("likes/films.csv"), self._films("watchlist.csv")
        rated = tuple(rating.film for rating in ratings)
        named = {film.lid: film for film in (*(watchlist or ()), *(likes or ()), *(watched or ()), *rated)}
        for film in favourites or ():
            if film.lid not in named:
                self.unclear.append(
                    f"profile.csv: the favourite https://boxd.it/{film.lid} has no name in any file"
                )
        snapshot = Snapshot(
            member,
            self.now,
            path.name,
            ratings=ratings,
            likes=likes,
            # The profile gives their codes alone.
            favourites=favourites and tuple(named.get(film.lid, film) for film in favourites),
            watched=watched,
            watchlist=watchlist,
            links=self._links(watched or rated),
        )
        moment = self._named_moment() or as_of or self._newest_day()
        dated = replace(snapshot, as_of=min(moment, self.now), complete=self.complete)
        return Archive(dated, tuple(self.unclear))

    def _named_moment(self) -> datetime | None:
        match = _NAME.fullmatch(self.files.path.name)
        try:
            moment = datetime.strptime(match["moment"], "%Y-%m-%d-%H-%M") if match else None
        except ValueError:
            return None  # renamed by somebody to no date at all
        return moment.replace(tzinfo=UTC) if moment and moment.year >= FIRST_YEAR else None

    def _newest_day(self) -> datetime:
        """Return the earliest moment at which the archive may have been made: it shall not count as newer.

        Not the files' own time stamps, which change when they are packed again.
        """
        newest = max(self.days, default=date(FIRST_YEAR, 1, 1))
        return datetime(newest.year, newest.month, newest.day, tzinfo=UTC)

    def _profile(self, user: str | None) -> tuple[str, tuple[NamedFilm, ...] | None]:
        owner = OneMember.read({"member": user}).member if user else None
        if "profile.csv" not in self.files:
            if owner is None:
                raise InputError(f"{self.files.path}: it does not say whose it is: give --user NAME")
            return owner, None
        rows = [row for _, row in self.files.rows("profile.csv", "Username", "Favorite Films")]
        if len(rows) != 1:
            raise InputError(f"{self.files.path}: profile.csv has {len(rows)} rows instead of one")
        try:
            member = OneMember.read({"member": rows[0]["Username"]}).member
        except InputError:
            # Not what stands there: in a table that was changed, it may be an address.
            raise InputError(f"{self.files.path}: profile.csv: its Username is no member's name") from None
        if owner not in (None, member):
            raise InputError(f"{self.files.path}: it is the archive of {member!r}, not of {owner!r}")
        codes = _LINK.findall(rows[0]["Favorite Films"])
        return member, tuple(NamedFilm("", None, code) for code in codes)

    def _ratings(self) -> tuple[RatedFilm, ...]:
        rated: dict[str, RatedFilm] = {}
        for number, row in self.files.rows("ratings.csv", *_FILM, "Rating"):
            stars = _STARS.get(row["Rating"])
            if stars is None:
                raise self._wrong("ratings.csv", number, f"a rating of {row['Rating']!r}")
            day = self._day("ratings.csv", number, row["Date"])
            if film := self._film("ratings.csv", number, row):
                earlier = rated.get(str(film.lid))
                if earlier is None or earlier.day is None or earlier.day <= day:
                    rated[str(film.lid)] = RatedFilm(film, stars, day)
        return tuple(rated.values())

    def _films(self, name: str) -> tuple[NamedFilm, ...] | None:
        """Return the films of a list; None where the archive has no such file."""
        if name not in self.files:
            return None
        films = {}
        for number, row in self.files.rows(name, *_FILM):
            self._day(name, number, row["Date"])
            if film := self._film(name, number, row):
                films[film.lid] = film
        return tuple(films.values())

    def _links(self, films: Iterable[NamedFilm]) -> tuple[tuple[NamedFilm, str], ...]:
        """Return the link to each film's newest diary entry; a diary names films by title and year alone."""
        if "diary.csv" not in self.files:
            return ()
        namesakes = defaultdict(set)
        for film in films:
            namesakes[film.title, film.year].add(film)
        newest: dict[NamedFilm, tuple[date, date, str]] = {}
        for day, written, row in self._entries():
            link = _LINK.fullmatch(row["Letterboxd URI"])
            if link is None:
                continue  # its film has left the site
            candidates = namesakes[row["Name"], _year(row["Year"])]
            if len(candidates) != 1:
                self.unclear.append(
                    f"diary.csv: {row['Name']} ({row['Year'] or 'no year'}): {len(candidates)} films"
                )
                continue
            (film,) = candidates
            entry = (day, written, f"https://boxd.it/{link[1]}")
            newest[film] = max(newest.get(film, entry), entry)
        return tuple((film, url) for film, (_, _, url) in newest.items())

    def _entries(self) -> Iterator[tuple[date, date, Row]]:
        for number, row in self.files.rows("diary.csv", *_FILM, "Watched Date"):
            written = self._day("diary.csv", number, row["Date"])
            yield self._date("diary.csv", number, row["Watched Date"] or row["Date"]), written, row

    def _film(self, name: str, number: int, row: Row) -> NamedFilm | None:
        if not row["Letterboxd URI"]:
            # It may be a film that is stored: the archive does not prove that film to be gone.
            self.complete = False
            self.unclear.append(f"{name}: {row['Name']} ({row['Year'] or 'no year'}) has no link")
            return None
        link = _LINK.fullmatch(row["Letterboxd URI"])
        if link is None:
            raise self._wrong(name, number, f"the link {row['Letterboxd URI']!r}, which is no film's")
        if not row["Name"]:
            raise self._wrong(name, number, "a film without a name")
        return NamedFilm(row["Name"], _year(row["Year"]), link[1])

    def _day(self, name: str, number: int, text: str) -> date:
        day = self._date(name, number, text)
        if not FIRST_YEAR <= day.year <= self.now.year + 1:
            raise self._wrong(name, number, f"the date {text!r}, when nobody can have done anything there")
        self.days.append(day)
        return day

    def _date(self, name: str, number: int, text: str) -> date:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
            raise self._wrong(name, number, f"the date {text!r}: a spreadsheet may have changed it")
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise self._wrong(name, number, f"the date {text!r}, which does not exist") from None

    def _wrong(self, name: str, number: int, what: str) -> InputError:
        return InputError(f"{self.files.path}: {name}, row {number} has {what}")


def _year(text: str) -> int | None:
    return int(text) if re.fullmatch(r"\d{4}", text, re.ASCII) else None
