"""How well each strategy predicts ratings that were hidden from it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import sqlalchemy as sa

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.store.engine import read_transaction
from letterboxd_scraper.store.schema import cohort_film_stats, films
from ranking.evaluation.data import Hidden, Source, kept_and_hidden
from ranking.evaluation.measures import MEASURES, Figure, by_member, coverage
from ranking.facts import Facts
from ranking.strategies import STRATEGIES
from ranking.strategies.base import FittedStrategy, Parameters, Strategy
from ranking.strategies.circle_ratings import Floats

MEAN = "mean"
SITE = "letterboxd"
Scores = dict[int, float]


@dataclass(frozen=True, slots=True)
class Judged:
    """One ranking's figures; ``more`` are the differences to the plain mean, member by member.

    ``scored`` is the share of the hidden ratings whose film it scores. ``inside`` is the share of films
    whose hidden ratings lie in the 90 % interval, where the strategy has one. A ranking that could not be
    made has a ``remark`` instead.
    """

    strategy: str
    parameters: Parameters | None = None
    scored: float | None = None
    figures: dict[str, Figure] = field(default_factory=dict)
    more: dict[str, Figure] = field(default_factory=dict)
    inside: Figure | None = None
    remark: str | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All rankings on the same hidden ratings.

    ``hidden`` counts those that were judged; ``left_out`` those of films that nobody else rated among
    what was kept: no ranking of these ratings has such a film.
    """

    seed: int
    hide: float
    members: int
    kept: int
    hidden: int
    left_out: int
    rankings: list[Judged]


@dataclass(frozen=True, slots=True)
class _Scored:
    """A ranking's scores by film, and the share of films whose hidden ratings lie in its intervals."""

    scores: Scores
    inside: Figure | None = None


def evaluate(
    source: Source, hide: float, seed: int, at: datetime, names: Collection[str] = tuple(STRATEGIES)
) -> Evaluation:
    """Hide a share of each member's ratings, rank by the others and judge the strategies of these names.

    The strategies run as they are, on a store of its own, with the parameters of the cohort's
    definition. Beside them stand the plain mean and, where it is known, Letterboxd's average. Raises
    InputError if there is nothing to judge.
    """
    with (
        kept_and_hidden(source, hide, seed, at) as (engine, every),
        read_transaction(engine) as connection,
    ):
        s = cohort_film_stats.c
        kept = {film: votes for film, votes in connection.execute(sa.select(s.film_id, s.watchers))}
        hidden = every.of_films(kept)
        mean = _plain_mean(connection, at)
        against = (
            {name: by_member(hidden, mean, measure) for name, measure in MEASURES.items()} if mean else {}
        )
        if not against or np.isnan(against["pairs"]).all():
            raise InputError(
                "nothing to judge: hide more, or take a cohort of which several members rated the same films"
            )
        rankings = [_judge(MEAN, None, _Scored(mean), hidden, against, in_stars=True)]
        if site := _site_averages(connection, kept):
            rankings.append(_judge(SITE, None, _Scored(site), hidden, against, in_stars=True))
        for strategy in map(STRATEGIES.__getitem__, names):
            facts = Facts(1, at)
            parameters = strategy.complete(connection, facts, strategy.settle(source.parameters))
            scored = _scored(connection, facts, strategy, parameters, hidden)
            if scored.scores:
                judged = _judge(
                    strategy.name, parameters, scored, hidden, against, in_stars=strategy.in_stars
                )
            else:
                judged = Judged(strategy.name, parameters, remark=strategy.why_empty)
            rankings.append(judged)
    left_out = len(every.member) - len(hidden.member)
    members = len(np.unique(hidden.member))
    return Evaluation(seed, hide, members, sum(kept.values()), len(hidden.member), left_out, rankings)


def _plain_mean(connection: sa.Connection, at: datetime) -> Scores:
    strategy = STRATEGIES["bayesian"]
    rows = connection.execute(strategy.query(connection, Facts(1, at), strategy.settle({"m": 0}))).mappings()
    return {row["film_id"]: row["score"] for row in rows}


def _site_averages(connection: sa.Connection, kept: Mapping[int, int]) -> Scores:
    query = sa.select(films.c.id, films.c.letterboxd_weighted_average)
    rows = connection.execute(query.where(films.c.letterboxd_weighted_average.is_not(None)))
    return {film: float(average) for film, average in rows if film in kept}


def _scored(
    connection: sa.Connection, facts: Facts, strategy: Strategy, parameters: Parameters, hidden: Hidden
) -> _Scored:
    if isinstance(strategy, FittedStrategy):
        # Of all films, those with few ratings too: they are foretold, although no list shows them.
        fitted = strategy.fit(connection, facts, parameters)
        estimates = fitted.estimates()
        raters = {member: (terms["habit"], terms["noise"]) for member, terms in fitted.members().items()}
        inside = coverage(hidden, estimates, raters) if estimates else np.zeros(0)
        return _Scored({film: score for film, (score, _) in estimates.items()}, Figure.of(inside))
    rows_of = connection.execute(strategy.query(connection, facts, parameters)).mappings()
    return _Scored({row["film_id"]: row["score"] for row in rows_of})


def _judge(
    name: str,
    parameters: Parameters | None,
    scored: _Scored,
    hidden: Hidden,
    against: Mapping[str, Floats],
    *,
    in_stars: bool,
) -> Judged:
    figures, more = {}, {}
    for measure, of in MEASURES.items():
        if measure == "rmse" and not in_stars:
            continue
        own = by_member(hidden, scored.scores, of)
        figures[measure] = Figure.of(own)
        more[measure] = Figure.of(own - against[measure])
    share = float(np.isin(hidden.film, np.fromiter(scored.scores, np.int64)).mean())
    return Judged(name, parameters, scored=share, figures=figures, more=more, inside=scored.inside)
