"""`letterboxd status`: how it stands, and what runs where."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.session import Session, harmless

if TYPE_CHECKING:
    from letterboxd_scraper.store.status.model import (
        CohortStatus,
        DueMembers,
        FilmCounts,
        MemberCounts,
        RankingAge,
        Status,
    )


def status(
    context: typer.Context,
    cohort: Annotated[
        str | None, options.cohort("Label or number of a cohort; default: all of them.")
    ] = None,
) -> None:
    """Say how old the data are, what runs now and what is due.

    Of each cohort: its members, films and rankings, how the last run of each spider ended, and what the next
    ones have to do. A run that shows no life for twice LEASE_SECONDS has died. Nothing is sent or changed.

    \b
    Examples:
      letterboxd status
      letterboxd status --cohort friends --json
    """
    from letterboxd_scraper.store.engine import read_transaction
    from letterboxd_scraper.store.members import cohorts
    from letterboxd_scraper.store.open import open_read_only
    from letterboxd_scraper.store.status import read as status_reading

    session: Session = context.obj
    config = session.config
    session.uses_store()
    query = status_reading.StatusQuery.of(config, config.now())
    with read_transaction(open_read_only(config.DATABASE_URL)) as connection:
        chosen = cohorts.every(connection) if cohort is None else [cohorts.find(connection, cohort)]
        found = status_reading.read(connection, chosen, query)
    if session.as_json:
        typer.echo(json.dumps(asdict(found), default=datetime.isoformat, indent=1))
        return
    for each in found.cohorts:
        for line in _lines(each, found.at):
            typer.echo(harmless(line))
        typer.echo()
    _show_runs(session, found)
    if not found.cohorts:
        session.say("there is no cohort yet: make one with `letterboxd sync --seed NAME`")


def _lines(cohort: "CohortStatus", at: datetime) -> Iterator[str]:
    label = cohort.cohort
    yield label
    yield f"  members   {_members(cohort.members)}"
    yield f"  data      {_age(cohort.members, at)}"
    yield f"  films     {_films(cohort.films)}"
    yield f"  rankings  {_rankings(cohort.rankings, label, at)}"
    if cohort.failures:
        yield f"  failures  {cohort.failures} open: `letterboxd failures` lists them"
    yield f"  due       {_due(cohort.due, cohort.films)}"


def _members(members: "MemberCounts") -> str:
    read = f"{members.read} read, {members.never_read or 'none'} never read"
    return f"{members.ok} ok ({read}), {members.private} private, {members.gone} gone"


def _age(members: "MemberCounts", at: datetime) -> str:
    if members.oldest is None or members.newest is None:
        return "nobody was read yet"
    first, last = _ago(members.oldest, at), _ago(members.newest, at)
    return f"as of {first}" if first == last else f"as of {first} to {last}"


def _films(films: "FilmCounts") -> str:
    known = (
        f"{films.complete} known in full, {films.due} to enrich, {films.waiting} incomplete and not due yet"
    )
    return f"{films.films}, {films.ratings} ratings; {known}"


def _rankings(rankings: "tuple[RankingAge, ...]", label: str, at: datetime) -> str:
    if not rankings:
        return f"none: letterboxd rank compute --cohort {label}"
    told = [
        f"{each.strategy} {_ago(each.computed_at, at)}{' (outdated)' * each.outdated}" for each in rankings
    ]
    again = f": letterboxd rank compute --cohort {label} --strategy all"
    return ", ".join(told) + again * any(each.outdated for each in rankings)


def _due(due: "DueMembers", films: "FilmCounts") -> str:
    members = f"{due.members} member{'' if due.members == 1 else 's'} to read at least"
    parts = [f"{members}, {due.audits} of them for their audit"]
    if films.due:
        parts.append(f"{films.due} films to enrich")
    if films.tmdb_ageing:
        parts.append(f"{films.tmdb_ageing} with data of TMDB's that are nearly 180 days old")
    return "; ".join(parts)


def _show_runs(session: Session, found: "Status") -> None:
    last: list[tuple[Any, ...]] = [
        (
            each.cohort,
            run.spider if run.shards == 1 else f"{run.spider}, {run.shards} shards",
            run.status,
            _ago(run.finished_at or run.started_at, found.at),
            run.requests,
            run.rows_changed,
            run.failures,
        )
        for each in found.cohorts
        for run in each.runs
    ]
    if last:
        columns = ("cohort", "last run of", "ended", "when", "requests", "rows changed", "failures")
        session.show(columns, last)
        typer.echo()
    if not found.running:
        typer.echo("nothing runs now")
        return
    rows = [
        (
            run.spider,
            run.cohort or run.member,
            run.node,
            run.shard,
            run.job,
            run.requests,
            _ago(run.started_at, found.at),
        )
        for run in found.running
    ]
    session.show(("runs now", "on", "node", "shard", "job", "requests", "since"), rows)


def _ago(then: datetime, now: datetime) -> str:
    from humanize import naturaldelta

    return f"{naturaldelta(now - then)} ago" if now - then >= timedelta(minutes=1) else "a moment ago"
