"""`letterboxd schedule run`: one job of a cohort, from its first step to its report."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any

import typer

from letterboxd_scraper.arguments import MOST_SHARDS
from letterboxd_scraper.cli.rank_options import CohortOption
from letterboxd_scraper.cli.run_spider import crawl
from letterboxd_scraper.cli.schedule_notify import NamesOption, NotifyOption, Telling
from letterboxd_scraper.errors import ExitCode, InputError
from letterboxd_scraper.schedule import nodes
from letterboxd_scraper.schedule.after_crawls import finish
from letterboxd_scraper.schedule.job_lock import job_lock
from letterboxd_scraper.schedule.job_report import JobReport
from letterboxd_scraper.schedule.jobs import COUNTS_HOLD_FOR, JOBS, Step, StepOutcome, perform, steps_of
from letterboxd_scraper.schedule.on_nodes import NodeCrawler
from letterboxd_scraper.schedule.step_parts import StepPart, new_job
from letterboxd_scraper.store.crawl_state import liveness, runs
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.patience import ask
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.chosen import find_cohort
from letterboxd_scraper.terminal.session import Session

TargetOption = Annotated[
    list[str] | None,
    options.value("NAME", "A node, by its name in scrapy.cfg; repeatable.", "--target"),
]
LocalOption = Annotated[bool, options.flag("--local", "Crawl on this machine, without Scrapyd.")]
_TOLD_BY_CODE = (ExitCode.INTERNAL_ERROR, ExitCode.BAD_INPUT, ExitCode.INTERRUPTED)


def run(
    context: typer.Context,
    job: Annotated[str, options.word(JOBS, "Which job.")],
    cohort: CohortOption = None,
    local: LocalOption = False,
    shards: Annotated[
        int | None, options.count("In so many parts; default: one for each node that answers.")
    ] = None,
    target: TargetOption = None,
    notify: NotifyOption = False,
    names: NamesOption = False,
) -> None:
    """Do a cohort's nightly or monthly job now; timers call this.

    Nightly: who belongs to the circle, what has changed, new films. Monthly: everything anew, and how all
    of Letterboxd rates the films. Then statistics and rankings. It is done on the Scrapyd servers that
    scrapy.cfg names as deploy targets, members and films shared out among them; with --local, here. One line
    tells how it went. While one is under way, another does nothing and says so.

    With --notify, what is new since the last ranking is sent, or that the job failed; of a job that ends well
    and without news, nothing.

    \b
    Examples:
      letterboxd schedule run --cohort friends --job nightly --local
      letterboxd schedule run --cohort friends --job nightly --local --notify
      letterboxd schedule run --cohort friends --job monthly --shards 4
    """
    session: Session = context.obj
    if local and (shards is not None or target):
        raise InputError("--local crawls on this machine alone: give neither --shards nor --target with it")
    if shards is not None and shards > MOST_SHARDS:
        raise InputError(f"--shards {shards}: at most {MOST_SHARDS}")
    telling = Telling(session, job, notify=notify, names=names)
    with telling.of_errors():
        circle = find_cohort(session, cohort)
        before = telling.before(circle)
        report = _report(session, circle, job, local=local, target=target, shards=shards)
        code = telling.of_report(circle, report, before) if report else ExitCode.DONE
    raise typer.Exit(code)


def _report(
    session: Session,
    circle: Cohort,
    job: str,
    *,
    local: bool,
    target: list[str] | None,
    shards: int | None,
) -> JobReport | None:
    """Do a job and print its report; return it, None where another job is under way."""
    with job_lock(session.engine, circle, job, session.say) as is_free:
        if not is_free:
            words = f"{circle.label}, {job}: another job is under way, nothing was done"
            _show(session, {"cohort": circle.label, "job": job, "under_way": True}, words)
            return None
        run_step = _on_this_machine(session, circle) if local else _on_nodes(session, circle, target, shards)
        try:
            return _perform(session, circle, job, run_step)
        except KeyboardInterrupt:
            if not local:
                session.say("what the nodes do goes on; the same command waits for it, and does the rest")
            raise


def _perform(
    session: Session, cohort: Cohort, job: str, run_step: Callable[[Step], StepOutcome]
) -> JobReport:
    began, config = time.monotonic(), session.config
    counted = ask(session.engine, runs.has_fresh_counts, cohort.label, config.now() - COUNTS_HOLD_FOR)
    steps = steps_of(job, cohort, counted=counted)
    ended = perform(steps, run_step, lambda: finish(session.engine, config, cohort, job, config.now()))
    report = JobReport(cohort.label, job, ended, time.monotonic() - began)
    _show(session, report.as_dict(), report.in_words())
    return report


def _show(session: Session, report: dict[str, Any], words: str) -> None:
    if session.as_json:
        session.print_json(report, indent=None)  # logs gather lines
    else:
        session.tell(words)


def _on_this_machine(session: Session, cohort: Cohort) -> Callable[[Step], StepOutcome]:
    """Return what runs a step as a process of this machine."""

    def run_step(step: Step) -> StepOutcome:
        job = new_job(cohort.label, step.spider, None)
        arguments = {"cohort": cohort.label} | step.arguments
        try:
            code = crawl(session, step.spider, arguments, {"SCRAPY_JOB": job})
        except typer.Exit as refused:
            code = refused.exit_code
        state = ask(session.engine, liveness.of_job, job, timedelta())
        part = StepPart(step)
        # The row tells neither bad input nor a lost database; and what Ctrl-C came too late for ends the job.
        if state and state.has_ended and code not in _TOLD_BY_CODE:
            part.end_as(state)
        else:
            part.end(code, (state.notes if state else None) or "did not start: see above", state)
        return part.outcome  # type: ignore[return-value]

    return run_step


def _on_nodes(
    session: Session, cohort: Cohort, targets: list[str] | None, shards: int | None
) -> Callable[[Step], StepOutcome]:
    """Return what runs a step on the nodes. Raises InputError where there is none that can be used."""
    if line := nodes.ignored(session.config):
        session.say(line)
    ready, wrong = nodes.ready(nodes.configured(session.config, targets or ()))
    for line in wrong:
        session.say(f"left out: {line}")
    return NodeCrawler(session.engine, session.config, cohort, ready, session.say, shards).crawl
