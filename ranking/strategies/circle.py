"""Circle: what each film is worth to this circle, apart from how its raters rate, and how sure that is."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from ranking.facts import Facts
from ranking.sql import Columns
from ranking.strategies.base import MIN_VOTES, FittedStrategy, Parameters, Terms, many, min_votes

if TYPE_CHECKING:  # NumPy is imported when something is computed
    from ranking.strategies.circle_model import Fit
    from ranking.strategies.circle_ratings import Floats, Ratings


def shrunken(rated: Any, weight: Any, *, expected: Any, expected_weight: Any) -> Any:
    """Return the score in stars: (w·R + k·E) / (w + k).

    R = ``rated`` is the mean of the film's ratings, habits taken out, each weighed by its rater's
    precision; w = ``weight`` says how many usual ratings they are worth. E = ``expected`` is what the
    prior says, and k = ``expected_weight`` how many usual ratings that is worth. Source: the best linear
    unbiased prediction; C. R. Henderson, Biometrics 31 (1975), 423-447.

    >>> shrunken(5.0, 2, expected=3.0, expected_weight=2)
    4.0
    """
    return (weight * rated + expected_weight * expected) / (weight + expected_weight)


def _known(column: "Floats") -> list[float | None]:
    return [value if math.isfinite(value) else None for value in column.tolist()]


@dataclass(frozen=True)
class Circle:
    """The cohort's ratings and what the model found in them; films with few votes are left out."""

    ratings: "Ratings"
    fit: "Fit"
    min_votes: float

    def columns(self) -> Columns:
        import numpy as np

        fit, ratings = self.fit, self.ratings
        shown = np.flatnonzero(ratings.by_film >= self.min_votes)
        columns: dict[str, Any] = {
            "film_id": ratings.film_ids,
            "votes": ratings.by_film,
            "score": fit.score,
            "score_low": fit.score - fit.margin,
            "score_high": fit.score + fit.margin,
            "mean": ratings.means,
            "without_habits": fit.mu + fit.unshrunk,
            "weight": fit.weight * fit.usual_noise,
            "expected": fit.mu + fit.expected,
            "expected_weight": fit.usual_noise / fit.spread,
        }
        found: dict[str, Any] = {name: column[shown].tolist() for name, column in columns.items()}
        site = {
            "site_average": ratings.site_average,
            "site_count": ratings.site_count,
            "lambda": np.where(np.isnan(ratings.site_average), np.nan, fit.pull),
            "phi": np.where(np.isfinite(ratings.site_count), fit.fame, np.nan),
        }
        return found | {name: _known(column[shown]) for name, column in site.items()}

    def members(self) -> dict[int, Terms]:
        """Return for each member their habit (stars) and noise (stars²)."""
        habit, noise = self.fit.habit.tolist(), self.fit.noise.tolist()
        return {
            member: {"habit": habit[at], "noise": noise[at]}
            for at, member in enumerate(self.ratings.member_ids.tolist())
        }

    def voices(self, film_id: int) -> dict[int, Terms]:
        """Return for each rater their habit (stars), and how many usual ratings theirs is worth."""
        ratings, fit = self.ratings, self.fit
        return {
            int(ratings.member_ids[member]): {
                "habit": float(fit.habit[member]),
                "weight": float(fit.usual_noise / fit.noise[member]),
            }
            for member in ratings.raters(film_id)
        }


def _fit(connection: sa.Connection, facts: Facts, parameters: Parameters) -> Circle:
    from ranking.strategies.circle_model import fit
    from ranking.strategies.circle_ratings import read

    ratings = read(connection, facts)
    return Circle(ratings, fit(ratings), parameters[MIN_VOTES])


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
