"""Circle: what each film is worth to this circle, apart from how its raters rate, and how sure that is."""

import sqlalchemy as sa

from ranking.facts import Facts
from ranking.strategies.base import MIN_VOTES, Fitted, FittedStrategy, Parameters, Terms, many, min_votes


def _fit(connection: sa.Connection, facts: Facts, parameters: Parameters) -> Fitted:
    # NumPy takes longer to load than all of `rank show`, which needs the strategies' names alone.
    from ranking.strategies.fitted_circle import fit_circle

    return fit_circle(connection, facts, parameters)


def _because(terms: Terms) -> str:
    expected = f"the {terms['expected']:.2f} usual here"
    if terms["site_average"] is not None:
        expected = f"the {terms['expected']:.2f} that Letterboxd's {terms['site_average']:.2f} lets expect"
    return (
        f"{many(terms['votes'])}, mean {terms['mean']:.2f}, {terms['without_habits']:.2f} with the raters' "
        f"habits taken out; pulled towards {expected} as by {terms['expected_weight']:.1f} more; "
        f"with 90 % confidence {terms['score_low']:.2f} to {terms['score_high']:.2f}"
    )


STRATEGY = FittedStrategy(
    name="circle",
    meaning="what the circle thinks, its members' habits taken out, as sure as the ratings make it",
    source="rating = μ + habit + film + noise, empirical Bayes; Henderson, Biometrics 31 (1975)",
    parameters={MIN_VOTES: min_votes(1)},
    fit=_fit,
    because=_because,
    in_stars=True,
)
