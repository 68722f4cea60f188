"""What a strategy is made of."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.errors import InputError
from ranking.facts import Facts

Parameters = dict[str, float]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number that a strategy can be tuned by; only ``least`` to ``most`` makes sense."""

    default: float
    meaning: str
    least: float = 0.0
    most: float = math.inf
    whole: bool = False

    @property
    def wanted(self) -> str:
        """What the number must be, in words."""
        kind = "a whole number" if self.whole else "a number"
        upto = f" and at most {self.most:g}" if math.isfinite(self.most) else ""
        return f"{kind}, at least {self.least:g}{upto}"


MIN_VOTES = "min_votes"


def min_votes(default: int) -> Parameter:
    """Return the parameter that all strategies have."""
    return Parameter(default, "films with fewer ratings are not ranked", least=1, most=1e9, whole=True)


@dataclass(frozen=True, slots=True)
class Strategy:
    """A way to score films.

    ``scores`` returns a query of (film_id, votes, score, …), unranked; what follows the score are
    the numbers that made it. ``why_empty`` says what is missing when no film could be scored.
    """

    name: str
    meaning: str
    source: str
    parameters: Mapping[str, Parameter]
    scores: Callable[[Facts, Parameters], sa.Select[Any]]
    why_empty: str = "no film has enough ratings: crawl its members first"

    def settle(self, *layers: Mapping[str, Any]) -> Parameters:
        """Return every parameter: the first layer that has it wins, then the default. Raises InputError."""
        chosen = {name: parameter.default for name, parameter in self.parameters.items()}
        for layer in reversed(layers):
            chosen |= {name: self._checked(name, layer[name]) for name in chosen if name in layer}
        return chosen

    def refuse_unknown(self, given: Mapping[str, Any]) -> None:
        """Raise InputError if ``given`` names a parameter that this strategy does not have."""
        unknown = [name for name in given if name not in self.parameters]
        if unknown:
            known = ", ".join(self.parameters)
            raise InputError(f"{self.name} has no parameter {unknown[0]!r}: it has {known}")

    def _checked(self, name: str, value: Any) -> float:
        parameter = self.parameters[name]
        refusal = InputError(f"parameter {name}={value}: must be {parameter.wanted}")
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise refusal from None
        sensible = math.isfinite(number) and parameter.least <= number <= parameter.most
        if not sensible or (parameter.whole and number % 1):
            raise refusal
        return int(number) if parameter.whole else number
