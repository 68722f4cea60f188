"""What a strategy is: a name, parameters, and a query that scores films, by a formula or a fitted model."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa

from letterboxd_scraper.errors import InputError
from ranking.facts import Facts
from ranking.sql import Columns, as_query

Parameters = dict[str, float]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number that a strategy can be tuned by, from ``least`` to ``most``; ``meaning`` says what it does.

    Where ``default`` is None it depends on the cohort: ``of_cohort`` computes it, ``usual`` says how.
    """

    default: float | None
    meaning: str
    least: float = 0.0
    most: float = math.inf
    whole: bool = False
    usual: str = ""
    of_cohort: Callable[[sa.Connection, Facts], float] | None = None

    @property
    def default_in_words(self) -> str:
        """What it is unless it is chosen."""
        return self.usual if self.default is None else f"{self.default:g}"

    @property
    def takes(self) -> str:
        """What the number must be, in words."""
        kind = "a whole number" if self.whole else "a number"
        upto = f" and at most {self.most:g}" if math.isfinite(self.most) else ""
        return f"{kind}, at least {self.least:g}{upto}"


MIN_VOTES = "min_votes"
SITE = "site"


def min_votes(default: int) -> Parameter:
    """Return the parameter that all strategies have."""
    return Parameter(default, "films with fewer ratings are not ranked", least=1, most=1e9, whole=True)


Terms = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy(ABC):
    """A way to score films: in the database (SqlStrategy) or in Python (FittedStrategy).

    ``because`` puts what made one film's score into a sentence without members' names; its terms are
    the parameters and the columns of `query`, by name. ``in_stars``: its scores are what a member would
    give. ``why_empty`` says what is missing when no film could be scored.
    """

    name: str
    meaning: str
    source: str
    parameters: Mapping[str, Parameter]
    because: Callable[[Terms], str]
    in_stars: bool = False
    why_empty: str = (
        "no film has enough ratings: crawl its members, or import what they rated, first; "
        "--param min_votes=1 ranks films that one of them rated, too"
    )

    @abstractmethod
    def query(self, connection: sa.Connection, facts: Facts, parameters: Parameters) -> sa.Select[Any]:
        """Return a query of (film_id, votes, score, …), unranked.

        What follows the score are the numbers that made it, and where the strategy knows them
        score_low and score_high, the ends of the score's 90 % interval.
        """

    def reasons(self, connection: sa.Connection, facts: Facts, parameters: Parameters) -> dict[int, str]:
        """Return for each film (by its id) that the strategy scores one sentence: why it stands there."""
        rows = connection.execute(self.query(connection, facts, parameters)).mappings()
        return {row["film_id"]: self.because({**parameters, **row}) for row in rows}

    def settle(self, *layers: Mapping[str, Any]) -> Parameters:
        """Return every parameter: the first layer that has it wins, then the default. Raises InputError.

        One whose default depends on the cohort is missing where no layer has it: see `complete`.
        """
        chosen = {
            name: parameter.default
            for name, parameter in self.parameters.items()
            if parameter.default is not None
        }
        for layer in reversed(layers):
            chosen |= {name: self._checked(name, layer[name]) for name in self.parameters if name in layer}
        return {name: chosen[name] for name in self.parameters if name in chosen}

    def complete(self, connection: sa.Connection, facts: Facts, parameters: Parameters) -> Parameters:
        """Return the parameters with those that the cohort decides where nobody chose them."""
        of_cohort = {
            name: parameter.of_cohort(connection, facts)
            for name, parameter in self.parameters.items()
            if parameter.of_cohort is not None and name not in parameters
        }
        return parameters | of_cohort

    def refuse_unknown(self, parameters: Mapping[str, Any]) -> None:
        """Raise InputError if one of these parameters is none of this strategy's."""
        unknown = [name for name in parameters if name not in self.parameters]
        if unknown:
            there = ", ".join(self.parameters)
            raise InputError(f"{self.name} has no parameter {unknown[0]!r}: it has {there}")

    def _checked(self, name: str, value: Any) -> float:
        parameter = self.parameters[name]
        refusal = InputError(f"parameter {name}={value}: must be {parameter.takes}")
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise refusal from None
        sensible = math.isfinite(number) and parameter.least <= number <= parameter.most
        if not sensible or (parameter.whole and number % 1):
            raise refusal
        return int(number) if parameter.whole else number


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlStrategy(Strategy):
    """A closed formula: ``scores`` returns the query (film_id, votes, score, terms…) that applies it."""

    scores: Callable[[Facts, Parameters], sa.Select[Any]]

    def query(self, connection: sa.Connection, facts: Facts, parameters: Parameters) -> sa.Select[Any]:
        return self.scores(facts, parameters)


class Fitted(Protocol):
    """A fitted model's estimates, for films and for who rated them."""

    def columns(self) -> Columns:
        """Return by name the columns of `Strategy.query`, values in the order of the films."""

    def voices(self, film_id: int) -> dict[int, Terms]:
        """Return for each rater (by a user's id) of the film what the model makes of their rating."""

    def members(self) -> dict[int, Terms]:
        """Return for each member (by a user's id) their habit, and noise: the variance of their ratings."""

    def estimates(self) -> dict[int, tuple[float, float]]:
        """Return for every film, ranked or not, its score (stars, unbounded) and its variance (stars²)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedStrategy(Strategy):
    """A model that ``fit`` estimates in Python; its scores go back into the database with the query."""

    fit: Callable[[sa.Connection, Facts, Parameters], Fitted]

    def query(self, connection: sa.Connection, facts: Facts, parameters: Parameters) -> sa.Select[Any]:
        return as_query(self.fit(connection, facts, parameters).columns(), connection.dialect)

    def reasons(self, connection: sa.Connection, facts: Facts, parameters: Parameters) -> dict[int, str]:
        # Not by way of the query: nothing is to be selected, so the database has nothing to add.
        return self.reasons_of(self.fit(connection, facts, parameters), parameters)

    def reasons_of(self, fitted: Fitted, parameters: Parameters) -> dict[int, str]:
        """Return the same of what was fitted before, with these parameters."""
        columns = fitted.columns()
        rows = (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))
        return {row["film_id"]: self.because({**parameters, **row}) for row in rows}
