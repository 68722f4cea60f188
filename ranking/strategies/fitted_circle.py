"""A circle with the model fitted to it, as columns for a ranking."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa

from ranking.facts import Facts
from ranking.sql import Columns
from ranking.strategies.base import MIN_VOTES, SITE, Parameters, Terms
from ranking.strategies.circle_model import Fit, fit
from ranking.strategies.circle_ratings import Floats, Ratings, read

_FEWEST_STARS, _MOST_STARS = 0.5, 5.0


def in_stars(values: Floats) -> Floats:
    """Return the values, those beyond any rating as the nearest there is."""
    return values.clip(_FEWEST_STARS, _MOST_STARS)


@dataclass(frozen=True)
class FittedCircle:
    """A cohort's ratings and the model fitted to them, as `ranking.strategies.base.Fitted`.

    Films with fewer than ``min_votes`` ratings are part of the fit, but not of its columns. In these, scores
    and intervals end where stars do.
    """

    ratings: Ratings
    fit: Fit
    min_votes: float

    def columns(self) -> Columns:
        """Return the score of each film, its 90 % interval and what it is made of, by name."""
        fit, ratings = self.fit, self.ratings
        ranked = np.flatnonzero(ratings.by_film >= self.min_votes)
        columns: dict[str, Any] = {
            "film_id": ratings.film_ids,
            "votes": ratings.by_film,
            "score": in_stars(fit.score),
            "score_low": in_stars(fit.score - fit.margin),
            "score_high": in_stars(fit.score + fit.margin),
            "mean": ratings.means,
            "without_habits": fit.mu + fit.unshrunk,
            "weight": fit.weight * fit.usual_noise,
            "expected": fit.mu + fit.expected,
            "expected_weight": fit.usual_noise / fit.spread,
        }
        site: dict[str, Any] = {
            "site_average": ratings.site_average,
            "site_count": ratings.site_count,
            "lambda": np.where(np.isnan(ratings.site_average), np.nan, fit.pull),
            "phi": np.where(np.isfinite(ratings.site_count), fit.fame, np.nan),
        }
        return {name: column[ranked].tolist() for name, column in columns.items()} | {
            name: [value if math.isfinite(value) else None for value in column[ranked].tolist()]
            for name, column in site.items()
        }

    def estimates(self) -> dict[int, tuple[float, float]]:
        """Return each film's score in stars, which may lie beyond any rating, and its variance."""
        numbers = zip(self.fit.score.tolist(), self.fit.variance.tolist(), strict=True)
        return dict(zip(self.ratings.film_ids.tolist(), numbers, strict=True))

    def members(self) -> dict[int, Terms]:
        """Return for each member their habit (stars) and noise (stars²)."""
        numbers = zip(self.fit.habit.tolist(), self.fit.noise.tolist(), strict=True)
        terms = [{"habit": habit, "noise": noise} for habit, noise in numbers]
        return dict(zip(self.ratings.member_ids.tolist(), terms, strict=True))

    def voices(self, film_id: int) -> dict[int, Terms]:
        """Return for each rater their habit (stars) and ``weight``: how many usual ratings it is worth."""
        ratings, fit = self.ratings, self.fit
        return {
            int(ratings.member_ids[member]): {
                "habit": float(fit.habit[member]),
                "weight": float(fit.usual_noise / fit.noise[member]),
            }
            for member in ratings.raters(film_id)
        }


def fit_circle(connection: sa.Connection, facts: Facts, parameters: Parameters) -> FittedCircle:
    """Read a cohort's ratings and fit the model to them."""
    ratings = read(connection, facts, site=bool(parameters[SITE]))
    return FittedCircle(ratings, fit(ratings), parameters[MIN_VOTES])
