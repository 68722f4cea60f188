"""`letterboxd import zip` and `pages`: what is asked for by its kind, and refused where it is another."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from letterboxd_scraper.cli import import_store, import_words
from letterboxd_scraper.errors import ExitCode, InputError
from letterboxd_scraper.imports import words
from letterboxd_scraper.imports.archive import read_archive
from letterboxd_scraper.imports.saved_pages import pages_in, read_saved_pages
from letterboxd_scraper.items.sources import Snapshot
from letterboxd_scraper.store.intake import Films, told_by
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.progress_bar import track
from letterboxd_scraper.terminal.session import Session
from letterboxd_scraper.words import counted

CohortOption = Annotated[
    str | None, options.cohort_to_fill("Let the members belong to this list of names, too.")
]


def import_zip(
    context: typer.Context,
    files: Annotated[
        list[Path], typer.Argument(help="Archives from letterboxd.com/settings/data.", metavar="FILE…")
    ],
    user: Annotated[str | None, options.member("Whose it is, where the archive does not say.")] = None,
    cohort: CohortOption = None,
    as_of: Annotated[
        datetime | None,
        options.day("When it was made, where its name does not say; default: its newest date."),
    ] = None,
) -> None:
    """Take in members' own export archives.

    Ratings with their days, likes, favourites, watched films, the watchlist. An archive tells all of it as of
    its own day: what is not in it had gone by then. All archives are checked before anything is stored.

    \b
    Examples:
      letterboxd import zip letterboxd-*.zip --cohort friends
      letterboxd import zip export.zip --member marla --as-of 2026-01-21
    """
    session: Session = context.obj
    if user is not None and len(files) > 1:
        raise InputError("--member NAME goes with a single archive")
    now = session.config.now()
    made = as_of
    archives = [read_archive(file, now, user, made) for file in track(session, "archives", files)]
    result = _keep(session, [snapshot for archive in archives for snapshot in archive.snapshots], cohort)
    for file, archive in zip(files, archives, strict=True):
        for line in words.some(f"{file.name}: left out: ", archive.left_out):
            session.say(line)
        for line in words.some(f"{file.name}: unclear: ", archive.unclear):
            session.say(line)
    left_out = [line for archive in archives for line in archive.left_out]
    session.conclude(result | {"left_out": left_out})
    if left_out:
        raise typer.Exit(ExitCode.FAILURES)


def import_pages(
    context: typer.Context,
    folder: Annotated[
        Path, typer.Argument(help="A folder of pages that were saved in a browser.", metavar="DIR")
    ],
    cohort: CohortOption = None,
) -> None:
    """Take in pages saved in a browser.

    Profiles, films, likes, watchlists, diaries, films' own pages. What each file is, the page says, not its
    name; as of when, the file's time. Save the profile and every page of a listing: then it also proves what
    has gone.

    \b
    Examples:
      letterboxd import pages saved-pages --cohort friends
    """
    session: Session = context.obj
    saved = read_saved_pages(saved_pages(folder, ".html", ".htm"), session.config.now())
    result = _keep(session, saved.snapshots, cohort, saved.films)
    for left_out in saved.left_out:
        session.say(left_out)
    session.conclude(result | {"left_out": saved.left_out})
    if saved.left_out:
        raise typer.Exit(ExitCode.FAILURES)


def saved_pages(folder: Path, *endings: str) -> list[Path]:
    """Return the files in a folder that end so. Raises InputError if there is none."""
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder")
    if not (files := pages_in(folder, *endings)):
        raise InputError(f"{folder}: no page in it: save pages as .html files there")
    return files


def _keep(
    session: Session, snapshots: Sequence[Snapshot], cohort: str | None, films: Films = ()
) -> dict[str, Any]:
    """Store what was read, and say what came in; return it for programs."""
    told = told_by(session.engine, snapshots, films)
    outcomes = import_store.store(session, session.engine, told, cohort)
    for snapshot in snapshots:
        if snapshot.member in told.welcome:
            session.say(f"{snapshot.source} {words.of_snapshot(snapshot)}")
    if films:
        session.say(f"own pages of {counted(len(films), 'film')}")
    for line in words.of_outcomes(told, outcomes):
        session.say(line)
    if cohort is not None and told.welcome:
        session.say(f"now: letterboxd rank compute --cohort {cohort}")
    return {"stored": True, "films": len(films)} | import_words.outcomes_as_json(told, outcomes)
