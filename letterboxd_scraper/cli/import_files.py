"""`letterboxd import PATH…`: files and folders of any kind, after a look at what they would change."""

import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import sqlalchemy as sa
import typer

from letterboxd_scraper.arguments import OneMember
from letterboxd_scraper.cli import import_store, import_words
from letterboxd_scraper.cli.import_ import CohortOption
from letterboxd_scraper.cli.import_store import Result
from letterboxd_scraper.errors import ExitCode, InputError
from letterboxd_scraper.imports import words
from letterboxd_scraper.imports.reading import ReadFiles, read_paths
from letterboxd_scraper.imports.unmatched import of_stored
from letterboxd_scraper.items.sources import Service
from letterboxd_scraper.machine.files import is_stdout, refuse_unwritable
from letterboxd_scraper.store.intake import told_by, would_take_in
from letterboxd_scraper.store.members import sources
from letterboxd_scraper.store.open import open_store
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.harmless import harmless
from letterboxd_scraper.terminal.session import Session
from letterboxd_scraper.words import counted

_SCALES = ("5", "10", "100")
_HOW = "an archive is the zip file that Letterboxd gives at Settings, Data, Export your data"
UNMATCHED = Path("unmatched.csv")


@dataclass(frozen=True, slots=True)
class Terms:
    """How files are taken in; ``asks``: only what somebody at the terminal agrees to."""

    member: str | None = None
    cohort: str | None = None
    as_of: datetime | None = None
    scale: int | None = None
    unmatched: Path = UNMATCHED
    only_look: bool = False
    asks: bool = True

    @property
    def owner(self) -> str | None:
        """The member's name as it is stored. Raises InputError."""
        return OneMember.read({"member": self.member}).member if self.member else None


@dataclass(frozen=True, slots=True)
class Taken:
    """What files were, and what came of them; no ``result`` where nobody looked."""

    read: ReadFiles
    result: Result | None

    @property
    def stored(self) -> bool:
        """Say whether it is stored: somebody may have declined."""
        return self.result is not None and self.result.stored

    @property
    def is_partial(self) -> bool:
        """Say whether something could not be read."""
        return bool(self.read.errors) or any(file.left_out for file in self.read.files)


class NothingTaken(InputError):
    """Files of which nothing can be taken in."""


def import_files(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="Files and folders, of any kinds.", metavar="PATH…")],
    member: Annotated[str | None, options.member("Whose they are, where they do not say.")] = None,
    cohort: CohortOption = None,
    preview: Annotated[
        bool, options.flag("--preview", "Only say what they are and what they would change.")
    ] = False,
    yes: Annotated[bool, options.yes()] = False,
    as_of: Annotated[
        datetime | None,
        options.day("When they were made, where their names do not say; default: their newest dates."),
    ] = None,
    scale: Annotated[
        str | None, options.word(_SCALES, "The best rating of a table that does not say its scale.")
    ] = None,
    unmatched: Annotated[
        Path | None,
        options.output(f"Where ratings of unknown films are written; default: {UNMATCHED}.", "--unmatched"),
    ] = None,
) -> None:
    """Take in files of any kind: what they are, they say themselves.

    Letterboxd archives of any year (zip, folder, a lone ratings.csv), saved pages, IMDb's ratings, Trakt's
    export, Letterboxd's import CSV, any table with films and ratings. On a terminal it says what would
    change, and asks. Ratings of films that cannot be matched are written to a CSV: fill in its last column
    and import it.

    \b
    Examples:
      letterboxd import ~/Downloads --cohort friends
      letterboxd import ratings.csv --member marla --preview
      letterboxd import unmatched.csv
      letterboxd import files zip             a path called like a command
    """
    session: Session = context.obj
    unmatched = unmatched or UNMATCHED
    session.refuse_two_documents(unmatched)
    best = int(scale) if scale else None
    taken = take_in(
        session, paths, Terms(member, cohort, as_of, best, unmatched, only_look=preview, asks=not yes)
    )
    if taken.stored and not session.as_json:
        _say_what_is_next(session, taken, cohort)
    if session.as_json and taken.result:
        session.print_json(import_words.as_json(taken.read, taken.result))
    if taken.is_partial:
        raise typer.Exit(ExitCode.FAILURES)


def take_in(session: Session, paths: list[Path], terms: Terms) -> Taken:
    """Read files and folders, say what they are and what they change, and store that unless it is declined.

    Raises NothingTaken if nothing of it can be taken in.
    """
    whose = partial(_ask_whose, session) if _can_ask(session, terms) else None
    now = session.config.now()
    read = read_paths(paths, now, member=terms.owner, as_of=terms.as_of, scale=terms.scale, ask=whose)
    return take_in_read(session, read, terms)


def take_in_read(session: Session, read: ReadFiles, terms: Terms) -> Taken:
    """Do the same with what was read already. Raises NothingTaken."""
    if not session.as_json:
        _say_all(session, words.of_files(read))
    if not (read.snapshots or read.films):
        raise NothingTaken(_nothing(session, read))
    if any(snapshot.service != Service.LETTERBOXD for snapshot in read.snapshots) and not is_stdout(
        terms.unmatched
    ):
        refuse_unwritable(terms.unmatched)  # some of their films may be unknown
    asks = _can_ask(session, terms) and not terms.only_look
    result = _look(session, read) if terms.only_look or asks else None
    # What changes nothing needs no answer.
    if not terms.only_look and not (asks and result and _is_news(result) and not _is_wanted()):
        result = _store(session, read, terms.cohort, terms.unmatched, already_said=asks)
    return Taken(read, result)


def _can_ask(session: Session, terms: Terms) -> bool:
    return terms.asks and not session.as_json and _is_terminal()


def _ask_whose(session: Session, path: str) -> str:
    usual = session.config.LETTERBOXD_MEMBER or None
    question = f"{harmless(path)} does not say it: whose is it?"
    return str(typer.prompt(question, default=usual, prompt_suffix=" ", err=True))


def _is_news(result: Result) -> bool:
    """Say whether it changes anything: what is stored of a member, or what is known of films."""
    return bool(result.told.films) or any(outcome.new for outcome in result.outcomes.values())


def _is_wanted() -> bool:
    return bool(typer.confirm("Take it in?", default=True, err=True))


def _is_terminal() -> bool:
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


def _say_all(session: Session, lines: Iterable[str]) -> None:
    for line in lines:
        session.say(line)


def _nothing(session: Session, read: ReadFiles) -> str:
    """Say that nothing can be taken in; why, has been said, but to programs."""
    reasons = [*read.errors, *read.unknown] if session.as_json or session.quiet else []
    how = [] if read.files else [_HOW]
    return "; ".join(["nothing can be taken in", *reasons[:1], *how])


def _look(session: Session, read: ReadFiles) -> Result:
    """Say what would change, with a database that stays as it is."""
    with _database_to_try(session) as engine:
        told = told_by(engine, read.snapshots, read.films)
        outcomes = would_take_in(engine, told, None, session.config.now())
    if not session.as_json:
        _say_all(session, words.of_outcomes(told, outcomes))
    result = Result(told, outcomes)
    if not session.as_json and _is_news(result):
        session.say("so far, nothing is stored")
    return result


@contextmanager
def _database_to_try(session: Session) -> Iterator[sa.Engine]:
    """Yield the database if there is one; else an empty one that is gone afterwards: a look makes none."""
    address = sa.make_url(session.config.DATABASE_URL)
    if address.get_backend_name() == "sqlite" and not Path(str(address.database)).exists():
        with tempfile.TemporaryDirectory() as folder:
            file = sa.URL.create("sqlite", database=str(Path(folder, "empty.db")))
            engine = open_store(file.render_as_string())
            yield engine
            engine.dispose()
    else:
        session.read_only.dispose()  # which refuses one that would have to be migrated
        yield session.engine


def _store(
    session: Session, read: ReadFiles, cohort: str | None, unmatched: Path, *, already_said: bool
) -> Result:
    """Store it, and say what has changed."""
    told = told_by(session.engine, read.snapshots, read.films)
    outcomes = import_store.store(session, session.engine, told, cohort)
    if not (already_said or session.as_json):
        _say_all(session, words.of_outcomes(told, outcomes))
    rows = [row for name in told.welcome for row in outcomes[name].unmatched]
    file = _write_unmatched(session, rows, unmatched) if rows else None
    if file:
        lines = counted(len(rows), "line")
        session.say(f"{file}: {lines} of films that are not known: fill in its last column and import it")
    return Result(told, outcomes, stored=True, unmatched=file)


def _say_what_is_next(session: Session, taken: Taken, cohort: str | None) -> None:
    if taken.result and taken.result.told.welcome:
        rank = f"letterboxd rank compute --cohort {cohort or 'LABEL'}"
        circle = "to make a circle of them: letterboxd cohort build --imported --label LABEL, then"
        session.say(f"now: {rank}" if cohort else f"{circle} {rank}")


def _write_unmatched(session: Session, rows: Iterable[sources.Unmatched], file: Path) -> Path:
    """Write what could not be matched to a new file: an older one may be half filled in."""
    target, number = file, 1
    while target.exists() and not is_stdout(target):
        number += 1
        target = file.with_stem(f"{file.stem}-{number}")
    session.write(target, of_stored(rows))
    return target
