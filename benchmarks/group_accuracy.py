"""Which rule serves a group best? ``python -m benchmarks.group_accuracy --data DIR``.

Groups are members of a circle of `hidden_ratings`: the seed and those of the circle who rated most films in
common with all before them. Of the films that all of a group rated, 60 % are hidden from the circle, and put
in order by what the personal model expects of each member: by each rule, and by the circle's scores alone. A
list is worth nDCG@5 of a member's own hidden ratings: the mean over the group's members, and that of the
worst off. The veto leaves out no film here: what is left out stands at the end.
"""

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from benchmarks.circle_accuracy import KINDS, Matrix, Members
from benchmarks.hidden_ratings import Everybody, Places, circles, read_facts
from ranking.evaluation.measures import Figure, ndcg
from ranking.recommend.group import RULES
from ranking.recommend.personal import CircleModel
from ranking.strategies.circle_model import fit
from ranking.strategies.circle_ratings import Floats

HIDE, OTHERS, AT = 0.6, 100, 5
# Fewer hidden films than this are no list.
_FEWEST = 6
SIZES = (2, 3, 4)
CIRCLE = "circle alone"
DEFAULT = "average"
MEASURES = ("mean", "worst off")


@dataclass
class Outcome:
    """By measure and rule one figure a group, and how many films were hidden of each."""

    figures: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    hidden: list[int] = field(default_factory=list)

    def add(self, stars: Floats, orders: Mapping[str, Places]) -> None:
        """Add a group: ``stars`` has a row a film and a column a member; orders are films, best first."""
        self.hidden.append(len(stars))
        for rule, order in orders.items():
            place = np.empty(len(order))
            place[order] = np.arange(len(order))
            worth = np.array([ndcg(of_member, -place, AT) for of_member in stars.T])
            for measure, value in zip(MEASURES, (worth.mean(), worth.min()), strict=True):
                self.figures.setdefault((measure, rule), []).append(float(value))


def group_of(stars: Matrix, seed: int, size: int) -> list[int]:
    """Return members (rows), the seed first, each with the most films in common with all before."""
    group, common = [seed], stars[seed] > 0
    while len(group) < size:
        shared = ((stars > 0) & common).sum(1)
        shared[group] = -1
        group.append(int(shared.argmax()))
        common = common & (stars[group[-1]] > 0)
    return group


def judge(
    outcome: Outcome, judged: Everybody, cohort: Places, group: list[int], rng: np.random.Generator
) -> bool:
    """Hide films from a group, and add how each rule orders them; say whether there were enough."""
    own = judged.members.stars[cohort[group]]
    common = np.flatnonzero((own > 0).all(0))
    chosen = rng.permutation(common)[: round(HIDE * len(common))]
    hidden = np.zeros((len(cohort), len(judged.members.slugs)), bool)
    hidden[np.ix_(np.array(group), chosen)] = True
    ratings, facts = judged.circle(cohort, hidden)
    films = np.flatnonzero(np.isin(ratings.film_ids, chosen + 1))
    stars = own[:, ratings.film_ids[films] - 1].T.astype(float)
    members = np.searchsorted(ratings.member_ids, group)
    all_are_there = np.isin(group, ratings.member_ids).all()
    if len(films) < _FEWEST or not all_are_there or (stars.max(0) == stars.min(0)).any():
        return False
    model = fit(ratings)
    circle = CircleModel(ratings, model, facts)
    expected = np.column_stack([circle.of(int(member)).forecast().score[films] for member in members])
    orders = {rule: _whole(order(expected).places, len(films)) for rule, order in RULES.items()}
    orders[CIRCLE] = np.argsort(-model.score[films], kind="stable")
    outcome.add(stars, orders)
    return True


def _whole(places: Places, films: int) -> Places:
    return np.append(places, np.setdiff1d(np.arange(films), places))


def report(kind: str, size: int, outcome: Outcome) -> Iterator[str]:
    """Yield lines for people."""
    count = len(outcome.hidden)
    yield f"{kind}: {count} groups of {size}, {np.mean(outcome.hidden or [0]):.0f} films hidden on the mean"
    for measure in MEASURES if count > 1 else ():
        default = np.array(outcome.figures[measure, DEFAULT])
        cells = [f"{DEFAULT} {default.mean():.3f}"]
        for rule in (*RULES, CIRCLE):
            more = Figure.of(np.array(outcome.figures[measure, rule]) - default)
            if rule != DEFAULT:
                cells.append(f"{rule} {more.mean:+.4f} ± {more.error:.4f}")
        yield f"  nDCG@{AT}, {measure}: " + ", ".join(cells)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.group_accuracy", description=__doc__)
    parser.add_argument("--data", metavar="DIR", required=True, help="has ratings.parquet and films.parquet")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=("random", "kindred"), help="of circles")
    parser.add_argument("--groups", type=int, default=200, help="of each size, at most (%(default)s)")
    chosen = parser.parse_args()
    members = Members.read(chosen.data)
    everybody = Everybody(members, read_facts(chosen.data, members.slugs))
    for kind in chosen.kinds:
        for size in SIZES:
            outcome = Outcome()
            for judged, cohort, seed, rng in circles(everybody, kind, OTHERS, chosen.groups):
                judge(outcome, judged, cohort, group_of(judged.members.stars[cohort], seed, size), rng)
            for line in report(kind, size, outcome):
                print(line, flush=True)


if __name__ == "__main__":
    main()
