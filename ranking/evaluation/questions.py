"""What a circle says of films, and what sets it apart: how well rankings foretell both, film by film.

Of a film counts the mean of its hidden ratings, each less its rater's habit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ranking.evaluation.data import Hidden
from ranking.evaluation.measures import DIGITS, Figure
from ranking.strategies.circle_ratings import Floats, Integers

# The mean of fewer hidden ratings is mostly chance.
LEAST = 5
# Correlations of fewer films say nothing.
_FEWEST_FILMS = 10
TOP = 20


@dataclass(frozen=True)
class HiddenFilms:
    """Films with hidden ratings: their ``mean`` (habits taken out), ``stars`` (as given) and ``votes``."""

    film: Integers
    mean: Floats
    stars: Floats
    votes: npt.NDArray[np.int64]

    @classmethod
    def of(cls, hidden: Hidden, habits: Mapping[int, float]) -> "HiddenFilms":
        """Return the films of hidden ratings; who has no habit rates as usual."""
        habit = np.array([habits.get(member, 0.0) for member in hidden.member.tolist()])
        film, place = np.unique(hidden.film, return_inverse=True)
        votes = np.bincount(place, minlength=len(film))
        mean, stars = (
            np.bincount(place, values, len(film)) / np.maximum(votes, 1)
            for values in (hidden.stars - habit, hidden.stars)
        )
        return cls(film, mean, stars, votes)


def voice(films: HiddenFilms, scores: Mapping[int, float], least: int = LEAST) -> Figure:
    """Return Spearman's correlation of the scores with the hidden means, over films with ``least`` of them.

    Only films that have a score count. The error is that of D. G. Bonett and T. A. Wright, Psychometrika 65
    (2000).
    """
    both = [
        (scores[film], mean)
        for film, mean, votes in zip(
            films.film.tolist(), films.mean.tolist(), films.votes.tolist(), strict=True
        )
        if votes >= least and film in scores
    ]
    if len(both) < _FEWEST_FILMS:
        return Figure(None, None)
    ours, theirs = (_ranks(np.array(values, float)) for values in zip(*both, strict=True))
    if np.ptp(ours) == 0 or np.ptp(theirs) == 0:
        return Figure(None, None)
    r = float(np.corrcoef(ours, theirs)[0, 1])
    return Figure(r, float((1 - r**2) * np.sqrt((1 + r**2 / 2) / (len(both) - 3))))


def _ranks(values: Floats) -> Floats:
    """Return ranks from 0; equal values share the mean of theirs."""
    _, level, counts = np.unique(values.round(DIGITS), return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    middle: Floats = last - (counts + 1) / 2
    return middle[level]


def apart(
    films: HiddenFilms, listed: Sequence[int], averages: Mapping[int, float], top: int = TOP
) -> tuple[Figure, Figure]:
    """Return how far above Letterboxd's averages the hidden ratings of a list's first films are, in stars.

    What the circle's hidden ratings usually are above these averages is taken off. Then the mean of these
    films' hidden stars. Films without hidden ratings or without an average count for neither.
    """
    average = np.array([averages.get(film, np.nan) for film in films.film.tolist()], float)
    above = films.mean - average
    counted = ~np.isnan(above)
    if not counted.any():
        return Figure(None, None), Figure(None, None)
    above -= np.average(above[counted], weights=films.votes[counted])
    first = np.isin(films.film, np.array(listed[:top], np.int64)) & counted
    return Figure.of(above[first]), Figure.of(films.stars[first])
