"""Whose ratings foretell a member's, and how well what all others say together does."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa

from ranking.strategies.circle_model import fit
from ranking.strategies.circle_ratings import Ratings, with_averages
from ranking.taste.agreement import Rated
from ranking.taste.foretelling import by_scores, foretold
from ranking.taste.members import CircleTaste


@dataclass(frozen=True, slots=True)
class Share:
    """Of pairs of films to which a member gave different stars, how many somebody orders alike (0 … 1).

    ½ is chance. With 90 % probability it lies between ``low`` and ``high``.
    """

    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Foretellers:
    """How well the others (user ids) foretell a member's ratings, each alone and all of them together.

    All together are the score that `circle` would have without the member, on the same films: those of the
    member's that others have rated, each as often as they have.
    """

    others: Mapping[int, Share]
    together: Share


def foretellers(connection: sa.Connection, circle: CircleTaste, user: int) -> Foretellers:
    """Return how well the others of a circle foretell the ratings of one of its members."""
    place = circle.place(user)
    shares_of_pairs = foretold(circle.rated, [place])
    columns = (shares_of_pairs.share, shares_of_pairs.low, shares_of_pairs.high)
    shares = zip(*(column[0].tolist() for column in columns), strict=True)
    others = {
        other: Share(*share) for other, share in zip(circle.users, shares, strict=True) if other != user
    }
    return Foretellers(others, _together(connection, circle, place))


def _together(connection: sa.Connection, circle: CircleTaste, member: int) -> Share:
    rated = circle.rated
    own = rated.members == member
    columns = (rated.members, rated.films, rated.stars, rated.habit)
    without = _ratings(circle, Rated(*(column[~own] for column in columns)))
    scores = np.full(len(circle.film_ids), np.nan)
    films = np.flatnonzero(np.isin(circle.film_ids, without.film_ids))
    votes = np.zeros(len(circle.film_ids), int)
    votes[films] = without.by_film
    scores[films] = fit(with_averages(without, connection)).score
    judged = rated.films[own]
    stars, judged = rated.stars[own][votes[judged] > 0], judged[votes[judged] > 0]
    return Share(*by_scores(stars, scores[judged], votes[judged]))


def _ratings(circle: CircleTaste, rated: Rated) -> Ratings:
    """Return ratings as `circle` takes them, without averages; they are sorted by member, then by film."""
    members, counts = np.unique(rated.members, return_counts=True)
    films, film = np.unique(rated.films, return_inverse=True)
    return Ratings(
        member_ids=np.array(circle.users, np.int32)[members],
        film_ids=np.array(circle.film_ids, np.int32)[films],
        starts=np.concatenate([[0], counts.cumsum()]).astype(np.int64),
        film=film.astype(np.int32),
        half_stars=np.rint(2 * rated.stars).astype(np.int8),
        site_average=np.full(len(films), np.nan),
        site_count=np.full(len(films), np.inf),
    )
