"""Groups whose ratings are hidden: who is in them, and what the orders of their films are worth."""

import math

import numpy as np
import pytest

from ranking.evaluation.groups import Tally, can_be_judged, draw_groups
from ranking.strategies.circle_ratings import Ratings
from tests.ranking.circles import packed


@pytest.fixture(scope="module")
def ratings() -> Ratings:
    """Eleven members; the odd ones rate the first forty of sixty films, the others the last forty."""
    return packed(
        (member, film, 1 + (member * film) % 9 / 2)
        for member in range(1, 12)
        for film in range(1, 61)
        if (film <= 40 if member % 2 else film > 20)
    )


def test_everybody_is_in_one_group_with_those_who_rated_most_in_common(ratings: Ratings) -> None:
    groups = list(draw_groups(ratings, 2, 0.6, np.random.default_rng(0)))
    members = [member for group, _ in groups for member in group]
    assert len(members) == len(set(members)) == 10
    alike = [len({member % 2 for member in group}) == 1 for group, _ in groups]
    assert alike.count(False) <= 1
    for group, films in groups:
        own = [set(ratings.film[slice(*ratings.starts[[m, m + 1]])].tolist()) for m in group]
        common = set.intersection(*own)
        assert set(films.tolist()) <= common
        assert len(films) == round(0.6 * len(common))


def test_no_group_has_fewer_than_six_films_to_hide(ratings: Ratings) -> None:
    assert not list(draw_groups(ratings, 2, 0.1, np.random.default_rng(0)))


def test_an_order_is_worth_what_it_is_to_the_mean_and_to_the_worst_off() -> None:
    tally = Tally()
    stars = np.array([[5.0, 1.0], [3.0, 2.0], [1.0, 3.0]])
    tally.add(stars, {"average": np.array([0, 1, 2]), "other": np.array([2, 1, 0])})
    tally.add(stars, {"average": np.array([0, 1, 2]), "other": np.array([0, 1, 2])})
    # Gains are 2^stars − 1, and places count 1, 1 / log2(3) and a half.
    backwards = (1 + 3 / math.log2(3) + 7 / 2) / (7 + 3 / math.log2(3) + 1 / 2)
    forwards = (1 + 7 / math.log2(3) + 31 / 2) / (31 + 7 / math.log2(3) + 1 / 2)
    average, other = tally.judged()
    assert average.mean.mean == pytest.approx((1 + backwards) / 2)
    assert average.worst_off.mean == pytest.approx(backwards)
    assert other.mean.mean == pytest.approx(((1 + backwards) / 2 + (1 + forwards) / 2) / 2)
    assert other.worst_off_more.mean == pytest.approx((forwards - backwards) / 2)
    assert average.mean_more.mean == average.mean_more.error == 0


def test_what_does_not_tell_films_apart_is_not_judged() -> None:
    different = np.array([[1.0, 2.0], [2.0, 3.0], *[[3.0, 3.0]] * 4])
    assert can_be_judged(different)
    assert not can_be_judged(different[:5])
    assert not can_be_judged(np.where(np.arange(2) == 1, 3.0, different))
