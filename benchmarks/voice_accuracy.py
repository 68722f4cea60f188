"""What does a circle say, and what sets it apart? ``python -m benchmarks.voice_accuracy --data DIR``.

For circles of a hundred members as in `circle_accuracy`, with 30 % of each member's ratings hidden: *voice*
is Spearman's correlation of scores with films' hidden means, *apart* how many stars above Letterboxd's
averages the hidden ratings of each list's first twenty films are, and *stars* what these are; all as
`rank evaluate` judges.
"""

import argparse
from collections.abc import Iterator

import numpy as np

from benchmarks.circle_accuracy import KINDS, NOW, Members, Sample, circles
from ranking.evaluation.evaluate import Judged, evaluate
from ranking.evaluation.measures import Figure

HIDE, SIZE = 0.3, 100
# What is judged beside the defaults: a name, the strategy, and its parameters.
BESIDE = (("circle, site = 0", "circle", {"site": 0}), ("discovery, all films", "discovery", {"above": -5}))
QUESTIONS = ("voice", "apart", "stars")
Figures = dict[tuple[str, str], list[float]]


def run(everybody: Members, kind: str, cohorts: int) -> Figures:
    """Judge so many circles; return the figures of each by ranking and question."""
    figures: Figures = {}
    for number, judged, cohort in circles(everybody, kind, SIZE, cohorts):
        evaluated = evaluate(Sample(judged, cohort, True), HIDE, number, NOW)
        named = {ranking.strategy: ranking for ranking in evaluated.rankings}
        for name, strategy, parameters in BESIDE:
            beside = evaluate(Sample(judged, cohort, True, parameters), HIDE, number, NOW, (strategy,))
            named[name] = beside.rankings[-1]
        for name, ranking in named.items():
            for question, value in _values(ranking):
                figures.setdefault((name, question), []).append(value)
    return figures


def _values(judged: Judged) -> Iterator[tuple[str, float]]:
    for question in QUESTIONS:
        figure: Figure | None = getattr(judged, question)
        if figure is not None and figure.mean is not None:
            yield question, figure.mean


def report(kind: str, figures: Figures) -> Iterator[str]:
    """Yield lines for people: means over circles with their standard errors."""
    yield f"{kind}, {SIZE} members" + "".join(f"{question:>18}" for question in QUESTIONS)
    for name in dict.fromkeys(name for name, _ in figures):
        means = (Figure.of(np.array(figures.get((name, question), []), float)) for question in QUESTIONS)
        cells = ("" if mean.mean is None else f"{mean.mean:.3f} ± {mean.error or 0:.3f}" for mean in means)
        yield f"  {name:<22}" + "".join(f"{cell:>18}" for cell in cells)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.voice_accuracy", description=__doc__)
    parser.add_argument("--data", metavar="DIR", required=True, help="has ratings.parquet")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS, help="of circles")
    parser.add_argument("--cohorts", type=int, default=40, help="of each kind (%(default)s)")
    chosen = parser.parse_args()
    everybody = Members.read(chosen.data)
    for kind in chosen.kinds:
        for line in report(kind, run(everybody, kind, chosen.cohorts)):
            print(line, flush=True)


if __name__ == "__main__":
    main()
