"""`letterboxd rank list`: which strategies there are; it needs none of what a ranking is read with."""

from typing import Any

import typer

from letterboxd_scraper.terminal.columns import prose
from letterboxd_scraper.terminal.session import Session
from ranking.strategies import STRATEGIES
from ranking.strategies.base import Strategy


def rank_list(context: typer.Context) -> None:
    """List the strategies, their parameters and where they come from.

    \b
    Examples:
      letterboxd rank list
    """
    session: Session = context.obj
    if session.as_json:
        session.print_json([_told(strategy) for strategy in STRATEGIES.values()])
        return
    rows = [
        (
            strategy.name,
            strategy.meaning,
            ", ".join(f"{name}={p.default_in_words}" for name, p in strategy.parameters.items()),
            strategy.source,
        )
        for strategy in STRATEGIES.values()
    ]
    session.show(("strategy", prose("meaning"), prose("parameters"), prose("source")), rows)


def _told(strategy: Strategy) -> dict[str, Any]:
    """Return a strategy as JSON; a parameter whose default the cohort decides is null, and told in words."""
    parameters = strategy.parameters.items()
    return {
        "strategy": strategy.name,
        "meaning": strategy.meaning,
        "source": strategy.source,
        "parameters": {name: parameter.default for name, parameter in parameters},
        "by_cohort": {name: parameter.usual for name, parameter in parameters if parameter.default is None},
    }
