"""Files that appear when they are whole, and not at all where they cannot be written."""

import os
from collections.abc import Callable
from pathlib import Path

from letterboxd_scraper.errors import InputError, refusal


def write_file(file: Path, text: str, opener: Callable[[str, int], int] | None = None) -> None:
    """Write a text as it is, line ends and all; a file appears when it is whole. Raises InputError."""
    try:
        target = file.resolve()
        part = _part(target)
        try:
            with open(part, "w", encoding="utf-8", newline="", opener=opener) as opened:
                opened.write(text)
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
    """Raise InputError where `write_file` would at once, for who comes to write after hours alone."""
    try:
        target = file.resolve()
        part = _part(target)
        part.open("w").close()
        if part != target:
            part.unlink()
    except OSError as error:
        raise InputError(f"cannot write {file}: {refusal(error)}") from None


def _part(target: Path) -> Path:
    """Return where a file is written until it is whole: beside its place; a device's is the device itself.

    A folder refuses to be opened for that.
    """
    is_device = target.exists() and not target.is_file()
    return target if is_device else target.with_name(f".{target.name}.{os.getpid()}.part")
