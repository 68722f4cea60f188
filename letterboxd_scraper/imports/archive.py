"""A member's export archive as a snapshot. Of the account, only its name is read."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from operator import attrgetter, itemgetter
from pathlib import Path

from letterboxd_scraper.arguments import OneMember
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.imports.archive_files import ArchiveFiles, Row
from letterboxd_scraper.items.members import STARS
from letterboxd_scraper.items.sources import DatedFilm, NamedFilm, RatedFilm, Snapshot

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
        member, codes = self._profile(user)
        ratings = self._ratings()
        rated = tuple(rating.film for rating in ratings)
        watched, watchlist = self._films("watched.csv"), self._films("watchlist.csv")
        liked = self._films("likes/films.csv")
        listed = tuple(dated.film for dated in (*(watchlist or ()), *(liked or ()), *(watched or ())))
        named = {film.lid: film for film in (*listed, *rated)}
        self.unclear += [
            f"profile.csv: the favourite https://boxd.it/{code} has no name in any file"
            for code in codes or ()
            if code not in named
        ]
        favourites = [named.get(code) or NamedFilm("", None, code) for code in codes or ()]
        links = self._links([dated.film for dated in watched or ()] or rated)
        snapshot = Snapshot(
            member,
            min(self._named_moment() or as_of or self._newest_day(), self.now),
            path.name,
            ratings=ratings,
            likes=None if liked is None else tuple(dated.film for dated in liked),
            favourites=None if codes is None else tuple(favourites),
            watched=watched,
            watchlist=watchlist,
            links=links,
            complete=self.complete,
        )
        return Archive(snapshot, tuple(self.unclear))

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

    def _profile(self, user: str | None) -> tuple[str, tuple[str, ...] | None]:
        """Return the member's name and the codes of their favourites; None where no file tells them."""
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
        return member, tuple(_LINK.findall(rows[0]["Favorite Films"]))

    def _ratings(self) -> tuple[RatedFilm, ...]:
        """Return the ratings: of two of one film the newer, of one day the later in the file."""
        ratings = []
        for number, row, day in self._rows("ratings.csv", "Rating"):
            stars = _STARS.get(row["Rating"])
            if stars is None:
                raise self._wrong("ratings.csv", number, f"a rating of {row['Rating']!r}")
            if film := self._film("ratings.csv", number, row):
                ratings.append(RatedFilm(film, stars, day))
        ratings.sort(key=attrgetter("day"))
        return tuple({rating.film.lid: rating for rating in ratings}.values())

    def _films(self, name: str) -> tuple[DatedFilm, ...] | None:
        """Return the films of a list; None where the archive has no such file."""
        if name not in self.files:
            return None
        films = [(self._film(name, number, row), day) for number, row, day in self._rows(name)]
        return tuple({film.lid: DatedFilm(film, day) for film, day in films if film}.values())

    def _links(self, films: Iterable[NamedFilm]) -> tuple[tuple[NamedFilm, str], ...]:
        """Return the link to each film's newest diary entry; a diary names films by title and year alone."""
        if "diary.csv" not in self.files:
            return ()
        namesakes = defaultdict(set)
        for film in films:
            namesakes[film.title, film.year].add(film)
        entries = []
        for number, row, written in self._rows("diary.csv", "Watched Date"):
            day = self._date("diary.csv", number, row["Watched Date"] or row["Date"])
            if (link := _LINK.fullmatch(row["Letterboxd URI"])) is None:
                continue  # its film has left the site
            candidates = namesakes[row["Name"], _year(row["Year"])]
            if len(candidates) != 1:
                self.unclear.append(f"diary.csv: {_in_words(row)}: {len(candidates)} films")
                continue
            (film,) = candidates
            entries.append((day, written, f"https://boxd.it/{link[1]}", film))
        entries.sort(key=itemgetter(0, 1, 2))
        return tuple({film: url for _, _, url, film in entries}.items())

    def _rows(self, name: str, *columns: str) -> Iterator[tuple[int, Row, date]]:
        """Yield the rows of a file with their numbers, and the days on which they were written."""
        for number, row in self.files.rows(name, *_FILM, *columns):
            day = self._date(name, number, row["Date"])
            if not FIRST_YEAR <= day.year <= self.now.year + 1:
                raise self._wrong(
                    name, number, f"the date {row['Date']!r}, when nobody can have done anything there"
                )
            self.days.append(day)
            yield number, row, day

    def _film(self, name: str, number: int, row: Row) -> NamedFilm | None:
        if not row["Letterboxd URI"]:
            # It may be a film that is stored: the archive does not prove that film to be gone.
            self.complete = False
            self.unclear.append(f"{name}: {_in_words(row)} has no link")
            return None
        link = _LINK.fullmatch(row["Letterboxd URI"])
        if link is None:
            raise self._wrong(name, number, f"the link {row['Letterboxd URI']!r}, which is no film's")
        if not row["Name"]:
            raise self._wrong(name, number, "a film without a name")
        return NamedFilm(row["Name"], _year(row["Year"]), link[1])

    def _date(self, name: str, number: int, text: str) -> date:
        try:
            return _day(text)
        except ValueError as error:
            raise self._wrong(name, number, f"the date {text!r}{error}") from None

    def _wrong(self, name: str, number: int, what: str) -> InputError:
        return InputError(f"{self.files.path}: {name}, row {number} has {what}")


def _in_words(row: Row) -> str:
    return f"{row['Name']} ({row['Year'] or 'no year'})"


# An archive names the same days and years again and again.
@lru_cache(10_000)
def _day(text: str) -> date:
    """Read a day. Raises ValueError with what is to be said behind it."""
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        raise ValueError(": a spreadsheet may have changed it")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(", which does not exist") from None


@lru_cache(1000)
def _year(text: str) -> int | None:
    return int(text) if re.fullmatch(r"\d{4}", text, re.ASCII) else None
