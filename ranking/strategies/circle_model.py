"""Fitting the model: rating = μ + the member's habit + the film's effect + noise.

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

import numpy as np
import numpy.typing as npt

from ranking.strategies.circle_ratings import Floats, Ratings

_logger = logging.getLogger(__name__)

Truths = npt.NDArray[np.bool_]

# A circle of few ratings says little of variances: those below, about what circles of Letterboxd's
# members have, count as so many more films, members and ratings.
_PSEUDO = 4.0
_NOISE = 0.6
_HABITS = 0.12
_EFFECTS = 0.35  # of films about which Letterboxd says nothing
_DEVIATIONS = 0.04  # from what Letterboxd says
_LEAST = 1e-6
_LEAST_NOISE = 0.5**2 / 12  # what rounding to half stars makes
# And little of what Letterboxd counts for: λ is about 1 and φ about 0, give or take. Of the films' level,
# the first coefficient, nothing is known beforehand.
_COEFFICIENTS = np.array([0.0, 1.0, 0.0])
_CERTAINTY = np.diag([0.0, 0.5**-2, 0.2**-2])

# Most circles need less than a hundred; those of members who rated little in common, hundreds.
_MOST_ROUNDS = 2000
# Scores and margins that move less are final: well below what ranks tell apart, as the order of rows
# moves them too.
_SETTLED = 1e-11

NINETY_PERCENT = NormalDist().inv_cdf(0.95)


@dataclass
class Fit:
    """What the model knows; effects, habits and variances in stars and stars².

    By film: ``effect`` and ``variance`` (posterior), ``expected`` (the prior's centre), ``spread`` (its
    variance), ``weight`` (Σ 1/noise of its raters) and ``unshrunk`` (its raters' weighted mean, their
    habits and μ taken out). By member: ``habit``, ``habit_variance``, ``noise`` (variance).
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
        """What a member without habits would give each film, in stars."""
        return self.mu + self.effect

    @property
    def margin(self) -> Floats:
        """Half the width of the 90 % interval around each score."""
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
    """Estimate everything from the ratings; always finite. Warns if that did not settle."""
    members, films = len(ratings.member_ids), len(ratings.film_ids)
    mean = float(ratings.means @ ratings.by_film / max(1, len(ratings.film)))
    zeros = np.zeros(films)
    found = Fit(
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
        return found
    site = _Site(ratings)
    for _ in range(_MOST_ROUNDS):
        before = found.score, found.margin
        _fit_films(found, ratings, site)
        _fit_members(found, ratings)
        found.rounds += 1
        if _moved(before, (found.score, found.margin)) < _SETTLED:
            return found
    _logger.warning(
        "circle: the scores had not settled after %d rounds; they may be off by some %.0e stars",
        found.rounds,
        _moved(before, (found.score, found.margin)),
    )
    return found


def _moved(before: tuple[Floats, Floats], after: tuple[Floats, Floats]) -> float:
    return max(float(np.abs(new - old).max()) for old, new in zip(before, after, strict=True))


class _Site:
    """What Letterboxd says of the films.

    ``design`` has the columns 1, average and logarithm of the number of ratings, these less their mean
    and 0 where unknown. ``doubt`` is the variance of an average, as a share of that of one rating.
    """

    def __init__(self, ratings: Ratings) -> None:
        self.known = ~np.isnan(ratings.site_average)
        counted = self.known & np.isfinite(ratings.site_count)
        logarithm = np.log(np.where(counted, ratings.site_count, 1.0))
        columns = (_centred(ratings.site_average, self.known), _centred(logarithm, counted))
        self.design = np.stack([np.ones(len(logarithm)), *columns], axis=1)
        self.doubt = np.where(self.known, 1 / ratings.site_count, 0.0)


def _centred(values: Floats, known: Truths) -> Floats:
    usual = values[known].mean() if known.any() else 0.0
    return np.where(known, values - usual, 0.0)


def _fit_films(found: Fit, ratings: Ratings, site: _Site) -> None:
    """Estimate films from habits: first what is expected of them, then each film, then their variances."""
    weight, total, from_habits = _film_sums(found, ratings)
    found.weight, found.unshrunk = weight, total / weight - found.mu
    doubt = found.pull**2 * (found.usual_noise + found.habits) * site.doubt
    found.spread = np.where(site.known, found.deviations, found.effects) + doubt
    precision = 1 / (found.spread + 1 / weight)
    left = site.design.T * precision @ site.design + _CERTAINTY
    right = site.design.T @ (precision * found.unshrunk) + _CERTAINTY @ _COEFFICIENTS
    found.coefficients = np.linalg.solve(left, right)
    guess = (site.design @ np.linalg.inv(left) * site.design).sum(1)  # the variance of what is expected
    found.expected = site.design @ found.coefficients
    share = 1 / (weight + 1 / found.spread)
    found.effect = share * (weight * found.unshrunk + found.expected / found.spread)
    found.variance = share + share**2 * (from_habits + guess / found.spread**2)
    surprise = precision * (found.unshrunk - found.expected)
    unsure = 1 / (1 / precision + from_habits / weight**2 + guess)
    found.deviations = _variance(found.deviations, _DEVIATIONS, surprise, unsure, site.known)
    found.effects = _variance(found.effects, _EFFECTS, surprise, unsure, ~site.known)


def _variance(now: float, usual: float, surprise: Floats, precision: Floats, among: Truths) -> float:
    """Return the next estimate of the variance of film effects around what is expected of them."""
    squares = now**2 * float((surprise[among] ** 2).sum())
    freedom = now * float(precision[among].sum())
    return max((squares + _PSEUDO * usual) / (freedom + _PSEUDO), _LEAST)


def _film_sums(found: Fit, ratings: Ratings) -> tuple[Floats, Floats, Floats]:
    """Return by film Σw, Σw·(stars − habit) and Σw²·(variance of the habit), for w = 1/noise."""
    weights = 1 / found.noise
    doubts = weights**2 * found.habit_variance
    sums = np.zeros((3, len(ratings.film_ids)))
    for part in ratings.parts():
        w = part.spread(weights)
        sums[0] += np.bincount(part.film, w, sums.shape[1])
        w *= part.stars - part.spread(found.habit)
        sums[1] += np.bincount(part.film, w, sums.shape[1])
        sums[2] += np.bincount(part.film, part.spread(doubts), sums.shape[1])
    return sums[0], sums[1], sums[2]


def _fit_members(found: Fit, ratings: Ratings) -> None:
    """Estimate habits and noise from films."""
    count = ratings.by_member
    total, squares, doubt = _member_sums(found, ratings)
    weight = 1 / found.noise
    share = 1 / (weight * count + 1 / found.habits)
    habit = share * weight * total
    found.habit_variance = share + (share * weight) ** 2 * doubt
    freedom = float((1 - found.habit_variance / found.habits).clip(0).sum())
    freedom *= 1 - 1 / len(count)  # μ takes one
    found.habits = max((float(habit @ habit) + _PSEUDO * _HABITS) / (freedom + _PSEUDO), _LEAST)
    residual = squares - 2 * habit * total + count * habit**2
    # The habit takes some of the degrees of freedom, the effects do, and what one takes the other cannot.
    taken = share * weight * count
    left = count - taken - weight * doubt * (1 - taken * (2 - taken) / count)
    _fit_noise(found, residual.clip(0), left.clip(_LEAST))
    found.habit = habit - habit.mean()
    found.mu += float(habit.mean())


def _member_sums(found: Fit, ratings: Ratings) -> tuple[Floats, Floats, Floats]:
    """Return by member Σρ and Σρ², for ρ = stars − μ − effect, and Σ(variance of the effect)."""
    sums = np.zeros((3, len(ratings.member_ids)))
    score = found.score
    for part in ratings.parts():
        rest = part.stars - score[part.film]
        sums[0, part.members] = part.sums(rest)
        sums[1, part.members] = part.sums(rest * rest)
        sums[2, part.members] = part.sums(found.variance[part.film])
    return sums[0], sums[1], sums[2]


def _fit_noise(found: Fit, residual: Floats, freedom: Floats) -> None:
    """Estimate each member's noise variance, drawn towards the usual one as far as they are alike."""
    whole = float(freedom.sum())
    usual = (float(residual.sum()) + _PSEUDO * _NOISE) / (whole + _PSEUDO)
    usual = max(usual, _LEAST_NOISE)
    # The squared differences from the usual one, less what chance makes of them: 2 / degrees of freedom.
    differs = float((freedom * (residual / freedom / usual - 1) ** 2).sum() - 2 * len(freedom)) / whole
    alike = 2 / min(max(differs, 0.01), 4.0)
    found.noise = ((residual + alike * usual) / (freedom + alike)).clip(_LEAST_NOISE)
    found.usual_noise = usual
