"""`letterboxd rank list`: which strategies there are; it needs none of what a ranking is read with."""

import typer

from ranking.strategies import STRATEGIES


def rank_list(context: typer.Context) -> None:
    """List the strategies, their parameters and where they come from.

    \b
    Examples:
      letterboxd rank list
    """
    rows = [
        (
            strategy.name,
            strategy.meaning,
            ", ".join(f"{name}={p.default:g}" for name, p in strategy.parameters.items()),
            strategy.source,
        )
        for strategy in STRATEGIES.values()
    ]
    context.obj.show(("strategy", "meaning", "parameters", "source"), rows)
