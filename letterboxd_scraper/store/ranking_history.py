"""Which rankings of the past are kept, and which earlier ratings beside them."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.store.schema import former_members, former_ratings, ranking_history

# After that the last one of a week is kept; after that the newest one alone.
_DAILY = timedelta(days=60)
_WEEKLY = timedelta(days=365)
_HISTORY = ranking_history.c


def thin(connection: sa.Connection, now: datetime) -> int:
    """Remove rankings that are too old, and what no kept one can be compared with; return how many of them.

    Those of the last 60 days stay, of older ones the last of each week, of those before a year ago none. The
    newest of each stays in any case.
    """
    query = sa.select(_HISTORY.id, _HISTORY.cohort_id, _HISTORY.strategy, _HISTORY.computed_at)
    kept: set[Any] = set()
    going = []
    for number, cohort, strategy, at in connection.execute(query.order_by(_HISTORY.computed_at.desc())):
        of_ranking, week = (cohort, strategy), (cohort, strategy, at.isocalendar()[:2])
        is_old, is_doubled = at < now - _WEEKLY, at < now - _DAILY and week in kept
        if of_ranking in kept and (is_old or is_doubled):
            going.append(number)
        kept |= {of_ranking, week}
    if going:
        connection.execute(ranking_history.delete().where(_HISTORY.id.in_(going)))
    oldest = connection.execute(
        sa.select(sa.func.min(_HISTORY.former_ratings), sa.func.min(_HISTORY.computed_at))
    ).one()
    _remove_before(connection, *oldest)
    return len(going)


def _remove_before(connection: sa.Connection, number: int | None, moment: datetime | None) -> None:
    """Remove what changed before the oldest kept ranking; all of it, where none is kept."""
    numbers, moments = former_ratings.c.id, former_members.c.left_at
    before = sa.true() if number is None else numbers <= number
    connection.execute(former_ratings.delete().where(before))
    left_before = sa.true() if moment is None else moments <= moment
    connection.execute(former_members.delete().where(left_before))
