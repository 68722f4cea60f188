"""`letterboxd rank compute`: scoring films and storing their ranks."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import typer

from letterboxd_scraper.cli.rank_options import CohortOption, find_strategy, read_parameters
from letterboxd_scraper.cli.rank_options import strategy as strategy_option
from letterboxd_scraper.config import DEFAULT_STRATEGY
from letterboxd_scraper.errors import InputError, UnknownName
from letterboxd_scraper.store import statistics
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.chosen import find_cohort
from letterboxd_scraper.terminal.session import Session
from ranking.compute import NothingToRank, compute
from ranking.engines.base import opened
from ranking.engines.compute import compute as compute_with
from ranking.parquet import folder
from ranking.strategies import STRATEGIES, share_out
from ranking.strategies.base import SqlStrategy, Strategy

ALL = "all"
S = TypeVar("S", bound=Strategy)


def rank_compute(
    context: typer.Context,
    cohort: CohortOption = None,
    strategy: Annotated[
        str, strategy_option("Which ranking, or all; `letterboxd rank list` names them.")
    ] = DEFAULT_STRATEGY,
    param: Annotated[list[str] | None, options.parameters("A parameter, as m=10; repeatable.")] = None,
    engine: Annotated[
        Literal["database", "duckdb", "spark"],
        options.value("ENGINE", "The database, or another engine, which reads the files in --data."),
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
        _compute_from_files(session, cohort, strategy, parameters, engine, exported)


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
        session.say(f"{strategy.name}: {count} films ranked for {cohort.label}")
        return {"strategy": strategy.name, "films": count, "computed_at": at}

    _rank_all(session, cohort.label, strategies, rank)
    option = "" if strategy in (DEFAULT_STRATEGY, ALL) else f" --strategy {strategy}"
    session.say(f"now: letterboxd rank show --cohort {cohort.label}{option}")


def _compute_from_files(
    session: Session,
    label: str | None,
    strategy: str,
    parameters: dict[str, str],
    engine: str,
    exported: Path,
) -> None:
    """Compute rankings from the files of `export parquet`, and write them beside these."""
    strategies = _sql_strategies(session, strategy, engine)
    shares = share_out(parameters, strategies)
    export = folder.find(exported)
    if label is not None and export.about.cohort not in (None, label):
        raise UnknownName(f"{exported} holds the cohort {export.about.cohort!r}, not {label!r}")
    at = session.config.now()
    with opened(engine, export) as running:

        def rank(strategy: SqlStrategy) -> dict[str, Any]:
            file, count = compute_with(running, export, strategy, shares[strategy.name], at)
            session.say(f"{strategy.name}: {count} films ranked with {engine}, written to {file}")
            return {"strategy": strategy.name, "films": count, "computed_at": at, "file": file}

        _rank_all(session, label or export.about.cohort, strategies, rank)


def _rank_all(
    session: Session, cohort: str | None, strategies: Sequence[S], rank: Callable[[S], dict[str, Any]]
) -> None:
    """Compute each ranking and tell of it. Raises NothingToRank if there is none in the end."""
    rankings: list[dict[str, Any]] = []
    empty: list[NothingToRank] = []
    for strategy in strategies:
        try:
            rankings.append(rank(strategy))
        except NothingToRank as nothing:
            empty.append(nothing)
            if len(empty) == len(strategies):
                raise
            session.say(str(nothing))
            rankings.append({"strategy": strategy.name, "films": 0, "remark": str(nothing)})
    session.conclude({"cohort": cohort, "rankings": rankings})


def _sql_strategies(session: Session, name: str, engine: str) -> list[SqlStrategy]:
    """Return the strategies of this name, or all, that are SQL; say which are not. Raises InputError."""
    in_sql = {one.name: one for one in STRATEGIES.values() if isinstance(one, SqlStrategy)}
    fitted = "is fitted in Python, from the database: leave --engine out for it"
    if name == ALL:
        for other in STRATEGIES.keys() - in_sql.keys():
            session.say(f"{other} {fitted}")
        return list(in_sql.values())
    if find_strategy(name).name not in in_sql:
        raise InputError(f"{name} {fitted}; {engine} computes {', '.join(in_sql)}")
    return [in_sql[name]]
