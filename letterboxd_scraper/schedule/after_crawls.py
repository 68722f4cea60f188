"""What follows a job's crawls: statistics, rankings, and monthly a shorter log of runs."""

from datetime import datetime

import sqlalchemy as sa

from letterboxd_scraper.config import Config
from letterboxd_scraper.errors import ExitCode, InputError
from letterboxd_scraper.schedule.jobs import MONTHLY, StepOutcome
from letterboxd_scraper.store import statistics
from letterboxd_scraper.store.crawl_state import retention
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.patience import transact
from letterboxd_scraper.words import counted
from ranking.compute import NothingToRank, compute
from ranking.strategies import STRATEGIES


def finish(engine: sa.Engine, settings: Config, cohort: Cohort, job: str, at: datetime) -> list[StepOutcome]:
    """Do what follows a job's crawls; return how that went."""
    return rank(engine, cohort, at) + ([tidy(engine, settings, at)] if job == MONTHLY else [])


def tidy(engine: sa.Engine, settings: Config, at: datetime) -> StepOutcome:
    """Remove what the log of runs need not keep."""
    done = transact(engine, retention.tidy, at, settings.KEEP_RUNS_DAYS, settings.KEEP_FAILURES_DAYS)
    return StepOutcome("tidy", ExitCode.DONE, notes=done.in_words())


def rank(engine: sa.Engine, cohort: Cohort, at: datetime) -> list[StepOutcome]:
    """Refresh the statistics and compute every strategy's ranking; return how that went.

    A strategy for which there are no suitable ratings keeps the ranking that it has, and so does one whose
    parameters in the cohort's definition make no sense.
    """
    films_counted = statistics.refresh(engine, at)
    changed = "nothing has changed" if films_counted is None else counted(films_counted, "film") + " counted"
    ranked, without_ratings, wrong = [], [], []
    for strategy in STRATEGIES.values():
        try:
            compute(engine, cohort, strategy, {}, at)
        except NothingToRank:
            without_ratings.append(strategy.name)
        except InputError as error:
            wrong.append(str(error))
        else:
            ranked.append(strategy.name)
    skipped = [f"nothing to rank: {', '.join(without_ratings)}"] if without_ratings else []
    notes = "; ".join([", ".join(ranked) or "none", *skipped, *wrong])
    code = ExitCode.BAD_INPUT if wrong else ExitCode.DONE
    return [
        StepOutcome("statistics", ExitCode.DONE, notes=changed),
        StepOutcome("rankings", code, notes=notes),
    ]
