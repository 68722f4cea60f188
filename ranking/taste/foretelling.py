"""How well members' ratings foretell those of one of them: shares of pairs of films in the right order.

Pure numbers. Of two films to which a member gave different stars, another's ratings are right where they
order the two alike, and half right where they give both the same. The share of pairs that are right is
(1 + d) / 2 by Somers' d, which has a direction: R. H. Somers, "A New Asymmetric Measure of Association for
Ordinal Variables", American Sociological Review 27 (1962). Its error is that of L. A. Goodman and W. H.
Kruskal, "Measures of Association for Cross Classifications, IV", Journal of the American Statistical
Association 67 (1972).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ranking.taste.agreement import LEAST_OVERLAP, NINETY, Matrix, Rated, mixed

_LEVELS = 10
# To learn what is usual, the ratings of so many members are foretold: of more, it would not be known better.
_TARGETS = 100
# What circles of real members are like; it counts as much as so many members, or pairs, of the circle.
_USUAL_MEAN, _USUAL_MEAN_VARIANCE = 0.61, 0.05**2
_USUAL_MEMBERS, _USUAL_PAIRS, _USUAL_ERROR = 0.035**2, 0.028**2, 0.155
_WORTH_MEMBERS, _WORTH_PAIRS = 5, 100
# What is known before of how well all others together foretell: little, so that chance comes out as chance.
_TOGETHER, _TOGETHER_VARIANCE = 0.65, 0.2**2
# Few films do not tell how large their own error is: the usual one counts as so many more.
_WORTH_FILMS = 20
# Errors of shares that have a member or films in common are correlated, which the model does not know: by so
# much its variances are too small, in circles of 30 to 200 real members (benchmarks/foretelling_accuracy.py).
_WIDENING = 2.5
_ROUNDS = 40


@dataclass(frozen=True, slots=True)
class Counted:
    """Shares of pairs in the right order as counted, NaN where there is no pair; ``films`` is their number.

    ``error`` is the variance that one film alone would have: it is divided by the number of films.
    """

    share: Matrix
    error: Matrix
    films: Matrix


@dataclass(frozen=True, slots=True)
class Foretold:
    """How well members foretell some of them: shares (0 … 1; chance is ½), with their 90 % intervals.

    ``films`` is how many both have rated; with few of them a share is near what is usual for the two.
    """

    share: Matrix
    low: Matrix
    high: Matrix
    films: Matrix


def count_pairs(tables: Matrix) -> Counted:
    """Return the shares of tables that count films: … × whom they are foretold to × who foretells them.

    Rows and columns ascend; the last two axes are gone in what comes back.

    >>> in_order, all_the_same = np.eye(3), np.ones((3, 1))
    >>> float(count_pairs(in_order).share), float(count_pairs(in_order[::-1]).share)
    (1.0, 0.0)
    >>> float(count_pairs(all_the_same).share)
    0.5
    """
    films, rows = tables.sum((-2, -1)), tables.sum(-1)
    below = tables.cumsum(-2) - tables
    above = tables.sum(-2, keepdims=True) - below - tables
    right_less_wrong = _lower(below) - _higher(below) + _higher(above) - _lower(above)
    different = films[..., None] - rows
    total, pairs = (tables * right_less_wrong).sum((-2, -1)), (rows * different).sum(-1)
    moved = pairs[..., None, None] * right_less_wrong - (total[..., None] * different)[..., None]
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = (tables * moved**2).sum((-2, -1)) / pairs**4
        return Counted((1 + total / pairs) / 2, films * variance, films)


def _lower(counts: Matrix) -> Matrix:
    return counts.cumsum(-1) - counts


def _higher(counts: Matrix) -> Matrix:
    higher: Matrix = counts.sum(-1, keepdims=True) - counts.cumsum(-1)
    return higher


def foretold(rated: Rated, members: Sequence[int]) -> Foretold:
    """Return how well each member (a column) foretells those of ``members`` (rows), by empirical Bayes.

    share(u, w) = m + a(u) + b(w) + d(u, w) + error, where m is usual, a(u) is how much better than others u
    can be foretold, b(w) how much better than others w foretells, and d is special to the two. A pair of
    which little is known keeps m + a(u) + b(w).
    """
    step = max(1, -(-rated.size // _TARGETS))
    targets = sorted({*members, *range(0, rated.size, step)})
    counted = [count_pairs(tables(rated, target)) for target in targets]
    share, error, films = (
        np.array([getattr(row, name) for row in counted]) for name in ("share", "error", "films")
    )
    judged = (films >= LEAST_OVERLAP) & np.isfinite(share)
    judged[np.arange(len(targets)), targets] = False
    of_one_film = mixed(
        float((films * error)[judged].sum()), float(films[judged].sum()), _USUAL_ERROR, _WORTH_PAIRS
    )
    model = _Shares(np.where(judged, share, 0.0), of_one_film / np.maximum(films, 1), judged)
    for _ in range(_ROUNDS):
        model.improve()
    rows = [targets.index(member) for member in members]
    mean, variance = (values[rows] for values in model.posterior())
    return Foretold(*_bounds(mean, _WIDENING * variance), films[rows].astype(int))


def tables(rated: Rated, target: int) -> Matrix:
    """Return by member how many films have which stars of the target's, and of the member's.

    Members × levels of the target × levels of the member; a level is half a star, from 0.5 to 5.
    """
    own = rated.members == target
    levels = np.full(int(rated.films.max(initial=-1)) + 1, -1)
    levels[rated.films[own]] = _level(rated.stars[own])
    common = levels[rated.films] >= 0
    cells = (rated.members[common] * _LEVELS + levels[rated.films[common]]) * _LEVELS
    counts = np.bincount(cells + _level(rated.stars[common]), minlength=rated.size * _LEVELS**2)
    tables: Matrix = counts.reshape(rated.size, _LEVELS, _LEVELS).astype(float)
    return tables


def _level(stars: Matrix) -> Matrix:
    """Number half stars from 0."""
    levels: Matrix = np.rint(2 * stars).astype(int) - 1
    return levels


class _Shares:
    """Estimates of m (``mean``), a (``rows``), b (``columns``) and of the variances of a and b, and of d.

    ``share`` and ``error`` are those of pairs, and count where ``judged`` is true. The variances by D. J. C.
    MacKay, "Bayesian Interpolation", Neural Computation 4 (1992): squares divided by the number of well
    determined effects.
    """

    def __init__(self, share: Matrix, error: Matrix, judged: Matrix) -> None:
        self._share, self._error, self._judged = share, error, judged
        self.mean, self.rows, self.columns = _USUAL_MEAN, np.zeros(len(share)), np.zeros(share.shape[1])
        self.of_rows = self.of_columns = _USUAL_MEMBERS
        self.of_pairs = _USUAL_PAIRS

    def improve(self) -> None:
        """Estimate the effects from the variances, then the variances from the effects."""
        weight = self._judged / (self._error + self.of_pairs)
        sure_rows = weight.sum(1) + 1 / self.of_rows
        self.rows = (weight * (self._share - self.mean - self.columns)).sum(1) / sure_rows
        sure_columns = weight.sum(0) + 1 / self.of_columns
        self.columns = (weight * (self._share - self.mean - self.rows[:, None])).sum(0) / sure_columns
        sure_mean = weight.sum() + 1 / _USUAL_MEAN_VARIANCE
        rest = (weight * (self._share - self.rows[:, None] - self.columns)).sum()
        self.mean = float((rest + _USUAL_MEAN / _USUAL_MEAN_VARIANCE) / sure_mean)
        self.unsure = 1 / sure_rows[:, None] + 1 / sure_columns + 1 / sure_mean
        self.of_rows = _spread(self.rows, 1 - 1 / sure_rows / self.of_rows)
        self.of_columns = _spread(self.columns, 1 - 1 / sure_columns / self.of_columns)
        gain = self.of_pairs * weight
        special = gain**2 * ((self._share - self.usual) ** 2 + self.unsure)
        self.of_pairs = mixed(float(special.sum()), float(gain.sum()), _USUAL_PAIRS, _WORTH_PAIRS)

    @property
    def usual(self) -> Matrix:
        """What would be believed of two without what they have in common."""
        return self.mean + self.rows[:, None] + self.columns

    def posterior(self) -> tuple[Matrix, Matrix]:
        """Return the means and the variances of the shares."""
        gain = self.of_pairs * self._judged / (self._error + self.of_pairs)
        mean = self.usual + gain * (self._share - self.usual)
        return mean, self.of_pairs * (1 - gain) + (1 - gain) ** 2 * self.unsure


def _spread(effects: Matrix, determined: Matrix) -> float:
    return mixed(float((effects**2).sum()), float(determined.sum()), _USUAL_MEMBERS, _WORTH_MEMBERS)


def _bounds(share: Matrix, variance: Matrix) -> tuple[Matrix, Matrix, Matrix]:
    """Return a share and the bounds of its 90 % interval, none of them beyond 0 and 1."""
    margin = NINETY * np.sqrt(variance)
    return np.clip(share, 0, 1), np.clip(share - margin, 0, 1), np.clip(share + margin, 0, 1)


def by_scores(stars: Matrix, scores: Matrix, weights: Matrix) -> tuple[float, float, float]:
    """Return how well scores foretell a member's stars: a share as in `Foretold`, and its 90 % interval.

    All three have a value a film, which counts as often as its weight (a whole number) says.
    """
    _, places = np.unique(np.round(scores, 10), return_inverse=True)
    table = np.zeros((_LEVELS, int(places.max(initial=0)) + 1))
    np.add.at(table, (_level(stars), places), weights)
    counted = count_pairs(table)
    share, variance = _TOGETHER, _TOGETHER_VARIANCE
    if np.isfinite(counted.share):
        # Films that count twice are not two films: L. Kish, "Survey Sampling" (1965).
        films = float(weights.sum() ** 2 / (weights**2).sum())
        error = mixed(films * float(counted.error), films, _USUAL_ERROR, _WORTH_FILMS) / films
        gain = _TOGETHER_VARIANCE / (_TOGETHER_VARIANCE + error)
        share, variance = _TOGETHER + gain * (float(counted.share) - _TOGETHER), gain * error
    middle, low, high = _bounds(np.array(share), np.array(variance))
    return float(middle), float(low), float(high)
