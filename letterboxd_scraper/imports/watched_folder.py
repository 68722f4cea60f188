"""A folder into which files are put: which of them are new, and whole.

It is looked at again and again. A system's notices of changes do not come from disks of other machines, and
that a file is whole nothing says but that it stays as it is.
"""

import hashlib
import time
import zipfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.imports.files import (
    MOST_BYTES,
    MOST_FILES,
    File,
    file_on_disk,
    files_in_folder,
    is_zip,
)
from letterboxd_scraper.imports.grouping import SortedFiles, sort_files
from letterboxd_scraper.imports.kinds import in_words

# In seconds. So long a file stays as it is before it is believed to be whole.
STILL = 2.0
# The same for what cannot be whole: an empty file, and a zip archive without its end.
LONG_STILL = 60.0
# What browsers and copying programs call a file, or its folder, until it is whole.
_HALF = (".crdownload", ".part", ".partial", ".filepart", ".download", ".opdownload", ".tmp")

# A file's size, and when it was changed.
_State = tuple[int, int]
_States = dict[str, _State]


@dataclass(frozen=True, slots=True)
class News:
    """What is new in a folder, and ``others``, one line each, of no use.

    Each of the ``parts`` are files that belong together: an archive alone, or loose files of one kind.
    ``digests`` stand for the contents of all that was looked into, ``states`` for the files as they were.
    """

    parts: tuple[tuple[Path, ...], ...]
    others: tuple[str, ...]
    digests: frozenset[bytes]
    states: _States


class WatchedFolder:
    """Remembers by its contents what was taken out of a folder: a copy, or another name, is no news."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._clock = clock
        # What was seen at the last look, since when it stands so, and what of it is looked into.
        self._since: dict[str, tuple[_State, float]] = {}
        self._done: _States = {}
        self._taken: set[bytes] = set()
        self._said: set[str] = set()

    def look(self) -> News | None:
        """Return what is whole by now and was not taken before; None if there is nothing.

        Raises OSError if the folder cannot be looked into, and InputError if too many files are in it.
        """
        next(self._folder.iterdir(), None)  # one that has gone is no empty one
        problems: list[str] = []
        states = self._whole(files_in_folder(self._folder, problems))
        if states == self._done and self._said.issuperset(problems):
            return None
        parts: list[tuple[Path, ...]] = []
        digests: set[bytes] = set()
        zips, in_kinds = _sorted(states)
        for files in [*([file] for file in zips), *(list(group.files.values()) for group in in_kinds.groups)]:
            digest = _digest(files, states)
            if digest not in self._taken | digests:
                parts.append(tuple(Path(file.path) for file in files))
            digests.add(digest)
        others = [
            *problems,
            *in_kinds.not_taken,
            *(f"{file.path}: {in_words(file)}" for file in in_kinds.others),
        ]
        new = tuple(line for line in others if line not in self._said)
        return News(tuple(parts), new, frozenset(digests), states)

    def take(self, news: News) -> None:
        """Remember what was taken, and what was said to be of no use: it is no news any more."""
        self._taken |= news.digests
        self._said |= set(news.others)
        self._done = news.states

    def _whole(self, files: Iterable[File]) -> _States:
        """Return the files that stayed as they are for long enough."""
        now, whole, since = self._clock(), {}, {}
        for path in (Path(file.path) for file in files):
            state = _state(path)
            if any(part.lower().endswith(_HALF) for part in path.relative_to(self._folder).parts):
                continue
            before, began = self._since.get(str(path), (state, now))
            since[str(path)] = state, began if before == state else now
            still = now - since[str(path)][1]
            if still >= LONG_STILL or (still >= STILL and _can_be_whole(path)):
                whole[str(path)] = state
        self._since = since
        return whole


def _state(path: Path) -> _State:
    try:
        status = path.stat()
    except OSError:  # it has gone since
        return 0, 0
    return status.st_size, status.st_mtime_ns


def _can_be_whole(path: Path) -> bool:
    """Say whether a file is not empty, and a zip archive has its end, which is written last."""
    try:
        with path.open("rb") as file:
            head = file.read(4)
            return bool(head) and (not is_zip(head) or zipfile.is_zipfile(file))
    except OSError:
        return True  # who reads it is told why it cannot be read


def _sorted(paths: Iterable[str]) -> tuple[list[File], SortedFiles]:
    """Return zip archives, each of which is read alone, and other files as they belong together."""
    zips: list[File] = []
    others: list[File] = []
    for path in paths:
        with suppress(InputError):  # it has gone since
            file = file_on_disk(Path(path))
            (zips if _is_zip(file) else others).append(file)
    # Of two copies the one that is called as the site calls it: that says when it was made.
    zips.sort(key=lambda file: not file.name.startswith("letterboxd-"))
    return zips, sort_files(others)


def _is_zip(file: File) -> bool:
    try:
        return is_zip(file.head())
    except InputError:
        return False  # who reads it is told why it cannot be read


def _digest(files: Iterable[File], states: _States) -> bytes:
    """Return what stands for the contents of files that are read together."""
    paths = sorted(file.path for file in files)
    return hashlib.sha256(b"".join(_digest_of_one(path, states[path]) for path in paths)).digest()


@lru_cache(maxsize=MOST_FILES)
def _digest_of_one(path: str, state: _State) -> bytes:
    """Return what stands for a file's contents; it is read once as long as it stays as it is."""
    with suppress(OSError):
        if state[0] <= MOST_BYTES:  # larger than what is taken: nobody waits for it
            with Path(path).open("rb") as file:
                return hashlib.file_digest(file, "sha256").digest()
    return hashlib.sha256(repr((path, state)).encode()).digest()
