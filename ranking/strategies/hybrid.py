"""Hybrid: how good, how much seen and how recent, in one number."""

from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.words import counted
from ranking.facts import Facts
from ranking.sql import double, ln, with_standard_scores
from ranking.strategies import recency
from ranking.strategies.base import MIN_VOTES, Parameter, Parameters, SqlStrategy, Terms, min_votes


def hybrid(mean: Any, log_votes: Any, recent: Any, *, alpha: Any, beta: Any) -> Any:
    """Return z(R) + α·z(ln v) + β·z(recency score): a weighted sum of standard scores.

    Takes numbers or SQL expressions. Source: the weighted-sum composite indicator; OECD/JRC,
    "Handbook on Constructing Composite Indicators" (2008), steps 5 and 6.

    >>> hybrid(1.0, 2.0, -1.0, alpha=0.25, beta=0.25)
    1.25
    """
    return mean + alpha * log_votes + beta * recent


def _scores(facts: Facts, parameters: Parameters) -> sa.Select[Any]:
    weighted = recency.weighted_ratings(facts, parameters["tau"])
    recent = recency.score_of(facts, weighted, parameters["m"])
    films = facts.films.c
    rows = (
        sa.select(
            films.film_id,
            films.votes,
            films.mean,
            ln(double(films.votes)).label("log_votes"),
            sa.case((weighted.c.film_id.is_not(None), recent)).label("recency"),
        )
        .outerjoin_from(facts.films, weighted, weighted.c.film_id == films.film_id)
        .where(films.votes >= parameters[MIN_VOTES])
    )
    z = with_standard_scores(rows, "mean", "log_votes", "recency").c
    alpha, beta = double(parameters["alpha"]), double(parameters["beta"])
    score = hybrid(z.mean_z, z.log_votes_z, z.recency_z, alpha=alpha, beta=beta)
    terms = (z.mean, z.mean_z, z.log_votes, z.log_votes_z, z.recency, z.recency_z)
    return sa.select(z.film_id, z.votes, score.label("score"), *terms)


def _because(terms: Terms) -> str:
    lately = "no recent verdict"
    if terms["recency"] is not None:
        lately = f"lately {terms['recency']:.2f} ({terms['recency_z']:+.2f})"
    return (
        f"mean {terms['mean']:.2f} ({terms['mean_z']:+.2f} deviations from the usual), "
        f"{counted(terms['votes'], 'rating')} ({terms['log_votes_z']:+.2f}), {lately}"
    )


STRATEGY = SqlStrategy(
    name="hybrid",
    meaning="how good, how much seen and how recent, in one number",
    source="z(R) + α·z(ln v) + β·z(recency)",
    parameters={
        "alpha": Parameter(0.25, "what being seen by many counts for", most=1e6),
        "beta": Parameter(0.25, "what recency counts for", most=1e6),
        "tau": recency.STRATEGY.parameters["tau"],
        "m": recency.STRATEGY.parameters["m"],
        MIN_VOTES: min_votes(3),
    },
    scores=_scores,
    because=_because,
)
