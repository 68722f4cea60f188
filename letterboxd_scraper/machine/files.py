"""Files that appear when they are whole, and not at all where they cannot be written."""

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from letterboxd_scraper.errors import InputError, refusal

# As the name of a file: standard output.
STDOUT = Path("-")
# In bytes: where these find room, not all of it is taken.
_SOME = 4096


def is_stdout(file: Path) -> bool:
    """Say whether standard output is meant, under whatever name; what is thrown away goes nowhere."""
    if file == STDOUT:
        return True
    try:
        return os.path.samestat(file.stat(), os.fstat(sys.stdout.fileno())) and str(file) != os.devnull
    except (OSError, ValueError):  # there is no such file, or standard output is none
        return False


def write_file(file: Path, text: str | bytes, opener: Callable[[str, int], int] | None = None) -> None:
    """Write a text as it is, line ends and all; a file appears when it is whole. Raises InputError."""
    content = text if isinstance(text, bytes) else text.encode("utf-8")
    try:
        target, part = _places(file)
        try:
            with open(part, "wb", opener=opener) as opened:
                opened.write(content)
            if part != target:
                if opener is None and target.exists():
                    part.chmod(target.stat().st_mode)
                part.replace(target)
        finally:
            if part != target:
                part.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"cannot write {file}: {refusal(error)}") from None


def refuse_unwritable(file: Path) -> None:
    """Raise InputError where `write_file` would at once, for who comes to write after the work alone."""
    try:
        target, part = _places(file)
        if part == target:  # a pipe that is opened and closed again has told its reader of its end
            if target.is_dir() or not os.access(target, os.W_OK):
                part.open("w").close()
            return
        try:
            part.write_bytes(bytes(_SOME))
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"cannot write {file}: {refusal(error)}") from None


def refuse_unwritable_folder(folder: Path) -> None:
    """Raise InputError where no file could be written into a folder, which may be still to be made."""
    try:
        target = folder.resolve()
        with tempfile.TemporaryFile(
            dir=next(path for path in (target, *target.parents) if path.exists())
        ) as file:
            file.write(bytes(_SOME))
    except OSError as error:
        raise InputError(f"cannot write {folder}: {refusal(error)}") from None


def _places(file: Path) -> tuple[Path, Path]:
    """Return where a file comes to stand, and where it is written until it is whole: beside its place.

    A device's is the device itself, and so is a pipe's; a folder refuses to be opened for that.
    """
    if file.exists() and not file.is_file():
        return file, file
    target = file.resolve()
    return target, target.with_name(f".{target.name}.{os.getpid()}.part")
