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
    """A number that a strategy can be tuned by; ``least`` is the smallest that makes sense."""

    default: float
    meaning: str
    least: float = 0.0
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Strategy:
    """A way to score films. ``scores`` returns a query of (film_id, votes, score), unranked."""

    name: str
    meaning: str
    source: str
    parameters: Mapping[str, Parameter]
    scores: Callable[[Facts, Parameters], sa.Select[Any]]

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
        kind = "a whole number" if parameter.whole else "a number"
        refusal = InputError(f"parameter {name}={value}: must be {kind}, at least {parameter.least:g}")
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise refusal from None
        if not math.isfinite(number) or number < parameter.least or (parameter.whole and number % 1):
            raise refusal
        return int(number) if parameter.whole else number
