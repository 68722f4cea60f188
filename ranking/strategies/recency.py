"""Recency: what the circle has thought well of lately."""

import math
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.store.schema import UTCDateTime
from letterboxd_scraper.words import counted
from ranking.facts import Facts
from ranking.sql import between, days_between, double, exp
from ranking.strategies.base import MIN_VOTES, Parameter, Parameters, SqlStrategy, Terms, min_votes
from ranking.strategies.bayesian import bayesian

# exp(-700) is about the smallest weight that a double holds; PostgreSQL refuses to go below it.
_LONGEST = 700.0


def weight(age: Any, *, tau: Any, exponential: Callable[[Any], Any] = math.exp) -> Any:
    """Return exp(−age/τ), the weight (0 … 1) of a rating ``age`` days old; after ``tau`` days it is 0.37.

    Takes numbers, or SQL expressions with ``exponential`` to match. Source: exponential smoothing
    in continuous time; R. G. Brown, "Exponential Smoothing for Predicting Demand" (1956).

    >>> weight(0, tau=180), round(weight(180, tau=180), 4)
    (1.0, 0.3679)
    """
    return exponential(-age / tau)


def weighted_ratings(facts: Facts, tau: float) -> sa.Subquery:
    """Return per film that has a dated rating: weight V = Σw and weighted mean R′, in stars; ``tau`` in days.

    A rating without a date, but made between two crawls, counts as made in the middle.
    """
    r = facts.ratings.c
    now = sa.literal(facts.now, UTCDateTime)
    middle = (days_between(r.seen_after, now) + days_between(r.first_seen_at, now)) / 2.0
    age = sa.func.coalesce(days_between(r.rated_at, now), middle, type_=sa.Double)
    # On PostgreSQL the bounds of a NULL would be numbers: what has no date is left out first.
    dated = r.rated_at.is_not(None) | r.seen_after.is_not(None)
    bounded = between(age, double(0), double(_LONGEST * tau))
    w = weight(bounded, tau=double(tau), exponential=exp)
    weighed = sa.select(r.film_id, r.stars, w.label("weight")).where(dated).subquery("weighed").c
    total = sa.func.sum(weighed.weight, type_=sa.Double)
    mean = sa.func.sum(weighed.weight * weighed.stars, type_=sa.Double) / total
    return (
        sa.select(weighed.film_id, total.label("weight"), mean.label("weighted_mean"))
        .group_by(weighed.film_id)
        .subquery("weighted_ratings")
    )


def score_of(facts: Facts, weighted: sa.Subquery, prior_votes: float) -> Any:
    """Return (V·R′ + m·C) / (V + m), the Bayesian average of the weighted ratings."""
    w = weighted.c
    return bayesian(w.weighted_mean, w.weight, prior_mean=facts.prior_mean, prior_votes=double(prior_votes))


def _scores(facts: Facts, parameters: Parameters) -> sa.Select[Any]:
    weighted = weighted_ratings(facts, parameters["tau"])
    films, w = facts.films.c, weighted.c
    terms = (w.weight, w.weighted_mean, facts.prior_mean.label("prior_mean"))
    score = score_of(facts, weighted, parameters["m"])
    query = sa.select(films.film_id, films.votes, score.label("score"), *terms)
    return query.join(weighted, w.film_id == films.film_id).where(films.votes >= parameters[MIN_VOTES])


def _because(terms: Terms) -> str:
    return (
        f"{counted(terms['votes'], 'rating')} weigh as much as {terms['weight']:.2f} of today, mean "
        f"{terms['weighted_mean']:.2f}; counted with {terms['m']:g} more of {terms['prior_mean']:.2f}, "
        "the circle's mean"
    )


STRATEGY = SqlStrategy(
    name="recency",
    meaning="the Bayesian average, in which ratings count less the older they are",
    source="(V·R′ + m·C) / (V + m) with weights exp(−age/τ), V = Σw",
    parameters={
        "tau": Parameter(180.0, "days after which a rating counts 1/e", least=0.001, most=1e6),
        "m": Parameter(2.0, "how many new votes the overall mean counts for", most=1e9),
        MIN_VOTES: min_votes(1),
    },
    scores=_scores,
    because=_because,
    in_stars=True,
    why_empty="no rating has a date or was made between two crawls: members' archives have the days "
    "(`letterboxd import`), and so have their diaries (`letterboxd scrape --diary`)",
)
