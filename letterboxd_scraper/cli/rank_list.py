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
            ", ".join(f"{name}={p.default:g}" for name, p in strategy.parameters.items()),
            strategy.source,
        )
        for strategy in STRATEGIES.values()
    ]
    session.show(("strategy", prose("meaning"), prose("parameters"), prose("source")), rows)


def _told(strategy: Strategy) -> dict[str, Any]:
    defaults = {name: parameter.default for name, parameter in strategy.parameters.items()}
    texts = {"strategy": strategy.name, "meaning": strategy.meaning, "source": strategy.source}
    return texts | {"parameters": defaults}
