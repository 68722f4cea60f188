"""Circle: what each film is worth to this circle, apart from how its raters rate, and how sure that is."""

import sqlalchemy as sa

from letterboxd_scraper.words import counted
from ranking.facts import Facts
from ranking.strategies.base import (
    MIN_VOTES,
    SITE,
    Fitted,
    FittedStrategy,
    Parameter,
    Parameters,
    Terms,
)

_LEAST, _MOST, _PERCENT = 2, 10, 5


def _fit(connection: sa.Connection, facts: Facts, parameters: Parameters) -> Fitted:
    # NumPy takes longer to load than all of `rank show`, which needs the strategies' names alone.
    from ranking.strategies.fitted_circle import fit_circle

    return fit_circle(connection, facts, parameters)


def _because(terms: Terms) -> str:
    why = "which is usual here"
    if terms["site_average"] is not None:
        why = f"which Letterboxd's {terms['site_average']:.2f} lets expect"
    return (
        f"{counted(terms['votes'], 'rating')}, mean {terms['mean']:.2f}, "
        f"{terms['without_habits']:.2f} once it is evened out who rates high and who low; "
        f"counted with {terms['expected_weight']:.1f} more of {terms['expected']:.2f}, {why}; "
        f"with 90 % confidence {terms['score_low']:.2f} to {terms['score_high']:.2f}"
    )


def usual_min_votes(members: int) -> int:
    """Return how many ratings a film of a circle needs, so that no single member's film leads the list.

    5 % of the members with ratings, at least 2 and at most 10; 1 for a member alone.

    >>> [usual_min_votes(members) for members in (1, 2, 40, 41, 100, 1000)]
    [1, 2, 2, 3, 5, 10]
    """
    share = -(-members * _PERCENT // 100)
    return max(1, min(members, _MOST, max(_LEAST, share)))


def _min_votes_of(connection: sa.Connection, facts: Facts) -> float:
    return usual_min_votes(connection.scalar(sa.select(facts.raters)) or 0)


STRATEGY = FittedStrategy(
    name="circle",
    meaning="what the circle thinks, whether its members rate high or low, as sure as the ratings make it",
    source="rating = μ + member + film + noise, empirical Bayes; Henderson, Biometrics 31 (1975)",
    parameters={
        SITE: Parameter(
            1,
            "1: films are expected to be what Letterboxd's members say; 0: what is usual here",
            most=1,
            whole=True,
        ),
        MIN_VOTES: Parameter(
            None,
            "films with fewer ratings are not ranked; their ratings count all the same",
            least=1,
            most=1e9,
            whole=True,
            usual="5 % of the members with ratings, at least 2, at most 10",
            of_cohort=_min_votes_of,
        ),
    },
    fit=_fit,
    because=_because,
    in_stars=True,
)
