"""`letterboxd export parquet` and `python -m ranking export parquet`."""

from pathlib import Path
from typing import Annotated

import typer

from letterboxd_scraper.cli.rank import CohortOption
from letterboxd_scraper.terminal.session import Session


def export_parquet(
    context: typer.Context,
    cohort: CohortOption,
    output: Annotated[Path, typer.Option(help="The folder to write into.", metavar="DIR")],
    names: Annotated[bool, typer.Option("--names", help="With the members' names.")] = False,
) -> None:
    """Write a cohort's data as Parquet, for an analysis of your own.

    The folder gets ratings.parquet, films.parquet, members.parquet and COLUMNS.md, which says what
    each column means. Those of an earlier export are replaced. Members are numbered, and named only
    with --names.

    \b
    Examples:
      letterboxd export parquet --cohort friends --output friends
    """
    from letterboxd_scraper.store.engine import read_transaction
    from letterboxd_scraper.store.members import cohorts
    from ranking.parquet.export import export

    session: Session = context.obj
    engine = session.store()
    with read_transaction(engine) as connection:
        found = cohorts.find(connection, cohort)
    counts = export(engine, found, output, session.config.now(), names=names)
    written = ", ".join(f"{count} {table}" for table, count in counts.items())
    session.say(f"{found.label}: {written} written to {output}")
