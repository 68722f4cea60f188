"""`letterboxd sync`: from a member's name to a ranking, in one command."""

from collections.abc import Sequence
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
from ranking.choices import coverage
from ranking.compute import NothingToRank, compute
from ranking.exports.texts import as_csv
from ranking.results import RankedFilm, ranking
from ranking.strategies import STRATEGIES, discovery

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
    output: Annotated[
        Path | None, options.output("The CSV file; default: LABEL.csv and LABEL-discovery.csv.")
    ] = None,
    accept_terms: AcceptTerms = False,
) -> None:
    """Read a member's circle and rank its films, all in one.

    Run again after an interruption, it goes on; run again later, it reads what has changed. It makes two
    lists: what the circle says, and what sets it apart, for which `letterboxd enrich` reads Letterboxd's
    averages.

    \b
    Examples:
      letterboxd sync --seed marla
      letterboxd sync                 of yourself, after `letterboxd init`
      letterboxd sync --seed marla --depth 2 --label friends-of-friends
    """
    session: Session = context.obj
    seed, label = _circle(session, seed, label)
    files = [output] if output else [Path(f"{label}{end}.csv") for end in ("", f"-{discovery.STRATEGY.name}")]
    if output is None:
        for file in files:
            refuse_unwritable(file)
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
        rank_and_show(session, cohort, limit, files, code)
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


def rank_and_show(session: Session, cohort: Cohort, limit: int, files: Sequence[Path], code: int) -> None:
    """Rank a cohort's films after a crawl that ended with ``code``, print the lists and write them to files.

    The first file is for what the circle says, a second one for what sets it apart. Raises InputError.
    """
    try:
        _rank(session, cohort)
    except InputError as nothing_to_rank:
        if not code:
            raise
        session.say(str(nothing_to_rank))  # how the crawl ended matters more
        return
    try:
        compute(session.engine, cohort, discovery.STRATEGY, {}, session.config.now())
    except NothingToRank:
        is_apart = False  # the ranking of before, which stays, is of other ratings
    else:
        is_apart = True
    _show(session, cohort, limit, files, is_apart=is_apart)


def _rank(session: Session, cohort: Cohort) -> None:
    at = session.config.now()
    statistics.refresh(session.engine, at)
    compute(session.engine, cohort, STRATEGIES[DEFAULT_STRATEGY], {}, at)


def _show(session: Session, cohort: Cohort, limit: int, files: Sequence[Path], *, is_apart: bool) -> None:
    with session.reading() as connection:
        films = ranking(connection, cohort, DEFAULT_STRATEGY)
        apart = ranking(connection, cohort, discovery.STRATEGY.name) if is_apart else []
        lacking = coverage.of_films(connection, cohort, DEFAULT_STRATEGY, [coverage.AVERAGES])
        say_how_old(session, connection, cohort, DEFAULT_STRATEGY)
    base_url = session.config.LETTERBOXD_BASE_URL
    if write(session, [as_csv(films, base_url)], len(films), files[0]):
        if session.as_json:
            ranks = {film.film_id: film.rank for film in apart}
            session.print_json(
                [film.fields(base_url) | {"discovery": ranks.get(film.film_id)} for film in films[:limit]]
            )
        else:
            show_films(session, films[:limit], DEFAULT_STRATEGY)
            _show_what_sets_apart(session, cohort, apart[:limit], lacking)
        written = f"{counted(len(films), 'film')} written to {files[0]}"
        for file in files[1:] if apart else []:
            write(session, [as_csv(apart, base_url)], len(apart), file)
            written += f", {len(apart):,} that set it apart to {file}"
        session.say(written)
    session.say(f"not seen yet: letterboxd rank show --cohort {cohort.label} --unseen-by {cohort.seed}")
    session.say(f"all of it, to look at: letterboxd report --cohort {cohort.label}")


def _show_what_sets_apart(
    session: Session, cohort: Cohort, films: Sequence[RankedFilm], lacking: str | None
) -> None:
    name = discovery.STRATEGY.name
    if films:
        session.tell()
        session.tell(
            f"What sets {cohort.label} apart: films it likes that stand higher here than on Letterboxd"
        )
        show_films(session, films, name)
    if lacking:
        session.say(lacking if films else f"what sets {cohort.label} apart is not known yet; {lacking}")
    elif not films:
        session.say(f"no film sets {cohort.label} apart: {discovery.STRATEGY.why_empty}")
