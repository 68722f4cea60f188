"""`letterboxd import …`: the same facts from files that members export or save themselves."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import sqlalchemy as sa
import typer

from letterboxd_scraper.arguments import NamedList
from letterboxd_scraper.errors import ExitCode, InputError
from letterboxd_scraper.imports.archive import read_archive
from letterboxd_scraper.imports.saved_pages import pages_in, read_saved_pages
from letterboxd_scraper.items.films import FilmFacts
from letterboxd_scraper.items.sources import Snapshot
from letterboxd_scraper.items.tasks import Provenance
from letterboxd_scraper.store.members import cohorts, opt_outs, sources
from letterboxd_scraper.store.members.sources import Outcome
from letterboxd_scraper.store.patience import transact
from letterboxd_scraper.store.save import save, save_sources
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.progress_bar import track
from letterboxd_scraper.terminal.session import Session

CohortOption = Annotated[str | None, options.cohort("Let the members belong to this list of names, too.")]
# So many rows are named one by one.
_NAMED = 10


def import_zip(
    context: typer.Context,
    files: Annotated[
        list[Path], typer.Argument(help="Archives from letterboxd.com/settings/data.", metavar="FILE…")
    ],
    user: Annotated[str | None, options.member("Whose it is, where the archive does not say.")] = None,
    cohort: CohortOption = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            metavar="YYYY-MM-DD",
            help="When it was made, where its name does not say; default: its newest date.",
        ),
    ] = None,
) -> None:
    """Take in members' own export archives.

    Ratings with their days, likes, favourites, watched films, the watchlist. An archive tells all of it as of
    its own day: what is not in it had gone by then. All archives are checked before anything is stored.

    \b
    Examples:
      letterboxd import zip letterboxd-*.zip --cohort friends
      letterboxd import zip export.zip --user marla --as-of 2026-01-21
    """
    session: Session = context.obj
    if user is not None and len(files) > 1:
        raise InputError("--member NAME goes with a single archive")
    now = session.config.now()
    made = as_of.replace(tzinfo=UTC) if as_of else None
    archives = [read_archive(file, now, user, made) for file in track(session, "archives", files)]
    _keep(session, [snapshot for archive in archives for snapshot in archive.snapshots], cohort)
    for file, archive in zip(files, archives, strict=True):
        _say_some(session, f"{file.name}: left out", archive.left_out)
        _say_some(session, f"{file.name}: unclear", archive.unclear)
    if any(archive.left_out for archive in archives):
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
    _keep(session, saved.snapshots, cohort)
    _keep_films(session, saved.films)
    for left_out in saved.left_out:
        session.say(left_out)
    if saved.left_out:
        raise typer.Exit(ExitCode.FAILURES)


def saved_pages(folder: Path, *endings: str) -> list[Path]:
    """Return the files in a folder that end so. Raises InputError if there is none."""
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder")
    if not (files := pages_in(folder, *endings)):
        raise InputError(f"{folder}: no page in it: save pages as .html files there")
    return files


def _say_some(session: Session, what: str, sentences: Sequence[str]) -> None:
    for sentence in sentences[:_NAMED]:
        session.say(f"{what}: {sentence}")
    if len(sentences) > _NAMED:
        session.say(f"{what}: {len(sentences) - _NAMED} more")


def _keep_films(session: Session, films: Sequence[tuple[FilmFacts, datetime]]) -> None:
    for facts, at in films:
        transact(session.engine, _save, facts, Provenance(at))
    if films:
        sources.fold_stale(session.engine)
        session.say(f"{len(films)} films' own pages")


def _keep(session: Session, snapshots: Sequence[Snapshot], cohort: str | None) -> None:
    """Store what was read, each member in a transaction of its own, and say what came in."""
    with session.reading() as connection:
        forgotten = opt_outs.load(connection)
    # Whoever was stored under a new name by the time they asked is known by their code.
    renamed = {s.member for s in snapshots if s.lid and forgotten.has_code(s.lid)}
    names = list(dict.fromkeys(snapshot.member for snapshot in snapshots))
    kept = [name for name in names if name not in forgotten and name not in renamed]
    for name in names:
        if name not in kept:
            session.say(f"{name} asked to be forgotten: nothing of them is stored")
    at = session.config.now()
    if cohort is not None and kept:
        label = NamedList.read({"label": cohort, "members": kept}).label
        transact(session.engine, cohorts.add_names, label, kept, at)
    are_new = False
    for name in track(session, "members", names):
        told = [snapshot for snapshot in snapshots if snapshot.member == name]
        if name in kept or name in renamed:
            outcome = transact(session.engine, _save_sources, told, Provenance(at))
            are_new = are_new or outcome.new > 0
        if name in kept:
            _tell(session, told, outcome)
    if are_new:
        sources.fold_stale(session.engine)
    if cohort is not None and kept:
        session.say(f"now: letterboxd rank compute --cohort {cohort}")


def _save_sources(
    connection: sa.Connection, snapshots: Sequence[Snapshot], provenance: Provenance
) -> Outcome:
    return save_sources(snapshots, connection, provenance)


def _tell(session: Session, snapshots: Sequence[Snapshot], outcome: Outcome) -> None:
    """Say what came in of one member."""
    for snapshot in snapshots:
        session.say(_in_words(snapshot))
    name = snapshots[0].member
    if not outcome.new:
        session.say(f"{name}: known already: nothing is changed")
    if outcome.waiting:
        session.say(f"{name}: {outcome.waiting} diary entries wait for the ratings of their films")


def _save(connection: sa.Connection, item: FilmFacts, provenance: Provenance) -> None:
    save(item, connection, provenance)


def _in_words(snapshot: Snapshot) -> str:
    parts: dict[str, Sequence[object] | None] = {
        "ratings": snapshot.ratings,
        "likes": snapshot.likes,
        "favourites": snapshot.favourites,
        "watched": snapshot.watched,
        "on the watchlist": snapshot.watchlist,
        "diary entries": snapshot.viewings or None,
    }
    counts = ", ".join(f"{len(films)} {name}" for name, films in parts.items() if films is not None)
    return f"{snapshot.member}, as of {snapshot.as_of:%Y-%m-%d %H:%M} ({snapshot.source}): {counts}"
