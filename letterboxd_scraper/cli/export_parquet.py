"""`letterboxd export parquet` and `python -m ranking export parquet`."""

from pathlib import Path
from typing import Annotated

import typer

from letterboxd_scraper.cli.rank_options import CohortOption
from letterboxd_scraper.machine import extras
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.chosen import find_cohort
from letterboxd_scraper.terminal.session import Session
from letterboxd_scraper.words import counted


def export_parquet(
    context: typer.Context,
    output: Annotated[Path, options.output_folder("The folder to write into.")],
    cohort: CohortOption = None,
    names: Annotated[bool, options.names("With the members' names.")] = False,
) -> None:
    """Write a cohort's data as Parquet, for an analysis of your own.

    The folder gets ratings.parquet, films.parquet, members.parquet, watched.parquet, watchlist.parquet and
    COLUMNS.md, which says what each column means. Those of an earlier export are replaced. Members are
    numbered, and named only with --names.

    \b
    Examples:
      letterboxd export parquet --cohort friends --output friends
    """
    extras.require("parquet")
    from ranking.parquet.export import export

    session: Session = context.obj
    circle = find_cohort(session, cohort)
    site = session.config.LETTERBOXD_BASE_URL
    counts = export(session.read_only, circle, output, session.config.now(), names=names, base_url=site)
    lists = {"watched": "watched", "watchlist": "on watchlists"}
    written = ", ".join(
        f"{count:,} {lists[table]}" if table in lists else counted(count, table.removesuffix("s"))
        for table, count in counts.items()
        if count or table not in lists
    )
    session.conclude(
        {"cohort": circle.label, "folder": output, "rows": counts},
        f"{circle.label}: {written} written to {output}",
    )
