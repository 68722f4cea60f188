"""The rules by which several members' expected stars become one list."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranking.recommend.group import RULES, average, least_misery, multiplicative, proportional

STARS = np.array([[5.0, 2.0, 4.0], [3.5, 3.5, 3.5], [4.0, 3.0, 4.0], [1.0, 5.0, 5.0], [2.5, 2.5, 2.5]])


def test_the_average_with_a_veto() -> None:
    order = average(STARS)
    assert order.places.tolist() == [2, 1, 4]
    assert order.values == pytest.approx([11 / 3, 3.5, 2.5])
    # Equal means stand as they came.
    assert average(STARS, veto=0.5).places.tolist() == [0, 2, 3, 1, 4]
    assert average(STARS, veto=4).places.tolist() == []


def test_least_misery_goes_by_who_would_give_least() -> None:
    order = least_misery(STARS)
    assert order.places.tolist() == [1, 2, 4, 0, 3]
    assert order.values.tolist() == [3.5, 3.0, 2.5, 2.0, 1.0]


def test_multiplicative_is_the_geometric_mean() -> None:
    order = multiplicative(STARS)
    expected = STARS.prod(1) ** (1 / 3)
    assert order.values == pytest.approx(np.sort(expected)[::-1])
    assert order.places.tolist() == np.argsort(-expected).tolist()


def test_proportional_gives_everybody_their_turn() -> None:
    """Two like one kind of films, one the other: so that all get alike, they take turns."""
    stars = np.array([[5.0, 5.0, 1.0]] * 10 + [[1.0, 1.0, 5.0]] * 10)
    picked = proportional(stars, limit=6).places
    assert (picked >= 10).tolist() == [False, True] * 3
    assert (average(stars, veto=0.5).places[:6] < 10).all()


def test_of_one_member_all_rules_are_that_members_own_list() -> None:
    stars = np.array([[3.0], [5.0], [4.0], [4.0]])
    assert all(rule(stars).places.tolist() == [1, 2, 3, 0] for rule in RULES.values())


def test_no_films_are_no_list() -> None:
    assert all(rule(np.zeros((0, 2))).places.tolist() == [] for rule in RULES.values())


@given(st.lists(st.tuples(*[st.integers(1, 10)] * 3), min_size=1, max_size=6), st.sampled_from(sorted(RULES)))
def test_who_is_named_first_makes_no_difference(halves: list[tuple[int, int, int]], name: str) -> None:
    stars = np.array(halves) / 2
    orders = [RULES[name](stars[:, list(members)]) for members in permutations(range(3))]
    assert len({tuple(order.places.tolist()) for order in orders}) == 1
    assert len(set(orders[0].places.tolist())) == len(orders[0].places)
