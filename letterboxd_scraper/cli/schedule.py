"""`letterboxd schedule`: jobs that run every night and every month, and what calls them."""

import json
import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from letterboxd_scraper import options
from letterboxd_scraper.console import Session
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.help_pages import App
from letterboxd_scraper.schedule.jobs import COUNTS_HOLD_FOR, JOBS, perform, steps

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    import sqlalchemy as sa

    from letterboxd_scraper.schedule.jobs import Outcome, Step
    from letterboxd_scraper.schedule.timers import Plan
    from letterboxd_scraper.store.cohorts import Cohort

MOST_SHARDS = 64

CohortOption = Annotated[str, options.cohort()]
TargetOption = Annotated[
    list[str] | None,
    typer.Option("--target", help="A node, by its name in scrapy.cfg; repeatable.", metavar="NAME"),
]
LocalOption = Annotated[bool, typer.Option("--local", help="Crawl on this machine, without Scrapyd.")]


def _clock(given: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", given, re.ASCII):
        raise typer.BadParameter(f"{given!r} is not a time from 00:00 to 23:59")
    return given


def _day(given: str | int) -> int:
    if not re.fullmatch(r"\d{1,2}", str(given), re.ASCII) or int(given) > 28:
        raise typer.BadParameter(f"{given!r} is not a day from 1 to 28, or 0")
    return int(given)


def _one_of(*words: str) -> "Callable[[str], str]":
    def read(given: str) -> str:
        if given not in words:
            raise typer.BadParameter(f"{given!r} is not one of {', '.join(words)}")
        return given

    return read


KINDS = ("cron", "systemd")
AsOption = Annotated[
    str | None,
    typer.Option(
        "--as",
        parser=_one_of(*KINDS),
        autocompletion=options.one_of(*KINDS),
        metavar="cron|systemd",
        help="What calls the jobs; default: systemd where it runs.",
    ),
]

app = App(help="Crawl every night and every month, by itself.")


@app.command("install")
def install(
    context: typer.Context,
    cohort: CohortOption,
    nightly: Annotated[
        str, typer.Option(parser=_clock, metavar="HH:MM", help="When, by this machine's clock.")
    ] = "03:30",
    monthly: Annotated[
        int,
        typer.Option(parser=_day, metavar="DAY", help="Day of the monthly job, at the same time; 0: none."),
    ] = 1,
    kind: AsOption = None,
    local: LocalOption = False,
    target: TargetOption = None,
    write: Annotated[
        bool, typer.Option("--write/--print", help="Install it, or only print what would be.")
    ] = False,
) -> None:
    """Print, or install, what calls a cohort's jobs at night.

    Lines of the user's crontab, or timers of systemd; those that the cohort has already are replaced. Jobs
    run in the folder where you are now, with the settings of its .env: no secret stands in the lines.

    \b
    Examples:
      letterboxd schedule install --cohort friends --local
      letterboxd schedule install --cohort friends --nightly 02:15 --write
      letterboxd schedule install --cohort friends --as systemd --monthly 0
    """
    from letterboxd_scraper.cli import crawls
    from letterboxd_scraper.schedule import installing, timers
    from letterboxd_scraper.schedule.timers import Plan

    session: Session = context.obj
    label = crawls.find_cohort(session.store(), cohort).label
    config_file = session.config_file or os.environ.get("LETTERBOXD_CONFIG")
    command = timers.command(label, config=config_file, local=local, target=target or ())
    hour, minute = map(int, nightly.split(":"))
    plan = Plan(label, command, Path.cwd(), hour, minute, monthly or None)
    if (kind or installing.usual()) == installing.CRON:
        _install_lines(session, plan, write=write)
    else:
        _install_units(session, plan, write=write)
    _warn(session, local=local)


def _install_lines(session: Session, plan: "Plan", *, write: bool) -> None:
    from letterboxd_scraper.schedule import installing, timers

    block = timers.cron_block(plan)
    if not write:
        typer.echo(block, nl=False)
        session.say("now: the same command with --write puts these lines into your crontab")
    elif installing.into_crontab(plan.label, block):
        session.say(f"written into your crontab: the jobs of {plan.label}")
    else:
        session.say(f"your crontab has these lines for {plan.label} already")
    session.say("cron makes up for no night that the machine slept through: there, --as systemd does")


def _install_units(session: Session, plan: "Plan", *, write: bool) -> None:
    from letterboxd_scraper.schedule import installing, timers

    units = timers.systemd_units(plan)
    folder = installing.units_folder()
    if not write:
        typer.echo("\n".join(f"# {folder / name}\n{text}" for name, text in units.items()), nl=False)
        session.say("now: the same command with --write writes these files")
        return
    changed = installing.into_units(plan.label, units)
    session.say(
        f"written into {folder}: {', '.join(units)}" if changed else f"{folder} has these files already"
    )
    names = " ".join(name for name in units if name.endswith(".timer"))
    session.say("now: systemctl --user daemon-reload")
    session.say(f"     systemctl --user enable --now {names}")
    session.say("     loginctl enable-linger          so that they run while you are not logged in, too")


def _warn(session: Session, *, local: bool) -> None:
    """Say what will be missing at night: settings that only this shell knows, the terms accepted."""
    from letterboxd_scraper import config
    from letterboxd_scraper.terms import refuse_without_terms

    origins = config.origins(session.overrides)
    lost = [name for name, origin in sorted(origins.items()) if origin in ("environment", "command line")]
    if lost:
        names = ", ".join(lost)
        session.say(f"only this shell knows these settings, write them into {Path.cwd() / '.env'}: {names}")
    if local:
        try:
            refuse_without_terms(session.config)
        except InputError as error:
            session.say(f"as it is, no job will start: {error}")


@app.command("remove")
def remove(context: typer.Context, cohort: CohortOption, kind: AsOption = None) -> None:
    """Remove what calls a cohort's jobs.

    \b
    Examples:
      letterboxd schedule remove --cohort friends
    """
    from letterboxd_scraper.schedule import installing

    session: Session = context.obj
    if (kind or installing.usual()) == installing.CRON:
        changed = installing.into_crontab(cohort, "")
    else:
        changed = installing.into_units(cohort, {})
        session.say(
            f"now: systemctl --user stop 'letterboxd-{cohort}-*.timer' && systemctl --user daemon-reload"
        )
    session.say(f"removed: the jobs of {cohort}" if changed else f"no job of {cohort} was installed")


@app.command("run")
def run(
    context: typer.Context,
    cohort: CohortOption,
    job: Annotated[
        str,
        typer.Option(
            parser=_one_of(*JOBS),
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
    from letterboxd_scraper.cli import crawls
    from letterboxd_scraper.schedule.turns import turn

    session: Session = context.obj
    if shards is not None and (local or shards > MOST_SHARDS):
        raise InputError(f"--shards {shards}: give a number up to {MOST_SHARDS}, and not with --local")
    engine = session.store()
    found = crawls.find_cohort(engine, cohort)
    with turn(engine, found, job) as free:
        if not free:
            _show(
                session,
                {"cohort": found.label, "job": job, "under_way": True},
                f"{found.label}, {job}: another job is under way, nothing was done",
            )
            return
        crawl = _here(session, engine, found) if local else _on_nodes(session, engine, found, target, shards)
        code = _work(session, engine, found, job, crawl)
    raise typer.Exit(code)


def _work(
    session: Session, engine: "sa.Engine", cohort: "Cohort", job: str, crawl: "Callable[[Step], Outcome]"
) -> int:
    """Do a job and print its report; return its exit code."""
    from letterboxd_scraper import clock
    from letterboxd_scraper.schedule.rankings import rank
    from letterboxd_scraper.schedule.report import Report
    from letterboxd_scraper.store import runs
    from letterboxd_scraper.store.engine import reading

    def now() -> "datetime":
        return clock.now(session.config.LETTERBOXD_NOW)

    began = time.monotonic()
    with reading(engine) as connection:
        counted = runs.has_fresh_counts(connection, cohort.label, now() - COUNTS_HOLD_FOR)
    ended = perform(steps(job, cohort, counted=counted), crawl, lambda: rank(engine, cohort, now()))
    report = Report(cohort.label, job, ended, time.monotonic() - began)
    _show(session, report.as_dict(), report.in_words())
    return report.exit_code


def _show(session: Session, report: dict[str, Any], words: str) -> None:
    typer.echo(json.dumps(report) if session.as_json else words)


def _here(session: Session, engine: "sa.Engine", cohort: "Cohort") -> "Callable[[Step], Outcome]":
    """Return what runs a step as a process of this machine."""
    from datetime import timedelta

    from letterboxd_scraper.cli import crawls
    from letterboxd_scraper.schedule.parts import Part, new_job
    from letterboxd_scraper.store import signs
    from letterboxd_scraper.store.engine import reading

    def crawl(step: "Step") -> "Outcome":
        job = new_job(cohort.label, step.spider, None)
        given = {"cohort": cohort.label} | step.arguments
        code = crawls.crawl(session, step.spider, given, step.settings | {"SCRAPY_JOB": job})
        with reading(engine) as connection:
            sign = signs.of_job(connection, job, timedelta())
        part = Part(step)
        part.end(code, (sign.notes if sign else None) or "did not start: see above", sign)
        return part.outcome  # type: ignore[return-value]

    return crawl


def _on_nodes(
    session: Session, engine: "sa.Engine", cohort: "Cohort", targets: list[str] | None, shards: int | None
) -> "Callable[[Step], Outcome]":
    """Return what runs a step on the nodes. Raises InputError where there is none that can be used."""
    from letterboxd_scraper.schedule import nodes
    from letterboxd_scraper.schedule.spread import Spread

    ready, wrong = nodes.usable(nodes.find(session.config, targets or ()))
    for line in wrong:
        session.say(f"left out: {line}")
    return Spread(engine, session.config, cohort, ready, session.say, shards).crawl
