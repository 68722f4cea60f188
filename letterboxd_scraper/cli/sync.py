"""`letterboxd sync`: from a member's name to a ranking, in one command."""

from pathlib import Path
from typing import Annotated

import typer

from letterboxd_scraper.cli.cohort_build import follow
from letterboxd_scraper.cli.export import write
from letterboxd_scraper.cli.rank import say_how_old, show_films
from letterboxd_scraper.cli.run_spider import FINISHED, AcceptTerms, crawl_settings
from letterboxd_scraper.cli.scrape import is_for_full_crawl, read_in_full, refresh, summarise
from letterboxd_scraper.config import DEFAULT_STRATEGY
from letterboxd_scraper.errors import ExitCode, InputError
from letterboxd_scraper.machine.files import refuse_unwritable
from letterboxd_scraper.store import statistics
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.chosen import assumed, find_cohort, say_assumed
from letterboxd_scraper.terminal.session import Session
from letterboxd_scraper.words import counted
from ranking.compute import compute
from ranking.exports.texts import as_csv
from ranking.results import ranking
from ranking.strategies import STRATEGIES

FIRST_RANKING_AFTER = 10


def sync(
    context: typer.Context,
    seed: Annotated[
        str | None,
        options.seed("The member whose circle it is; default: LETTERBOXD_MEMBER."),
    ] = None,
    label: Annotated[
        str | None, options.cohort_to_fill("A name for the cohort; default: the member's.", "--label")
    ] = None,
    depth: Annotated[
        int | None,
        options.depth(),
    ] = None,
    limit: Annotated[int, options.limit("How many films to print.")] = 20,
    output: Annotated[Path | None, options.output("The CSV file; default: LABEL.csv.")] = None,
    accept_terms: AcceptTerms = False,
) -> None:
    """Read a member's circle and rank its films, all in one.

    Run again after an interruption, it goes on; run again later, it reads what has changed.

    \b
    Examples:
      letterboxd sync --seed marla
      letterboxd sync                 of yourself, after `letterboxd init`
      letterboxd sync --seed marla --depth 2 --label friends-of-friends
    """
    session: Session = context.obj
    seed, label = _circle(session, seed, label)
    if output is None:
        output = Path(f"{label}.csv")
        refuse_unwritable(output)
    elif session.as_json:
        session.refuse_two_documents(output)
    circle = follow(session, {"seed": seed, "label": label, "depth": depth}, accept_terms=accept_terms)
    if circle not in FINISHED:
        raise typer.Exit(circle)
    cohort = find_cohort(session, label)
    if cohort.size <= 1:
        raise InputError(f"{seed} follows nobody on the site: there is no circle to rank")
    code = _read(session, cohort, accept_terms=accept_terms)
    if code in (*FINISHED, ExitCode.BLOCKED):
        _rank_and_show(session, cohort, limit, output, code)
    raise typer.Exit(code or circle)


def _circle(session: Session, seed: str | None, label: str | None) -> tuple[str, str]:
    """Return whose circle is meant, and its label. Raises InputError where that is not clear."""
    member = session.config.LETTERBOXD_MEMBER
    if seed is None and (stored := _stored_circle(session, label, member)):
        return stored
    seed = seed or member
    if not seed:
        raise InputError("whose circle? give --seed NAME, or set LETTERBOXD_MEMBER (`letterboxd init` does)")
    return seed, label or seed


def _stored_circle(session: Session, label: str | None, member: str) -> tuple[str, str] | None:
    """Return the seed and the label of the circle of this label, or else of yours, or of the only one."""
    with session.reading() as connection:
        stored = cohorts.every(connection)
    if label is not None:
        cohort = next((one for one in stored if one.label == label), None)
        if cohort and not cohort.seed:
            raise InputError(f"{label} is a list of names: letterboxd scrape --cohort {label} reads them")
    else:
        cohort, why = assumed([one for one in stored if one.seed and member in ("", one.seed)], member)
        if cohort:
            say_assumed(session, cohort, why)
    return (str(cohort.seed), cohort.label) if cohort else None


def _read(session: Session, cohort: Cohort, *, accept_terms: bool) -> int:
    """Read the members in full, or what has changed; return the exit code."""
    settings = crawl_settings(accept_terms=accept_terms)
    if not is_for_full_crawl(session, cohort):
        return refresh(session, cohort, settings)
    code = read_in_full(session, cohort, settings, _FirstRanking(session, cohort))
    if code:
        summarise(session, cohort, code)
    return code


class _FirstRanking:
    """Shows a first ranking, once, as soon as enough members are in: the whole may take hours."""

    def __init__(self, session: Session, cohort: Cohort) -> None:
        self.session, self.cohort = session, cohort
        self.is_done = False

    def __call__(self, done: int, members: int) -> None:
        if self.is_done or done < FIRST_RANKING_AFTER:
            return
        try:
            _rank(self.session, self.cohort)
        except InputError:
            return  # nothing to rank yet: later
        self.is_done = True
        with self.session.reading() as connection:
            top = ranking(connection, self.cohort, DEFAULT_STRATEGY, limit=5)
        films = ", ".join(f"{film.title} ({film.score:.2f})" for film in top)
        self.session.say(f"first ranking, from {done:,} of {counted(members, 'member')}: {films}")


def _rank_and_show(session: Session, cohort: Cohort, limit: int, output: Path, code: int) -> None:
    try:
        _rank(session, cohort)
    except InputError as nothing_to_rank:
        if not code:
            raise
        session.say(str(nothing_to_rank))  # how the crawl ended matters more
    else:
        _show(session, cohort, limit, output)


def _rank(session: Session, cohort: Cohort) -> None:
    at = session.config.now()
    statistics.refresh(session.engine, at)
    compute(session.engine, cohort, STRATEGIES[DEFAULT_STRATEGY], {}, at)


def _show(session: Session, cohort: Cohort, limit: int, output: Path) -> None:
    with session.reading() as connection:
        films = ranking(connection, cohort, DEFAULT_STRATEGY)
        say_how_old(session, connection, cohort, DEFAULT_STRATEGY)
    files = write(session, [as_csv(films, session.config.LETTERBOXD_BASE_URL)], len(films), output)
    if files:
        show_films(session, films[:limit], DEFAULT_STRATEGY)
        session.say(f"{counted(len(films), 'film')} written to {output}")
    session.say(f"not seen yet: letterboxd rank show --cohort {cohort.label} --unseen-by {cohort.seed}")
    session.say(f"all of it, to look at: letterboxd report --cohort {cohort.label}")
