"""What a member would give films: the circle's score, their habit, and their taste in what films are.

Each member's deviations from what the others think of a film are regressed on the film's columns. The
coefficients are normal around 0, with one variance for each group of columns, which all members of the circle
tell; a member with few ratings keeps to the circle.

Sources: the best linear unbiased prediction, C. R. Henderson, Biometrics 31 (1975); its form without one
observation, R. D. Cook, Technometrics 19 (1977); the variances by effective degrees of freedom,
D. J. C. MacKay, Neural Computation 4 (1992).
"""

from dataclasses import dataclass

import numpy as np

from ranking.recommend.audience import Audiences
from ranking.recommend.columns import GROUPS, Columns
from ranking.recommend.film_facts import FilmFacts
from ranking.strategies.circle_model import LEAST_NOISE, NINETY_PERCENT, Fit
from ranking.strategies.circle_ratings import Floats, Integers, Ratings
from ranking.strategies.fitted_circle import in_stars

# The usual variances count as so many members more, and the pooled noise as so many degrees of freedom.
_PSEUDO = 20.0
# Members with fewer ratings say nothing of variances.
_ENOUGH = 10
_ROUNDS = 2
# How far films are from what is expected of them, in stars²: a doubtful score counts less.
_DOUBT = 0.50
_AT_ONCE = 512
_LEAST = 1e-6
# What bounds take away: nobody can give more than five stars, nor less than half a star.
BOUNDS = "bounds"
PARTS = (*GROUPS, BOUNDS)


@dataclass(frozen=True)
class Forecast:
    """What a member would give films, in stars; arrays have one value a film.

    ``score`` is unbounded, and orders the films; ``expected``, ``low`` and ``high`` (with 90 % confidence a
    rating lies between them) end where stars do. ``circle`` is what the others say. ``parts`` has a column
    for each of PARTS: circle + parts = expected. ``ratings`` is how many ratings of the member are behind it.
    """

    film_ids: Integers
    score: Floats
    expected: Floats
    low: Floats
    high: Floats
    circle: Floats
    parts: Floats
    ratings: int


@dataclass(frozen=True)
class Equations:
    """A member's weighted regression: ``left`` = X'DX, ``right`` = X'Dy, ``squares`` = y'Dy."""

    left: Floats
    right: Floats
    squares: float
    count: int


@dataclass(frozen=True)
class Taste:
    """A member's coefficients, the covariance of these, and the variance of the member's ratings (stars²)."""

    coefficients: Floats
    covariance: Floats
    noise: float


@dataclass(frozen=True)
class Variances:
    """The variance of each group's coefficients, each member's noise, and the usual noise, all in stars²."""

    groups: Floats
    noise: Floats
    usual_noise: float


class CircleModel:
    """A fitted circle, and how its members' tastes vary; ``of`` gives each member's model.

    The variances are the circle's, told by the choices of all; a member's own taste is told by what films
    are to the others. So they are estimated once for all members.
    """

    def __init__(self, ratings: Ratings, fit: Fit, facts: FilmFacts) -> None:
        self.ratings, self.fit = ratings, fit
        self._audiences = Audiences(ratings)
        self.columns = Columns.of(ratings, facts, self._audiences.of_everybody())
        self.precision = fit.weight + 1 / fit.spread if len(fit.spread) else fit.weight
        self.variances = self._estimate()

    def of(self, member: int | None) -> "PersonalModel":
        """Return the model of the member at a position; None is one without ratings."""
        if member is None:
            return PersonalModel(self, self.columns, None)
        return PersonalModel(self, self.columns.with_audience(self._audiences.without(member)), member)

    def rated(self, member: int) -> tuple[Integers, Floats]:
        """Return which films a member rated (positions), and with how many stars: a value a film in both."""
        own = slice(self.ratings.starts[member], self.ratings.starts[member + 1])
        return self.ratings.film[own], self.ratings.half_stars[own] * np.float64(0.5)

    def others(self, member: int, films: Integers, stars: Floats) -> tuple[Floats, Floats]:
        """Return the scores, and their variances, of films that a member rated, without these ratings.

        In stars and stars², a value a film, in the order of the ``films`` (positions) and their ``stars``.
        """
        weight = 1 / self.fit.noise[member]
        precision = self.precision[films]
        share = weight / precision
        score = self.fit.score[films]
        rating = stars - self.fit.habit[member]
        return (score - share * rating) / (1 - share), 1 / (precision - weight)

    def equations(self, member: int, columns: Columns) -> Equations:
        """Return the regression of what a member's ratings are above the others' and the member's habit."""
        films, stars = self.rated(member)
        score, variance = self.others(member, films, stars)
        above = stars - self.fit.habit[member] - score
        rows, weight = columns.rows(films), 1 / (1 + variance / _DOUBT)
        weighted = rows * weight[:, None]
        return Equations(rows.T @ weighted, above @ weighted, float(weight @ above**2), len(films))

    def _estimate(self) -> Variances:
        usual, fit = self.columns.usual, self.fit
        variances = Variances(usual, fit.noise, fit.usual_noise)
        enough = np.flatnonzero(self.ratings.by_member >= _ENOUGH).tolist()
        for _ in range(_ROUNDS if enough else 0):
            squares, freedom = np.zeros(len(GROUPS)), np.zeros(len(GROUPS))
            residual, left = np.zeros(len(enough)), np.zeros(len(enough))
            prior = variances.groups[self.columns.groups]
            for place, member in enumerate(enough):
                equations = self.equations(member, self.columns)
                taste = solve(equations, prior, variances.noise[member])
                determined = 1 - taste.covariance.diagonal() / prior
                squares += self._by_group(taste.coefficients**2)
                freedom += self._by_group(determined)
                residual[place] = _residual(equations, taste)
                left[place] = max(equations.count - determined.sum(), 0.0)
            pseudo = _PSEUDO * freedom / len(enough)
            # Of a group without columns, or of which the ratings say nothing, the usual variance stays.
            says = freedom > _LEAST
            groups = (squares + pseudo * usual) / np.where(says, freedom + pseudo, 1.0)
            groups = np.where(says, groups.clip(_LEAST), usual)
            pooled = max(float(residual.sum() / max(left.sum(), _LEAST)), LEAST_NOISE)
            noise = np.full(len(fit.noise), pooled)
            noise[enough] = ((residual + _PSEUDO * pooled) / (left + _PSEUDO)).clip(LEAST_NOISE)
            variances = Variances(groups, noise, pooled)
        return variances

    def _by_group(self, values: Floats) -> Floats:
        of_groups: Floats = np.bincount(self.columns.groups, values, len(GROUPS)).astype(float)
        return of_groups


class PersonalModel:
    """The model of one member of a circle; ``columns`` are what films are to the others."""

    def __init__(self, circle: CircleModel, columns: Columns, member: int | None) -> None:
        self.circle, self.columns, self.member = circle, columns, member
        self.taste = self._taste()

    def _taste(self) -> Taste:
        variances = self.circle.variances
        prior = variances.groups[self.columns.groups]
        if self.member is None:
            covariance: Floats = np.diag(prior).astype(np.float64)
            return Taste(np.zeros(len(prior)), covariance, variances.usual_noise)
        equations = self.circle.equations(self.member, self.columns)
        return solve(equations, prior, float(variances.noise[self.member]))

    def forecast(self) -> Forecast:
        """Return what the member would give each film of the circle.

        Of a film that they rated, this rating is no part of what the circle says, but it is one of those that
        tell their habit and taste.
        """
        circle, fit = self.circle, self.circle.fit
        score, variance = fit.score.copy(), 1 / circle.precision
        count, habit = 0, 0.0
        if self.member is not None:
            films, stars = circle.rated(self.member)
            score[films], variance[films] = circle.others(self.member, films, stars)
            count, habit = len(films), float(fit.habit[self.member])
        parts, doubt = self._parts()
        parts[:, 0] += habit
        of_others, total = in_stars(score), score + parts.sum(1)
        reach = NINETY_PERCENT * np.sqrt(variance + doubt + self.taste.noise)
        expected = in_stars(total)
        parts[:, -1] = expected - of_others - parts.sum(1)
        return Forecast(
            film_ids=circle.ratings.film_ids,
            score=total,
            expected=expected,
            low=in_stars(total - reach),
            high=in_stars(total + reach),
            circle=of_others,
            parts=parts,
            ratings=count,
        )

    def _parts(self) -> tuple[Floats, Floats]:
        """Return by film and part what the taste adds, and by film how unsure all of it is, in stars²."""
        films = len(self.columns.average)
        parts, doubt = np.zeros((films, len(PARTS))), np.zeros(films)
        of_group = np.eye(len(PARTS))[self.columns.groups] * self.taste.coefficients[:, None]
        for start in range(0, films, _AT_ONCE):
            block = slice(start, min(start + _AT_ONCE, films))
            rows = self.columns.rows(np.arange(block.start, block.stop, dtype=np.int32))
            parts[block] = rows @ of_group
            doubt[block] = ((rows @ self.taste.covariance) * rows).sum(1)
        return parts, doubt


def solve(equations: Equations, prior: Floats, noise: float) -> Taste:
    """Return the coefficients β that the equations and their ``prior`` variances make likely.

    ``prior`` (stars², a value a column) and ``noise`` (stars²) are variances. With X'X and X'y of the
    equations, cov β = (X'X / noise + diag(1 / prior))⁻¹, β = cov β · X'y / noise: MacKay, as above.
    """
    covariance = np.linalg.inv(equations.left / noise + np.diag(1 / prior)).astype(np.float64)
    return Taste(covariance @ equations.right / noise, covariance, noise)


def _residual(equations: Equations, taste: Taste) -> float:
    b = taste.coefficients
    return max(equations.squares - 2 * float(b @ equations.right) + float(b @ equations.left @ b), 0.0)
