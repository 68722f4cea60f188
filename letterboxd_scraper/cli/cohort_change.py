"""`letterboxd cohort set`: changing a cohort's definition."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
import typer

from letterboxd_scraper.arguments import Definition
from letterboxd_scraper.cli.cohort import LabelArgument, in_words
from letterboxd_scraper.cli.rank_options import CohortOption, read_parameters
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.patience import transact
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.chosen import find_cohort, one_label
from letterboxd_scraper.terminal.session import Session
from ranking.strategies import STRATEGIES


def change(
    context: typer.Context,
    label: LabelArgument = None,
    cohort: CohortOption = None,
    rank: Annotated[
        list[str] | None, options.parameters("A strategy parameter, as m=10; repeatable.", "--rank")
    ] = None,
    depth: Annotated[int | None, options.depth()] = None,
    max_members: Annotated[int | None, options.count("Stop at so many members.")] = None,
    min_films: Annotated[int | None, options.count("Leave out members with fewer films.")] = None,
    max_films: Annotated[int | None, options.count("Leave out members with more films.")] = None,
    exclude: Annotated[list[str] | None, options.member_who("Leave out this member; repeatable.")] = None,
) -> None:
    """Change a cohort's definition.

    Membership follows at the next refresh, ranks at the next `letterboxd rank compute`.

    \b
    Examples:
      letterboxd cohort set friends --rank m=10 --rank min_votes=3
      letterboxd cohort set friends --exclude kip --min-films 20
    """
    session: Session = context.obj
    changes: dict[str, Any] = {"depth": depth, "max_members": max_members, "exclude": exclude}
    changes |= {"min_films": min_films, "max_films": max_films}
    changes = {name: value for name, value in changes.items() if value not in (None, [])}
    parameters = _numbers(rank or [])
    circle = find_cohort(session, one_label(label, cohort))
    changed = transact(session.engine, _change, circle.label, changes, parameters, session.config.now())
    session.conclude(
        {"cohort": changed.label, "definition": changed.definition},
        f"{changed.label}: {in_words(changed.definition)}",
    )


def _change(
    connection: sa.Connection,
    label: str,
    changes: dict[str, Any],
    parameters: dict[str, float],
    at: datetime,
) -> cohorts.Cohort:
    cohort = cohorts.find(connection, label)
    asked = cohort.definition | changes
    least, most = asked.get("min_films"), asked.get("max_films")
    if least is not None and most is not None and least > most:
        raise InputError(f"--min-films {least} is more than --max-films {most}: nobody would belong to it")
    if parameters:
        changes = changes | {"rank": (cohort.definition.get("rank") or {}) | parameters}
    definition = Definition.read(cohort.definition | changes).model_dump(mode="json")
    cohorts.redefine(connection, cohort, definition, at)
    return replace(cohort, definition=definition)


def _numbers(texts: list[str]) -> dict[str, float]:
    """Return strategy parameters as numbers that a strategy accepts. Raises InputError."""
    numbers = {}
    for name, text in read_parameters(texts).items():
        users = [strategy for strategy in STRATEGIES.values() if name in strategy.parameters]
        if not users:
            raise InputError(f"--rank {name}: no strategy has such a parameter (`letterboxd rank list`)")
        numbers[name] = users[0].settle({name: text})[name]
    return numbers
