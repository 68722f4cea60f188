"""Which rule of `recommend` serves several members best: how it orders films whose ratings were hidden.

Groups are drawn from a cohort's members, each in one group of a size: somebody, and those who rated most
films in common with all before them. A part of the films that all of a group rated is hidden, and put in
order by what the personal model expects of each: by each rule, and by the circle's scores alone. An order is
worth nDCG of a member's own hidden ratings: the mean over the group, and that of the worst-off member.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from letterboxd_scraper.store.members.cohorts import Cohort
from ranking.evaluation.measures import Figure, ndcg
from ranking.facts import Facts
from ranking.recommend.film_facts import FilmFacts, read_facts
from ranking.recommend.group import RULES, Places
from ranking.recommend.personal import CircleModel
from ranking.strategies.circle_model import fit
from ranking.strategies.circle_ratings import Floats, Integers, Ratings, read

AT = 5
# Fewer hidden films than this are no list.
FEWEST_FILMS = 6
# Of fewer groups, a difference is mostly chance.
FEW_GROUPS = 20
SIZES = (2, 3, 4)
CIRCLE = "circle alone"
# All rules are compared with this one, which `recommend` takes unless it is told otherwise.
DEFAULT = "average"
_MOST_GROUPS = 100


@dataclass(frozen=True, slots=True)
class JudgedRule:
    """nDCG of a rule's orders: a group's mean, the worst-off member's, and what both are above DEFAULT's."""

    rule: str
    mean: Figure
    worst_off: Figure
    mean_more: Figure
    worst_off_more: Figure


@dataclass(frozen=True, slots=True)
class GroupsOfSize:
    """All rules on the same groups; ``films`` is how many were hidden of one, on the mean."""

    size: int
    groups: int
    films: float | None
    rules: list[JudgedRule]


@dataclass
class Tally:
    """By rule the group's mean and the worst-off member's figure, group by group; ``films`` were hidden."""

    worth: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    films: list[int] = field(default_factory=list)

    def add(self, stars: Floats, orders: Mapping[str, Places]) -> None:
        """Add a group: ``stars`` has a row a film and a column a member; orders are rows, best first."""
        self.films.append(len(stars))
        for rule, order in orders.items():
            place = np.empty(len(order))
            place[order] = np.arange(len(order))
            of_members = [ndcg(of_member, -place, AT) for of_member in stars.T]
            self.worth.setdefault(rule, []).append((float(np.mean(of_members)), min(of_members)))

    def judged(self) -> list[JudgedRule]:
        """Return each rule's figures, DEFAULT first."""
        default = np.array(self.worth.get(DEFAULT, ()))
        rules = []
        for rule, worth in self.worth.items():
            figures = [Figure.of(values) for values in (*np.transpose(worth), *np.transpose(worth - default))]
            rules.append(JudgedRule(rule, *figures))
        return rules


def evaluate_groups(
    connection: sa.Connection, cohort: Cohort, hide: float, seed: int, at: datetime
) -> Iterator[GroupsOfSize]:
    """Judge the rules on groups of a stored cohort, size by size; yield each as it is done.

    ``hide`` is the share of a group's common films that is hidden. The same seed draws the same groups.
    """
    ratings = read(connection, Facts(cohort.id, at))
    facts = read_facts(connection, ratings.film_ids.tolist())
    for size in SIZES:
        tally = Tally()
        rng = np.random.default_rng([seed, size])
        for group, films in draw_groups(ratings, size, hide, rng):
            _judge(tally, ratings, facts, group, films)
        films_each = float(np.mean(tally.films)) if tally.films else None
        yield GroupsOfSize(size, len(tally.films), films_each, tally.judged())


def orders(
    ratings: Ratings, facts: FilmFacts, members: Sequence[int], films: npt.NDArray[np.integer]
) -> dict[str, Places]:
    """Return by rule the order in which some films stand, best first, as places in ``films``.

    Members and films are positions; what a rule leaves out stands at the end.
    """
    fitted = fit(ratings)
    circle = CircleModel(ratings, fitted, facts)
    expected = np.column_stack([circle.of(member).forecast().score[films] for member in members])
    by_rule = {rule: _whole(order(expected).places, len(films)) for rule, order in RULES.items()}
    return by_rule | {CIRCLE: np.argsort(-fitted.score[films], kind="stable")}


def can_be_judged(stars: Floats) -> bool:
    """Say whether hidden stars (a row a film, a column a member) are enough, and tell films apart."""
    return len(stars) >= FEWEST_FILMS and bool((stars.max(0) > stars.min(0)).all())


def _whole(places: Places, films: int) -> Places:
    return np.append(places, np.setdiff1d(np.arange(films), places))


def draw_groups(
    ratings: Ratings, size: int, hide: float, rng: np.random.Generator
) -> Iterator[tuple[list[int], Integers]]:
    """Yield groups of members and the films to hide of them, all as positions; nobody is in two groups."""
    is_free = np.ones(len(ratings.member_ids), bool)
    drawn = 0
    for first in rng.permutation(len(is_free)).tolist():
        if not is_free[first] or drawn == _MOST_GROUPS:
            continue
        group, common = [first], _rated(ratings, first)
        while len(group) < size:
            shared = np.add.reduceat(common[ratings.film], ratings.starts[:-1])
            shared[group] = -1
            shared[~is_free] = -1
            if shared.max() < 0:
                return
            group.append(int(shared.argmax()))
            common &= _rated(ratings, group[-1])
        films = rng.permutation(np.flatnonzero(common))
        films = films[: round(hide * len(films))]
        if len(films) >= FEWEST_FILMS:
            is_free[group] = False
            drawn += 1
            yield group, films.astype(np.int32)


def _rated(ratings: Ratings, member: int) -> npt.NDArray[np.bool_]:
    rated = np.zeros(len(ratings.film_ids), bool)
    rated[ratings.film[ratings.starts[member] : ratings.starts[member + 1]]] = True
    return rated


def _judge(tally: Tally, ratings: Ratings, facts: FilmFacts, group: Sequence[int], chosen: Integers) -> None:
    """Hide films from a group, and add how each rule orders them, if there is enough to judge."""
    raters = np.repeat(np.arange(len(ratings.member_ids)), ratings.by_member)
    is_hidden = np.isin(raters, group) & np.isin(ratings.film, chosen)
    kept, members, films = _without(ratings, raters, is_hidden)
    # Of films that nobody else of the circle rated nothing is foretold.
    chosen = np.intersect1d(chosen, films)
    own = np.zeros((len(ratings.film_ids), len(group)))
    for column, member in enumerate(group):
        rows = slice(ratings.starts[member], ratings.starts[member + 1])
        own[ratings.film[rows], column] = ratings.half_stars[rows] * 0.5
    stars = own[chosen]
    if can_be_judged(stars) and np.isin(group, members).all():
        places = [int(place) for place in np.searchsorted(members, group)]
        tally.add(stars, orders(kept, facts.at(films), places, np.searchsorted(films, chosen)))


def _without(
    ratings: Ratings, raters: npt.NDArray[np.int64], is_hidden: npt.NDArray[np.bool_]
) -> tuple[Ratings, npt.NDArray[np.int64], Integers]:
    """Return the ratings but for the hidden ones, and which members and films of all are in them."""
    members, counts = np.unique(raters[~is_hidden], return_counts=True)
    films, film = np.unique(ratings.film[~is_hidden], return_inverse=True)
    kept = Ratings(
        member_ids=ratings.member_ids[members],
        film_ids=ratings.film_ids[films],
        starts=np.append(0, np.cumsum(counts)),
        film=film.astype(np.int32),
        half_stars=ratings.half_stars[~is_hidden],
        site_average=ratings.site_average[films],
        site_count=ratings.site_count[films],
    )
    return kept, members, films
