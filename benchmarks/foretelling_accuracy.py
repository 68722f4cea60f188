"""Whose ratings foretell a member's, and is it so? ``python -m benchmarks.foretelling_accuracy --data DIR``.

For circles of `hidden_ratings`: the films are halved, and what `taste` says of all pairs of members by one
half is judged by the share of pairs right in the other, where both have rated at least ten films. Its root
mean square error is told less what chance alone makes of a share; ``counted`` is the share as it is counted
in the first half, ``usual`` the same for all; ``claimed`` is what the intervals say. They should hold 90 % of
the shares, chance added. The same of what all others say together, by `circle`. With ``--noise`` every rating
is drawn anew, by chance alone: half of the pairs can be right.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import fmean

import numpy as np

from benchmarks.circle_accuracy import KINDS, Members
from benchmarks.hidden_ratings import Everybody, Places, circles, read_facts
from ranking.strategies.circle_model import fit
from ranking.taste.agreement import NINETY, Matrix, Rated, in_own_measure
from ranking.taste.foretelling import by_scores, count_pairs, foretold, tables

_LEAST = 10


@dataclass
class Outcome:
    """One figure a circle: mean square errors less chance's, and what is claimed; the rest in percent."""

    errors: dict[str, list[float]] = field(default_factory=dict)
    held: list[float] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)
    best: list[float] = field(default_factory=list)
    together: list[float] = field(default_factory=list)
    together_held: list[float] = field(default_factory=list)


def judge(outcome: Outcome, judged: Everybody, cohort: Places, seed: int, rng: np.random.Generator) -> None:
    """Add what one half of the films says, and how that fares in the other."""
    stars = judged.members.stars[cohort]
    one: Matrix = np.array(rng.random(stars.shape[1]) < 0.5)
    earlier, later = _rated(np.where(one, stars, 0)), _rated(np.where(one, 0, stars))
    if earlier.size < len(cohort) or later.size < len(cohort):
        return
    share_before, _, films_before = _counted(earlier)
    share, error, films = _counted(later)
    usable = (films >= _LEAST) & (films_before >= _LEAST) & np.isfinite(share) & np.isfinite(share_before)
    np.fill_diagonal(usable, False)
    if not usable[seed].any():
        return
    foretelling = foretold(earlier, range(earlier.size))
    # A share's own error is less sure than the mean error, and less where the share is high by chance.
    chance = np.average(error[usable], weights=films[usable]) / films[usable]
    usual = np.full_like(share, np.average(share_before[usable], weights=films_before[usable]))
    for name, told in {"counted": share_before, "usual": usual, "foretold": foretelling.share}.items():
        squares = (share - told)[usable] ** 2 - chance
        outcome.errors.setdefault(name, []).append(float(np.average(squares, weights=films[usable])))
    claimed = ((foretelling.high - foretelling.low)[usable] / 2 / NINETY) ** 2
    outcome.errors.setdefault("claimed", []).append(float(np.average(claimed, weights=films[usable])))
    missed = np.abs(share - foretelling.share)[usable]
    outcome.held.append(100 * float((missed <= NINETY * np.sqrt(claimed + chance)).mean()))
    outcome.shares.append(100 * float(foretelling.share[usable].mean()))
    outcome.best.append(100 * float(foretelling.share[seed][usable[seed]].max()))
    _judge_together(outcome, judged, cohort, seed, one)


def _judge_together(outcome: Outcome, judged: Everybody, cohort: Places, seed: int, one: Matrix) -> None:
    others = np.delete(cohort, seed)
    ratings, _ = judged.circle(others, np.zeros((len(others), len(one)), bool))
    films = ratings.film_ids - 1
    stars, scores = judged.members.stars[cohort[seed], films], fit(ratings).score
    halves = []
    for half in (one, ~one):
        chosen = (stars > 0) & half[films]
        halves.append(by_scores(stars[chosen], scores[chosen], ratings.by_film[chosen]))
    (share, low, high), (came, came_low, came_high) = halves
    outcome.together.append(100 * share)
    reach = np.hypot(high - low, came_high - came_low) / 2
    outcome.together_held.append(100 * float(abs(share - came) <= reach))


def _rated(stars: Matrix) -> Rated:
    members, films = np.nonzero(stars)
    return in_own_measure(members, films, stars[members, films].astype(float))


def _counted(rated: Rated) -> Matrix:
    """Return shares, errors and numbers of films: three matrices, a row for each who is foretold."""
    counted = [count_pairs(tables(rated, member)) for member in range(rated.size)]
    return np.array([[getattr(row, name) for row in counted] for name in ("share", "error", "films")])


def report(kind: str, others: int, outcome: Outcome) -> Iterator[str]:
    """Yield lines for people; shares are points of 100."""
    errors = (
        f"{name} {100 * max(0.0, fmean(of_name)) ** 0.5:.1f}" for name, of_name in outcome.errors.items()
    )
    yield f"{kind}, {others + 1} members, {len(outcome.held)} circles"
    yield f"  error: {', '.join(errors)}; 90 % intervals hold {_told(outcome.held)} %"
    usual, best, together = map(_told, (outcome.shares, outcome.best, outcome.together))
    yield f"  usual share {usual}, of the seed's best {best}, of all others together {together}"
    yield f"  90 % intervals of all others together hold {_told(outcome.together_held)} %"


def _told(values: list[float]) -> str:
    error = np.std(values, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    return f"{np.mean(values):.1f} ± {error:.1f}"


def without_taste(members: Members) -> Members:
    """Return the members with every rating drawn anew."""
    drawn = np.random.default_rng(0).integers(1, 11, members.stars.shape) / np.float32(2)
    return Members(np.where(members.stars > 0, drawn, 0), members.slugs)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.foretelling_accuracy", description=__doc__)
    parser.add_argument("--data", metavar="DIR", required=True, help="has ratings.parquet and films.parquet")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS, help="of circles")
    parser.add_argument("--others", type=int, nargs="+", default=[29, 99], help="in a circle")
    parser.add_argument("--circles", type=int, default=40, help="of each kind and size (%(default)s)")
    parser.add_argument("--noise", action="store_true", help="draw all ratings by chance")
    chosen = parser.parse_args()
    members = Members.read(chosen.data)
    if chosen.noise:
        members = without_taste(members)
    everybody = Everybody(members, read_facts(chosen.data, members.slugs))
    for kind in chosen.kinds:
        for others in chosen.others:
            outcome = Outcome()
            for judged, cohort, seed, rng in circles(everybody, kind, others, chosen.circles):
                judge(outcome, judged, cohort, seed, rng)
            for line in report(kind, others, outcome):
                print(line, flush=True)


if __name__ == "__main__":
    main()
