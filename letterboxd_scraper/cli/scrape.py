"""`letterboxd scrape`: crawling a cohort's members."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from letterboxd_scraper.errors import ExitCode, InputError
from letterboxd_scraper.schedule.jobs import COUNTS_HOLD_FOR
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable

    import sqlalchemy as sa

    from letterboxd_scraper.cli.run_spider import Members
    from letterboxd_scraper.store.members.cohorts import Cohort

AcceptTerms = Annotated[
    bool, typer.Option("--accept-terms", help="You are authorized to crawl the site: see the README.")
]


def scrape(
    context: typer.Context,
    cohort: Annotated[str | None, options.cohort()] = None,
    user: Annotated[str | None, options.member()] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Read everything anew, not only what has changed.")
    ] = False,
    resume_from: Annotated[str | None, options.member("Leave out the members before this one.")] = None,
    diary: Annotated[
        bool,
        typer.Option("--diary", help="Read their diaries, too: when a rating was made, and a link to it."),
    ] = False,
    watched: Annotated[
        bool, typer.Option("--watched", help="Read what they watched without rating it, too.")
    ] = False,
    accept_terms: AcceptTerms = False,
) -> None:
    """Read what members rated and liked; later, what has changed.

    Diaries and watched films are read in full, and so is everything with --full. A crawl that was interrupted
    goes on where it stopped.

    \b
    Examples:
      letterboxd scrape --cohort friends
      letterboxd scrape --cohort friends --diary     when ratings were made, too
      letterboxd scrape --user marla
    """
    from letterboxd_scraper.arguments import ProfileArguments
    from letterboxd_scraper.cli import run_spider
    from letterboxd_scraper.store.engine import read_transaction
    from letterboxd_scraper.store.targets import find_target

    session: Session = context.obj
    given: dict[str, Any] = {"cohort": cohort, "user": user, "resume_from": resume_from}
    given |= {"diary": diary, "watched": watched}
    given = {name: value for name, value in given.items() if value is not None}
    arguments = ProfileArguments.read(given)
    engine = session.store()
    with read_transaction(engine) as connection:
        target = find_target(connection, arguments)
    settings = crawl_settings(full=full, accept_terms=accept_terms)
    if target is None:
        raise typer.Exit(run_spider.crawl(session, "profile", given, settings))
    if full or diary or watched or resume_from or is_for_full_crawl(session, engine, target):
        announce(session, engine, target, diary=diary, watched=watched)
        code = read_in_full(session, engine, target, given, settings)
        summarise(session, engine, target, code)
    else:
        code = refresh(session, engine, target, settings)
        session.say(f"{target.label}: {next_step(target, code)}")
    raise typer.Exit(code)


def is_for_full_crawl(session: Session, engine: "sa.Engine", cohort: "Cohort") -> bool:
    """Say whether a full crawl is under way, or is what a cohort that nobody was read of yet needs."""
    from letterboxd_scraper.store.crawl_state import runs
    from letterboxd_scraper.store.engine import read_transaction
    from letterboxd_scraper.store.members import cohorts

    with read_transaction(engine) as connection:
        read = [member.last_full_scrape_at for member in cohorts.members(connection, cohort)]
        at = session.config.now()
        return not any(read) or runs.has_unfinished(connection, "profile", cohort.label, at)


def read_in_full(
    session: Session,
    engine: "sa.Engine",
    cohort: "Cohort",
    given: dict[str, Any],
    settings: dict[str, Any],
    then: "Callable[[Members], None] | None" = None,
) -> int:
    """Run `profile`, telling ``then`` how many members have been read; return its exit code."""
    from letterboxd_scraper.cli import run_spider

    watch = run_spider.members_read(engine, cohort, then) if then else lambda: None
    return run_spider.crawl(session, "profile", given, settings, watch)


def refresh(session: Session, engine: "sa.Engine", cohort: "Cohort", settings: dict[str, Any]) -> int:
    """Run `follow_graph`, unless it has just been run, then `when_rated`; return the exit code."""
    from letterboxd_scraper.cli import run_spider
    from letterboxd_scraper.store.crawl_state import runs
    from letterboxd_scraper.store.engine import read_transaction

    just_now = session.config.now() - COUNTS_HOLD_FOR
    with read_transaction(engine) as connection:
        counted = runs.has_fresh_counts(connection, cohort.label, just_now)
    circle: int = ExitCode.DONE
    if cohort.seed is not None and not counted:
        circle = run_spider.crawl(session, "follow_graph", {"cohort": cohort.label}, settings)
        if circle not in (ExitCode.DONE, ExitCode.FAILURES):
            return circle
    code = run_spider.crawl(session, "when_rated", {"cohort": cohort.label}, settings)
    with read_transaction(engine) as connection:
        notes = runs.notes_of_latest(connection, "when_rated", cohort.label)
    session.say(f"{cohort.label}: {notes or 'nothing was read'}")
    return code or circle


def crawl_settings(*, full: bool = False, accept_terms: bool = False) -> dict[str, Any]:
    """Return the settings that a command's options stand for."""
    chosen: dict[str, Any] = {"CRAWL_ANEW": True} if full else {}
    return chosen | ({"LETTERBOXD_TERMS_ACCEPTED": True} if accept_terms else {})


def announce(
    session: Session, engine: "sa.Engine", cohort: "Cohort", *, diary: bool = False, watched: bool = False
) -> None:
    """Say what crawling a cohort will take, before anything is sent. Raises InputError if it is empty."""
    from letterboxd_scraper.cli import estimate
    from letterboxd_scraper.store.engine import read_transaction
    from letterboxd_scraper.store.members import cohorts

    with read_transaction(engine) as connection:
        members = cohorts.members(connection, cohort)
    if not members:
        raise InputError(f"cohort {cohort.label!r} has no members: there is nobody to read")
    cost = estimate.in_words(members, session.config.DOWNLOAD_DELAY, watched=watched)
    diaries = f"; {estimate.diaries_in_words(members)}" if diary else ""
    session.say(f"{cohort.label}: {len(members)} members, {cost}{diaries}")


def summarise(session: Session, engine: "sa.Engine", cohort: "Cohort", code: int) -> None:
    """Say how a cohort's crawl ended, in one line, and what to do next."""
    from letterboxd_scraper.store.crawl_state import runs
    from letterboxd_scraper.store.engine import read_transaction

    with read_transaction(engine) as connection:
        done, members = runs.members_done(connection, cohort.id, cohort.label)
        notes = runs.notes_of_latest(connection, "profile", cohort.label)
    session.say(f"{cohort.label}: {done} of {members} members read. This time: {notes}")
    session.say(f"{cohort.label}: {next_step(cohort, code)}")


def next_step(cohort: "Cohort", code: int) -> str:
    """Say what to do after a crawl that ended so."""
    return {
        0: f"now: letterboxd rank compute --cohort {cohort.label}",
        3: "some pages could not be read (`letterboxd failures`): the same command tries them again",
        4: "the site blocked us: try again in some hours, or take in members' own export archives: "
        f"letterboxd import zip FILE… --cohort {cohort.label}-archives",
        130: "interrupted: the same command goes on from here",
    }.get(code, "it did not end well: see the messages above")
