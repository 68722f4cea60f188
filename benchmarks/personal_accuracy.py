"""How well is foretold what one member would give? ``python -m benchmarks.personal_accuracy --data DIR``.

For circles of `hidden_ratings`: a fifth of the seed's ratings is hidden, and foretold by Letterboxd's
average, by `circle` (whose scores count the seed's other ratings, too) and by the personal model; all three
know the seed's habit. Only the seed's own pairs count. With ``--few`` all but 20 of the seed's other ratings
are dropped. With ``--noise`` every rating is drawn anew, by chance alone: half of the pairs can be right.
"""

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from benchmarks.circle_accuracy import KINDS, Members
from benchmarks.hidden_ratings import Everybody, Places, circles, read_facts
from ranking.evaluation.measures import Figure, ndcg, pairs_right, rmse
from ranking.recommend.personal import CircleModel
from ranking.strategies.circle_model import fit
from ranking.strategies.circle_ratings import Floats

HIDE, OTHERS, FEW = 0.2, 100, 20
NAMES = ("average", "circle", "personal")
DIGITS = {"pairs": 2, "rmse": 4, "ndcg": 4}


@dataclass
class Outcome:
    """By measure and name one figure a seed; ``inside`` is the share of ratings in their intervals."""

    figures: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    inside: list[float] = field(default_factory=list)

    def add(self, stars: Floats, foretold: Mapping[str, Floats], low: Floats, high: Floats) -> None:
        for name, scores in foretold.items():
            of_seed = (100 * pairs_right(stars, scores), rmse(stars, scores), ndcg(stars, scores, 10))
            for measure, value in zip(DIGITS, of_seed, strict=True):
                self.figures.setdefault((measure, name), []).append(value)
        self.inside.append(100 * float(((low <= stars) & (stars <= high)).mean()))

    def mean(self, measure: str, name: str) -> Figure:
        return Figure.of(np.array(self.figures[measure, name]))

    def more(self, measure: str, name: str, other: str) -> Figure:
        """Return by how much one is above the other, seed by seed."""
        return Figure.of(np.subtract(self.figures[measure, name], self.figures[measure, other]))


def judge(
    outcome: Outcome, judged: Everybody, cohort: Places, seed: int, rng: np.random.Generator, few: bool
) -> None:
    """Hide a part of the seed's ratings, and add how they are foretold."""
    own = np.flatnonzero(judged.members.stars[cohort[seed]])
    mixed = rng.permutation(own)
    chosen, kept = np.split(mixed, [round(HIDE * len(own))])
    hidden = np.zeros((len(cohort), len(judged.members.slugs)), bool)
    hidden[seed, chosen] = True
    if few:
        hidden[seed, kept[FEW:]] = True
    ratings, facts = judged.circle(cohort, hidden)
    model = fit(ratings)
    # Of films that nobody else of the circle rated nothing is foretold.
    films = np.flatnonzero(np.isin(ratings.film_ids, chosen + 1))
    if len(films) < 2 or seed not in ratings.member_ids:
        return
    stars = judged.members.stars[cohort[seed], ratings.film_ids[films] - 1].astype(float)
    member = int(np.searchsorted(ratings.member_ids, seed))
    forecast = CircleModel(ratings, model, facts).of(member).forecast()
    average = np.where(np.isnan(ratings.site_average), np.nanmean(ratings.site_average), ratings.site_average)
    rated = slice(ratings.starts[member], ratings.starts[member + 1])
    above = ratings.half_stars[rated] * 0.5 - average[ratings.film[rated]]
    foretold = {
        "average": average[films] + above.mean(),
        "circle": model.score[films] + model.habit[member],
        "personal": forecast.score[films],
    }
    outcome.add(stars, foretold, forecast.low[films], forecast.high[films])


def report(kind: str, outcome: Outcome) -> Iterator[str]:
    """Yield lines for people."""
    yield f"{kind}: {len(outcome.inside)} seeds, {OTHERS} others"
    for other in ("average", "circle"):
        gains = [
            f"{measure} {_told(outcome.more(measure, 'personal', other), digits, '+')}"
            for measure, digits in DIGITS.items()
        ]
        yield f"  personal minus {other:<8} {'; '.join(gains)}"
    for measure in DIGITS:
        cells = (f"{name} {outcome.mean(measure, name).mean:.3f}" for name in NAMES)
        yield f"  {measure:<6} {', '.join(cells)}"
    yield f"  90 % intervals hold {_told(Figure.of(np.array(outcome.inside)), 1)} %"


def _told(figure: Figure, digits: int, sign: str = "") -> str:
    return f"{figure.mean:{sign}.{digits}f} ± {figure.error or float('nan'):.{digits}f}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.personal_accuracy", description=__doc__)
    parser.add_argument("--data", metavar="DIR", required=True, help="has ratings.parquet and films.parquet")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS, help="of circles")
    parser.add_argument("--seeds", type=int, default=300, help="of each kind (%(default)s)")
    parser.add_argument("--few", action="store_true", help="keep 20 of each seed's ratings")
    parser.add_argument("--noise", action="store_true", help="draw all ratings by chance")
    chosen = parser.parse_args()
    members = Members.read(chosen.data)
    if chosen.noise:
        drawn = np.random.default_rng(0).integers(1, 11, members.stars.shape) / np.float32(2)
        members = Members(np.where(members.stars > 0, drawn, 0), members.slugs)
    everybody = Everybody(members, read_facts(chosen.data, members.slugs))
    for kind in chosen.kinds:
        outcome = Outcome()
        for judged, cohort, seed, rng in circles(everybody, kind, OTHERS, chosen.seeds):
            judge(outcome, judged, cohort, seed, rng, chosen.few)
        for line in report(kind, outcome):
            print(line, flush=True)


if __name__ == "__main__":
    main()
