"""What a strategy can be tuned by: layers, limits, and refusals that say what would do."""

from typing import Any

import pytest

from letterboxd_scraper.errors import InputError
from ranking.strategies import STRATEGIES, share_out
from ranking.strategies.base import Parameter, min_votes

BAYESIAN, WILSON = STRATEGIES["bayesian"], STRATEGIES["wilson"]


def test_the_first_layer_wins_then_the_next_then_the_default() -> None:
    assert BAYESIAN.settle() == {"m": 5.0, "min_votes": 1}
    assert BAYESIAN.settle({"m": "7"}, {"m": 8, "min_votes": 2}) == {"m": 7.0, "min_votes": 2}
    assert BAYESIAN.settle({"foreign": 1}) == {"m": 5.0, "min_votes": 1}
    assert type(BAYESIAN.settle({"min_votes": 2.0})["min_votes"]) is int


@pytest.mark.parametrize(
    ("parameter", "words"),
    [
        (Parameter(1.0, ""), "a number, at least 0"),
        (Parameter(1.0, "", least=0.5, most=5), "a number, at least 0.5 and at most 5"),
        (Parameter(1.0, "", whole=True), "a whole number, at least 0"),
        (min_votes(3), "a whole number, at least 1 and at most 1e+09"),
    ],
)
def test_what_a_parameter_takes_in_words(parameter: Parameter, words: str) -> None:
    assert parameter.takes == words


def test_all_strategies_have_min_votes() -> None:
    assert min_votes(3) == Parameter(
        3, "films with fewer ratings are not ranked", least=1, most=1e9, whole=True
    )


@pytest.mark.parametrize("value", [0.5, "0.5", 5, "5"])
def test_limits_are_included(value: Any) -> None:
    assert WILSON.settle({"threshold": value})["threshold"] == float(value)


@pytest.mark.parametrize("value", [0.49, 5.01, "x", None, float("nan"), float("inf"), [3]])
def test_what_makes_no_sense_is_refused_with_what_would(value: Any) -> None:
    with pytest.raises(InputError) as refusal:
        WILSON.settle({"threshold": value})
    assert str(refusal.value) == (
        f"parameter threshold={value}: must be a number, at least 0.5 and at most 5"
    )


@pytest.mark.parametrize("value", [1.5, 0, -1, 2e9])
def test_half_a_vote_is_none(value: float) -> None:
    with pytest.raises(InputError, match=r"^parameter min_votes=.*must be a whole number, at least 1 and"):
        BAYESIAN.settle({"min_votes": value})


def test_a_parameter_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    BAYESIAN.refuse_unknown({"m": 1})
    with pytest.raises(InputError) as refusal:
        BAYESIAN.refuse_unknown({"m": 1, "x": 2, "y": 3})
    assert str(refusal.value) == "bayesian has no parameter 'x': it has m, min_votes"


def test_parameters_go_to_all_strategies_that_have_them() -> None:
    shares = share_out({"m": 3, "z": 1}, [BAYESIAN, WILSON])
    assert shares == {"bayesian": {"m": 3}, "wilson": {"z": 1}}


def test_a_parameter_that_no_strategy_has_is_refused() -> None:
    with pytest.raises(InputError) as refusal:
        share_out({"x": 3}, [WILSON])
    assert str(refusal.value) == "wilson has no parameter 'x': there are threshold, z, min_votes"
    with pytest.raises(InputError) as refusal:
        share_out({"x": 3}, [BAYESIAN, WILSON])
    assert str(refusal.value) == "no strategy has a parameter 'x': there are m, min_votes, threshold, z"
