"""A folder that `export parquet` wrote: what its files are called, and that they belong together."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from letterboxd_scraper.errors import InputError, refusal

# Those that every export has, and those that older ones have not.
TABLES = ("ratings", "films", "members")
LISTS = ("watched", "watchlist")
EXPLANATION = "COLUMNS.md"
RANKINGS = "rankings"
_KEY = b"letterboxd"
_FORMAT = 2


@dataclass(frozen=True, slots=True)
class About:
    """What each file of an export says of all of it.

    ``export`` is the same in all files of one export and in no other's; ``cohort`` is None where the
    label would give a member away; ``rank`` are the cohort's own parameters for strategies.
    """

    export: str
    cohort: str | None
    exported_at: str
    names: bool = False
    rank: dict[str, Any] = field(default_factory=dict)
    format: int = _FORMAT

    def mark(self, schema: pa.Schema) -> pa.Schema:
        """Return the schema with this in its metadata."""
        return schema.with_metadata({_KEY: json.dumps(asdict(self), sort_keys=True).encode()})


@dataclass(frozen=True, slots=True)
class Export:
    """A complete export."""

    folder: Path
    about: About

    def file(self, table: str) -> Path:
        """Return the file of one of the TABLES."""
        return file_of(self.folder, table)


def file_of(folder: Path, table: str) -> Path:
    """Return the file that holds this table in a folder."""
    return folder / f"{table}.parquet"


def find(folder: Path) -> Export:
    """Return the export in ``folder``. Raises InputError if it is none, incomplete or of another version."""
    abouts = [_about(folder, file_of(folder, table)) for table in TABLES]
    if any(about.export != abouts[0].export for about in abouts):
        raise InputError(f"the files in {folder} come from different exports: {_again(folder)}")
    return Export(folder.absolute(), abouts[0])


def refuse_foreign(folder: Path) -> None:
    """Raise InputError if ``folder`` has a file that an export would replace and that is not one of ours."""
    for table in (*TABLES, *LISTS):
        refuse_foreign_file(file_of(folder, table))
    explanation = folder / EXPLANATION
    if explanation.exists() and not any(file_of(folder, table).exists() for table in TABLES):
        raise InputError(f"{explanation} is not from an earlier export: choose another folder")


def refuse_foreign_file(file: Path) -> None:
    """Raise InputError if there is such a file and it was not written with or for an export."""
    if file.exists() and _stated(file) is None:
        raise InputError(f"{file} was not written by this program: move it, or choose another folder")


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """Give a folder to write files into, which at the end replace those of the same names in ``folder``.

    Nothing is replaced if the block fails, and what it wrote goes. Raises InputError if ``folder``
    cannot be written to.
    """
    try:
        # Until then nothing is made but this: the folder itself, and those above it, come last.
        above = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
        with TemporaryDirectory(prefix=".unfinished-", dir=above) as unfinished:
            yield Path(unfinished)
            folder.mkdir(parents=True, exist_ok=True)
            for file in sorted(Path(unfinished).iterdir()):
                file.replace(folder / file.name)
    except OSError as error:
        raise InputError(f"cannot write to {folder}: {refusal(error)}") from None


def _about(folder: Path, file: Path) -> About:
    if not file.exists():
        raise InputError(f"no {file.name} in {folder}: {_again(folder)}")
    stated = _stated(file)
    if stated is None:
        raise InputError(f"{file} was not written by `export parquet`: {_again(folder)}")
    if stated.get("format") != _FORMAT:
        raise InputError(f"{file} was written by another version of this program: {_again(folder)}")
    return About(**stated)


def _stated(file: Path) -> dict[str, Any] | None:
    """Return what a file says of its export, or None if it is not one of ours."""
    try:
        stated = json.loads((pq.read_schema(file).metadata or {})[_KEY])
    except OSError as error:
        raise InputError(f"cannot read {file}: {refusal(error)}") from None
    except (pa.ArrowException, KeyError, ValueError):
        return None
    return stated if isinstance(stated, dict) else None


def _again(folder: Path) -> str:
    return f"run `letterboxd export parquet --cohort LABEL --output {folder}`"
