"""Files and folders of every kind, read into members' snapshots and films' facts, without a database."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from letterboxd_scraper.errors import InputError, TooManyFiles, refusal
from letterboxd_scraper.imports import archive, imdb, saved_pages, table, trakt, unmatched
from letterboxd_scraper.imports.contents import Contents, Options
from letterboxd_scraper.imports.files import (
    File,
    file_on_disk,
    files_in_folder,
    files_in_zip,
    is_zip,
)
from letterboxd_scraper.imports.grouping import Group, SortedFiles, sort_files
from letterboxd_scraper.imports.kinds import Kind, in_words
from letterboxd_scraper.items.films import FilmFacts
from letterboxd_scraper.items.names import member_name
from letterboxd_scraper.items.sources import Snapshot

# So many files of no known kind are called by their names.
_NAMED = 3


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

    @property
    def is_unnamed(self) -> bool:
        """Say whether nobody has said yet whose it is."""
        return any(not snapshot.member for snapshot in self.snapshots)

    def of(self, name: str) -> "ReadFile":
        """Return the same, said to be a member's. Raises InputError, in one line, if that can be no name."""
        try:
            member = member_name(name)
        except ValueError as error:
            raise InputError(f"{self.path}: {name!r} {error}") from None
        snapshots = tuple(replace(told, member=told.member or member) for told in self.snapshots)
        return replace(self, snapshots=snapshots)


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
    def films(self) -> tuple[tuple[FilmFacts, datetime], ...]:
        """The facts of films' own pages."""
        return tuple(film for file in self.files for film in file.films)

    @property
    def errors(self) -> tuple[str, ...]:
        """Why whole files could not be taken, one line each."""
        return tuple(file.error for file in self.files if file.error is not None)


def read_paths(
    paths: Iterable[Path],
    now: datetime,
    *,
    member: str | None = None,
    as_of: datetime | None = None,
    scale: int | None = None,
    ask: Callable[[str], str] | None = None,
) -> ReadFiles:
    """Read files and folders of any kinds, mixed; what is wrong with one costs no other, and raises nothing.

    ``member``: whose it is, where the file does not say. ``as_of``: when it was made, where its name does not
    say. ``scale``: 5, 10 or 100, the best rating of tables that do not say which. ``ask``: asks whose it is;
    where it returns nothing, that is left open.
    """
    reader = _Reader(Options(now, member, as_of, scale, ask))
    for path in paths:
        reader.look_at(path)
    reader.finish()
    return ReadFiles(tuple(reader.files), tuple(reader.unknown))


class _Reader:
    """Zip archives are read one by one; files that lie beside each other on the disk belong together."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.files: list[ReadFile] = []
        self.unknown: list[str] = []
        self.seen: set[tuple[str, ...]] = set()
        self.on_disk: list[File] = []
        # Those that were asked for one by one; the others lay in folders.
        self.asked_for: set[File] = set()
        self.others: dict[str, list[str]] = defaultdict(list)

    def look_at(self, path: Path) -> None:
        """Read the zip archives at a path, and note the other files there."""
        problems: list[str] = []
        try:
            is_folder = path.is_dir()
            files = list(files_in_folder(path, problems)) if is_folder else [file_on_disk(path)]
        except (InputError, OSError, ValueError) as error:
            self._fail(str(path), refusal(error))
            return
        if not is_folder:
            self.asked_for.update(files)
        elif not files and not problems:
            self.unknown.append(f"{path}: there are no files in it")
        for problem in problems:
            self._fail(str(path), problem)
        for file in files:
            if file.place not in self.seen:
                self.seen.add(file.place)
                self._look_into(file)

    def _look_into(self, file: File) -> None:
        try:
            if is_zip(file.head()):
                self._read_zip(file)
            else:
                self.on_disk.append(file)
        except TooManyFiles as error:
            if file in self.asked_for:
                self._fail(file.path, str(error))
            else:
                self.others[file.container].append(file.name)
        except InputError as error:
            self._fail(file.path, str(error))

    def _read_zip(self, archive: File) -> None:
        problems: list[str] = []
        with ExitStack() as opened:
            inside = sort_files(files_in_zip(archive, opened, problems))
            self._read_groups(inside)
        if inside.groups or archive in self.asked_for:
            for problem in problems:
                self._fail(archive.path, problem)
        if not (inside.groups or inside.not_taken or (problems and archive in self.asked_for)):
            self._pass_over(
                archive, f"a zip archive with nothing of a known kind in it{_such_as(inside.others)}"
            )

    def finish(self) -> None:
        """Read the files that lie on the disk, and say what is of no known kind."""
        files = sort_files(self.on_disk)
        self._read_groups(files)
        for file in files.others:
            self._pass_over(file, in_words(file))
        for folder, names in self.others.items():
            some = ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
            self.unknown.append(f"{folder}: {len(names)} of another kind, not taken: {some}")

    def _read_groups(self, files: SortedFiles) -> None:
        self.files += [_read(group, self.options) for group in files.groups]
        self.unknown += files.not_taken

    def _pass_over(self, file: File, words: str) -> None:
        if file in self.asked_for:
            self.unknown.append(f"{file.path}: {words}")
        else:
            self.others[file.container].append(file.name)

    def _fail(self, path: str, error: str) -> None:
        self.files.append(ReadFile(path, None, error=error))


def _such_as(files: Sequence[File]) -> str:
    if any(file.name == "[Content_Types].xml" for file in files):
        return ": it is a spreadsheet's workbook or a document: save the table as CSV"
    return f", but {files[0].name!r}" + (f" and {len(files) - 1} more" if files[1:] else "") if files else ""


def _read(group: Group, options: Options) -> ReadFile:
    try:
        if group.problem:
            raise InputError(group.problem)
        contents = _contents(group, options)
    except InputError as error:
        return ReadFile(group.path, group.kind, error=str(error))
    notes = contents.notes
    if not (contents.snapshots or contents.films or contents.left_out):
        notes = (*notes, "it tells nothing that is taken in")
    return ReadFile(group.path, group.kind, contents.snapshots, contents.films, contents.left_out, notes)


def _contents(group: Group, options: Options) -> Contents:
    match group.kind:
        case Kind.ARCHIVE:
            return archive.read_group(group, options)
        case Kind.PAGES:
            return saved_pages.read_group(group, options)
        case Kind.TRAKT:
            return trakt.read_group(group, options)
        case Kind.IMDB_RATINGS | Kind.IMDB_LIST:
            return imdb.read_file(group.file, options)
        case Kind.UNMATCHED:
            return unmatched.read_unmatched(group.file, options)
        case _:
            return table.read_table(group.file, options)
