"""How well does `circle` foretell hidden ratings? ``python -m benchmarks.circle_accuracy --data DIR``.

DIR has ``ratings.parquet`` (user, slug, rating). Cohorts are random members; or neighbours, the members
most like a random one: nearest by the cosine of their ratings, each less its member's mean, over the films
that both rated, times n / (n + 20) for n such films; or kindred, nearest in the same way after the film's
mean is taken out too: alike in more than what everybody thinks. All other members stand in for
Letterboxd: a film's average is theirs, to two decimals, with their number. A fifth of each member's ratings
is hidden and foretold as `rank evaluate` does it. Who is alike, half of the films decide, and the circle is
judged on the other half: members chosen because the ratings that are judged agree would be foretold too
well, and those chosen because the ratings that are kept agree would pass for more alike than they are.
Every cohort is judged with Letterboxd's averages and again without them.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from ranking.evaluation.data import Rating
from ranking.evaluation.evaluate import MEAN, SITE, evaluate

NOW = datetime(2026, 11, 23, tzinfo=UTC)
SIZES = (50, 200)
KINDS = ("random", "neighbours", "kindred")
WITHOUT = "circle, no averages"
BAYESIAN = "bayesian, m = 10"
_RENAMED = {"circle": WITHOUT, "bayesian": BAYESIAN}
_ENOUGH_IN_COMMON = 20
Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Members:
    """All members' stars, a row each, a column for each film of ``slugs``; 0 where they rated nothing."""

    stars: Matrix
    slugs: tuple[str, ...] = ()

    @classmethod
    def read(cls, folder: str) -> "Members":
        table = pq.read_table(Path(folder) / "ratings.parquet", columns=["user", "slug", "rating"])
        users, slugs = (table[name].combine_chunks().dictionary_encode() for name in ("user", "slug"))
        stars = np.zeros((len(users.dictionary), len(slugs.dictionary)), np.float32)
        stars[users.indices.to_numpy(), slugs.indices.to_numpy()] = table["rating"].to_numpy()
        return cls(stars, tuple(slugs.dictionary.to_pylist()))

    def halves(self, rng: np.random.Generator) -> "tuple[Members, Members]":
        """Return the members with the ratings of one half of the films, and with those of the other."""
        one = rng.random(self.stars.shape[1]) < 0.5
        halves = np.where(one, self.stars, 0), np.where(one, 0, self.stars)
        return Members(halves[0], self.slugs), Members(halves[1], self.slugs)

    def cohort(self, kind: str, size: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
        """Return the members of a cohort, ascending."""
        if kind == "random":
            return np.sort(rng.choice(len(self.stars), size, replace=False))
        return nearest(self.opinions(kind), int(rng.integers(len(self.stars))), size)

    def opinions(self, kind: str) -> Matrix:
        """Return the ratings less what is usual; NaN where there is none."""
        rated = self.stars > 0
        stars = np.where(rated, self.stars, np.nan)
        opinions: Matrix = stars - _means(stars, 1)[:, None]
        if kind == "kindred":
            opinions -= _means(opinions, 0)
        return opinions


def _means(values: Matrix, axis: int) -> Matrix:
    counts = (~np.isnan(values)).sum(axis)
    means: Matrix = np.nansum(values, axis=axis) / np.maximum(counts, 1).astype(np.float32)
    return means


def nearest(opinions: Matrix, seed: int, size: int) -> npt.NDArray[np.int64]:
    """Return the members most like a seed, who is one of them, ascending."""
    films = np.flatnonzero(~np.isnan(opinions[seed]))
    own, others = opinions[seed, films], opinions[:, films]
    both = ~np.isnan(others)
    others = np.where(both, others, 0)
    lengths = np.sqrt((others**2).sum(1) * (both * own**2).sum(1))
    common = both.sum(1)
    alike = others @ own / np.maximum(lengths, 1e-9) * common / (common + _ENOUGH_IN_COMMON)
    alike[seed] = np.inf
    return np.sort(np.argsort(-alike, kind="stable")[:size])


@dataclass(frozen=True)
class Sample:
    """A cohort as a source of ratings; ``knows_site``: with what all other members think."""

    everybody: Members
    cohort: npt.NDArray[np.int64]
    knows_site: bool
    parameters: dict[str, Any] = field(default_factory=dict)

    def films(self) -> list[dict[str, Any]]:
        stars = np.delete(self.everybody.stars, self.cohort, axis=0)
        count = (stars > 0).sum(0)
        average = stars.sum(0) / np.maximum(count, 1)
        return [
            {
                "id": film + 1,
                "slug": f"film-{film}",
                "title": f"{film}",
                "letterboxd_weighted_average": round(float(average[film]), 2) if has_average else None,
                "letterboxd_rating_count": int(count[film]) if has_average else None,
            }
            for film, has_average in enumerate(((count > 0) & self.knows_site).tolist())
        ]

    def ratings(self) -> Iterator[Rating]:
        for member in self.cohort.tolist():
            stars = self.everybody.stars[member]
            for film in np.flatnonzero(stars).tolist():
                yield (member, film + 1, float(stars[film]), None, None, None)


@dataclass
class Outcome:
    """What the cohorts of one kind gave: the share of pairs right by ranking, in percent."""

    pairs: dict[str, list[float]] = field(default_factory=dict)
    inside: dict[str, list[float]] = field(default_factory=dict)
    left_out: list[float] = field(default_factory=list)

    def add(self, everybody: Members, cohort: npt.NDArray[np.int64], seed: int) -> None:
        informed = evaluate(Sample(everybody, cohort, True), 0.2, seed, NOW)
        alone = evaluate(Sample(everybody, cohort, False, {"m": 10}), 0.2, seed, NOW, tuple(_RENAMED))
        self.left_out.append(100 * informed.left_out / (informed.left_out + informed.hidden))
        named = [(ranking.strategy, ranking) for ranking in informed.rankings]
        named += [
            (_RENAMED[ranking.strategy], ranking)
            for ranking in alone.rankings
            if ranking.strategy in _RENAMED
        ]
        for name, ranking in named:
            if ranking.figures:
                self.pairs.setdefault(name, []).append(100 * (ranking.figures["pairs"].mean or 0.0))
            if ranking.inside and ranking.inside.mean is not None:
                self.inside.setdefault(name, []).append(100 * ranking.inside.mean)

    def more(self, one: str, other: str) -> tuple[float, float]:
        """Return by how many points one is ahead of the other, and the standard error, over cohorts."""
        return _mean_and_error(np.subtract(self.pairs[one], self.pairs[other]))


def _mean_and_error(values: Sequence[float] | npt.NDArray[np.float64]) -> tuple[float, float]:
    error = np.std(values, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    return float(np.mean(values)), float(error)


def circles(
    everybody: Members, kind: str, size: int, number: int
) -> Iterator[tuple[int, Members, npt.NDArray[np.int64]]]:
    """Yield so many cohorts, each with its number and the members by whose ratings it is judged.

    Those of a number are the same in every run.
    """
    for place in range(number):
        rng = np.random.default_rng([place, size, KINDS.index(kind)])
        alike, judged = (everybody, everybody) if kind == "random" else everybody.halves(rng)
        yield place, judged, alike.cohort(kind, size, rng)


def run(everybody: Members, kind: str, size: int, cohorts: int) -> Outcome:
    """Judge so many cohorts."""
    outcome = Outcome()
    for number, judged, cohort in circles(everybody, kind, size, cohorts):
        outcome.add(judged, cohort, number)
    return outcome


def report(kind: str, size: int, outcome: Outcome) -> Iterator[str]:
    yield (
        f"{kind}, {size} members: {np.mean(outcome.left_out):.1f} % of the hidden ratings left out, "
        "of films that nobody else rated"
    )
    head = (
        "pairs right, %",
        "over bayesian m=10",
        "over plain mean",
        "over the others' average",
        "in interval",
    )
    yield f"  {'':<22}" + "".join(f"{title:>26}" for title in head)
    for name, values in outcome.pairs.items():
        cells = [f"{np.mean(values):.2f}"]
        for other in (BAYESIAN, MEAN, SITE):
            cells.append("{:+.2f} ± {:.2f}".format(*outcome.more(name, other)))
        cells.append(f"{np.mean(outcome.inside[name]):.1f} %" if name in outcome.inside else "")
        yield f"  {name:<22}" + "".join(f"{cell:>26}" for cell in cells)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.circle_accuracy", description=__doc__)
    parser.add_argument("--data", metavar="DIR", required=True, help="has ratings.parquet")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS, help="of cohorts")
    parser.add_argument("--cohorts", type=int, default=20, help="of each kind (%(default)s)")
    chosen = parser.parse_args()
    everybody = Members.read(chosen.data)
    for kind in chosen.kinds:
        for size in SIZES:
            for line in report(kind, size, run(everybody, kind, size, chosen.cohorts)):
                print(line, flush=True)


if __name__ == "__main__":
    main()
