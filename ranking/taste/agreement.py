"""How much members of a circle agree: correlations of their ratings, shrunken where little is known.

Pure numbers. Matrices are square, one row and one column for each member; a correlation is worked with
as Fisher's z = artanh r, whose error does not depend on r: R. A. Fisher, "On the 'Probable Error' of a
Coefficient of Correlation Deduced from a Small Sample", Metron 1 (1921).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[Any]

# Pairs with fewer films in common tell nothing of themselves.
LEAST_OVERLAP = 5
# z of the 90 % interval.
NINETY = 1.6449
# Beyond this a correlation counts as this much: Fisher's z has no end.
_MOST = 0.995
# What circles of real members are like, as Fisher's z; it counts as much as so many pairs of the circle.
_USUAL_MEAN, _USUAL_MEAN_VARIANCE = 0.35, 0.25**2
_USUAL_MEMBERS, _USUAL_PAIRS, _USUAL_WIDENING = 0.018, 0.012, 2.5
_WORTH_MEMBERS, _WORTH_PAIRS, _WORTH_WIDENING = 5, 10, 100
_BLOCK = 1024
_ROUNDS = 80


@dataclass(frozen=True, slots=True)
class Rated:
    """Ratings as four arrays of equal length; members and films are numbered from 0.

    ``stars`` is 0.5 … 5; ``habit`` is the same in the member's own measure: above their own mean, in
    their own standard deviations, 0 for a member who always gives the same.
    """

    members: Matrix
    films: Matrix
    stars: Matrix
    habit: Matrix

    @property
    def size(self) -> int:
        """The number of members."""
        return int(self.members.max()) + 1 if len(self.members) else 0


def in_own_measure(members: Matrix, films: Matrix, stars: Matrix) -> Rated:
    """Return the ratings with each member's mean and spread (of all they rated) taken out."""
    counts = np.maximum(np.bincount(members), 1)
    above = stars - (np.bincount(members, stars) / counts)[members]
    spread = np.sqrt(np.bincount(members, above**2) / counts)
    # Rounding alone is no spread.
    scale = np.where(spread > 1e-6, spread, np.inf)
    return Rated(members, films, stars, above / scale[members])


@dataclass(frozen=True, slots=True)
class Products:
    """Sums over the films that two members have both rated: of h·h′, and of h², h the first one's habit."""

    products: Matrix
    squares: Matrix
    overlap: Matrix

    def __add__(self, other: "Products") -> "Products":
        return Products(
            self.products + other.products, self.squares + other.squares, self.overlap + other.overlap
        )

    def correlations(self) -> tuple[Matrix, Matrix]:
        """Return Fisher's z of each pair and its variance; the variance is infinite where nothing is known.

        The means are those of all that a member rated, not of the films in common, so that the
        variance is 1 / (n − 2): one degree of freedom more than Fisher's 1 / (n − 3).
        """
        scale = np.sqrt(self.squares * self.squares.T)
        comparable = (self.overlap >= LEAST_OVERLAP) & (scale > 0)
        np.fill_diagonal(comparable, False)
        r = np.divide(self.products, scale, out=np.zeros_like(scale), where=comparable)
        z = np.arctanh(np.clip(r, -_MOST, _MOST))
        return z, np.where(comparable, 1 / np.maximum(self.overlap - 2, 1), np.inf)


def products(rated: Rated, films: Matrix) -> Products:
    """Return the sums over those ``films`` (numbers). Works in blocks, so that memory stays small."""
    size = rated.size
    total = Products(*(np.zeros((size, size)) for _ in range(3)))
    place = np.full(int(rated.films.max(initial=-1)) + 1, -1)
    place[films] = np.arange(len(films))
    column = place[rated.films]
    for start in range(0, len(films), _BLOCK):
        block = (column >= start) & (column < start + _BLOCK)
        total += _of_block(rated.members[block], column[block] - start, rated.habit[block], size)
    return total


def _of_block(members: Matrix, columns: Matrix, habit: Matrix, size: int) -> Products:
    above = np.zeros((size, _BLOCK), np.float32)
    seen = np.zeros((size, _BLOCK), np.float32)
    above[members, columns] = habit
    seen[members, columns] = 1
    return Products(above @ above.T, above**2 @ seen.T, seen @ seen.T)


@dataclass(frozen=True, slots=True)
class Agreements:
    """The posterior of all pairs' agreement, as Fisher's z: its mean and variance, and ``usual``.

    ``usual`` is what would be believed of the two without the films that they have in common: the circle's
    average, and how much each of them agrees with everybody. ``overlap`` counts films.
    """

    mean: Matrix
    variance: Matrix
    usual: Matrix
    overlap: Matrix

    def bounds(self, widening: float = 1.0) -> tuple[Matrix, Matrix, Matrix]:
        """Return the agreement (a correlation, −1 … 1) and the bounds of its 90 % interval."""
        margin = NINETY * np.sqrt(widening * self.variance)
        return np.tanh(self.mean), np.tanh(self.mean - margin), np.tanh(self.mean + margin)


def believe(sums: Products) -> Agreements:
    """Return the posterior of all pairs' agreement, by empirical Bayes.

    z(u, w) = m + a(u) + a(w) + d(u, w) + error, where m is the circle's average, a(u) how much more u
    agrees with everybody, and d what is special to the pair; a and d are normal, their variances are
    estimated from the circle, and a pair of which little is known keeps m + a(u) + a(w). Sources:
    Efron and Morris, "Stein's Paradox in Statistics", Scientific American 236 (1977), for the shrinkage;
    Warner, Kenny and Stoto, "A New Round Robin Analysis of Variance", J. Pers. Soc. Psychol. 37 (1979),
    for members' effects in measures of pairs.
    """
    z, error = sums.correlations()
    model = _PairModel(z, np.where(np.isfinite(error), error, 1.0), np.isfinite(error))
    for _ in range(_ROUNDS):
        before = (model.of_members, model.of_pairs)
        model.improve()
        if np.allclose(before, (model.of_members, model.of_pairs), rtol=1e-3):
            break
    gain, unsure = model.gain, model.unsure
    spread = model.of_pairs * (1 - gain) + (1 - gain) ** 2 * unsure
    return Agreements(model.usual + gain * (z - model.usual), spread, model.usual, sums.overlap)


class _PairModel:
    """Estimates of m (``mean``), a (``members``) and the variances of a and d.

    The variances are ``of_members`` and ``of_pairs``. ``z`` and ``error`` are each pair's Fisher's z and its
    variance, which count where ``compared`` is true.
    """

    def __init__(self, z: Matrix, error: Matrix, compared: Matrix) -> None:
        self._z, self._error, self._compared = z, error, compared
        self.mean, self.members = _USUAL_MEAN, np.zeros(len(z))
        self.of_members, self.of_pairs = _USUAL_MEMBERS, _USUAL_PAIRS

    def improve(self) -> None:
        """Estimate the effects from the variances, then the variances from the effects.

        The variances by D. J. C. MacKay, "Bayesian Interpolation", Neural Computation 4 (1992): the squares
        divided by the number of well determined effects; it gets there sooner than EM.
        """
        z = self._z
        weight = self._compared / (self._error + self.of_pairs)
        certain = 1 / (weight.sum(1) + 1 / self.of_members)
        step = certain * ((weight * (z - self.mean)).sum(1) - weight @ self.members)
        # Half of the way: all members move at once, and would else swing round each other.
        self.members = (self.members + step) / 2
        effects = self.members[:, None] + self.members
        of_mean = 1 / (weight.sum() / 2 + 1 / _USUAL_MEAN_VARIANCE)
        rest = float((weight * (z - effects)).sum()) / 2
        self.mean = of_mean * (rest + _USUAL_MEAN / _USUAL_MEAN_VARIANCE)
        self.usual, self.gain = self.mean + effects, self.of_pairs * weight
        self.unsure = certain[:, None] + certain + of_mean
        determined = float((1 - certain / self.of_members).sum())
        squares = float((self.members**2).sum())
        self.of_members = mixed(squares, determined, _USUAL_MEMBERS, _WORTH_MEMBERS)
        special = float((self.gain**2 * ((z - self.usual) ** 2 + self.unsure)).sum()) / 2
        self.of_pairs = mixed(special, float(self.gain.sum()) / 2, _USUAL_PAIRS, _WORTH_PAIRS)


def mixed(total: float, count: float, usual: float, worth: float) -> float:
    """Return the mean of ``count`` values with that ``total``, and of ``worth`` more that are as usual."""
    return float((total + worth * usual) / (count + worth))


def widening(halves: tuple[Products, Products]) -> float:
    """Return by how much the variances have to be multiplied for the intervals to hold, at least 1.

    Each half of the films predicts the other. The errors of pairs that share a member or a film are
    correlated, which `believe` does not allow for: two to three times the variance is usual.
    """
    missed = claimed = count = 0.0
    for one, other in (halves, halves[::-1]):
        belief = believe(one)
        z, error = other.correlations()
        compared = np.isfinite(error)
        missed += float(((z - belief.mean)[compared] ** 2 - error[compared]).sum())
        claimed += float(belief.variance[compared].sum())
        count += compared.sum() / 2
    if not claimed:
        return _USUAL_WIDENING
    factor = min(max(missed / claimed, 1.0), 5.0)
    return mixed(factor * count, count, _USUAL_WIDENING, _WORTH_WIDENING)


def of_circle(rated: Rated) -> tuple[Agreements, float]:
    """Return the posterior of all pairs of members, and the `widening` of its intervals."""
    films = np.unique(rated.films)
    if not len(films):
        nothing = np.zeros((0, 0))
        return Agreements(nothing, nothing, nothing, nothing), _USUAL_WIDENING
    halves = (products(rated, films[::2]), products(rated, films[1::2]))
    return believe(halves[0] + halves[1]), widening(halves)
