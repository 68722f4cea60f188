"""Which decade and which genre a circle rates above the others, if that is no chance."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from letterboxd_scraper.report.films import FilmTable, ReportFilm
from letterboxd_scraper.report.raters import HALF_STARS

Floats = npt.NDArray[np.float64]
# Of fewer films nothing is said, nor by members who have rated fewer of them.
_FILMS, _FILMS_OF_MEMBER = 10, 5
# That chance makes a decade, or a genre, appear preferred where none is.
_CHANCE = 0.05
_LEAST_STARS = 0.1
_SHARE_OF_MEMBERS = 0.75


@dataclass(frozen=True, slots=True)
class Ratings:
    """Ratings above what their members usually give, in stars, and their films and members (places)."""

    film: npt.NDArray[np.int64]
    member: npt.NDArray[np.int64]
    above: Floats


def of_table(table: FilmTable) -> tuple[str | None, str | None]:
    """Return the decade, as 1970s, and the genre; None where none stands out."""
    ratings = _read(table)
    decade = _preferred(
        table, ratings, lambda film: [film.ranked.year // 10 * 10] if film.ranked.year else []
    )
    genre = _preferred(table, ratings, lambda film: film.genres)
    return (None if decade is None else f"{decade}s", None if genre is None else table.genres[genre])


def _read(table: FilmTable) -> Ratings:
    rows = [
        (place, member, (mark & HALF_STARS) / 2)
        for place, film in enumerate(table.films)
        for member, mark in film.marks.items()
        if mark & HALF_STARS
    ]
    columns = np.array(rows, float).reshape(-1, 3).T
    film, member = columns[0].astype(np.int64), columns[1].astype(np.int64)
    counts = np.bincount(member)
    means = np.bincount(member, columns[2]) / counts.clip(1)
    return Ratings(film, member, columns[2] - means[member])


def _preferred(
    table: FilmTable, ratings: Ratings, groups_of: Callable[[ReportFilm], Iterable[int]]
) -> int | None:
    """Return the group of films that is rated above the others most surely.

    By Welch's test over the films' means, with Bonferroni's correction for as many groups as there are; and
    most members must do so. Source: B. L. Welch, Biometrika 34 (1947).
    """
    films_of: dict[int, list[int]] = {}
    for place, film in enumerate(table.films):
        for group in groups_of(film):
            films_of.setdefault(group, []).append(place)
    counts = np.bincount(ratings.film, minlength=len(table.films))
    means = np.bincount(ratings.film, ratings.above, len(table.films)) / counts.clip(1)
    candidates = {}
    for group, places in films_of.items():
        inside = np.zeros(len(table.films), bool)
        inside[places] = True
        ours, others = means[inside & (counts > 0)], means[~inside & (counts > 0)]
        if min(len(ours), len(others)) >= _FILMS:
            error = np.sqrt(ours.var(ddof=1) / len(ours) + others.var(ddof=1) / len(others))
            candidates[group] = (ours.mean() - others.mean(), error, inside)
    sure = NormalDist().inv_cdf(1 - _CHANCE / max(len(candidates), 1))
    chosen = {
        group: float(difference / error)
        for group, (difference, error, inside) in candidates.items()
        if difference > max(_LEAST_STARS, sure * error) and _by_most(ratings, inside)
    }
    return max(chosen, key=lambda group: chosen[group], default=None)


def _by_most(ratings: Ratings, inside: npt.NDArray[np.bool_]) -> bool:
    """Say whether most members rate these films above their others."""
    ours = inside[ratings.film]
    size = int(ratings.member.max(initial=-1)) + 1
    sums = [np.bincount(ratings.member[which], ratings.above[which], size) for which in (ours, ~ours)]
    counts = [np.bincount(ratings.member[which], minlength=size) for which in (ours, ~ours)]
    enough = np.minimum(*counts) >= _FILMS_OF_MEMBER
    above = sums[0] / counts[0].clip(1) > sums[1] / counts[1].clip(1)
    return bool(enough.any() and above[enough].mean() >= _SHARE_OF_MEMBERS)
