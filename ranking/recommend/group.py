"""What several members could watch together: rules that put together what each of them would give a film.

Every rule takes what the members would give, in stars, a row a film and a column a member, and returns the
films' positions, best first, and the rule's value of each. Films that are equal by the rule stand in the
order of the mean, then in the order in which they came.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ranking.strategies.circle_ratings import Floats

Places = npt.NDArray[np.int64]
VETO = 2.5
# Values that agree to so many digits are ties, as for ranks.
_DIGITS = 10
# Stars begin at half a star: below, a film has no worth to share.
_LEAST = 0.5


@dataclass(frozen=True)
class Order:
    """Films' positions, best first, and what the rule makes of each, in stars."""

    places: Places
    values: Floats


def average(stars: Floats, veto: float = VETO) -> Order:
    """Order films by the mean; those that somebody would give less than ``veto`` are left out.

    >>> average(np.array([[5.0, 2.0], [3.0, 3.0], [4.0, 4.0]])).places.tolist()
    [2, 1]
    """
    allowed = np.flatnonzero((stars >= veto).all(1))
    return _ordered(stars.mean(1), stars, allowed)


def least_misery(stars: Floats) -> Order:
    """Order films by what the member would give who would give least.

    Source: J. Masthoff, "Group Modeling", User Modeling and User-Adapted Interaction 14 (2004).

    >>> least_misery(np.array([[5.0, 2.0], [3.0, 3.0]])).places.tolist()
    [1, 0]
    """
    return _ordered(stars.min(1, initial=np.inf), stars, np.arange(len(stars)))


def multiplicative(stars: Floats) -> Order:
    """Order films by the geometric mean: one member's dislike weighs more than it does in the mean.

    Source: as `least_misery`.

    >>> multiplicative(np.array([[5.0, 1.0], [3.0, 2.0]])).places.tolist()
    [1, 0]
    """
    return _ordered(np.exp(np.log(stars.clip(_LEAST)).mean(1)), stars, np.arange(len(stars)))


def proportional(stars: Floats, limit: int | None = None) -> Order:
    """Pick films one after the other, so that over the list all members get alike of what they would like.

    A film is worth to a member what they would give it, less half a star. The next film is the one with the
    largest Σ over members of min(its worth, what the member then lacks of an equal share of all that was
    given so far): what is more than a member's share counts nothing. A value is the mean. Source: the greedy
    method EP-FuzzDA, in the spirit of D'Hondt's; L. Malecek and L. Peska, "Fairness-preserving Group
    Recommendations With User Weighting", UMAP (2021).

    >>> proportional(np.array([[5.0, 1.0], [4.5, 1.0], [1.0, 4.0]]), limit=2).places.tolist()
    [0, 2]
    """
    worth = (stars - _LEAST).clip(0)
    members = stars.shape[1]
    means = stars.mean(1)
    got = np.zeros(members)
    left = np.ones(len(stars), bool)
    picked: list[int] = []
    for _ in range(len(stars) if limit is None else min(limit, len(stars))):
        fair = (got.sum() + worth.sum(1)) / members
        gains = np.minimum(worth, (fair[:, None] - got).clip(0)).sum(1)
        gains = np.where(left, gains.round(_DIGITS), -1.0)
        best = np.flatnonzero(gains == gains.max())
        picked.append(int(best[means[best].round(_DIGITS).argmax()]))
        left[picked[-1]] = False
        got += worth[picked[-1]]
    places = np.array(picked, np.int64)
    return Order(places, means[places])


Rule = Callable[[Floats], Order]
RULES: dict[str, Rule] = {
    "average": average,
    "least-misery": least_misery,
    "proportional": proportional,
    "multiplicative": multiplicative,
}


def _ordered(values: Floats, stars: Floats, among: Places) -> Order:
    means = stars.mean(1)
    ranked = np.lexsort((-means[among].round(_DIGITS), -values[among].round(_DIGITS)))
    places = among[ranked].astype(np.int64)
    return Order(places, values[places])
