"""Who rated what, whatever they gave: the directions in which a circle's choices of films differ most."""

import numpy as np

from ranking.strategies.circle_ratings import Floats, Ratings

VECTORS = 6
# So many more vectors are followed, and for so many rounds: what comes out is settled to a few percent, and
# the same each time.
_MORE = 6
_ROUNDS = 8
_NOTHING = 1e-6


def audiences(ratings: Ratings, without: int | None = None) -> Floats:
    """Return for each film its place in each of the VECTORS directions or fewer, one column for each.

    The right singular vectors of the matrix members × films that is 1 where a member rated a film, without
    the member at the position ``without``. Over the ratings a column has the mean 0 and the variance 1.
    Source: subspace iteration; N. Halko, P. G. Martinsson and J. A. Tropp, SIAM Review 53 (2011).
    """
    films, members = len(ratings.film_ids), len(ratings.member_ids) - (without is not None)
    size = min(VECTORS + _MORE, films, members)
    if size < 1:
        return np.zeros((films, 0))
    vectors = np.random.default_rng(0).normal(size=(films, size))
    for _ in range(_ROUNDS):
        vectors, _ = np.linalg.qr(_rated_together(ratings, vectors, without))
    # Within the subspace: the directions themselves, the longest first.
    image = _rated_together(ratings, vectors, without)
    values, turn = np.linalg.eigh((vectors.T @ image + image.T @ vectors) / 2)
    longest = np.argsort(-values)[:VECTORS]
    longest = longest[values[longest] > _NOTHING * max(values.max(), _NOTHING)]
    return _standardised(vectors @ turn[:, longest], ratings.by_film.astype(float))


def _rated_together(ratings: Ratings, vectors: Floats, without: int | None) -> Floats:
    """Return B'B·vectors, for the matrix B of who rated what."""
    image = np.zeros_like(vectors)
    for block in ratings.blocks():
        for column in range(vectors.shape[1]):
            of_members = block.sums(vectors[block.film, column])
            if without is not None and block.members.start <= without < block.members.stop:
                of_members[without - block.members.start] = 0
            image[:, column] += np.bincount(block.film, np.repeat(of_members, block.counts), len(image))
    return image


def _standardised(vectors: Floats, weights: Floats) -> Floats:
    share = weights / weights.sum()
    vectors = vectors - share @ vectors
    deviation = np.sqrt(share @ vectors**2)
    kept = deviation > _NOTHING * np.abs(vectors).max(initial=_NOTHING)
    standardised: Floats = vectors[:, kept] / deviation[kept]
    return standardised
