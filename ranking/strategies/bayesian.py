"""The Bayesian average: a film's mean, pulled towards the mean of all ratings while its votes are few."""

from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.words import counted
from ranking.facts import Facts
from ranking.sql import double
from ranking.strategies.base import MIN_VOTES, Parameter, Parameters, SqlStrategy, Terms, min_votes


def bayesian(mean: Any, votes: Any, *, prior_mean: Any, prior_votes: Any) -> Any:
    """Return (v·R + m·C) / (v + m) in stars, for R = mean, v = votes, C = prior_mean, m = prior_votes.

    As if m more members had given the film C stars. Takes numbers or SQL expressions. Source: the
    shrinkage estimator that IMDb uses for its Top 250; Efron and Morris, "Stein's Paradox in
    Statistics", Scientific American 236 (1977).

    >>> bayesian(5.0, 1, prior_mean=3.0, prior_votes=9)
    3.2
    """
    return (votes * mean + prior_votes * prior_mean) / (votes + prior_votes)


def score_of(facts: Facts, prior_votes: float) -> Any:
    """Return the expression of the score over `facts.films`."""
    films = facts.films.c
    return bayesian(
        films.mean, double(films.votes), prior_mean=facts.prior_mean, prior_votes=double(prior_votes)
    )


def _scores(facts: Facts, parameters: Parameters) -> sa.Select[Any]:
    terms = {"mean": facts.films.c.mean, "prior_mean": facts.prior_mean}
    query = facts.select(score_of(facts, parameters["m"]), **terms)
    return query.where(facts.films.c.votes >= parameters[MIN_VOTES])


def _because(terms: Terms) -> str:
    return (
        f"{counted(terms['votes'], 'rating')}, mean {terms['mean']:.2f}; "
        f"counted with {terms['m']:g} more of {terms['prior_mean']:.2f}, the circle's mean"
    )


STRATEGY = SqlStrategy(
    name="bayesian",
    meaning="the mean, pulled towards the circle's overall mean while votes are few",
    source="(v·R + m·C) / (v + m), as in IMDb's Top 250",
    parameters={
        "m": Parameter(5.0, "how many votes the overall mean counts for", most=1e9),
        MIN_VOTES: min_votes(1),
    },
    scores=_scores,
    because=_because,
    in_stars=True,
)
