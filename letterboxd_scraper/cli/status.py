"""`letterboxd status`: how it stands, and what runs where."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer

from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.status.freshness import ago
from letterboxd_scraper.store.status.model import (
    CohortStatus,
    DueMembers,
    FilmCounts,
    MemberCounts,
    RankingAge,
    Running,
    Status,
)
from letterboxd_scraper.store.status.read import StatusQuery, read
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.columns import Column, count
from letterboxd_scraper.terminal.session import Session
from letterboxd_scraper.words import counted


def status(
    context: typer.Context,
    cohort: Annotated[
        str | None, options.cohort("Label or number of a cohort; default: all of them.")
    ] = None,
) -> None:
    """Say how old the data are, what runs now and what is due.

    Of each cohort: its members, films and rankings, how its last crawls ended, and what the next ones have
    to do. A run that shows no life for twice LEASE_SECONDS has died. Nothing is sent or changed.

    \b
    Examples:
      letterboxd status
      letterboxd status --cohort friends --json
    """
    session: Session = context.obj
    query = StatusQuery.of(session.config, session.config.now())
    with session.reading() as connection:
        chosen = cohorts.every(connection) if cohort is None else [cohorts.find(connection, cohort)]
        status = read(connection, chosen, query)
    if session.as_json:
        session.print_json(asdict(status))
        return
    for one in status.cohorts:
        for line in _lines(one, status.at):
            session.tell(line)
        session.tell()
    _show_last_runs(session, status)
    _show_running(session, status)
    if not status.cohorts:
        session.say(str(cohorts.no_cohort_yet()))


def _lines(cohort: CohortStatus, at: datetime) -> Iterator[str]:
    label = cohort.cohort
    yield label
    yield f"  members   {_members(cohort.members)}"
    yield f"  data      {_age(cohort.members, at)}"
    yield f"  films     {_films(cohort.films)}"
    yield f"  rankings  {_rankings(cohort.rankings, label, at)}"
    if cohort.failures:
        yield f"  failures  {cohort.failures} open: `letterboxd failures` lists them"
    yield f"  due       {_due(cohort.due, cohort.films)}"


def _members(members: MemberCounts) -> str:
    never = f"{members.never_read:,}" if members.never_read else "none"
    read = f"{members.read:,} read, {never} never read"
    return f"{members.ok:,} ok ({read}), {members.private:,} private, {members.gone:,} gone"


def _age(members: MemberCounts, at: datetime) -> str:
    if members.oldest is None or members.newest is None:
        return "nobody was read yet"
    first, last = ago(members.oldest, at), ago(members.newest, at)
    return f"as of {first}" if first == last else f"as of {first} to {last}"


def _films(films: FilmCounts) -> str:
    with_key = f"; {films.need_key:,} to enrich once TMDB_API_KEY is set" if films.need_key else ""
    return (
        f"{films.films:,} with {counted(films.ratings, 'rating')}; {films.complete:,} known in full, "
        f"{films.due:,} to enrich, {films.waiting:,} incomplete and not due yet{with_key}"
    )


def _rankings(rankings: tuple[RankingAge, ...], label: str, at: datetime) -> str:
    if not rankings:
        return f"none: letterboxd rank compute --cohort {label}"
    ages = [
        f"{ranking.strategy} {ago(ranking.computed_at, at)}{' (outdated)' * ranking.outdated}"
        for ranking in rankings
    ]
    again = f": letterboxd rank compute --cohort {label} --strategy all"
    return ", ".join(ages) + again * any(ranking.outdated for ranking in rankings)


def _due(due: DueMembers, films: FilmCounts) -> str:
    audits = f", {due.audits:,} of them for their audit" if due.audits else ""
    parts = [f"{counted(due.members, 'member')} to read at least{audits}"]
    if films.due:
        parts.append(f"{counted(films.due, 'film')} to enrich")
    if films.tmdb_ageing:
        parts.append(f"{films.tmdb_ageing:,} with data of TMDB's that are nearly 180 days old")
    return "; ".join(parts)


def _show_last_runs(session: Session, status: Status) -> None:
    rows: list[tuple[Any, ...]] = [
        (
            cohort.cohort,
            run.spider if run.shards == 1 else f"{run.spider}, {counted(run.shards, 'shard')}",
            run.status,
            ago(run.finished_at or run.started_at, status.at),
            run.failures,
            run.requests,
            run.rows_changed,
        )
        for cohort in status.cohorts
        for run in cohort.runs
    ]
    if rows:
        columns: list[Column | str] = ["cohort", "last run of", "ended", "when"]
        session.show([*columns, count("failures"), count("requests"), count("rows changed")], rows)
        session.tell()


def _show_running(session: Session, status: Status) -> None:
    if not status.running:
        session.tell("nothing runs now")
        return

    def row(run: Running) -> tuple[Any, ...]:
        on, since = run.cohort or run.member, ago(run.started_at, status.at)
        return run.spider, on, since, run.requests, run.node, run.shard, run.job

    columns = ("runs now", "on", "since", count("requests"), "node", "shard", "job")
    session.show(columns, [row(run) for run in status.running])
