"""How well rankings predict hidden ratings: measures within each member, and their uncertainty.

A figure is the mean of the members' own figures, and its standard error is that of a mean over members.
Members count alike, however many films they rated; one whose hidden ratings are all equal has no figure.
A measure takes two arrays of one length, a value a film: the hidden stars, and the scores in their place.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ranking.evaluation.data import Hidden
from ranking.strategies.circle_model import NINETY_PERCENT
from ranking.strategies.circle_ratings import Floats

# Scores that agree to so many digits are ties, as for ranks.
DIGITS = 10


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean and its standard error; None where one cannot be had."""

    mean: float | None
    error: float | None

    @classmethod
    def of(cls, values: Floats) -> "Figure":
        """Return the mean of the values that are not NaN, and its error, which takes two of them."""
        numbers = values[~np.isnan(values)]
        if not len(numbers):
            return cls(None, None)
        error = float(numbers.std(ddof=1) / np.sqrt(len(numbers))) if len(numbers) > 1 else None
        return cls(float(numbers.mean()), error)


def pairs_right(stars: Floats, scores: Floats) -> float:
    """Return the share of pairs with different stars that the scores order alike; a tie counts half.

    NaN if there is no such pair. Source: the probability of concordance; E. L. Lehmann,
    "Nonparametrics" (1975), of which the area under the ROC curve is the case of two levels.

    >>> stars = np.array([5.0, 3.0, 1.0])
    >>> round(pairs_right(stars, np.array([3.0, 1.0, 2.0])), 4), pairs_right(stars, np.zeros(3))
    (0.6667, 0.5)
    """
    scores = np.round(scores, DIGITS)
    above = stars[:, None] > stars[None, :]
    pairs = int(above.sum())
    if not pairs:
        return float("nan")
    right = int((above & (scores[:, None] > scores[None, :])).sum())
    ties = int((above & (scores[:, None] == scores[None, :])).sum())
    return (right + ties / 2) / pairs


def ndcg(stars: Floats, scores: Floats, at: int) -> float:
    """Return the normalised discounted cumulative gain of the first ``at`` places.

    NaN if all stars are equal. A film's gain is 2^stars − 1; films with equal scores share the gains of
    their places. Sources: K. Järvelin and J. Kekäläinen, ACM TOIS 20 (2002); ties: F. McSherry and
    M. Najork, ECIR (2008).

    >>> stars = np.array([5.0, 3.0, 1.0])
    >>> ndcg(stars, stars, 10), round(ndcg(stars, -stars, 1), 4)
    (1.0, 0.0323)
    """
    if not len(stars) or stars.max() == stars.min():
        return float("nan")
    gains = 2.0**stars - 1
    discounts = 1 / np.log2(np.arange(2, min(at, len(stars)) + 2))
    _, level = np.unique(-np.round(scores, DIGITS), return_inverse=True)
    shared = (np.bincount(level, gains) / np.bincount(level))[np.sort(level)]
    best = np.sort(gains)[::-1]
    return float(shared[: len(discounts)] @ discounts / (best[: len(discounts)] @ discounts))


def rmse(stars: Floats, scores: Floats) -> float:
    """Return the root of the mean squared difference, in stars; NaN for no ratings at all."""
    return float(np.sqrt(np.mean((stars - scores) ** 2))) if len(stars) else float("nan")


Measure = Callable[[Floats, Floats], float]
MEASURES: dict[str, Measure] = {
    "pairs": pairs_right,
    "ndcg_10": lambda stars, scores: ndcg(stars, scores, 10),
    "ndcg_100": lambda stars, scores: ndcg(stars, scores, 100),
    "rmse": rmse,
}


def by_member(hidden: Hidden, scores: Mapping[int, float], measure: Measure) -> Floats:
    """Return each member's figure: one a member, in the order of ``hidden``; NaN where there is none.

    A film without a score counts as an average one: it gets the mean of the scores.
    """
    fallback = float(np.mean(list(scores.values())))
    predicted = np.array([scores.get(film, fallback) for film in hidden.film.tolist()])
    bounds = np.flatnonzero(np.diff(hidden.member)) + 1
    parts = zip(np.split(hidden.stars, bounds), np.split(predicted, bounds), strict=True)
    return np.array([measure(stars, of_member) for stars, of_member in parts])


def coverage(
    hidden: Hidden,
    scores: Mapping[int, tuple[float, float]],
    raters: Mapping[int, tuple[float, float]],
    *,
    least: int = 3,
) -> Floats:
    """Return for each film with at least ``least`` hidden ratings whether its 90 % interval holds their mean.

    Their mean with the raters' habits taken out; the interval is widened by the noise of that mean:
    score ± 1.645·√(variance + Σ noise / n²). ``scores`` are (score, posterior variance) by film, ``raters``
    (habit, noise variance) by member, in stars and stars².
    """
    usual = (0.0, float(np.mean([noise for _, noise in raters.values()])))
    habits_and_noise = [raters.get(member, usual) for member in hidden.member.tolist()]
    habit, noise = np.array(habits_and_noise).reshape(-1, 2).T
    size = int(hidden.film.max(initial=0)) + 1
    votes = np.bincount(hidden.film, minlength=size)
    total = np.bincount(hidden.film, hidden.stars - habit, size)
    doubt = np.bincount(hidden.film, noise, size)
    inside = []
    for film in np.flatnonzero(votes >= least).tolist():
        if film in scores:
            score, variance = scores[film]
            reach = NINETY_PERCENT * np.sqrt(variance + doubt[film] / votes[film] ** 2)
            inside.append(float(abs(total[film] / votes[film] - score) <= reach))
    return np.array(inside)
