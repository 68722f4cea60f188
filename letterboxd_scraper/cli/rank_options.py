"""Options that the commands about rankings share, and what their values name."""

from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any, TypeVar

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.store.names import unknown
from letterboxd_scraper.terminal import completion, options
from letterboxd_scraper.terminal.session import Session
from ranking.compute import NothingToRank
from ranking.strategies import STRATEGIES
from ranking.strategies.base import Strategy

# Stands for every strategy, where rankings are computed.
ALL = "all"
S = TypeVar("S", bound=Strategy)


def strategy(help: str = "Which ranking; `letterboxd rank list` names them.") -> Any:
    """Return an option that takes a strategy; a shell completes those there are."""
    return options.value("STRATEGY", help, autocompletion=_strategies)


def _strategies(incomplete: str) -> list[str]:
    return completion.beginning(STRATEGIES, incomplete)


CohortOption = Annotated[str | None, options.cohort()]
StrategyOption = Annotated[str, strategy()]
MinScoreOption = Annotated[float | None, options.number("SCORE", "Leave out films below this score.")]


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


def rank_all(
    session: Session, cohort: str | None, strategies: Sequence[S], rank: Callable[[S], dict[str, Any]]
) -> None:
    """Compute each ranking and tell of it. Raises NothingToRank if there is none in the end."""
    rankings: list[dict[str, Any]] = []
    empty: list[NothingToRank] = []
    for strategy in strategies:
        try:
            rankings.append(rank(strategy))
        except NothingToRank as nothing:
            empty.append(nothing)
            if len(empty) == len(strategies):
                raise
            session.say(str(nothing))
            rankings.append({"strategy": strategy.name, "films": 0, "remark": str(nothing)})
    session.conclude({"cohort": cohort, "rankings": rankings})
