"""The strategies. One file each: a pure function for the score and the query that applies it, or a fit.

To add one, write a file like `bayesian.py` and name it in STRATEGIES.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from letterboxd_scraper.config import DEFAULT_STRATEGY as DEFAULT_STRATEGY
from letterboxd_scraper.errors import InputError
from ranking.strategies import bayesian, circle, discovery, hybrid, recency, wilson
from ranking.strategies.base import Strategy

STRATEGIES: dict[str, Strategy] = {
    module.STRATEGY.name: module.STRATEGY for module in (circle, bayesian, wilson, discovery, recency, hybrid)
}


def share_out(parameters: Mapping[str, Any], strategies: Sequence[Strategy]) -> dict[str, dict[str, Any]]:
    """Return which of the parameters go to which strategy, by its name: to all that have them.

    Raises InputError for a parameter that none of the strategies has.
    """
    there = dict.fromkeys(name for strategy in strategies for name in strategy.parameters)
    for name in parameters:
        if name not in there:
            one = len(strategies) == 1
            refusal = f"{strategies[0].name} has no" if one else "no strategy has a"
            raise InputError(f"{refusal} parameter {name!r}: there are {', '.join(there)}")
    return {
        strategy.name: {name: value for name, value in parameters.items() if name in strategy.parameters}
        for strategy in strategies
    }
