"""`rank compute --engine duckdb|spark --data DIR`: rankings from the files of `export parquet`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from letterboxd_scraper.errors import InputError, UnknownName
from letterboxd_scraper.terminal.session import Session

if TYPE_CHECKING:
    from ranking.strategies.base import SqlStrategy

DATABASE: Final = "database"
EngineOption = Annotated[
    Literal["database", "duckdb", "spark"],
    typer.Option(help="The database, or another engine, which reads the files in --data.", metavar="ENGINE"),
]
DataOption = Annotated[
    Path | None, typer.Option(help="A folder that `export parquet` wrote; rankings go there.", metavar="DIR")
]


def compute_from_files(
    session: Session, cohort: str, strategy: str, parameters: dict[str, str], engine: str, data: Path | None
) -> bool:
    """Compute rankings from the files of an export, and say so; return False if the database shall do it.

    Raises InputError.
    """
    from ranking.compute import NothingToRank
    from ranking.engines.base import opened
    from ranking.engines.compute import compute
    from ranking.parquet import folder
    from ranking.strategies import share_out

    if engine == DATABASE:
        if data is not None:
            raise InputError("--data is read by another engine: add --engine duckdb or --engine spark")
        return False
    if data is None:
        raise InputError(f"--engine {engine} reads files: name the folder of `export parquet` by --data")
    chosen = _closed_forms(session, strategy, engine)
    given = share_out(parameters, chosen)
    export = folder.find(data)
    if export.about.cohort not in (None, cohort):
        raise UnknownName(f"{data} holds the cohort {export.about.cohort!r}, not {cohort!r}")
    at = session.config.now()
    ranked = 0
    with opened(engine, export) as running:
        for one in chosen:
            try:
                file, films = compute(running, export, one, given[one.name], at)
            except NothingToRank as nothing:
                if one is chosen[-1] and not ranked:
                    raise
                session.say(str(nothing))
            else:
                ranked += 1
                session.say(f"{one.name}: {films} films ranked with {engine}, written to {file}")
    return True


def _closed_forms(session: Session, strategy: str, engine: str) -> "list[SqlStrategy]":
    """Return the strategies of this name, or all, that are SQL; say which are not."""
    from ranking.strategies import STRATEGIES
    from ranking.strategies.base import SqlStrategy

    closed = {name: one for name, one in STRATEGIES.items() if isinstance(one, SqlStrategy)}
    fitted = "is fitted in Python, from the database: leave --engine out for it"
    if strategy == "all":
        for name in STRATEGIES.keys() - closed.keys():
            session.say(f"{name} {fitted}")
        return list(closed.values())
    if strategy in closed:
        return [closed[strategy]]
    if strategy in STRATEGIES:
        raise InputError(f"{strategy} {fitted}; {engine} computes {', '.join(closed)}")
    raise UnknownName(f"no strategy {strategy!r}: there are {', '.join(STRATEGIES)}")
