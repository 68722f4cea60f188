"""What `letterboxd import` says to programs."""

from dataclasses import asdict
from typing import Any

from letterboxd_scraper.cli.import_store import Result
from letterboxd_scraper.imports import words
from letterboxd_scraper.imports.reading import ReadFile, ReadFiles
from letterboxd_scraper.store.intake import Outcomes, Told


def as_json(read: ReadFiles, result: Result) -> dict[str, Any]:
    """Return all of it for programs."""
    files = {"files": [_file_as_json(file) for file in read.files], "unknown": read.unknown}
    unmatched = {"unmatched": str(result.unmatched) if result.unmatched else None}
    return {"stored": result.stored} | files | outcomes_as_json(result.told, result.outcomes) | unmatched


def outcomes_as_json(told: Told, outcomes: Outcomes) -> dict[str, Any]:
    """Return for programs what has changed of each member, and who is not stored any more."""
    members = [
        {"member": name} | asdict(outcomes[name]) | {"unmatched": len(outcomes[name].unmatched)}
        for name in told.welcome
    ]
    return {"members": members, "forgotten": sorted(told.forgotten)}


def _file_as_json(file: ReadFile) -> dict[str, Any]:
    return {
        "path": file.path,
        "kind": file.kind,
        "told": [
            {"member": told.member, "as_of": told.as_of, "service": told.service} | words.counts_of(told)
            for told in file.snapshots
        ],
        "films": len(file.films),
        "left_out": file.left_out,
        "notes": file.notes,
        "error": file.error,
    }
