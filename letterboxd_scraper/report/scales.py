"""From numbers to places along an axis, and the marks of the axis.

Places are percentages of the axis' length: a chart is as wide as its reader's screen, and its texts keep
their size.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log

LEAST_STARS, MOST_STARS = 0.5, 5.0
# So many counts stand beside each other on a phone, each with its number.
_MOST_EVEN = 12
# Over more stars than these, half stars have no mark of their own.
_MOST_BY_HALVES = 3


@dataclass(frozen=True, slots=True)
class Scale:
    """What lies from ``low`` to ``high``, evenly or, if ``doubling``, each double of a number equally far."""

    low: float
    high: float
    doubling: bool = False

    def place(self, number: float) -> float:
        """Return where the number stands, from 0 to 100; what lies beyond an end is at this end."""
        low, high, number = (log(n) if self.doubling else n for n in (self.low, self.high, number))
        return max(0.0, min(100.0, 100 * (number - low) / (high - low)))


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark of an axis, and what is written at it."""

    place: float
    text: str


@dataclass(frozen=True, slots=True)
class Axis:
    """A scale and its marks."""

    scale: Scale
    ticks: Sequence[Tick]


def counts(most: int) -> Axis:
    """Return an axis of the numbers from one to ``most``: its marks are whole numbers, none twice.

    Few stand evenly, each with its mark; of many, each double is equally far from the other.

    >>> [tick.text for tick in counts(3).ticks], [tick.text for tick in counts(70).ticks]
    (['1', '2', '3'], ['1', '2', '5', '10', '20', '50'])
    """
    most = max(most, 1)
    if most <= _MOST_EVEN:
        return _marked(Scale(0.5, most + 0.5), range(1, most + 1))
    numbers = (step * 10**power for power in range(len(str(most))) for step in (1, 2, 5))
    return _marked(Scale(0.8, most * 1.15, doubling=True), (number for number in numbers if number <= most))


def stars(low: float = LEAST_STARS, high: float = MOST_STARS) -> Axis:
    """Return an axis from the half star at or below ``low`` to that at or above ``high``.

    >>> [tick.text for tick in stars(2.3, 4.6).ticks], [tick.text for tick in stars().ticks]
    (['2', '2.5', '3', '3.5', '4', '4.5', '5'], ['1', '2', '3', '4', '5'])
    """
    first, last = floor(low * 2), ceil(high * 2)
    if first == last:
        first, last = first - 1, last + 1
    scale = Scale(max(LEAST_STARS, first / 2), min(MOST_STARS, last / 2))
    halves = range(round(scale.low * 2), round(scale.high * 2) + 1)
    every = scale.high - scale.low <= _MOST_BY_HALVES
    return _marked(scale, (half / 2 for half in halves if every or half % 2 == 0))


def agreement() -> Axis:
    """Return the axis of agreement, from −1 to 1."""
    return _marked(Scale(-1, 1), (-1, -0.5, 0, 0.5, 1))


def _marked(scale: Scale, numbers: Iterable[float]) -> Axis:
    return Axis(scale, [Tick(scale.place(n), f"{n:,.10g}".replace("-", "−")) for n in numbers])
