"""`letterboxd runs` and `letterboxd failures`: what crawls did, and what they could not read."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
import typer
from humanize import naturaldelta

from letterboxd_scraper.store.crawl_state import runs as told_runs
from letterboxd_scraper.store.schema import scrape_failures, scrape_runs
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.columns import Column, address, count, moment, prose
from letterboxd_scraper.terminal.session import Session

LimitOption = Annotated[int, options.limit("How many, the latest first.")]
_FAILURE = ("member", "stage", "error", "attempts", "first_seen_at", "last_seen_at", "url", "resolved_at")


def runs(context: typer.Context, limit: LimitOption = 20) -> None:
    """List the latest crawls.

    \b
    Examples:
      letterboxd runs --limit 5
    """
    session: Session = context.obj
    latest = _latest(session, scrape_runs, told_runs.TOLD, limit)
    if session.as_json:
        session.print_json([row._asdict() for row in latest])
        return
    if not latest:
        session.tell("there was no crawl yet")
        return
    columns = (
        Column("id"),
        Column("type"),
        Column("of"),
        Column("status"),
        moment("started_at", "started"),
        Column("took"),
        count("requests"),
        prose("notes"),
    )
    rows = [
        (
            run.id,
            run.type,
            run.cohort or run.member,
            run.status,
            run.started_at,
            _took(run.started_at, run.finished_at),
            run.requests,
            run.notes,
        )
        for run in latest
    ]
    session.show(columns, rows)


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
    session: Session = context.obj
    conditions = () if every else (scrape_failures.c.resolved_at.is_(None),)
    latest = _latest(session, scrape_failures, _FAILURE, limit, *conditions)
    if session.as_json:
        session.print_json([row._asdict() for row in latest])
        return
    if not latest:
        session.tell("no page is missing")
        return
    columns = (
        Column("member"),
        Column("stage"),
        count("attempts"),
        moment("last_seen_at", "last"),
        *([moment("resolved_at", "made good")] if every else []),
        prose("error"),
        address("url"),
    )
    rows = [
        (
            failure.member,
            failure.stage,
            failure.attempts,
            failure.last_seen_at,
            *([failure.resolved_at] if every else []),
            failure.error,
            failure.url,
        )
        for failure in latest
    ]
    session.show(columns, rows)


def _latest(
    session: Session, table: sa.Table, columns: Sequence[str], limit: int, *conditions: sa.ColumnElement[bool]
) -> Sequence[sa.Row[Any]]:
    query = sa.select(*(table.c[name] for name in columns)).where(*conditions)
    with session.reading() as connection:
        return connection.execute(query.order_by(table.c.id.desc()).limit(limit)).all()


def _took(began: datetime, ended: datetime | None) -> str | None:
    return naturaldelta(ended - began) if ended else None
