"""`letterboxd rank compute --engine`: rankings from the files of `export parquet`."""

from pathlib import Path
from typing import Any

from letterboxd_scraper.cli.rank_options import ALL, find_strategy, rank_all
from letterboxd_scraper.errors import InputError, UnknownName
from letterboxd_scraper.terminal.session import Session
from letterboxd_scraper.words import counted
from ranking.engines.base import opened
from ranking.engines.compute import compute
from ranking.parquet import folder
from ranking.strategies import STRATEGIES, share_out
from ranking.strategies.base import SqlStrategy


def compute_from_files(
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
            file, count = compute(running, export, strategy, shares[strategy.name], at)
            session.say(f"{strategy.name}: {counted(count, 'film')} ranked with {engine}, written to {file}")
            return {"strategy": strategy.name, "films": count, "computed_at": at, "file": file}

        rank_all(session, label or export.about.cohort, strategies, rank)


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
