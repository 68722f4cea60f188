"""`letterboxd scrape`: crawling a cohort's members."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from letterboxd_scraper.console import Session
from letterboxd_scraper.errors import InputError

if TYPE_CHECKING:
    import sqlalchemy as sa

    from letterboxd_scraper.store.cohorts import Cohort

AcceptTerms = Annotated[
    bool, typer.Option("--accept-terms", help="You are authorized to crawl the site: see the README.")
]


def scrape(
    context: typer.Context,
    cohort: Annotated[str | None, typer.Option(help="Label or number of the cohort.")] = None,
    user: Annotated[
        str | None, typer.Option(help="One member, by the name in their profile's address.")
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Begin anew, though an interrupted crawl could go on.")
    ] = False,
    resume_from: Annotated[str | None, typer.Option(help="Leave out the members before this one.")] = None,
    diary: Annotated[
        bool,
        typer.Option("--diary", help="Read their diaries, too: when a rating was made, and a link to it."),
    ] = False,
    watched: Annotated[
        bool, typer.Option("--watched", help="Read what they watched without rating it, too.")
    ] = False,
    accept_terms: AcceptTerms = False,
) -> None:
    """Read what each member rated and liked. One that was interrupted goes on where it stopped."""
    from letterboxd_scraper.arguments import ProfileArguments
    from letterboxd_scraper.cli import crawls
    from letterboxd_scraper.store.engine import reading
    from letterboxd_scraper.targets import find_target

    session: Session = context.obj
    given: dict[str, Any] = {"cohort": cohort, "user": user, "resume_from": resume_from}
    given |= {"diary": diary, "watched": watched}
    given = {name: value for name, value in given.items() if value is not None}
    arguments = ProfileArguments.read(given)
    engine = session.store()
    with reading(engine) as connection:
        target = find_target(connection, arguments)
    settings = crawl_settings(full=full, accept_terms=accept_terms)
    if target is None:
        raise typer.Exit(crawls.crawl(session, "profile", given, settings))
    announce(session, engine, target, diary=diary, watched=watched)
    with crawls.progress_of(session, engine, target) as watch:
        code = crawls.crawl(session, "profile", given, settings, watch)
    summarise(session, engine, target, code)
    raise typer.Exit(code)


def crawl_settings(*, full: bool = False, accept_terms: bool = False) -> dict[str, Any]:
    """Return the settings that a command's options stand for."""
    chosen: dict[str, Any] = {"CRAWL_ANEW": True} if full else {}
    return chosen | ({"LETTERBOXD_TERMS_ACCEPTED": True} if accept_terms else {})


def announce(
    session: Session, engine: "sa.Engine", cohort: "Cohort", *, diary: bool = False, watched: bool = False
) -> None:
    """Say what crawling a cohort will take, before anything is sent. Raises InputError if it is empty."""
    from letterboxd_scraper.cli import estimate
    from letterboxd_scraper.store import cohorts
    from letterboxd_scraper.store.engine import reading

    with reading(engine) as connection:
        members = cohorts.members(connection, cohort)
    if not members:
        raise InputError(f"cohort {cohort.label!r} has no members: there is nobody to read")
    cost = estimate.in_words(members, session.config.DOWNLOAD_DELAY, watched=watched)
    diaries = f"; {estimate.diaries_in_words(members)}" if diary else ""
    session.say(f"{cohort.label}: {len(members)} members, {cost}{diaries}")


def summarise(session: Session, engine: "sa.Engine", cohort: "Cohort", code: int) -> None:
    """Say how a cohort's crawl ended, in one line, and what to do next."""
    from letterboxd_scraper.store import runs
    from letterboxd_scraper.store.engine import reading

    with reading(engine) as connection:
        done, members = runs.members_done(connection, cohort.id, cohort.label)
    next_step = {
        0: f"now: letterboxd rank compute --cohort {cohort.label}",
        3: "some pages could not be read (`letterboxd failures`): the same command tries them again",
        4: "the site blocked us: try again in some hours, or use members' own export archives",
        130: "interrupted: the same command goes on from here",
    }.get(code, "it did not end well: see the messages above")
    session.say(f"{cohort.label}: {done} of {members} members read; {next_step}")
