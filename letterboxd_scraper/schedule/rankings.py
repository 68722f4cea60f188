"""What follows every crawl: statistics, and all the rankings that the data can feed."""

from datetime import datetime

import sqlalchemy as sa

from letterboxd_scraper.schedule.jobs import DONE, Outcome
from letterboxd_scraper.store.cohorts import Cohort
from ranking import stats
from ranking.compute import NothingToRank, compute
from ranking.strategies import STRATEGIES


def rank(engine: sa.Engine, cohort: Cohort, at: datetime) -> list[Outcome]:
    """Refresh the statistics and compute every strategy's ranking; return how that went.

    Strategies that the data cannot feed keep the ranking that they have. Raises InputError for parameters
    in the cohort's definition that make no sense.
    """
    counted = stats.refresh(engine, at)
    told = "nothing has changed" if counted is None else f"{counted} films counted"
    ranked, empty = [], []
    for strategy in STRATEGIES.values():
        try:
            compute(engine, cohort, strategy, {}, at)
        except NothingToRank:
            empty.append(strategy.name)
        else:
            ranked.append(strategy.name)
    without = f"; nothing to rank: {', '.join(empty)}" if empty else ""
    return [
        Outcome("statistics", DONE, notes=told),
        Outcome("rankings", DONE, notes=f"{', '.join(ranked) or 'none'}{without}"),
    ]
