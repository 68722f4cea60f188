"""Circles of real members of whose ratings some are hidden, for the benchmarks of recommendations.

DIR has ``ratings.parquet`` (user, slug, rating) and ``films.parquet`` (slug, year, genres, language, runtime,
media_type). All members outside a circle stand in for Letterboxd, as in `circle_accuracy`: averages, their
numbers, and how the ratings of a film are spread. Who is alike, half of the films decide, and the circle is
judged on the other half.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from benchmarks.circle_accuracy import KINDS, Members, nearest
from ranking.recommend.film_facts import FilmFacts
from ranking.strategies.circle_ratings import Ratings, pack

# So many seeds share one halving of the films.
_SEEDS_A_HALVING = 25
Places = npt.NDArray[np.int64]


def read_facts(folder: str, slugs: tuple[str, ...]) -> FilmFacts:
    """Return what is known of the films, in the order of their slugs."""
    rows = {row["slug"]: row for row in pq.read_table(Path(folder) / "films.parquet").to_pylist()}
    films = (rows.get(slug, {}) for slug in slugs)
    return FilmFacts.of(
        [
            {
                "year": film.get("year"),
                "minutes": film.get("runtime"),
                "genres": film.get("genres"),
                "language": film.get("language"),
                "tv": film.get("media_type") == "tv",
            }
            for film in films
        ]
    )


@dataclass(frozen=True)
class Everybody:
    """All members, and by film how many rated it, the sum of their stars and that of the squares."""

    members: Members
    facts: FilmFacts

    @cached_property
    def sums(self) -> npt.NDArray[np.float64]:
        return _sums(self.members.stars)

    def circle(self, cohort: Places, hidden: npt.NDArray[np.bool_]) -> tuple[Ratings, FilmFacts]:
        """Return the ratings of a cohort but for the hidden ones (cohort × films), and the films' facts.

        A member's id is the position in the cohort, a film's that of its slug plus one.
        """
        own = self.members.stars[cohort]
        count, total, squares = self.sums - _sums(own)
        kept = np.where(hidden, 0, own)
        keys = (
            (place, 16 * (films + 1) + np.rint(2 * stars[films]).astype(np.int64))
            for place, stars in enumerate(kept)
            for films in [np.flatnonzero(stars)]
        )
        ratings = pack(keys, np.arange(len(count) + 1, dtype=np.int32))
        films = ratings.film_ids - 1
        rated = count[films] > 0
        votes = np.where(rated, count[films], 1)
        mean = total[films] / votes
        ratings.site_average[:] = np.where(rated, mean.round(2), np.nan)
        ratings.site_count[:] = np.where(rated, count[films], np.inf)
        deviation = np.sqrt((squares[films] / votes - mean**2).clip(0))
        return ratings, replace(self.facts.at(films), deviation=np.where(rated, deviation, np.nan))


def _sums(stars: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    return np.stack([(stars > 0).sum(0), stars.sum(0, dtype=float), (stars.astype(float) ** 2).sum(0)])


def circles(
    everybody: Everybody, kind: str, others: int, seeds: int
) -> Iterator[tuple[Everybody, Places, int, np.random.Generator]]:
    """Yield by seed: whom to judge by, the cohort, the seed's position in it, and what chance is left to.

    The same number gives the same seed and the same circle in every run.
    """
    judged, opinions = everybody, everybody.members.stars
    for number in range(seeds):
        rng = np.random.default_rng([number, others, KINDS.index(kind)])
        if kind != "random" and number % _SEEDS_A_HALVING == 0:
            halves = everybody.members.halves(rng)
            judged, opinions = Everybody(halves[1], everybody.facts), halves[0].opinions(kind)
        seed = int(rng.integers(len(opinions)))
        if kind == "random":
            rest = np.delete(np.arange(len(opinions)), seed)
            cohort = np.sort(np.append(rng.choice(rest, others, replace=False), seed))
        else:
            cohort = nearest(opinions, seed, others + 1)
        yield judged, cohort, int(np.searchsorted(cohort, seed)), rng
