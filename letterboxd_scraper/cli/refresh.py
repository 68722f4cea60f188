"""`letterboxd refresh stats`: counting ratings."""

import typer

from letterboxd_scraper.store import statistics
from letterboxd_scraper.terminal.session import Session
from letterboxd_scraper.words import counted


def refresh_stats(context: typer.Context) -> None:
    """Count every cohort's ratings per film, if any has changed.

    Films whose ratings have changed, on SQLite; all films, where any have, on PostgreSQL.

    \b
    Examples:
      letterboxd refresh stats
    """
    session: Session = context.obj
    count = statistics.refresh(session.engine, session.config.now())
    words = (
        "no rating or membership has changed since the last time, nothing to do"
        if count is None
        else f"up to date: {counted(count, 'film')}, each once for each cohort"
    )
    session.conclude({"changed": count is not None, "films": count}, f"statistics: {words}")
