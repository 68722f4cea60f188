"""Which rule serves a group best? ``python -m benchmarks.group_accuracy --data DIR``.

Groups are members of a circle of `hidden_ratings`: the seed and those of the circle who rated most films in
common with all before them. Of the films that all of a group rated, 60 % are hidden from the circle, and put
in order by what the personal model expects of each member: by each rule, and by the circle's scores alone. A
list is worth nDCG@5 of a member's own hidden ratings: the mean over the group's members, and that of the
worst off. The veto leaves out no film here: what is left out stands at the end.
"""

import argparse
from collections.abc import Iterator

import numpy as np

from benchmarks.circle_accuracy import KINDS, Matrix, Members
from benchmarks.hidden_ratings import Everybody, Places, circles, read_facts
from ranking.evaluation.groups import AT, DEFAULT, SIZES, Tally, can_be_judged, orders
from ranking.evaluation.measures import Figure

HIDE, OTHERS = 0.6, 100


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
    tally: Tally, judged: Everybody, cohort: Places, group: list[int], rng: np.random.Generator
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
    if not np.isin(group, ratings.member_ids).all() or not can_be_judged(stars):
        return False
    members = np.searchsorted(ratings.member_ids, group).tolist()
    tally.add(stars, orders(ratings, facts, members, films))
    return True


def report(kind: str, size: int, tally: Tally) -> Iterator[str]:
    """Yield lines for people."""
    count = len(tally.films)
    yield f"{kind}: {count} groups of {size}, {np.mean(tally.films or [0]):.0f} films hidden on the mean"
    if count < 2:
        return
    head = f"NDCG@{AT}"
    yield f"  {head:<22}{'mean':<27}worst off"
    for rule in tally.judged():
        mean, worst_off = (
            f"{figure.mean:.3f}  {'' if rule.rule == DEFAULT else _told(more):<18}"
            for figure, more in ((rule.mean, rule.mean_more), (rule.worst_off, rule.worst_off_more))
        )
        yield f"  {rule.rule:<22}{mean}  {worst_off}".rstrip()


def _told(more: Figure) -> str:
    return f"{more.mean:+.4f} ± {more.error:.4f}"


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
            tally = Tally()
            for judged, cohort, seed, rng in circles(everybody, kind, OTHERS, chosen.groups):
                judge(tally, judged, cohort, group_of(judged.members.stars[cohort], seed, size), rng)
            for line in report(kind, size, tally):
                print(line, flush=True)


if __name__ == "__main__":
    main()
