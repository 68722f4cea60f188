"""`letterboxd cohort build|refresh`: who belongs to a circle is asked of the site, or read from a file."""

from pathlib import Path
from typing import Annotated, Any

import typer

from letterboxd_scraper.arguments import FollowGraphArguments
from letterboxd_scraper.cli.cohort import LabelArgument
from letterboxd_scraper.cli.cohort_from_names import build_from_names, build_of_imported
from letterboxd_scraper.cli.rank_options import CohortOption
from letterboxd_scraper.cli.run_spider import FINISHED, AcceptTerms, crawl, crawl_settings, tell_runs
from letterboxd_scraper.cli.scrape import announce, is_for_full_crawl
from letterboxd_scraper.errors import InputError, UnknownName
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.targets import find_target
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.chosen import find_cohort, one_label
from letterboxd_scraper.terminal.session import Session
from letterboxd_scraper.words import counted


def build(
    context: typer.Context,
    label: Annotated[str, options.cohort_to_fill("A name for the cohort.", "--label")],
    seed: Annotated[str | None, options.seed("The member whose circle it is.")] = None,
    members: Annotated[Path | None, options.value("FILE", "A file of names, one a line, instead.")] = None,
    imported: Annotated[
        bool, options.flag("--imported", "Everybody whose files `letterboxd import` has taken in, instead.")
    ] = False,
    depth: Annotated[
        int | None,
        options.depth(),
    ] = None,
    include_self: Annotated[
        bool | None, options.flag("--include-self/--no-include-self", "Whether the seed belongs to it.")
    ] = None,
    via: Annotated[
        str | None,
        options.word(("following", "followers"), "Whom the seed follows, as usual, or who follow them."),
    ] = None,
    max_members: Annotated[int | None, options.count("Stop at so many members.")] = None,
    accept_terms: AcceptTerms = False,
) -> None:
    """Build a cohort from a member's circle, or from a list of names.

    \b
    Examples:
      letterboxd cohort build --seed marla --label friends
      letterboxd cohort build --members names.txt --label club
      letterboxd cohort build --imported --label club
    """
    session: Session = context.obj
    if [seed is not None, members is not None, imported].count(True) != 1:
        raise InputError("give --seed NAME or --members FILE or --imported, and one of them only")
    if imported:
        build_of_imported(session, label)
        return
    if members is not None:
        build_from_names(session, label, members)
        return
    arguments = {"seed": seed, "label": label, "depth": depth, "include_self": include_self}
    arguments |= {"via": via, "max_members": max_members}
    raise typer.Exit(_follow_alone(session, arguments, accept_terms=accept_terms))


def refresh(
    context: typer.Context,
    label: LabelArgument = None,
    cohort: CohortOption = None,
    accept_terms: AcceptTerms = False,
) -> None:
    """Read again whom a cohort's seed follows: who joined, who left.

    \b
    Examples:
      letterboxd cohort refresh friends
    """
    session: Session = context.obj
    circle = find_cohort(session, one_label(label, cohort))
    raise typer.Exit(_follow_alone(session, {"cohort": circle.label}, accept_terms=accept_terms))


def _follow_alone(session: Session, arguments: dict[str, Any], *, accept_terms: bool) -> int:
    code = follow(session, arguments, accept_terms=accept_terms)
    if session.as_json and code in FINISHED:
        cohort = find_cohort(session, str(arguments.get("cohort") or arguments["label"]))
        tell_runs(session, cohort.label, members=cohort.size)
    return code


def follow(session: Session, arguments: dict[str, Any], *, accept_terms: bool) -> int:
    """Run `follow_graph`, then say who belongs to the circle and what crawling them takes.

    Returns its exit code. Raises InputError, and Exit where a new circle could not be read.
    """
    checked = FollowGraphArguments.read(arguments)
    with session.reading() as connection:
        find_target(connection, checked)
    session.say("reading who belongs to the circle: one request for every 25 people")
    code = crawl(session, "follow_graph", arguments, crawl_settings(accept_terms=accept_terms))
    if code in FINISHED:
        cohort = _made(session, str(checked.cohort or checked.label), code)
        if is_for_full_crawl(session, cohort):
            announce(session, cohort)
        else:
            how = f"`letterboxd plan --cohort {cohort.label}` says what bringing them up to date takes"
            session.say(f"{cohort.label}: {counted(cohort.size, 'member')}; {how}")
    return code


def _made(session: Session, label: str, code: int) -> Cohort:
    try:
        return find_cohort(session, label)
    except UnknownName:
        session.say(f"{label}: who belongs to it could not be read; the same command tries again")
        raise typer.Exit(code) from None
