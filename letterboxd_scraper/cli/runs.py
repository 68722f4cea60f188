"""`letterboxd runs` and `letterboxd failures`: what crawls did, and what they could not read."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
import typer

from letterboxd_scraper.store.crawl_state import runs as told_runs
from letterboxd_scraper.store.schema import scrape_failures, scrape_runs
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.session import Session

LimitOption = Annotated[int, options.limit("How many, the latest first.")]


def runs(context: typer.Context, limit: LimitOption = 20) -> None:
    """List the latest crawls.

    \b
    Examples:
      letterboxd runs --limit 5
    """
    _list(context.obj, scrape_runs, told_runs.TOLD, limit)


def failures(
    context: typer.Context,
    every: Annotated[bool, options.flag("--all", "Those that a later crawl made good, too.")] = False,
    limit: LimitOption = 50,
) -> None:
    """List the pages that could not be read and are still missing.

    \b
    Examples:
      letterboxd failures
      letterboxd failures --all --json
    """
    columns = ("member", "stage", "error", "attempts", "first_seen_at", "last_seen_at", "url", "resolved_at")
    conditions = () if every else (scrape_failures.c.resolved_at.is_(None),)
    _list(context.obj, scrape_failures, columns, limit, *conditions)


def _list(
    session: Session, table: sa.Table, columns: Sequence[str], limit: int, *conditions: sa.ColumnElement[bool]
) -> None:
    query = sa.select(*(table.c[name] for name in columns)).where(*conditions)
    with session.reading() as connection:
        rows = connection.execute(query.order_by(table.c.id.desc()).limit(limit)).all()
    if session.as_json:
        session.print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        session.show(columns, [[_printable(value) for value in row] for row in rows])


def _printable(value: Any) -> Any:
    return f"{value:%Y-%m-%d %H:%M:%S}" if isinstance(value, datetime) else value
