"""`letterboxd runs` and `letterboxd failures`: what crawls did, and what they could not read."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.session import Session

if TYPE_CHECKING:
    from datetime import datetime

LimitOption = Annotated[int, options.count("How many, the latest first.")]


def runs(context: typer.Context, limit: LimitOption = 20) -> None:
    """List the latest crawls.

    \b
    Examples:
      letterboxd runs --limit 5
    """
    from letterboxd_scraper.store.schema import scrape_runs as table

    columns = ("id", "type", "cohort", "member", "status", "requests", "started_at", "finished_at", "notes")
    _list(context.obj, table, columns, limit)


def failures(
    context: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="Those that a later crawl made good, too.")] = False,
    limit: LimitOption = 50,
) -> None:
    """List the pages that could not be read and are still missing.

    \b
    Examples:
      letterboxd failures
      letterboxd failures --all --json
    """
    from letterboxd_scraper.store.schema import scrape_failures as table

    columns = ("member", "stage", "error", "attempts", "first_seen_at", "last_seen_at", "url", "resolved_at")
    _list(context.obj, table, columns, limit, () if every else (table.c.resolved_at.is_(None),))


def _list(session: Session, table: Any, columns: Sequence[str], limit: int, conditions: Any = ()) -> None:
    import sqlalchemy as sa

    from letterboxd_scraper.store.engine import read_transaction

    query = sa.select(*(table.c[name] for name in columns)).where(*conditions)
    with read_transaction(session.store()) as connection:
        found = connection.execute(query.order_by(table.c.id.desc()).limit(limit)).all()
    session.show(columns, [[_shown(value) for value in row] for row in found])


def _shown(value: "datetime | Any") -> Any:
    return f"{value:%Y-%m-%d %H:%M:%S}" if hasattr(value, "strftime") else value
