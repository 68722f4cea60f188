"""How well does agreement foretell agreement? ``python -m benchmarks.taste_accuracy --data DIR``.

Of a circle of real members, each knows what they think of one half of the films; from it is foretold how much
each pair agrees on the other half, which is measured by the plain correlation of their stars there.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import numpy as np

from ranking.taste.agreement import Matrix, Rated, in_own_measure, of_circle, products

# So many films must be common in the other half for the plain correlation to say something.
_LEAST = 10
_LEAST_KNOWN = 3
_NINETY = 1.6449


@dataclass(frozen=True)
class Real:
    """All ratings: members and films are numbered from 0, stars from 0.5 to 5."""

    members: Matrix
    films: Matrix
    stars: Matrix


@dataclass(frozen=True)
class Accuracy:
    """How a prediction fares: over pairs weighted by their films, its correlation with what came, and its
    root mean square error; ``held`` is the share of pairs whose 90 % interval held, NaN without intervals.
    """

    correlation: float
    error: float
    held: float = float("nan")


def read(folder: str | Path) -> Real:
    """Read ``ratings.parquet`` (columns user, slug, rating)."""
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(Path(folder) / "ratings.parquet", columns=["user", "slug", "rating"])
    users, slugs = (table[name].combine_chunks().dictionary_encode() for name in ("user", "slug"))
    numbers = [column.indices.to_numpy() for column in (users, slugs)]
    return Real(numbers[0], numbers[1], table["rating"].to_numpy().astype(float))


def accuracy(real: Real, members: int, seed: int) -> dict[str, Accuracy]:
    """Draw a circle, halve its films, and return how each way to foretell fares."""
    rng = np.random.default_rng(seed)
    chosen = rng.choice(real.members.max() + 1, members, replace=False)
    place = np.full(real.members.max() + 1, -1)
    place[chosen] = np.arange(members)
    first = rng.random(real.films.max() + 1) < 0.5
    in_circle = place[real.members] >= 0
    halves = []
    for half in (first, ~first):
        rows = in_circle & half[real.films]
        halves.append((place[real.members[rows]], real.films[rows], real.stars[rows]))
    return _compared(*(in_own_measure(*half) for half in halves))


def _compared(earlier: Rated, later: Rated) -> dict[str, Accuracy]:
    pairs = np.triu_indices(earlier.size, 1)
    (before, common), (target, films) = _plain(earlier), _plain(later)
    usable = ((films >= _LEAST) & (common >= _LEAST_KNOWN) & np.isfinite(target))[pairs]
    held = _held(earlier, later, pairs, usable)

    def judged(prediction: Matrix, held: float = float("nan")) -> Accuracy:
        values = np.nan_to_num(prediction[pairs][usable])
        return _judged(values, target[pairs][usable], films[pairs][usable], held)

    ways: dict[str, Callable[[Rated], Matrix]] = {
        "own measure": _cosine,
        "less the film": lambda half: _cosine(_less_the_film(half)),
        "less the film, shrunken": lambda half: _agreement(_less_the_film(half)),
        "shrunken": _agreement,
    }
    accuracies = {"raw": judged(before)}
    for name, way in ways.items():
        accuracies[name] = judged(way(earlier), held if name == "shrunken" else float("nan"))
    return accuracies


def _plain(rated: Rated) -> tuple[Matrix, Matrix]:
    """Return Pearson's correlation of the stars on the films in common, and the number of these."""
    size, width = rated.size, int(rated.films.max()) + 1
    stars, seen = np.zeros((size, width), np.float32), np.zeros((size, width), np.float32)
    stars[rated.members, rated.films] = rated.stars
    seen[rated.members, rated.films] = 1
    n, sums, squares = seen @ seen.T, stars @ seen.T, stars**2 @ seen.T
    with np.errstate(all="ignore"):
        covariance = stars @ stars.T - sums * sums.T / n
        spread = squares - sums**2 / n
        r = np.where((spread > 1e-3) & (spread.T > 1e-3), covariance / np.sqrt(spread * spread.T), np.nan)
    return np.clip(r, -1, 1), n


def _agreement(rated: Rated) -> Matrix:
    return of_circle(rated).bounds(*np.indices((rated.size, rated.size)))[0]


def _cosine(rated: Rated) -> Matrix:
    sums = products(rated, np.unique(rated.films))
    with np.errstate(all="ignore"):
        correlations: Matrix = sums.products / np.sqrt(sums.squares * sums.squares.T)
    return correlations


def _less_the_film(rated: Rated) -> Rated:
    """Take out of each opinion what the others of the circle think of the film, in their own measures."""
    total, votes = np.bincount(rated.films, rated.habit), np.bincount(rated.films)
    # As if one more member had found the film neither good nor bad.
    others = (total[rated.films] - rated.habit) / votes[rated.films]
    return Rated(rated.members, rated.films, rated.stars, rated.habit - others)


def _held(earlier: Rated, later: Rated, pairs: tuple[Matrix, ...], usable: Matrix) -> float:
    """Return how often z of the other half is where it should be: its own error comes on top."""
    agreements, measured = of_circle(earlier), products(later, np.unique(later.films)).correlations()
    belief = agreements.model.belief(*pairs)
    with np.errstate(divide="ignore"):
        error = 1 / measured.freedom[pairs].astype(float)
    spread = np.sqrt(agreements.widening * belief.variance + error)
    return float(np.mean((np.abs(measured.z[pairs] - belief.mean) <= _NINETY * spread)[usable]))


def _judged(values: Matrix, target: Matrix, weights: Matrix, held: float) -> Accuracy:
    correlation = np.cov(values, target, aweights=weights)
    r = correlation[0, 1] / np.sqrt(correlation[0, 0] * correlation[1, 1])
    error = np.sqrt(np.average((values - target) ** 2, weights=weights))
    return Accuracy(float(r), float(error), held)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.taste_accuracy", description=__doc__)
    parser.add_argument("--data", metavar="DIR", required=True, help="real ratings: ratings.parquet")
    parser.add_argument("--members", type=int, nargs="+", default=[30, 60, 200, 600], help="of a circle")
    parser.add_argument("--circles", type=int, default=5, help="of each size (%(default)s)")
    chosen = parser.parse_args()
    real = read(chosen.data)
    print(f"{'members':>8}  {'foretold by':<26}{'correlation':>12}{'error':>8}{'held':>8}")
    for members in chosen.members:
        runs = [accuracy(real, members, seed) for seed in range(chosen.circles)]
        for name in runs[0]:
            numbers = [fmean(getattr(run[name], key) for run in runs) for key in ("correlation", "error")]
            held = fmean(run[name].held for run in runs)
            share = "" if np.isnan(held) else f"{held:8.3f}"
            print(f"{members:>8}  {name:<26}{numbers[0]:>12.3f}{numbers[1]:>8.3f}{share}", flush=True)


if __name__ == "__main__":
    main()
