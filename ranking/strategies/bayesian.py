"""The Bayesian average: a film's mean, pulled towards the mean of all ratings while its votes are few."""

from typing import Any

import sqlalchemy as sa

from ranking.facts import Facts
from ranking.strategies.base import Parameter, Parameters, Strategy


def bayesian(mean: Any, votes: Any, *, prior_mean: Any, prior_votes: Any) -> Any:
    """Return (v·R + m·C) / (v + m) in stars, for R = mean, v = votes, C = prior_mean, m = prior_votes.

    As if m more members had given the film C stars. Takes numbers or SQL expressions. Source: the
    shrinkage estimator that IMDb uses for its Top 250; Efron and Morris, "Stein's Paradox in
    Statistics", Scientific American 236 (1977).

    >>> bayesian(5.0, 1, prior_mean=3.0, prior_votes=9)
    3.2
    """
    return (votes * mean + prior_votes * prior_mean) / (votes + prior_votes)


def _scores(facts: Facts, parameters: Parameters) -> sa.Select[Any]:
    prior_votes = sa.literal(parameters["m"], sa.Double)
    score = bayesian(facts.mean, facts.votes_as_double, prior_mean=facts.prior_mean, prior_votes=prior_votes)
    return facts.select(score).where(facts.votes >= parameters["min_votes"])


STRATEGY = Strategy(
    name="bayesian",
    meaning="the mean, pulled towards the circle's overall mean while votes are few",
    source="(v·R + m·C) / (v + m), as in IMDb's Top 250",
    parameters={
        "m": Parameter(5.0, "how many votes the overall mean counts for"),
        "min_votes": Parameter(1, "films with fewer ratings are not ranked", least=1, whole=True),
    },
    scores=_scores,
)
