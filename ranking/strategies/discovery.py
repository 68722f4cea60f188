"""Discovery: what this circle thinks more of than Letterboxd as a whole does."""

from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.store.schema import films
from letterboxd_scraper.words import counted
from ranking.facts import Facts
from ranking.sql import double, with_standard_scores
from ranking.strategies.base import MIN_VOTES, Parameter, Parameters, SqlStrategy, Terms, min_votes
from ranking.strategies.bayesian import score_of

# Two scores that differ by less are one: rounding must not decide whether a film is ranked.
_NO_STARS = 1e-9


def discovery(circle: Any, site: Any) -> Any:
    """Return how much higher a film stands in the circle than on the site, in standard deviations.

    Both are standard scores over the films that have a score in the circle and an average on the site. Takes
    numbers or SQL expressions. Source: the difference of standardised variables; J. Cohen,
    "Statistical Power Analysis for the Behavioral Sciences" (1988), chapter 2.

    >>> discovery(1.5, -0.5)
    2.0
    """
    return circle - site


def _scores(facts: Facts, parameters: Parameters) -> sa.Select[Any]:
    rated = facts.films.c
    average = double(films.c.letterboxd_weighted_average)
    bayesian = score_of(facts, parameters["m"])
    ranked = (
        sa.select(
            rated.film_id,
            rated.votes,
            bayesian.label("bayesian"),
            average.label("site_average"),
        )
        .join(films, films.c.id == rated.film_id)
        .where(films.c.letterboxd_weighted_average.is_not(None), rated.votes >= parameters[MIN_VOTES])
        .where(bayesian - facts.prior_mean >= parameters["above"] - _NO_STARS)
    )
    scored = with_standard_scores(ranked, "bayesian", "site_average").c
    score = discovery(scored.bayesian_z, scored.site_average_z)
    terms = (scored.bayesian, scored.bayesian_z, scored.site_average, scored.site_average_z)
    return sa.select(scored.film_id, scored.votes, score.label("score"), *terms)


def _because(terms: Terms) -> str:
    circle, site = terms["bayesian_z"], terms["site_average_z"]
    return (
        f"{counted(terms['votes'], 'rating')} make {terms['bayesian']:.2f} here "
        f"({circle:+.2f} deviations from the usual), "
        f"Letterboxd's average is {terms['site_average']:.2f} ({site:+.2f})"
    )


STRATEGY = SqlStrategy(
    name="discovery",
    meaning="what the circle thinks more of than Letterboxd as a whole",
    source="z(bayesian) − z(Letterboxd's average), over films that have both; ranked: bayesian ≥ C + above",
    parameters={
        "m": Parameter(5.0, "how many votes the overall mean counts for", most=1e9),
        "above": Parameter(
            0.0,
            "how far above the mean of all ratings a film's bayesian score must be for it to be ranked",
            least=-5,
            most=5,
        ),
        MIN_VOTES: min_votes(3),
    },
    scores=_scores,
    because=_because,
    why_empty="it needs Letterboxd's averages, which come with the films' own pages (`letterboxd enrich`), "
    "min_votes ratings, and a bayesian score of at least the mean of all ratings and above",
)
