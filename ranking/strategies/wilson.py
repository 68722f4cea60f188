"""The Wilson lower bound: how large the share of members who like a film is at least."""

import math
from collections.abc import Callable
from statistics import NormalDist
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.words import counted
from ranking.facts import Facts
from ranking.sql import double, sqrt
from ranking.strategies.base import MIN_VOTES, Parameter, Parameters, SqlStrategy, Terms, min_votes


def wilson(positive: Any, votes: Any, *, z: Any, root: Callable[[Any], Any] = math.sqrt) -> Any:
    """Return the lower bound (0 … 1) of Wilson's score interval for ``positive`` of ``votes``.

    ``z`` is the normal quantile of the confidence (1.96: 95 %, both sides). Takes numbers,
    or SQL expressions with ``root`` to match. Source: E. B. Wilson, "Probable Inference, the Law of
    Succession, and Statistical Inference", JASA 22 (1927), 209-212.

    >>> round(wilson(9, 10, z=1.96), 4), round(wilson(90, 100, z=1.96), 4)
    (0.5958, 0.8256)
    """
    share = positive / votes
    square = z * z / votes
    centre = share + square / 2
    margin = z * root(share * (1 - share) / votes + square / votes / 4)
    return (centre - margin) / (1 + square)


def _scores(facts: Facts, parameters: Parameters) -> sa.Select[Any]:
    r = facts.ratings.c
    liked = sa.case((r.stars >= double(parameters["threshold"]), 1), else_=0)
    votes = sa.cast(sa.func.count(), sa.Integer)
    counts = (
        sa.select(r.film_id, votes.label("votes"), double(sa.func.sum(liked)).label("positive"))
        .group_by(r.film_id)
        .having(votes >= parameters[MIN_VOTES])
        .subquery("counts")
        .c
    )
    bound = wilson(counts.positive, double(counts.votes), z=double(parameters["z"]), root=sqrt)
    share = (counts.positive / double(counts.votes)).label("share")
    return sa.select(counts.film_id, counts.votes, bound.label("score"), counts.positive, share)


def _because(terms: Terms) -> str:
    confidence = 2 * NormalDist().cdf(terms["z"]) - 1
    return (
        f"{terms['positive']:g} of {counted(terms['votes'], 'rating')} with {terms['threshold']:g} stars or "
        f"more: "
        f"with {100 * confidence:.0f} % confidence, a share of {100 * terms['score']:.0f} % at least"
    )


STRATEGY = SqlStrategy(
    name="wilson",
    meaning="the share of members who rated it well, as large as it is at least with 95 % confidence",
    source="E. B. Wilson, JASA 22 (1927), lower bound of the score interval",
    parameters={
        "threshold": Parameter(3.5, "how many stars count as liked", least=0.5, most=5.0),
        "z": Parameter(1.96, "the normal quantile of the confidence", most=100),
        MIN_VOTES: min_votes(1),
    },
    scores=_scores,
    because=_because,
)
