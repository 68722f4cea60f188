"""The one line, and the JSON object, that a job leaves behind."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from letterboxd_scraper.schedule.jobs import StepOutcome, worst


@dataclass(frozen=True, slots=True)
class JobReport:
    """What a job did: how each step ended, and how long it all took."""

    cohort: str
    job: str
    outcomes: Sequence[StepOutcome]
    seconds: float

    @property
    def exit_code(self) -> int:
        """The worst code of its steps."""
        return worst(outcome.code for outcome in self.outcomes)

    @property
    def nodes(self) -> list[str]:
        """The nodes that took part, by name."""
        parts = [part for outcome in self.outcomes for part in (outcome, *outcome.parts)]
        return sorted({part.node for part in parts if part.node})

    def totals(self) -> dict[str, int]:
        """Return requests, rows changed and failures of all steps together."""
        return {
            "requests": sum(outcome.requests for outcome in self.outcomes),
            "rows_changed": sum(outcome.rows_changed or 0 for outcome in self.outcomes),
            "failures": sum(outcome.failures for outcome in self.outcomes),
        }

    def in_words(self) -> str:
        """Return all of it in one line."""
        steps = ", ".join(_step(outcome) for outcome in self.outcomes)
        numbers = ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in self.totals().items())
        where = f"; on {', '.join(self.nodes)}" if self.nodes else ""
        return (
            f"{self.cohort}, {self.job}: exit code {self.exit_code} after {_time(self.seconds)}; "
            f"{steps}; {numbers}{where}"
        )

    def as_dict(self) -> dict[str, Any]:
        """Return all of it for programs."""
        whole = {"cohort": self.cohort, "job": self.job, "exit_code": self.exit_code}
        more = {"seconds": round(self.seconds, 1), "nodes": self.nodes}
        return whole | self.totals() | more | {"steps": [asdict(outcome) for outcome in self.outcomes]}


def _step(outcome: StepOutcome) -> str:
    """Return how a step ended; of those that did not end well, why.

    >>> _step(StepOutcome("film", 0, notes="1 due")), _step(StepOutcome("film", 2, notes="did not start"))
    ('film 0', 'film 2 (did not start)')
    """
    notes = [outcome.notes, *(f"{part.shard}: {part.notes}" for part in outcome.parts if part.code)]
    why = "; ".join(filter(None, notes)) if outcome.code else ""
    return f"{outcome.step} {outcome.code}" + (f" ({why})" if why else "")


def _time(seconds: float) -> str:
    """Return a time in words.

    >>> _time(4.2), _time(252), _time(8040)
    ('4 s', '4 min 12 s', '2 h 14 min')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
