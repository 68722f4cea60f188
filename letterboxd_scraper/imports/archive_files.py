"""The CSV files in a zip archive, read with limits: anybody may have packed it."""

import csv
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.items.texts import storable

# All that is read of an archive, in bytes. Generous: with a thousand films it is some 0.6 MB unpacked.
MOST_BYTES = 50_000_000
MOST_FILES = 10_000
# Raised by files that are not what they say.
_BROKEN = (OSError, zipfile.BadZipFile, ValueError, struct.error)

Row = dict[str, str]


class ArchiveFiles:
    """The CSV files of one archive by their names, such as ``likes/films.csv``. Raises InputError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._left = MOST_BYTES
        try:
            self._zip = zipfile.ZipFile(path)
        except (*_BROKEN, OverflowError, NotImplementedError) as error:
            raise InputError(f"{path}: not a zip archive that can be read: {error}") from None
        self._files = self._entries()

    def __contains__(self, name: str) -> bool:
        return name in self._files

    def close(self) -> None:
        """Close the archive."""
        self._zip.close()

    def rows(self, name: str, *columns: str) -> Iterator[tuple[int, Row]]:
        """Yield each row of a file with its number; the first after the head is 2.

        Raises InputError where one of ``columns`` is missing; there may be others.
        """
        reader = csv.DictReader(io.StringIO(self._text(name), newline=""), strict=True)
        try:
            missing = [column for column in columns if column not in (reader.fieldnames or ())]
            if missing:
                raise InputError(
                    f"{self.path}: {name} has no column {missing[0]!r}: is it an export of Letterboxd?"
                )
            for number, row in enumerate(reader, start=2):
                if any(row[column] is None for column in columns):
                    raise InputError(f"{self.path}: {name}, row {number} is cut short")
                yield number, {column: str(row[column]).strip() for column in columns}
        except csv.Error as error:
            raise InputError(f"{self.path}: {name} is no table: {error}") from None

    def _entries(self) -> dict[str, zipfile.ZipInfo]:
        entries = self._zip.infolist()
        if len(entries) > MOST_FILES:
            raise InputError(f"{self.path}: {len(entries)} files are more than any export of Letterboxd has")
        files = {PurePosixPath(entry.filename).parts: entry for entry in entries if not entry.is_dir()}
        files = {parts: entry for parts, entry in files.items() if not _is_litter(parts)}
        # Packed again by its owner, an archive has a folder around it.
        depth = 1 if len({parts[0] for parts in files}) == 1 and all(parts[1:] for parts in files) else 0
        return {"/".join(parts[depth:]): entry for parts, entry in files.items()}

    def _text(self, name: str) -> str:
        entry = self._files[name]
        # What other methods unpack is not bounded while it is read; the site uses these.
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise InputError(f"{self.path}: {name} is packed in a way that no export of Letterboxd is")
        try:
            with self._zip.open(entry) as file:
                body = file.read(self._left + 1)
        # RuntimeError: it is encrypted.
        except (*_BROKEN, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
            raise InputError(f"{self.path}: {name} cannot be unpacked: {error}") from None
        self._left -= len(body)
        if self._left < 0:
            raise InputError(
                f"{self.path}: more than {MOST_BYTES // 1_000_000} MB unpacked, which no export is"
            )
        try:
            return storable(body.decode("utf-8-sig"))
        except UnicodeDecodeError:
            raise InputError(f"{self.path}: {name} is not written in UTF-8") from None


def _is_litter(parts: tuple[str, ...]) -> bool:
    return not parts or "__MACOSX" in parts or parts[-1] == ".DS_Store"
