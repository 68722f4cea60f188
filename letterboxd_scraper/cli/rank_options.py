"""Options that the commands about rankings share, and what their values name."""

from collections.abc import Iterable
from typing import Annotated, Any

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.store.names import unknown
from letterboxd_scraper.terminal import completion, options
from ranking.strategies import STRATEGIES
from ranking.strategies.base import Strategy


def strategy(help: str = "Which ranking; `letterboxd rank list` names them.") -> Any:
    """Return an option that takes a strategy; a shell completes those there are."""
    return options.value("STRATEGY", help, autocompletion=_strategies)


def _strategies(incomplete: str) -> list[str]:
    return completion.beginning(STRATEGIES, incomplete)


CohortOption = Annotated[str | None, options.cohort()]
StrategyOption = Annotated[str, strategy()]
MinScoreOption = Annotated[float | None, options.value("SCORE", "Leave out films below this score.")]


def find_strategy(name: str) -> Strategy:
    """Return the strategy of this name. Raises UnknownName."""
    if name not in STRATEGIES:
        raise unknown("strategy", name, STRATEGIES)
    return STRATEGIES[name]


def read_parameters(texts: Iterable[str]) -> dict[str, str]:
    """Read NAME=NUMBER texts; the numbers are checked by their strategy. Raises InputError."""
    parameters = {}
    for text in texts:
        name, equals, number = text.partition("=")
        if not equals:
            raise InputError(f"--param {text}: write NAME=NUMBER")
        parameters[name] = number
    return parameters
