"""`letterboxd refresh|rank|export …` and `python -m ranking …`: the same commands."""

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from letterboxd_scraper.cli.film_choices import with_film_choices
from letterboxd_scraper.cli.rank_files import DATABASE, DataOption, EngineOption, compute_from_files
from letterboxd_scraper.config import DEFAULT_STRATEGY
from letterboxd_scraper.errors import InputError, UnknownName
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.session import Session

if TYPE_CHECKING:
    import sqlalchemy as sa

    from letterboxd_scraper.store.members.cohorts import Cohort
    from ranking.choices.filters import Choices
    from ranking.results import RankedFilm
    from ranking.strategies.base import Strategy

CohortOption = Annotated[str, options.cohort()]
StrategyOption = Annotated[str, options.strategy()]


def refresh_stats(context: typer.Context) -> None:
    """Count every cohort's ratings per film anew.

    Only if any rating or membership has changed since the last time.

    \b
    Examples:
      letterboxd refresh stats
    """
    from letterboxd_scraper.store import statistics

    session: Session = context.obj
    counted = statistics.refresh(session.store(), session.config.now())
    if counted is None:
        session.say("statistics: no rating or membership has changed since the last time, nothing to do")
    else:
        session.say(f"statistics: {counted} films counted, each film once for each cohort")


def rank_compute(
    context: typer.Context,
    cohort: CohortOption,
    strategy: Annotated[
        str, options.strategy("`letterboxd rank list` names them; all: each of them.")
    ] = DEFAULT_STRATEGY,
    param: Annotated[
        list[str] | None, typer.Option(help="A parameter, as m=10; repeatable.", metavar="NAME=NUMBER")
    ] = None,
    engine: EngineOption = DATABASE,
    data: DataOption = None,
) -> None:
    """Refresh the statistics, score the films and store their ranks.

    \b
    Examples:
      letterboxd rank compute --cohort friends
      letterboxd rank compute --cohort friends --strategy bayesian --param m=10
      letterboxd rank compute --cohort friends --strategy all
    """
    from letterboxd_scraper.store import statistics
    from letterboxd_scraper.store.engine import read_transaction
    from letterboxd_scraper.store.members import cohorts
    from ranking.compute import NothingToRank, compute
    from ranking.strategies import STRATEGIES, share_out

    session: Session = context.obj
    parameters = read_parameters(param or [])
    if compute_from_files(session, cohort, strategy, parameters, engine, data):
        return
    chosen = list(STRATEGIES.values()) if strategy == "all" else _strategies(strategy)
    given = share_out(parameters, chosen)
    store = session.store()
    with read_transaction(store) as connection:
        found = cohorts.find(connection, cohort)
    at = session.config.now()
    statistics.refresh(store, at)
    ranked = 0
    for one in chosen:
        try:
            count = compute(store, found, one, given[one.name], at)
        except NothingToRank as nothing:
            if one is chosen[-1] and not ranked:
                raise
            session.say(str(nothing))
        else:
            ranked += 1
            session.say(f"{one.name}: {count} films ranked for {found.label}")
    chose = "" if strategy in (DEFAULT_STRATEGY, "all") else f" --strategy {strategy}"
    session.say(f"now: letterboxd rank show --cohort {found.label}{chose}")


def rank_list(context: typer.Context) -> None:
    """List the strategies, their parameters and where they come from.

    \b
    Examples:
      letterboxd rank list
    """
    from ranking.strategies import STRATEGIES

    rows = [
        (
            one.name,
            one.meaning,
            ", ".join(f"{name}={p.default:g}" for name, p in one.parameters.items()),
            one.source,
        )
        for one in STRATEGIES.values()
    ]
    context.obj.show(("strategy", "meaning", "parameters", "source"), rows)


@with_film_choices
def rank_show(
    context: typer.Context,
    cohort: CohortOption,
    choices: "Choices",
    strategy: StrategyOption = DEFAULT_STRATEGY,
    limit: Annotated[int, options.count("How many films.")] = 20,
    min_score: Annotated[
        float | None, typer.Option(help="Leave out films below this score.", metavar="SCORE")
    ] = None,
) -> None:
    """Print the top of a ranking.

    Films keep their ranks, whichever are left out.

    \b
    Examples:
      letterboxd rank show --cohort friends --unseen-by marla
      letterboxd rank show --cohort friends --decade 1990s --min-watchers 3
      letterboxd rank show --cohort friends --genre Horror --genre Comedy --json
    """
    session: Session = context.obj
    found = chosen_films(session, cohort, strategy, limit, min_score, choices)
    show_films(session, found)


def rank_explain(
    context: typer.Context,
    cohort: CohortOption,
    film: Annotated[str, typer.Option(help="Its slug, or its address on the site.", metavar="FILM")],
) -> None:
    """Show where a film's scores come from.

    Who rated it what, and each number of each strategy. This names members: it is for you, not for sharing.

    \b
    Examples:
      letterboxd rank explain --cohort friends --film ordet
    """
    from letterboxd_scraper.store.engine import read_transaction
    from letterboxd_scraper.store.members import cohorts
    from ranking.explain import explain

    session: Session = context.obj
    with read_transaction(session.store()) as connection:
        explanation = explain(connection, cohorts.find(connection, cohort), film)
    if session.as_json:
        typer.echo(json.dumps(asdict(explanation), default=str, indent=1))
        return
    for columns, rows in explanation.tables():
        session.show(columns, rows)


def show_films(session: Session, found: "list[RankedFilm]") -> None:
    """Print ranked films as a table, or as JSON with all their fields."""
    if session.as_json:
        from ranking.exports.texts import as_json

        sys.stdout.write(as_json(found, session.config.LETTERBOXD_BASE_URL))
        return
    columns = ["rank", "title", "year", "score", "watchers", "mean"]
    session.show(columns, [[f.rank, f.title, f.year, f.score, f.watchers, f.mean] for f in found])


def chosen_films(
    session: Session,
    cohort: str,
    strategy: str,
    limit: int | None,
    min_score: float | None,
    choices: "Choices",
) -> "list[RankedFilm]":
    """Return the films of a stored ranking that fit the user's choices. Raises InputError."""
    from letterboxd_scraper.store.engine import read_transaction
    from letterboxd_scraper.store.members import cohorts
    from ranking.results import ranking

    (one,) = _strategies(strategy)
    with read_transaction(session.store()) as connection:
        found = cohorts.find(connection, cohort)
        shown = ranking(
            connection, found, one.name, limit=limit, min_score=min_score, choices=choices, tell=session.say
        )
        say_how_old(session, connection, found, one.name)
    if not shown:
        session.say(f"no film of the {one.name} ranking of {found.label} fits these choices")
    return shown


def say_how_old(session: Session, connection: "sa.Connection", cohort: "Cohort", strategy: str) -> None:
    """Say in one line when a cohort's members were last read and when its films were ranked."""
    from letterboxd_scraper.store.status import freshness

    fresh = freshness.of_cohort(connection, cohort, strategy)
    now = session.config.now()
    session.say(f"{cohort.label}: {fresh.in_words(now)}")


def _strategies(name: str) -> "list[Strategy]":
    from ranking.strategies import STRATEGIES

    if name not in STRATEGIES:
        raise UnknownName(f"no strategy {name!r}: there are {', '.join(STRATEGIES)}")
    return [STRATEGIES[name]]


def read_parameters(given: list[str]) -> dict[str, str]:
    """Read NAME=NUMBER texts; the numbers are checked by their strategy. Raises InputError."""
    for text in given:
        if "=" not in text:
            raise InputError(f"--param {text}: write NAME=NUMBER")
    return dict(text.split("=", 1) for text in given)
