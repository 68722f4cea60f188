"""`letterboxd rank compute`: scoring films and storing their ranks."""

from pathlib import Path
from typing import Annotated, Any

import typer

from letterboxd_scraper.cli.rank_options import ALL, CohortOption, find_strategy, rank_all, read_parameters
from letterboxd_scraper.cli.rank_options import strategy as strategy_option
from letterboxd_scraper.config import DEFAULT_STRATEGY
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.machine import extras
from letterboxd_scraper.store import statistics
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.chosen import find_cohort
from letterboxd_scraper.terminal.session import Session
from letterboxd_scraper.words import counted
from ranking.compute import compute
from ranking.strategies import STRATEGIES, share_out
from ranking.strategies.base import Strategy


def rank_compute(
    context: typer.Context,
    cohort: CohortOption = None,
    strategy: Annotated[
        str, strategy_option("Which ranking, or all; `letterboxd rank list` names them.")
    ] = DEFAULT_STRATEGY,
    param: Annotated[list[str] | None, options.parameters("A parameter, as m=10; repeatable.")] = None,
    engine: Annotated[
        str,
        options.word(
            ("database", "duckdb", "spark"),
            "The database, or what reads the files in --data.",
        ),
    ] = "database",
    exported: Annotated[
        Path | None,
        options.value("DIR", "A folder that `export parquet` wrote; rankings go there.", "--data"),
    ] = None,
) -> None:
    """Refresh the statistics, score the films and store their ranks.

    \b
    Examples:
      letterboxd rank compute --cohort friends
      letterboxd rank compute --cohort friends --strategy bayesian --param m=10
      letterboxd rank compute --cohort friends --strategy all
    """
    session: Session = context.obj
    parameters = read_parameters(param or [])
    if engine == "database":
        if exported is not None:
            raise InputError("--data is read by another engine: add --engine duckdb or --engine spark")
        _compute_in_database(session, cohort, strategy, parameters)
    else:
        if exported is None:
            raise InputError(f"--engine {engine} reads files: name the folder of `export parquet` by --data")
        extras.require(engine, f"--engine {engine}")
        from letterboxd_scraper.cli.rank_files import compute_from_files

        compute_from_files(session, cohort, strategy, parameters, engine, exported)


def _compute_in_database(
    session: Session, label: str | None, strategy: str, parameters: dict[str, str]
) -> None:
    strategies = list(STRATEGIES.values()) if strategy == ALL else [find_strategy(strategy)]
    shares = share_out(parameters, strategies)
    cohort = find_cohort(session, label)
    at = session.config.now()
    statistics.refresh(session.engine, at)

    def rank(strategy: Strategy) -> dict[str, Any]:
        count = compute(session.engine, cohort, strategy, shares[strategy.name], at)
        session.say(f"{strategy.name}: {counted(count, 'film')} ranked for {cohort.label}")
        return {"strategy": strategy.name, "films": count, "computed_at": at}

    rank_all(session, cohort.label, strategies, rank)
    option = "" if strategy in (DEFAULT_STRATEGY, ALL) else f" --strategy {strategy}"
    session.say(f"now: letterboxd rank show --cohort {cohort.label}{option}")
