"""Scoring a cohort's films inside the database, and storing the ranks."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.config import DEFAULT_STRATEGY
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.store import statistics
from letterboxd_scraper.store.film_order import film_order
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.patience import transact
from letterboxd_scraper.store.schema import JSON, UTCDateTime, cohorts, film_rankings, films
from ranking import history
from ranking.facts import Facts
from ranking.strategies import STRATEGIES, discovery
from ranking.strategies.base import Strategy

INTERVAL = ("score_low", "score_high")


class NothingToRank(InputError):
    """A strategy found no film that it could score; the ranking of before stays."""


def compute(
    engine: sa.Engine, cohort: Cohort, strategy: Strategy, chosen: Mapping[str, Any], at: datetime
) -> int:
    """Replace the cohort's ranking by ``strategy`` in one transaction; return the number of ranked films.

    Parameters come from ``chosen``, then the cohort's definition, then the defaults. Raises
    InputError for parameters that make no sense, and NothingToRank.
    """
    strategy.refuse_unknown(chosen)
    parameters = strategy.settle(chosen, cohort.definition.get("rank") or {})
    return transact(engine, _replace, cohort, strategy, parameters, at)


def compute_lists(engine: sa.Engine, cohort: Cohort, at: datetime) -> dict[str, int]:
    """Count ratings anew and rank by what the circle says, and by what sets it apart where that is known.

    Return the number of ranked films by strategy. Raises NothingToRank if there is not even the first.
    """
    statistics.refresh(engine, at)
    counts = {DEFAULT_STRATEGY: compute(engine, cohort, STRATEGIES[DEFAULT_STRATEGY], {}, at)}
    with suppress(NothingToRank):  # Letterboxd's averages are not read yet
        counts[discovery.STRATEGY.name] = compute(engine, cohort, discovery.STRATEGY, {}, at)
    return counts


def _replace(
    connection: sa.Connection, cohort: Cohort, strategy: Strategy, parameters: dict[str, float], at: datetime
) -> int:
    # One at a time for a cohort: two would insert the same rows.
    connection.execute(sa.select(cohorts.c.id).where(cohorts.c.id == cohort.id).with_for_update())
    own = sa.and_(film_rankings.c.cohort_id == cohort.id, film_rankings.c.strategy == strategy.name)
    connection.execute(film_rankings.delete().where(own))
    facts = Facts(cohort.id, at)
    parameters = strategy.complete(connection, facts, parameters)
    scores = strategy.query(connection, facts, parameters)
    ranked = with_ranks(scores, connection.dialect.name)
    constants = {
        "cohort_id": sa.literal(cohort.id),
        "strategy": sa.literal(strategy.name),
        "params": sa.literal(parameters, JSON),
        "computed_at": sa.literal(at, UTCDateTime),
    }
    rows: sa.Select[Any] = sa.select(*ranked.c, *constants.values())
    names = [*ranked.c.keys(), *constants]
    count = connection.execute(film_rankings.insert().from_select(names, rows)).rowcount
    if not count:
        raise NothingToRank(
            f"no film of cohort {cohort.label!r} can be ranked by {strategy.name}: {strategy.why_empty}"
        )
    history.keep(connection, cohort.id, strategy.name, at)
    return count


def with_ranks(scores: sa.Select[Any], dialect: str) -> sa.Subquery:
    """Return film_id, score, score_low, score_high (NULL where ``scores`` have no interval) and rank.

    Ranks are by the score rounded to ten digits, then more votes, then the order of films.
    """
    scored = scores.subquery("scored")
    order = (
        _rounded(scored.c.score, dialect).desc(),
        scored.c.votes.desc(),
        *film_order(dialect),
    )
    rank = sa.cast(sa.func.row_number().over(order_by=order), sa.Integer)
    interval = (
        scored.c[name] if name in scored.c else sa.null().cast(sa.Double).label(name) for name in INTERVAL
    )
    query = sa.select(scored.c.film_id, scored.c.score, *interval, rank.label("rank"))
    return query.join(films, films.c.id == scored.c.film_id).subquery("ranked")


def _rounded(score: Any, dialect: str) -> Any:
    if dialect == "postgresql":  # has no round(double, digits)
        return sa.func.round(sa.cast(score, sa.Numeric), 10)
    return sa.func.round(score, 10, type_=sa.Double)
