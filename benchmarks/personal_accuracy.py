"""How well is foretold what one member would give? ``python -m benchmarks.personal_accuracy --data DIR``.

For circles of `hidden_ratings`: a fifth of the seed's ratings is hidden, and foretold by Letterboxd's
average, by `circle` (whose scores count the seed's other ratings, too) and by the personal model; all three
know the seed's habit. Only the seed's own pairs count. With ``--few`` all but 20 of the seed's other ratings
are dropped. With ``--noise`` every rating is drawn anew, by chance alone: half of the pairs can be right.
With ``--peers PYTHON`` LensKit foretells the same ratings of the same circles; PYTHON is one of an
environment with ``benchmarks/peers/requirements.txt``. With ``--tune``, too, its best settings are printed
instead, for the ratings that are not hidden.
"""

import argparse
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.circle_accuracy import KINDS, Members
from benchmarks.hidden_ratings import Everybody, Places, circles, read_facts
from benchmarks.peers.exchange import foretold, tune, write
from ranking.evaluation.measures import Figure, ndcg, pairs_right, rmse
from ranking.recommend.personal import CircleModel
from ranking.strategies.circle_model import fit
from ranking.strategies.circle_ratings import Floats, Integers, Ratings

HIDE, OTHERS, FEW = 0.2, 100, 20
PERSONAL = "personal"
DIGITS = {"pairs": 2, "rmse": 4, "ndcg": 4}


@dataclass(frozen=True)
class Case:
    """A seed's hidden ratings, of ``films`` (positions), and by name what is foretold of them, in stars."""

    ratings: Ratings
    member: int
    films: Integers
    stars: Floats
    foretold: dict[str, Floats]
    low: Floats
    high: Floats


@dataclass
class Outcome:
    """By measure and name one figure a seed; ``inside`` is the share of ratings in their intervals."""

    figures: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    inside: list[float] = field(default_factory=list)

    def add(self, case: Case) -> None:
        for name, scores in case.foretold.items():
            of_seed = (
                100 * pairs_right(case.stars, scores),
                rmse(case.stars, scores),
                ndcg(case.stars, scores, 10),
            )
            for measure, value in zip(DIGITS, of_seed, strict=True):
                self.figures.setdefault((measure, name), []).append(value)
        self.inside.append(100 * float(((case.low <= case.stars) & (case.stars <= case.high)).mean()))

    @property
    def names(self) -> list[str]:
        """All that foretell."""
        return list(dict.fromkeys(name for _, name in self.figures))

    def mean(self, measure: str, name: str) -> Figure:
        return Figure.of(np.array(self.figures[measure, name]))

    def more(self, measure: str, name: str, other: str) -> Figure:
        """Return by how much one is above the other, seed by seed."""
        return Figure.of(np.subtract(self.figures[measure, name], self.figures[measure, other]))


def case_of(judged: Everybody, cohort: Places, seed: int, rng: np.random.Generator, few: bool) -> Case | None:
    """Hide a part of the seed's ratings, and foretell them; None where too few are left."""
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
    films = np.flatnonzero(np.isin(ratings.film_ids, chosen + 1)).astype(np.int32)
    if len(films) < 2 or seed not in ratings.member_ids:
        return None
    stars = judged.members.stars[cohort[seed], ratings.film_ids[films] - 1].astype(float)
    member = int(np.searchsorted(ratings.member_ids, seed))
    forecast = CircleModel(ratings, model, facts).of(member).forecast()
    average = np.where(np.isnan(ratings.site_average), np.nanmean(ratings.site_average), ratings.site_average)
    rated = slice(ratings.starts[member], ratings.starts[member + 1])
    above = ratings.half_stars[rated] * 0.5 - average[ratings.film[rated]]
    foretold = {
        "average": average[films] + above.mean(),
        "circle": model.score[films] + model.habit[member],
        PERSONAL: forecast.score[films],
    }
    return Case(ratings, member, films, stars, foretold, forecast.low[films], forecast.high[films])


def cases(everybody: Everybody, kind: str, seeds: int, few: bool) -> list[Case]:
    """Return what is foretold of so many seeds, without those of whom too little is left."""
    of_seeds = (
        case_of(judged, cohort, seed, rng, few)
        for judged, cohort, seed, rng in circles(everybody, kind, OTHERS, seeds)
    )
    return [case for case in of_seeds if case is not None]


def outcome_of(judged: Iterable[Case]) -> Outcome:
    """Return the figures of all cases."""
    outcome = Outcome()
    for case in judged:
        outcome.add(case)
    return outcome


@contextmanager
def exchanged(judged: Sequence[Case]) -> Iterator[Path]:
    """Yield a file with the circles, for other programs."""
    with TemporaryDirectory(prefix="peers") as folder:
        file = Path(folder) / "circles.parquet"
        write(file, ((case.ratings, case.member, case.films) for case in judged))
        yield file


def report(kind: str, outcome: Outcome) -> Iterator[str]:
    """Yield lines for people: the means, and by how much the personal model is above each other."""
    yield f"{kind}: {len(outcome.inside)} seeds, {OTHERS} others; personal minus the others:"
    yield f"  {'':<33}" + "".join(f"{measure:>8}{'':>19}" for measure in DIGITS)
    for name in outcome.names:
        cells = []
        for measure, digits in DIGITS.items():
            mean = f"{outcome.mean(measure, name).mean:.{digits - (measure != 'pairs')}f}"
            more = "" if name == PERSONAL else _told(outcome.more(measure, PERSONAL, name), digits, "+")
            cells.append(f"{mean:>8}{more:>19}")
        yield f"  {name:<33}" + "".join(cells)
    yield f"  90 % intervals hold {_told(Figure.of(np.array(outcome.inside)), 1)} %"


def _told(figure: Figure, digits: int, sign: str = "") -> str:
    return f"{figure.mean:{sign}.{digits}f} ± {figure.error or float('nan'):.{digits}f}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.personal_accuracy", description=__doc__)
    parser.add_argument("--data", metavar="DIR", required=True, help="has ratings.parquet and films.parquet")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS, help="of circles")
    parser.add_argument("--seeds", type=int, default=300, help="of each kind (%(default)s)")
    parser.add_argument("--few", action="store_true", help="keep 20 of each seed's ratings")
    parser.add_argument("--peers", metavar="PYTHON", help="of an environment with LensKit")
    parser.add_argument("--tune", action="store_true", help="print the peers' best settings")
    parser.add_argument("--noise", action="store_true", help="draw all ratings by chance")
    chosen = parser.parse_args()
    members = Members.read(chosen.data)
    if chosen.noise:
        drawn = np.random.default_rng(0).integers(1, 11, members.stars.shape) / np.float32(2)
        members = Members(np.where(members.stars > 0, drawn, 0), members.slugs)
    everybody = Everybody(members, read_facts(chosen.data, members.slugs))
    if chosen.tune:
        of_all_kinds = [
            case for kind in chosen.kinds for case in cases(everybody, kind, chosen.seeds, chosen.few)
        ]
        with exchanged(of_all_kinds) as file:
            tune(chosen.peers, file)
        return
    for kind in chosen.kinds:
        judged = cases(everybody, kind, chosen.seeds, chosen.few)
        if chosen.peers:
            with exchanged(judged) as file:
                for case, by_peer in zip(judged, foretold(chosen.peers, file), strict=True):
                    case.foretold.update(by_peer)
        for line in report(kind, outcome_of(judged)):
            print(line, flush=True)


if __name__ == "__main__":
    main()
