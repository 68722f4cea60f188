"""`letterboxd scrape`: crawling a cohort's members."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer

from letterboxd_scraper.arguments import ProfileArguments
from letterboxd_scraper.cli import estimate
from letterboxd_scraper.cli.run_spider import FINISHED, AcceptTerms, crawl, crawl_settings, tell_runs
from letterboxd_scraper.errors import ExitCode, InputError
from letterboxd_scraper.schedule.jobs import COUNTS_HOLD_FOR
from letterboxd_scraper.store.crawl_state import runs
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.targets import find_target
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.chosen import cohort_in, refuse_both
from letterboxd_scraper.terminal.session import Session
from letterboxd_scraper.words import counted


def scrape(
    context: typer.Context,
    cohort: Annotated[str | None, options.cohort()] = None,
    user: Annotated[str | None, options.member()] = None,
    full: Annotated[bool, options.flag("--full", "Read everything anew, not only what has changed.")] = False,
    resume_from: Annotated[str | None, options.member_who("Leave out the members before this one.")] = None,
    diary: Annotated[
        bool, options.flag("--diary", "Read their diaries, too: when a rating was made, and a link to it.")
    ] = False,
    watched: Annotated[
        bool, options.flag("--watched", "Read what they watched without rating it, too.")
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
      letterboxd scrape --member marla
    """
    session: Session = context.obj
    if user:
        refuse_both(cohort, user, "--member")
        if resume_from:
            raise InputError("--resume-from goes with a cohort: leave it out beside --member")
    with session.reading() as connection:
        label = None if user else cohort_in(connection, session, cohort).label
        arguments: dict[str, Any] = {"cohort": label, "user": user, "resume_from": resume_from}
        arguments |= {"diary": diary, "watched": watched}
        target = find_target(connection, ProfileArguments.read(arguments))
    settings = crawl_settings(full=full, accept_terms=accept_terms)
    if target is None:
        code = crawl(session, "profile", arguments, settings)
    elif full or diary or watched or resume_from or is_for_full_crawl(session, target):
        announce(session, target, diary=diary, watched=watched)
        code = crawl(session, "profile", arguments, settings)
        summarise(session, target, code)
    else:
        code = refresh(session, target, settings)
        session.say(f"{target.label}: {next_step(target, code)}")
    tell_runs(session, target.label if target else None, member=user)
    raise typer.Exit(code)


def is_for_full_crawl(session: Session, cohort: Cohort) -> bool:
    """Say whether a full crawl is under way, or is what a cohort that nobody was read of yet needs."""
    with session.reading() as connection:
        full_crawls = [member.last_full_scrape_at for member in cohorts.members(connection, cohort)]
        at = session.config.now()
        return not any(full_crawls) or runs.has_unfinished(connection, "profile", cohort.label, at)


def read_in_full(
    session: Session, cohort: Cohort, settings: Mapping[str, Any], then: Callable[[int, int], None]
) -> int:
    """Run `profile` on a cohort, telling ``then`` how many of how many members have been read.

    Returns its exit code.
    """
    with session.reading() as connection:
        before = runs.latest(connection, "profile", cohort.label)

    def watch() -> None:
        with session.reading() as connection:
            if runs.latest(connection, "profile", cohort.label) == before:
                return  # the spider has not begun
            done, members = runs.members_done(connection, cohort.id, cohort.label)
        then(done, members)

    return crawl(session, "profile", {"cohort": cohort.label}, settings, watch)


def refresh(session: Session, cohort: Cohort, settings: Mapping[str, Any]) -> int:
    """Run `follow_graph`, unless it has just been run, then `when_rated`; return the exit code."""
    with session.reading() as connection:
        just_now = session.config.now() - COUNTS_HOLD_FOR
        has_counts = runs.has_fresh_counts(connection, cohort.label, just_now)
    circle: int = ExitCode.DONE
    if cohort.seed is not None and not has_counts:
        circle = crawl(session, "follow_graph", {"cohort": cohort.label}, settings)
        if circle not in FINISHED:
            return circle
    code = crawl(session, "when_rated", {"cohort": cohort.label}, settings)
    with session.reading() as connection:
        notes = runs.notes_of_latest(connection, "when_rated", cohort.label)
    session.say(f"{cohort.label}: {notes or 'nothing was read'}")
    return code or circle


def announce(session: Session, cohort: Cohort, *, diary: bool = False, watched: bool = False) -> None:
    """Say what crawling a cohort will take, before anything is sent. Raises InputError if it is empty."""
    with session.reading() as connection:
        members = cohorts.members(connection, cohort)
    if not members:
        raise InputError(f"cohort {cohort.label!r} has no members: there is nobody to read")
    cost = estimate.in_words(members, session.config.DOWNLOAD_DELAY, watched=watched)
    diaries = f"; {estimate.diaries_in_words(members)}" if diary else ""
    session.say(f"{cohort.label}: {counted(len(members), 'member')}, {cost}{diaries}")


def summarise(session: Session, cohort: Cohort, code: int) -> None:
    """Say how a cohort's crawl ended, in one line, and what to do next."""
    with session.reading() as connection:
        done, members = runs.members_done(connection, cohort.id, cohort.label)
        notes = runs.notes_of_latest(connection, "profile", cohort.label)
    session.say(
        f"{cohort.label}: {done:,} of {counted(members, 'member')} read. This time: {notes or 'nothing'}"
    )
    session.say(f"{cohort.label}: {next_step(cohort, code)}")


def next_step(cohort: Cohort, code: int) -> str:
    """Say what to do after a crawl that ended so."""
    steps: dict[int, str] = {
        ExitCode.DONE: f"now: letterboxd rank compute --cohort {cohort.label}",
        ExitCode.FAILURES: "some pages could not be read (`letterboxd failures`): "
        "the same command tries them again",
        ExitCode.BLOCKED: "the site blocked us: try again in some hours, or take in members' own export "
        f"archives: letterboxd import zip FILE… --cohort {cohort.label}-archives",
        ExitCode.INTERRUPTED: "interrupted: the same command goes on from here",
    }
    return steps.get(code, "it did not end well: see the messages above")
