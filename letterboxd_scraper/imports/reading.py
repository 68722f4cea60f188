"""Files and folders of every kind, read into members' snapshots and films' facts, without a database."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.imports.archive import read_archive
from letterboxd_scraper.imports.kinds import Kind
from letterboxd_scraper.imports.saved_pages import pages_in, read_saved_pages
from letterboxd_scraper.items.films import FilmFacts
from letterboxd_scraper.items.sources import Snapshot


@dataclass(frozen=True, slots=True)
class ReadFile:
    """What one archive, export or table, or the saved pages of one folder, tell.

    ``path``: with the place inside a zip behind it. ``kind``: None if not even that can be told.
    ``films``: facts of films' own saved pages, each with the moment as of which it is true.
    ``left_out``: what could not be read, one sentence each. ``notes``: what is good to know, and no fault.
    ``error``: why nothing of it can be taken; then there are no snapshots and no films.
    """

    path: str
    kind: Kind | None
    snapshots: tuple[Snapshot, ...] = ()
    films: tuple[tuple[FilmFacts, datetime], ...] = ()
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    error: str | None = None


@dataclass(frozen=True, slots=True)
class ReadFiles:
    """All that was read; ``unknown`` says, one line each, what else was found: nothing is taken from it."""

    files: tuple[ReadFile, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def snapshots(self) -> tuple[Snapshot, ...]:
        """The snapshots of all files."""
        return tuple(snapshot for file in self.files for snapshot in file.snapshots)

    @property
    def errors(self) -> tuple[str, ...]:
        """Why whole files could not be taken, one line each."""
        return tuple(file.error for file in self.files if file.error is not None)


def read_paths(
    paths: Sequence[Path],
    now: datetime,
    *,
    member: str | None = None,
    as_of: datetime | None = None,
    scale: int | None = None,
) -> ReadFiles:
    """Read files and folders of any kinds, mixed; what is wrong with one costs no other. Raises nothing.

    ``member``: whose it is, where the file does not say. ``as_of``: when it was made, where its name does not
    say. ``scale``: 5, 10 or 100, the best rating of tables that do not say which.
    """
    read: list[ReadFile] = []
    unknown: list[str] = []
    for path in paths:
        if path.is_dir():
            pages = pages_in(path, ".html", ".htm")
            read += _pages(path, pages, now) if pages else ()
            unknown += [] if pages else [f"{path}: nothing of a known kind"]
        else:
            read.append(_archive(path, now, member, as_of))
    return ReadFiles(tuple(read), tuple(unknown))


def _archive(path: Path, now: datetime, member: str | None, as_of: datetime | None) -> ReadFile:
    try:
        archive = read_archive(path, now, member, as_of)
    except InputError as error:
        return ReadFile(str(path), Kind.ARCHIVE, error=str(error))
    return ReadFile(str(path), Kind.ARCHIVE, (archive.snapshot,), left_out=archive.unclear)


def _pages(folder: Path, pages: Iterable[Path], now: datetime) -> list[ReadFile]:
    saved = read_saved_pages(pages, now)
    films = tuple(saved.films)
    return [ReadFile(str(folder), Kind.PAGES, tuple(saved.snapshots), films, tuple(saved.left_out))]
