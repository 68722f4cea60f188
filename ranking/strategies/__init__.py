"""The strategies. One file each: a pure function for the score, and the query that applies it.

To add one, write a file like `bayesian.py` and name it in STRATEGIES.
"""

from ranking.strategies import bayesian, discovery, hybrid, recency, wilson
from ranking.strategies.base import Strategy

STRATEGIES: dict[str, Strategy] = {
    module.STRATEGY.name: module.STRATEGY for module in (bayesian, wilson, discovery, recency, hybrid)
}
