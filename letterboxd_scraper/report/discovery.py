"""The films that a circle thinks more of than all of Letterboxd does: where each of them stands."""

from datetime import datetime

import sqlalchemy as sa

from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.schema import film_rankings
from ranking.compute import with_ranks
from ranking.facts import Facts
from ranking.strategies import STRATEGIES
from ranking.strategies.base import MIN_VOTES

_STRATEGY = STRATEGIES["discovery"]


def ranks(connection: sa.Connection, cohort: Cohort, at: datetime) -> dict[int, int]:
    """Return films' ranks by their ids, as stored; without a stored ranking as of now.

    Empty where Letterboxd's averages are not known.
    """
    r = film_rankings.c
    own = (r.cohort_id == cohort.id, r.strategy == _STRATEGY.name)
    stored = connection.execute(sa.select(r.film_id, r.rank).where(*own)).all()
    if not stored:
        # In a circle of two, two are enough.
        usual = {MIN_VOTES: min(max(cohort.size, 1), _STRATEGY.settle()[MIN_VOTES])}
        parameters = _STRATEGY.settle(cohort.definition.get("rank") or {}, usual)
        ranked = with_ranks(
            _STRATEGY.query(connection, Facts(cohort.id, at), parameters), connection.dialect.name
        )
        stored = connection.execute(sa.select(ranked.c.film_id, ranked.c.rank)).all()
    return {film: rank for film, rank in stored}
