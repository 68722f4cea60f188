"""Fitting the model: rating = μ + the member's habit + the film's effect + noise, all in stars.

Habits and film effects are normal, and so is the noise, whose variance is each member's own. A film's
effect is expected to be λ · (Letterboxd's average of it, less the usual average) + φ · (the logarithm of how
many rated it there, less the usual one). Every variance, λ and φ are estimated from the ratings
themselves: empirical Bayes.

Sources: crossed random effects and their shrinkage, C. R. Henderson, "Best Linear Unbiased Estimation
and Prediction under a Selection Model", Biometrics 31 (1975); the updates of variances by effective
degrees of freedom, D. J. C. MacKay, "Bayesian Interpolation", Neural Computation 4 (1992), which have the
fixed points of REML, here with posterior variances to first order; the members' shrunken noise variances,
G. K. Smyth, "Linear Models and Empirical Bayes Methods for Assessing Differential Expression", Statistical
Applications in Genetics 3 (2004).
"""

import logging
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

from ranking.strategies.circle_ratings import Floats, Ratings

_logger = logging.getLogger(__name__)

Truths = npt.NDArray[np.bool_]

# A circle of few ratings says little of variances. Those below, about what circles of Letterboxd's members
# have, count as _PSEUDO more films, members and ratings.
_PSEUDO = 4.0
_NOISE = 0.6
_HABITS = 0.12
_EFFECTS = 0.35  # of films about which Letterboxd says nothing
_DEVIATIONS = 0.04  # from what Letterboxd says
_LEAST = 1e-6
LEAST_NOISE = 0.5**2 / 12  # what rounding to half stars makes
# The prior of the level of all films, λ and φ: nothing is known of the level; λ is about 1, φ about 0.
_COEFFICIENTS = np.array([0.0, 1.0, 0.0])
_CERTAINTY = np.diag([0.0, 0.5**-2, 0.2**-2])

# Most circles need less than a hundred; those of members who rated little in common, hundreds.
_MOST_ROUNDS = 2000
# Scores and margins that move less, in stars, are final: well below what ranks tell apart, as the order of
# rows moves them too.
_SETTLED = 1e-11

NINETY_PERCENT = NormalDist().inv_cdf(0.95)


def shrunken(rated: Any, weight: Any, *, expected: Any, expected_weight: Any) -> Any:
    """Return the score in stars: (w·R + k·E) / (w + k). Takes numbers, or arrays with one value a film.

    R = ``rated`` is the mean of the film's ratings, habits taken out, each weighed by its rater's
    precision; w = ``weight`` says how many usual ratings they are worth. E = ``expected`` is what the
    prior says, and k = ``expected_weight`` how many usual ratings that is worth. Source: the best linear
    unbiased prediction; C. R. Henderson, Biometrics 31 (1975), 423-447.

    >>> shrunken(5.0, 2, expected=3.0, expected_weight=2)
    4.0
    """
    return (weight * rated + expected_weight * expected) / (weight + expected_weight)


@dataclass
class Fit:
    """The model's estimates; effects and habits in stars, variances in stars².

    By film: ``effect`` and ``variance`` (posterior), ``expected`` (the prior's centre), ``spread`` (its
    variance), ``weight`` (Σ 1/noise of its raters) and ``unshrunk`` (its raters' weighted mean, their
    habits and μ taken out). By member: ``habit``, ``habit_variance``, ``noise`` (variance).
    ``usual_noise`` is the noise of an average member; ``habits``, ``effects`` and ``deviations`` are the
    variances of the habits, of films' effects without and with an average of Letterboxd's;
    ``coefficients`` are the level of all films, λ and φ.
    """

    mu: float
    effect: Floats
    variance: Floats
    expected: Floats
    spread: Floats
    weight: Floats
    unshrunk: Floats
    habit: Floats
    habit_variance: Floats
    noise: Floats
    usual_noise: float = _NOISE
    habits: float = _HABITS
    effects: float = _EFFECTS
    deviations: float = _DEVIATIONS
    coefficients: Floats = field(default_factory=_COEFFICIENTS.copy)
    rounds: int = 0

    @property
    def score(self) -> Floats:
        """What a member without habits would give each film, in stars: a value a film."""
        return self.mu + self.effect

    @property
    def margin(self) -> Floats:
        """Half the width of the 90 % interval around each score, in stars: a value a film."""
        return NINETY_PERCENT * np.sqrt(self.variance)

    @property
    def pull(self) -> float:
        """λ: how many stars the circle is expected to move where Letterboxd moves by one."""
        return float(self.coefficients[1])

    @property
    def fame(self) -> float:
        """φ: how many stars more the circle is expected to give where e times as many rated on Letterboxd."""
        return float(self.coefficients[2])


def fit(ratings: Ratings) -> Fit:
    """Estimate everything from the ratings.

    Films' and members' estimates improve each other in turns until the scores stay. All numbers are finite,
    also for a single rating and for none. Logs a warning if the scores have not settled after
    _MOST_ROUNDS.
    """
    members, films = len(ratings.member_ids), len(ratings.film_ids)
    mean = float(ratings.means @ ratings.by_film / max(1, len(ratings.film)))
    zeros = np.zeros(films)
    model = Fit(
        mu=mean,
        effect=zeros,
        variance=zeros,
        expected=zeros,
        spread=zeros,
        weight=zeros,
        unshrunk=zeros,
        habit=np.zeros(members),
        habit_variance=np.zeros(members),
        noise=np.full(members, _NOISE),
    )
    if not films:
        return model
    site = _Site(ratings)
    for _ in range(_MOST_ROUNDS):
        before = model.score, model.margin
        _fit_films(model, ratings, site)
        _fit_members(model, ratings)
        model.rounds += 1
        if _moved(before, (model.score, model.margin)) < _SETTLED:
            return model
    _logger.warning(
        "circle: the scores had not settled after %d rounds; they may be off by some %.0e stars",
        model.rounds,
        _moved(before, (model.score, model.margin)),
    )
    return model


def _moved(before: tuple[Floats, Floats], after: tuple[Floats, Floats]) -> float:
    return max(float(np.abs(new - old).max()) for old, new in zip(before, after, strict=True))


class _Site:
    """What Letterboxd says of the films; arrays have one row a film.

    ``rated`` is true where there is an average. ``design`` has the columns 1, average and logarithm of the
    number of ratings, these less their mean and 0 where unknown. ``doubt`` is the variance of an average, as
    a share of that of one rating: 1 / number of ratings.
    """

    def __init__(self, ratings: Ratings) -> None:
        self.rated = ~np.isnan(ratings.site_average)
        counted = self.rated & np.isfinite(ratings.site_count)
        logarithm = np.log(np.where(counted, ratings.site_count, 1.0))
        columns = (_centred(ratings.site_average, self.rated), _centred(logarithm, counted))
        self.design = np.stack([np.ones(len(logarithm)), *columns], axis=1)
        self.doubt = np.where(self.rated, 1 / ratings.site_count, 0.0)


def _centred(values: Floats, among: Truths) -> Floats:
    """Return the values less the mean of those ``among`` which count; 0 for the others."""
    mean = values[among].mean() if among.any() else 0.0
    return np.where(among, values - mean, 0.0)


def _fit_films(model: Fit, ratings: Ratings, site: _Site) -> None:
    """Estimate films from habits: first what is expected of them, then each film, then their variances."""
    weight, total, from_habits = _film_sums(model, ratings)
    model.weight, model.unshrunk = weight, total / weight - model.mu
    doubt = model.pull**2 * (model.usual_noise + model.habits) * site.doubt
    model.spread = np.where(site.rated, model.deviations, model.effects) + doubt
    precision = 1 / (model.spread + 1 / weight)
    left = site.design.T * precision @ site.design + _CERTAINTY
    right = site.design.T @ (precision * model.unshrunk) + _CERTAINTY @ _COEFFICIENTS
    model.coefficients = np.linalg.solve(left, right)
    guess = (site.design @ np.linalg.inv(left) * site.design).sum(1)  # the variance of what is expected
    model.expected = site.design @ model.coefficients
    share = 1 / (weight + 1 / model.spread)
    model.effect = shrunken(model.unshrunk, weight, expected=model.expected, expected_weight=1 / model.spread)
    model.variance = share + share**2 * (from_habits + guess / model.spread**2)
    surprise = precision * (model.unshrunk - model.expected)
    unsure = 1 / (1 / precision + from_habits / weight**2 + guess)
    model.deviations = _variance(model.deviations, _DEVIATIONS, surprise, unsure, site.rated)
    model.effects = _variance(model.effects, _EFFECTS, surprise, unsure, ~site.rated)


def _variance(now: float, usual: float, surprise: Floats, precision: Floats, among: Truths) -> float:
    """Return the next estimate of the variance (stars²) of film effects around what is expected of them.

    ``now`` is the estimate so far. MacKay's update: the squared effects, divided by how many degrees of
    freedom the ratings determine; ``usual`` counts as _PSEUDO more.
    """
    squares = now**2 * float((surprise[among] ** 2).sum())
    freedom = now * float(precision[among].sum())
    return max((squares + _PSEUDO * usual) / (freedom + _PSEUDO), _LEAST)


def _film_sums(model: Fit, ratings: Ratings) -> tuple[Floats, Floats, Floats]:
    """Return by film Σw, Σw·(stars − habit) and Σw²·(variance of the habit); w = 1/noise of the rater."""
    weights = 1 / model.noise
    doubts = weights**2 * model.habit_variance
    sums = np.zeros((3, len(ratings.film_ids)))
    for block in ratings.blocks():
        w = block.spread(weights)
        sums[0] += np.bincount(block.film, w, sums.shape[1])
        w *= block.stars - block.spread(model.habit)
        sums[1] += np.bincount(block.film, w, sums.shape[1])
        sums[2] += np.bincount(block.film, block.spread(doubts), sums.shape[1])
    return sums[0], sums[1], sums[2]


def _fit_members(model: Fit, ratings: Ratings) -> None:
    """Estimate habits, then noise from films; μ takes up the mean of the habits."""
    count = ratings.by_member
    total, squares, doubt = _member_sums(model, ratings)
    weight = 1 / model.noise
    share = 1 / (weight * count + 1 / model.habits)
    habit = share * weight * total
    model.habit_variance = share + (share * weight) ** 2 * doubt
    freedom = float((1 - model.habit_variance / model.habits).clip(0).sum())
    freedom *= 1 - 1 / len(count)  # μ takes one
    model.habits = max((float(habit @ habit) + _PSEUDO * _HABITS) / (freedom + _PSEUDO), _LEAST)
    residual = squares - 2 * habit * total + count * habit**2
    # The habit takes some of the degrees of freedom, the effects do, and what one takes the other cannot.
    taken = share * weight * count
    left = count - taken - weight * doubt * (1 - taken * (2 - taken) / count)
    _fit_noise(model, residual.clip(0), left.clip(_LEAST))
    model.habit = habit - habit.mean()
    model.mu += float(habit.mean())


def _member_sums(model: Fit, ratings: Ratings) -> tuple[Floats, Floats, Floats]:
    """Return by member Σρ and Σρ², for ρ = stars − μ − effect of each film, and Σ(variance of the effect)."""
    sums = np.zeros((3, len(ratings.member_ids)))
    score = model.score
    for block in ratings.blocks():
        rest = block.stars - score[block.film]
        sums[0, block.members] = block.sums(rest)
        sums[1, block.members] = block.sums(rest * rest)
        sums[2, block.members] = block.sums(model.variance[block.film])
    return sums[0], sums[1], sums[2]


def _fit_noise(model: Fit, residual: Floats, freedom: Floats) -> None:
    """Estimate each member's noise variance, drawn towards the usual one as far as they are alike.

    ``residual`` (stars²) and ``freedom`` are each member's sum of squares and degrees of freedom. Smyth's
    moderated variances; ``alike`` is his d₀, between 0.5 and 200 degrees of freedom.
    """
    whole = float(freedom.sum())
    usual = (float(residual.sum()) + _PSEUDO * _NOISE) / (whole + _PSEUDO)
    usual = max(usual, LEAST_NOISE)
    # The squared differences from the usual one, less what chance makes of them: 2 / degrees of freedom.
    differs = float((freedom * (residual / freedom / usual - 1) ** 2).sum() - 2 * len(freedom)) / whole
    alike = 2 / min(max(differs, 0.01), 4.0)
    model.noise = ((residual + alike * usual) / (freedom + alike)).clip(LEAST_NOISE)
    model.usual_noise = usual
