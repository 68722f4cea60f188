"""Who rated what, whatever they gave: the directions in which a circle's choices of films differ most."""

import numpy as np

from ranking.strategies.circle_ratings import Floats, Ratings

VECTORS = 6
# So many more vectors are followed, and for so many rounds: what comes out is settled to a few percent, and
# the same each time.
_MORE = 6
_ROUNDS = 8
_NOTHING = 1e-6


class Audiences:
    """The right singular vectors of the matrix B, members × films, that is 1 where a member rated a film.

    Each method returns a row for each film and VECTORS columns, the longest direction first. Over the ratings
    a column has the mean 0 and the variance 1; where there is no such direction, it is 0. Source: subspace
    iteration; N. Halko, P. G. Martinsson and J. A. Tropp, SIAM Review 53 (2011).
    """

    def __init__(self, ratings: Ratings) -> None:
        self._ratings = ratings
        films = len(ratings.film_ids)
        size = min(VECTORS + _MORE, films, len(ratings.member_ids))
        vectors = np.random.default_rng(0).normal(size=(films, size))
        for _ in range(_ROUNDS if size else 0):
            vectors, _ = np.linalg.qr(self._rated_together(vectors))
        image = self._rated_together(vectors)
        self._scale = max(float((vectors * image).sum()), _NOTHING)
        self._vectors, self._image = vectors.astype(np.float32), image.astype(np.float32)

    def of_everybody(self) -> Floats:
        """Return the directions of all members' choices."""
        return self._directions(self._vectors.astype(float), self._image.astype(float))

    def without(self, member: int) -> Floats:
        """Return the directions of the choices of all members but one, given by position.

        One row less in B turns few directions, and these towards what the member rated and what is rated
        together with it: with these two beside all members' directions, no new rounds are needed.
        """
        ratings = self._ratings
        own = np.zeros((len(ratings.film_ids), 1))
        own[ratings.film[ratings.starts[member] : ratings.starts[member + 1]]] = 1
        beside = self._rated_together(own)
        basis = np.hstack([self._vectors, own, beside])
        image = np.hstack([self._image, beside, self._rated_together(beside)])
        return self._directions(basis, image - own * (own.T @ basis))

    def _rated_together(self, vectors: Floats) -> Floats:
        """Return B'B·vectors."""
        columns = np.ascontiguousarray(vectors.T)
        image = np.zeros_like(columns)
        for block in self._ratings.blocks():
            # Once for all columns: positions as NumPy wants them, else it makes them anew for each.
            film, member = block.film.astype(np.intp), np.repeat(np.arange(len(block.counts)), block.counts)
            for column, total in zip(columns, image, strict=True):
                total += np.bincount(film, block.sums(column.take(film)).take(member), len(total))
        return image.T

    def _directions(self, basis: Floats, image: Floats) -> Floats:
        """Return the longest directions within a basis whose products with B'B are the ``image``."""
        length = np.sqrt((basis**2).sum(0)).clip(_NOTHING)
        basis, image = basis / length, image / length
        spans, turn = np.linalg.eigh(basis.T @ basis)
        whole = spans > _NOTHING
        turn = turn[:, whole] / np.sqrt(spans[whole])
        product = turn.T @ (basis.T @ image) @ turn
        values, within = np.linalg.eigh((product + product.T) / 2)
        longest = np.argsort(-values)[:VECTORS]
        longest = longest[values[longest] > _NOTHING * self._scale]
        directions = _standardised(basis @ (turn @ within[:, longest]), self._ratings.by_film.astype(float))
        return np.pad(directions, ((0, 0), (0, VECTORS - directions.shape[1])))


def _standardised(vectors: Floats, weights: Floats) -> Floats:
    share = weights / weights.sum()
    vectors = vectors - share @ vectors
    deviation = np.sqrt(share @ vectors**2)
    kept = deviation > _NOTHING * np.abs(vectors).max(initial=_NOTHING)
    standardised: Floats = vectors[:, kept] / deviation[kept]
    return standardised
