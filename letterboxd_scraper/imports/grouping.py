"""Which files belong together: those of an archive, those of an export of Trakt, the pages of one place."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePath

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.imports.csv_rows import columns_of
from letterboxd_scraper.imports.files import File
from letterboxd_scraper.imports.kinds import HINTS, Kind, kind_of

Place = tuple[str, ...]
_Kinds = dict[File, Kind | None]

# What is read of an archive. These names say what contents do not: a watchlist looks like watched films.
DIARY, LIKES, PROFILE, RATINGS = "diary.csv", "likes/films.csv", "profile.csv", "ratings.csv"
WATCHED, WATCHLIST = "watched.csv", "watchlist.csv"
# What stands in these folders of an archive is no longer said of its member.
_GONE = {"deleted", "orphaned"}
# The folders of Trakt's older export.
_IN_TRAKT = {"ratings", "watched", "history", "lists", "watchlist", "user", "collection"}


@dataclass(slots=True)
class Group:
    """Files of one kind that are read together, by their names below ``place``; ``path``: that for people.

    ``problem``: why they cannot be read.
    """

    kind: Kind
    path: str
    place: Place
    files: dict[str, File] = field(default_factory=dict)
    problem: str | None = None

    @property
    def file(self) -> File:
        """The first of them, which most kinds have alone."""
        return next(iter(self.files.values()))

    @property
    def source(self) -> str:
        """What to call the whole."""
        return PurePath(self.path).name or self.path


@dataclass(slots=True)
class SortedFiles:
    """Files in groups; ``not_taken``: one line each on what never is; ``others``: of no known kind."""

    groups: list[Group] = field(default_factory=list)
    not_taken: list[str] = field(default_factory=list)
    others: list[File] = field(default_factory=list)


def sort_files(files: Iterable[File]) -> SortedFiles:
    """Look into each file, and put together what belongs together."""
    kinds = {file: _kind(file) for file in files}
    done = SortedFiles([*_archives(kinds), *_trakt_exports(kinds), *_pages(kinds)])
    for file, kind in kinds.items():
        if kind is None:
            done.others.append(file)
        elif kind in HINTS:
            done.not_taken.append(f"{file.path}: {HINTS[kind]}")
        elif kind is Kind.ARCHIVE:
            done.not_taken.append(
                f"{file.path}: a part of a Letterboxd archive, but its name does not say which"
            )
        else:
            done.groups.append(Group(kind, file.path, file.place, {file.name: file}))
    return done


def _kind(file: File) -> Kind | None:
    """Return a file's kind; of one that cannot be read, the kind that its name promises."""
    try:
        return kind_of(file)
    except InputError:
        is_trakts = file.name.lower().startswith(("ratings-", "watched-")) and file.name.endswith(".json")
        return Kind.ARCHIVE if _place_in_archive(file) else Kind.TRAKT if is_trakts else None


def _archives(kinds: _Kinds) -> list[Group]:
    """Take out of ``kinds`` the files of archives, and return these."""
    archives: dict[Place, Group] = {}
    for file in [file for file, kind in kinds.items() if kind is Kind.ARCHIVE]:
        if spot := _place_in_archive(file):
            archives.setdefault(spot[0], Group(Kind.ARCHIVE, _path(file, spot[1]), spot[0]))
        elif _holds_ratings(file):
            # Whatever it is called now: "ratings (1).csv", say.
            archives[file.place] = Group(Kind.ARCHIVE, file.path, file.place, {RATINGS: file})
            del kinds[file]
    for file, kind in list(kinds.items()):
        spot = _place_in_archive(file)
        if spot and spot[0] in archives and kind in (Kind.ARCHIVE, None):
            _add(archives[spot[0]], spot[1], file)
            del kinds[file]
        elif _is_other_part(file, kind) and any(file.place[: len(place)] == place for place in archives):
            del kinds[file]
    for archive in archives.values():
        if len(archive.files) == 1 and not archive.file.is_packed:
            archive.path = archive.file.path
    return list(archives.values())


def _is_other_part(file: File, kind: Kind | None) -> bool:
    """Say whether nothing is taken from a file that lies in an archive: reviews, comments, lists."""
    return kind is Kind.ARCHIVE or (kind is Kind.LIST and file.place[-2].lower() == "lists")


def _place_in_archive(file: File) -> tuple[Place, str] | None:
    """Return where the archive lies to which a file of this name belongs, and its name there."""
    *folders, name = (part.lower() for part in file.place)
    parent = folders[-1] if folders else ""
    if name in (PROFILE, RATINGS, WATCHED, WATCHLIST) or (name == DIARY and parent not in _GONE):
        return file.place[:-1], name
    return (file.place[:-2], LIKES) if f"{parent}/{name}" == LIKES else None


def _holds_ratings(file: File) -> bool:
    columns = {column.casefold() for column in columns_of(file.head())}
    return "rating" in columns and not columns & {"watched date", "review", "rewatch"}


def _trakt_exports(kinds: _Kinds) -> list[Group]:
    """Take out of ``kinds`` the files of exports of Trakt, and return these."""
    exports: dict[Place, Group] = {}
    for file, kind in kinds.items():
        if kind is Kind.TRAKT:
            place, name = _place_in_trakt(file)
            exports.setdefault(place, Group(kind, _path(file, name), place))
    for file, kind in list(kinds.items()):
        place, name = _place_in_trakt(file)
        if place in exports and (kind is Kind.TRAKT or (kind is None and name.endswith(".json"))):
            # The profile says whose it is.
            if kind is Kind.TRAKT or b'"username"' in file.head():
                _add(exports[place], name, file)
            del kinds[file]
    return list(exports.values())


def _place_in_trakt(file: File) -> tuple[Place, str]:
    depth = 2 if len(file.place) > 1 and file.place[-2].lower() in _IN_TRAKT else 1
    return file.place[:-depth], "/".join(file.place[-depth:]).lower()


def _pages(kinds: _Kinds) -> list[Group]:
    """Take the saved pages out of ``kinds``, and return them by the places where they lie."""
    places: dict[str, Group] = {}
    for file, kind in list(kinds.items()):
        if kind is Kind.PAGES:
            group = places.setdefault(file.container, Group(kind, file.container, file.place[:-1]))
            group.files[file.path] = file
            del kinds[file]
    return list(places.values())


def _add(group: Group, name: str, file: File) -> None:
    if name in group.files:
        group.problem = f"{group.path}: two files in it are called {name!r}"
    group.files[name] = file


def _path(file: File, name: str) -> str:
    """Return how people are told where a file lies, of which they are told this name there."""
    return str(PurePath(file.path).parents[name.count("/")])
