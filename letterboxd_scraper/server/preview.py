"""What is said of files and members before anything is stored."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from letterboxd_scraper.imports import words
from letterboxd_scraper.imports.reading import ReadFiles
from letterboxd_scraper.store.intake import Outcomes, Told
from letterboxd_scraper.words import counted

# So many films of one member are named.
_SAID = 10


def content(read: ReadFiles, told: Told, outcomes: Outcomes) -> dict[str, Any]:
    """Return what the template of a preview shows of what was read, and would come of it."""
    return {
        "files": [
            {
                "path": file.path,
                "kind": file.kind,
                "told": [words.of_snapshot(snapshot) for snapshot in file.snapshots],
                "asks": _field(number) if file.is_unnamed else "",
                "films": counted(len(file.films), "film") if file.films else "",
                "remarks": [*words.some("", file.notes), *words.some("left out: ", file.left_out)],
                "error": (file.error or "").removeprefix(f"{file.path}: "),
            }
            for number, file in enumerate(read.files)
        ],
        "unknown": read.unknown,
        "members": [
            {
                "name": name,
                "changes": words.of_outcome(outcomes[name]),
                "unmatched": [row.film.title for row in outcomes[name].unmatched[:_SAID]],
                "more": max(0, len(outcomes[name].unmatched) - _SAID),
            }
            for name in told.welcome
        ],
        "forgotten": sorted(told.forgotten),
        "unmatched": any(outcomes[name].unmatched for name in told.welcome),
        "asks": any(file.is_unnamed for file in read.files),
        "is_something": bool(told.members or told.films),
    }


def named(read: ReadFiles, fields: Mapping[str, str]) -> ReadFiles:
    """Return the same with the names that somebody has written beside files that do not say whose they are.

    Raises InputError, in one line, if a name can be none.
    """
    return replace(
        read,
        files=tuple(
            file.of(fields[_field(number)]) if file.is_unnamed and _field(number) in fields else file
            for number, file in enumerate(read.files)
        ),
    )


def _field(number: int) -> str:
    return f"whose-{number}"
