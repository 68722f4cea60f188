"""How much members of a circle agree: correlations of their ratings, shrunken where little is known.

Pure numbers. Matrices are square, one row and one column for each member, and the largest there is: what
follows from them is worked out block by block, or for the pairs that are asked for. A correlation is worked
with as Fisher's z = artanh r, whose error does not depend on r: R. A. Fisher, "On the 'Probable Error' of a
Coefficient of Correlation Deduced from a Small Sample", Metron 1 (1921).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[Any]
Places = npt.NDArray[np.int64]

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
# Films, members and pairs that are worked on at once.
_FILMS, _MEMBERS, _PAIRS = 1024, 64, 1 << 16
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
    """Return the ratings with each member's mean and spread (of all they rated) taken out.

    The three arrays have a value a rating; members and films are numbered from 0, ``stars`` are 0.5 … 5.
    """
    counts = np.maximum(np.bincount(members), 1)
    above = stars - (np.bincount(members, stars) / counts)[members]
    spread = np.sqrt(np.bincount(members, above**2) / counts)
    # Rounding alone is no spread.
    scale = np.where(spread > 1e-6, spread, np.inf)
    return Rated(members, films, stars, above / scale[members])


@dataclass(frozen=True, slots=True)
class Correlations:
    """Fisher's z of each pair, and the inverse of its variance: 0, as z, where nothing is known.

    The means are those of all that a member rated, not of the films in common, so that the variance is
    1 / (n − 2): one degree of ``freedom`` more than Fisher's 1 / (n − 3).
    """

    z: Matrix
    freedom: Matrix

    def blocks(self) -> Iterator[tuple[slice, Matrix, Matrix]]:
        """Yield the rows of a few members at a time: which they are, their z and freedom."""
        for rows in _blocks(len(self.z)):
            yield rows, self.z[rows], self.freedom[rows]

    def upper_blocks(self) -> Iterator[tuple[slice, Matrix, Matrix]]:
        """Yield the same without the columns of members before them: the others are symmetric to them."""
        for rows, z, freedom in self.blocks():
            yield rows, z[:, rows.start :], freedom[:, rows.start :]


def _blocks(size: int) -> Iterator[slice]:
    return (slice(start, min(start + _MEMBERS, size)) for start in range(0, size, _MEMBERS))


@dataclass(frozen=True, slots=True)
class Products:
    """Sums over the films that two members have both rated: of h·h′, and of h², h the first one's habit."""

    products: Matrix
    squares: Matrix
    overlap: Matrix

    @classmethod
    def nothing(cls, size: int) -> "Products":
        """Return the sums over no film, of so many members; counts of films are exact in single precision."""
        square = (size, size)
        return cls(np.zeros(square), np.zeros(square), np.zeros(square, np.float32))

    def add(self, other: "Products") -> None:
        """Add the sums over other films to these."""
        for sums in ("products", "squares", "overlap"):
            np.add(getattr(self, sums), getattr(other, sums), out=getattr(self, sums))

    def add_films(self, members: Matrix, columns: Matrix, habit: Matrix) -> None:
        """Add the ratings of at most _FILMS films, which ``columns`` number from 0: a value a rating each."""
        above = np.zeros((len(self.overlap), _FILMS), np.float32)
        seen = np.zeros_like(above)
        above[members, columns] = habit
        seen[members, columns] = 1
        np.add(self.products, above @ above.T, out=self.products)
        np.add(self.squares, above**2 @ seen.T, out=self.squares)
        np.add(self.overlap, seen @ seen.T, out=self.overlap)

    def correlations(self) -> Correlations:
        """Return z of r = Σ h·h′ / √(Σ h² · Σ h′²) over the films of both, for each pair."""
        return self._write(Correlations(np.zeros_like(self.products), np.zeros_like(self.overlap)))

    def turned_into_correlations(self) -> Correlations:
        """Return the same, in the memory of the sums, which are gone then."""
        return self._write(Correlations(self.products, self.overlap))

    def _write(self, of_all: Correlations) -> Correlations:
        # What is symmetric to a block is written after it was read, and never read again.
        for rows, z, freedom in of_all.upper_blocks():
            overlap, squares = self.overlap[rows, rows.start :], self.squares[rows, rows.start :]
            scale = np.sqrt(squares * self.squares[rows.start :, rows].T)
            comparable = (overlap >= LEAST_OVERLAP) & (scale > 0)
            np.fill_diagonal(comparable, False)
            r = np.divide(
                self.products[rows, rows.start :], scale, out=np.zeros_like(scale), where=comparable
            )
            z[:] = np.arctanh(np.clip(r, -_MOST, _MOST))
            freedom[:] = np.where(comparable, overlap - 2, 0)
            of_all.z[rows.start :, rows], of_all.freedom[rows.start :, rows] = z.T, freedom.T
        return of_all


def products(rated: Rated, films: Matrix) -> Products:
    """Return the sums over those ``films`` (numbers), for each pair of members."""
    total = Products.nothing(rated.size)
    place = np.full(int(rated.films.max(initial=-1)) + 1, -1)
    place[films] = np.arange(len(films))
    column = place[rated.films]
    for start in range(0, len(films), _FILMS):
        block = (column >= start) & (column < start + _FILMS)
        total.add_films(rated.members[block], column[block] - start, rated.habit[block])
    return total


@dataclass(frozen=True, slots=True)
class Belief:
    """The posterior of some pairs' agreement, as Fisher's z: its mean and variance, and ``usual``.

    ``usual`` is what would be believed of the two without the films that they have in common: the circle's
    average, and how much each of them agrees with everybody.
    """

    mean: Matrix
    variance: Matrix
    usual: Matrix


class PairModel:
    """What is believed of each pair's agreement, by empirical Bayes.

    z(u, w) = m + a(u) + a(w) + d(u, w) + error, where m (``mean``) is the circle's average, a (``members``)
    how much more u agrees with everybody, and d what is special to the pair; a and d are normal, their
    variances (``of_members``, ``of_pairs``) are estimated from the circle, and a pair of which little is
    known keeps m + a(u) + a(w). Sources: Efron and Morris, "Stein's Paradox in Statistics", Scientific
    American 236 (1977), for the shrinkage; Warner, Kenny and Stoto, "A New Round Robin Analysis of Variance",
    J. Pers. Soc. Psychol. 37 (1979), for members' effects in measures of pairs.
    """

    def __init__(self, correlations: Correlations) -> None:
        self._correlations = correlations
        self.mean, self.members = _USUAL_MEAN, np.zeros(len(correlations.z))
        self.of_members, self.of_pairs = _USUAL_MEMBERS, _USUAL_PAIRS
        for _ in range(_ROUNDS):
            before = (self.of_members, self.of_pairs)
            self._improve()
            if np.allclose(before, (self.of_members, self.of_pairs), rtol=1e-3):
                break

    def _improve(self) -> None:
        """Estimate the effects from the variances, then the variances from the effects.

        The variances by D. J. C. MacKay, "Bayesian Interpolation", Neural Computation 4 (1992): the squares
        divided by the number of well determined effects; it gets there sooner than EM.
        """
        weights, of_z, of_others = (np.zeros_like(self.members) for _ in range(3))
        for rows, z, freedom in self._correlations.upper_blocks():
            weight = _weight(freedom, self.of_pairs)
            _add_both_ways(weights, rows, weight)
            of_others[rows] += weight @ self.members[rows.start :]
            of_others[rows.stop :] += self.members[rows] @ weight[:, len(weight) :]
            weight *= z
            _add_both_ways(of_z, rows, weight)
        certain = 1 / (weights + 1 / self.of_members)
        step = certain * (of_z - weights * self.mean - of_others)
        # Half of the way: all members move at once, and would else swing round each other.
        self.members = (self.members + step) / 2
        of_mean = 1 / (float(weights.sum()) / 2 + 1 / _USUAL_MEAN_VARIANCE)
        rest = float(of_z.sum()) / 2 - float(weights @ self.members)
        self.mean = of_mean * (rest + _USUAL_MEAN / _USUAL_MEAN_VARIANCE)
        # What of the effects is unsure, members' and the average's, and the variance that they belong to.
        self.certain, self.of_mean, self.weighed_by = certain, of_mean, self.of_pairs
        special = self._special()
        gain = self.of_pairs * float(weights.sum()) / 2
        determined = float((1 - certain / self.of_members).sum())
        squares = float((self.members**2).sum())
        self.of_members = mixed(squares, determined, _USUAL_MEMBERS, _WORTH_MEMBERS)
        self.of_pairs = mixed(special, gain, _USUAL_PAIRS, _WORTH_PAIRS)

    def _special(self) -> float:
        """Return the sum over all pairs of the squares of what is special to them, as far as it is known."""
        gains, squares = np.zeros_like(self.members), 0.0
        for rows, z, freedom in self._correlations.upper_blocks():
            gain = self.of_pairs * _weight(freedom, self.of_pairs)
            apart = z - self.members[rows.start :]
            apart -= (self.mean + self.members[rows])[:, None]
            apart *= gain
            apart *= apart
            squares += float(apart.sum() - apart[:, : len(apart)].sum() / 2)
            gain *= gain
            _add_both_ways(gains, rows, gain)
        unsure = float(gains @ self.certain) + float(gains.sum()) * self.of_mean / 2
        return squares + unsure

    def belief(self, rows: Places, columns: Places) -> Belief:
        """Return what is believed of pairs: of each row's member and the column's."""
        one, other = self.members[rows], self.members[columns]
        usual = self.mean + one + other
        gain = self.weighed_by * _weight(self._correlations.freedom[rows, columns], self.weighed_by)
        unsure = self.certain[rows] + self.certain[columns] + self.of_mean
        variance = self.of_pairs * (1 - gain) + (1 - gain) ** 2 * unsure
        return Belief(usual + gain * (self._correlations.z[rows, columns] - usual), variance, usual)


def _add_both_ways(sums: Matrix, rows: slice, block: Matrix) -> None:
    """Add to members' sums what pairs have in the rows of some members, from the diagonal on."""
    sums[rows] += block.sum(1)
    sums[rows.stop :] += block[:, len(block) :].sum(0)


def _weight(freedom: Matrix, spread: float) -> Matrix:
    """Return the inverse of the error's variance and ``spread`` together."""
    weight = np.multiply(freedom, spread, dtype=float)
    weight += 1
    return np.divide(freedom, weight, out=weight)


def mixed(total: float, count: float, usual: float, worth: float) -> float:
    """Return the mean of ``count`` values with that ``total``, and of ``worth`` more that are as usual."""
    return float((total + worth * usual) / (count + worth))


def widening(halves: tuple[Correlations, Correlations]) -> float:
    """Return by how much the variances have to be multiplied for the intervals to hold, at least 1.

    Each half of the films predicts the other. The errors of pairs that share a member or a film are
    correlated, which `PairModel` does not allow for: two to three times the variance is usual.
    """
    missed = claimed = count = 0.0
    for one, other in (halves, halves[::-1]):
        model, members = PairModel(one), np.arange(len(one.z))
        for rows, z, freedom in other.blocks():
            belief = model.belief(members[rows, None], members)
            compared = freedom > 0
            missed += float(((z - belief.mean)[compared] ** 2 - 1 / freedom[compared].astype(float)).sum())
            claimed += float(belief.variance[compared].sum())
            count += np.count_nonzero(compared) / 2
    if not claimed:
        return _USUAL_WIDENING
    factor = min(max(missed / claimed, 1.0), 5.0)
    return mixed(factor * count, count, _USUAL_WIDENING, _WORTH_WIDENING)


@dataclass(frozen=True, slots=True)
class Agreements:
    """How much all pairs of a circle agree; ``overlap`` counts the films that two have in common."""

    model: PairModel
    widening: float
    overlap: Matrix

    def bounds(self, rows: Places, columns: Places) -> tuple[Matrix, Matrix, Matrix]:
        """Return pairs' agreement (a correlation, −1 … 1) and the bounds of its 90 % interval.

        A pair is the number of one member in ``rows``, of the other in ``columns``, which have one shape.
        """
        agreement, low, high = (np.empty(rows.shape) for _ in range(3))
        for start in range(0, len(rows), _PAIRS):
            some = slice(start, start + _PAIRS)
            belief = self.model.belief(rows[some], columns[some])
            margin = NINETY * np.sqrt(self.widening * belief.variance)
            agreement[some] = np.tanh(belief.mean)
            low[some], high[some] = np.tanh(belief.mean - margin), np.tanh(belief.mean + margin)
        return agreement, low, high


def of_circle(rated: Rated) -> Agreements:
    """Return the posterior of all pairs of members, and the `widening` of its intervals."""
    films = np.unique(rated.films)
    first, second = products(rated, films[::2]), products(rated, films[1::2])
    of_first = first.correlations()
    # In place: with a circle of thousands, each of these matrices is a good part of the memory.
    first.add(second)
    wide = widening((of_first, second.turned_into_correlations()))
    del second, of_first
    return Agreements(PairModel(first.correlations()), wide, first.overlap)
