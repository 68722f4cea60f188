"""The strategies. One file each: a pure function for the score, and the query that applies it.

To add one, write a file like `bayesian.py` and name it in STRATEGIES.
"""

from ranking.strategies import bayesian
from ranking.strategies.base import Strategy

STRATEGIES: dict[str, Strategy] = {strategy.name: strategy for strategy in (bayesian.STRATEGY,)}
