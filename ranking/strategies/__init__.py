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


def share_out(given: Mapping[str, Any], chosen: Sequence[Strategy]) -> dict[str, dict[str, Any]]:
    """Return which of the parameters ``given`` go to which strategy: to all that have them.

    Raises InputError for a parameter that none of the ``chosen`` strategies has.
    """
    for name in given:
        if not any(name in strategy.parameters for strategy in chosen):
            known = dict.fromkeys(each for strategy in chosen for each in strategy.parameters)
            whose = chosen[0].name if len(chosen) == 1 else "no strategy"
            has = "has no parameter" if len(chosen) == 1 else "has a parameter"
            raise InputError(f"{whose} {has} {name!r}: there are {', '.join(known)}")
    return {
        strategy.name: {name: value for name, value in given.items() if name in strategy.parameters}
        for strategy in chosen
    }
