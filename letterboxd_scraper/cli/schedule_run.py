"""`letterboxd schedule run`: one job of a cohort, from its first step to its report."""

import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from letterboxd_scraper.errors import ExitCode, InputError
from letterboxd_scraper.schedule.jobs import COUNTS_HOLD_FOR, JOBS, Outcome, Step, perform, steps
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.session import Session

if TYPE_CHECKING:
    from datetime import datetime

    import sqlalchemy as sa

    from letterboxd_scraper.store.members.cohorts import Cohort

CohortOption = Annotated[str, options.cohort()]
TargetOption = Annotated[
    list[str] | None,
    typer.Option("--target", help="A node, by its name in scrapy.cfg; repeatable.", metavar="NAME"),
]
LocalOption = Annotated[bool, typer.Option("--local", help="Crawl on this machine, without Scrapyd.")]


def one_of(*words: str) -> Callable[[str], str]:
    """Return what reads an option that is one of these words."""

    def read(given: str) -> str:
        if given not in words:
            raise typer.BadParameter(f"{given!r} is not one of {', '.join(words)}")
        return given

    return read


def run(
    context: typer.Context,
    cohort: CohortOption,
    job: Annotated[
        str,
        typer.Option(
            parser=one_of(*JOBS),
            autocompletion=options.one_of(*JOBS),
            metavar="nightly|monthly",
            help="Which job.",
        ),
    ],
    local: LocalOption = False,
    shards: Annotated[
        int | None, options.count("In so many parts; default: one for each node that answers.")
    ] = None,
    target: TargetOption = None,
) -> None:
    """Do a cohort's nightly or monthly job now; timers call this.

    Nightly: who belongs to the circle, what has changed, new films. Monthly: everything anew, and how all
    of Letterboxd rates the films. Then statistics and rankings. It is done on the Scrapyd servers that
    scrapy.cfg names as deploy targets, members and films shared out among them; with --local, here. One line
    tells how it went. While one is under way, another does nothing and says so.

    \b
    Examples:
      letterboxd schedule run --cohort friends --job nightly --local
      letterboxd schedule run --cohort friends --job monthly --shards 4
    """
    from letterboxd_scraper.arguments import MOST_SHARDS
    from letterboxd_scraper.cli import run_spider
    from letterboxd_scraper.schedule.turns import turn

    session: Session = context.obj
    if local and (shards is not None or target):
        raise InputError("--local crawls on this machine alone: give neither --shards nor --target with it")
    if shards is not None and shards > MOST_SHARDS:
        raise InputError(f"--shards {shards}: at most {MOST_SHARDS}")
    engine = session.store()
    found = run_spider.find_cohort(engine, cohort)
    with turn(engine, found, job, session.say) as free:
        if not free:
            told = f"{found.label}, {job}: another job is under way, nothing was done"
            _show(session, {"cohort": found.label, "job": job, "under_way": True}, told)
            return
        crawl = _here(session, engine, found) if local else _on_nodes(session, engine, found, target, shards)
        try:
            code = _work(session, engine, found, job, crawl)
        except KeyboardInterrupt:
            session.say("what the nodes do goes on; the same command waits for it, and does the rest")
            raise
    raise typer.Exit(code)


def _work(
    session: Session, engine: "sa.Engine", cohort: "Cohort", job: str, crawl: Callable[[Step], Outcome]
) -> int:
    """Do a job and print its report; return its exit code."""
    from letterboxd_scraper.schedule.afterwards import finish
    from letterboxd_scraper.schedule.report import Report
    from letterboxd_scraper.store.crawl_state import runs
    from letterboxd_scraper.store.engine import read_transaction

    def now() -> "datetime":
        return session.config.now()

    began = time.monotonic()
    with read_transaction(engine) as connection:
        counted = runs.has_fresh_counts(connection, cohort.label, now() - COUNTS_HOLD_FOR)
    todo = steps(job, cohort, counted=counted)
    ended = perform(todo, crawl, lambda: finish(engine, session.config, cohort, job, now()))
    report = Report(cohort.label, job, ended, time.monotonic() - began)
    _show(session, report.as_dict(), report.in_words())
    return report.exit_code


def _show(session: Session, report: dict[str, Any], words: str) -> None:
    typer.echo(json.dumps(report) if session.as_json else words)


def _here(session: Session, engine: "sa.Engine", cohort: "Cohort") -> Callable[[Step], Outcome]:
    """Return what runs a step as a process of this machine."""
    from datetime import timedelta

    from letterboxd_scraper.cli import run_spider
    from letterboxd_scraper.schedule.parts import Part, new_job
    from letterboxd_scraper.store.crawl_state import liveness
    from letterboxd_scraper.store.engine import read_transaction

    def crawl(step: Step) -> Outcome:
        job = new_job(cohort.label, step.spider, None)
        given = {"cohort": cohort.label} | step.arguments
        code = run_spider.crawl(session, step.spider, given, step.settings | {"SCRAPY_JOB": job})
        with read_transaction(engine) as connection:
            sign = liveness.of_job(connection, job, timedelta())
        part = Part(step)
        # Of bad input, the row knows only that it failed.
        if sign and sign.has_ended and code != ExitCode.BAD_INPUT:
            part.end_as(sign)
        else:
            part.end(code, (sign.notes if sign else None) or "did not start: see above", sign)
        return part.outcome  # type: ignore[return-value]

    return crawl


def _on_nodes(
    session: Session, engine: "sa.Engine", cohort: "Cohort", targets: list[str] | None, shards: int | None
) -> Callable[[Step], Outcome]:
    """Return what runs a step on the nodes. Raises InputError where there is none that can be used."""
    from letterboxd_scraper.schedule import nodes
    from letterboxd_scraper.schedule.spread import Spread

    ready, wrong = nodes.usable(nodes.find(session.config, targets or ()))
    for line in wrong:
        session.say(f"left out: {line}")
    return Spread(engine, session.config, cohort, ready, session.say, shards).crawl
