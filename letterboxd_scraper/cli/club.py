"""`letterboxd club`: from members' own files to a page in a browser, in one command."""

from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from letterboxd_scraper.cli import import_words
from letterboxd_scraper.cli.club_watch import Watch
from letterboxd_scraper.cli.import_files import Taken, Terms, take_in
from letterboxd_scraper.cli.serve import PortOption, ServedNamesOption, served_by
from letterboxd_scraper.errors import ExitCode, InputError
from letterboxd_scraper.machine import extras
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.open import refuse_unwritable
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.session import Session
from letterboxd_scraper.words import counted
from ranking.compute import NothingToRank, compute_lists

_LABEL = "friends"
_HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Page:
    """How the page is shown."""

    names: bool
    opens: bool
    port: int


def club(
    context: typer.Context,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Files and folders, of any kinds; without any, you drop them in the browser.",
            metavar="PATH…",
        ),
    ] = None,
    name: Annotated[
        str, options.cohort_to_fill("A name for the circle, a new one or one that is there.", "--name")
    ] = _LABEL,
    member: Annotated[str | None, options.member("Whose they are, where they do not say.")] = None,
    yes: Annotated[bool, options.yes()] = False,
    open_browser: Annotated[
        bool, options.flag("--open/--no-open", "Open the page in your browser, or only say its address.")
    ] = True,
    names: ServedNamesOption = False,
    port: PortOption = 0,
    watch: Annotated[
        Path | None,
        options.value("DIR", "Take in what lies or appears in a folder, without asking for each."),
    ] = None,
) -> None:
    """Make a circle of files, without a crawl, and look at it in a browser.

    It takes what `letterboxd import` takes: give it the folder of your downloads, and it finds the archives.
    It says what they would change, and asks; then it ranks the films, and shows the page until Ctrl-C. Called
    again, with new archives or the same folder, it takes what is new. Without a path, it shows a page on
    which files can be dropped. With --watch it takes in what appears in a folder, once it is whole, and each
    file once, for as long as the page is shown.

    \b
    Examples:
      letterboxd club
      letterboxd club ~/Downloads
      letterboxd club make *.zip imdb.csv --name monday --member marla
      letterboxd club --watch ~/Downloads
    """
    session: Session = context.obj
    page = Page(names=names, opens=open_browser, port=port)
    terms = Terms(member, name, asks=not yes)
    if watch:
        _watch(session, page, watch, paths, terms)
        return
    if not paths:
        extras.require("serve", "the page on which files are dropped")
        _show(session, page, {"cohort": name}, name, None)
        return
    taken = _take(session, paths, terms)
    cohort = _circle(session, name)
    told = import_words.as_json(taken.read, taken.result) if taken.result else {}
    told |= {"cohort": cohort.label, "rankings": _rank(session, cohort)}
    try:
        extras.require("serve", "the page")
    except InputError as missing:
        session.conclude(told | {"address": None}, str(missing), f"or: letterboxd report --cohort {name}")
    else:
        _show(session, page, told, name, cohort)
    if taken.is_partial:
        raise typer.Exit(ExitCode.FAILURES)


def _watch(session: Session, page: Page, folder: Path, paths: list[Path] | None, terms: Terms) -> None:
    """Take in what is given and what lies in a folder; show the page, and take in what comes meanwhile."""
    extras.require("serve", "the page")
    label = terms.cohort or _LABEL

    def rank() -> None:
        if cohort := _circle_if_any(session, label):
            _rank(session, cohort)

    watch = Watch(session, folder, replace(terms, asks=False), then=rank)
    if paths:
        _take(session, paths, terms)
        rank()
    session.say(f"{folder}: what lies there or appears is taken in for {label}, without asking, until Ctrl-C")
    watch.take_what_lies_there()
    _show(session, page, {"cohort": label}, label, _circle_if_any(session, label), watch)


def _take(session: Session, paths: list[Path], terms: Terms) -> Taken:
    """Take in files that are given. Raises Exit where somebody declines."""
    taken = take_in(session, paths, terms)
    if not taken.stored:
        session.say("nothing is stored")
        raise typer.Exit
    return taken


def _circle(session: Session, label: str) -> Cohort:
    """Return the circle that the files' members belong to by now."""
    with session.reading() as connection:
        return cohorts.find(connection, label)


def _circle_if_any(session: Session, label: str) -> Cohort | None:
    """Return the circle; None as long as no member belongs to it."""
    with session.reading() as connection:
        return next((cohort for cohort in cohorts.every(connection) if cohort.label == label), None)


def _rank(session: Session, cohort: Cohort) -> dict[str, int]:
    """Rank the circle's films; return how many are in each list, and say so."""
    try:
        films = compute_lists(session.engine, cohort, session.config.now())
    except NothingToRank as nothing:
        session.say(str(nothing))
        return {}
    for strategy, count in films.items():
        session.say(f"{strategy}: {counted(count, 'film')} ranked for {cohort.label}")
    return films


def _show(
    session: Session,
    page: Page,
    told: dict[str, Any],
    label: str,
    cohort: Cohort | None,
    watch: Watch | None = None,
) -> None:
    """Serve the circle's page to this machine alone, until Ctrl-C; without a circle one for files.

    Where a folder is watched there are both: the first page tells of the circle as soon as there is one.
    """
    from letterboxd_scraper.server import drop, running
    from letterboxd_scraper.server.app import make_app
    from letterboxd_scraper.server.served import address_of_circle

    dropping = session.engine if watch or not cohort else None
    if dropping is not None:
        refuse_unwritable(dropping)
    served = served_by(session, names=page.names, takes_files=dropping is not None)
    token = session.config.LETTERBOXD_SERVE_TOKEN.get_secret_value()
    files = drop.Drop(served, dropping, label) if dropping is not None else None
    app = make_app(served, token=token, local=True, drop=files)
    with running.listen(_HOST, page.port) as listening:
        path = "/" if watch else drop.PATH
        if cohort:
            with session.reading() as connection:
                path = address_of_circle(connection, served, cohort)
        address = running.address_of(listening).rstrip("/") + path
        session.conclude(told | {"address": address}, f"{label}: {address} (Ctrl-C ends it)")
        if page.opens:
            running.show_in_browser(address, unable=session.say)
        with watch.beside() if watch else nullcontext():
            running.serve(app, listening)
