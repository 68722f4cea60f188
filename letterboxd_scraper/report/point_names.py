"""Names of points in a picture, set where they cover neither a point nor each other, on any screen."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from letterboxd_scraper.report.texts import columns_of

# Pixels: what a letter and a line take at most, as a rule, and how far names may reach into the margins.
_LETTER, _LINE = 7.2, 14
_MARGIN = 20
# Of more points, only those at the edges of the cloud have names.
_FEW = 30
_MOST = 14


@dataclass(frozen=True, slots=True)
class Spot:
    """A point in percent of width and height, its radius in pixels, and its name, None without one."""

    x: float
    y: float
    radius: float
    text: str | None


@dataclass(frozen=True, slots=True)
class Name:
    """A text, ``dx`` and ``dy`` pixels from a point; ``anchor`` is `start`, `middle` or `end`, as in SVG."""

    x: float
    y: float
    dx: float
    dy: float
    anchor: str
    text: str


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels."""

    left: float
    right: float
    top: float
    bottom: float

    def meets(self, other: "Box") -> bool:
        """Return whether they have a pixel in common."""
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom


def place(spots: Sequence[Spot], width: float, height: float, placed: Sequence[Name] = ()) -> list[Name]:
    """Return the names for which there is room beside those ``placed``, the points to the right first.

    ``width`` and ``height`` are the smallest picture's, in pixels: in a larger one, all is farther apart.
    """
    names: list[Name] = []
    taken = [_around(spot, width, height) for spot in spots]
    taken += [around_name(name, width, height) for name in placed]
    done = {(name.x, name.y) for name in placed}
    for spot, above in _by_importance(spots):
        for name in _beside(spot, above=above) if (spot.x, spot.y) not in done else ():
            box = around_name(name, width, height)
            inside = box.left >= -_MARGIN and box.right <= width + _MARGIN and box.bottom <= height
            if inside and not any(box.meets(other) for other in taken):
                names.append(name)
                taken.append(box)
                break
    return names[:_MOST]


def around_name(name: Name, width: float, height: float) -> Box:
    """Return what a name covers."""
    x, y = name.x / 100 * width + name.dx, name.y / 100 * height + name.dy
    long = _LETTER * columns_of(name.text)
    left = x - long * {"start": 0, "middle": 0.5, "end": 1}[name.anchor]
    return Box(left, left + long, y - _LINE + 3, y + 3)


def _around(spot: Spot, width: float, height: float) -> Box:
    x, y = spot.x / 100 * width, spot.y / 100 * height
    return Box(x - spot.radius, x + spot.radius, y - spot.radius, y + spot.radius)


def _by_importance(spots: Sequence[Spot]) -> Iterator[tuple[Spot, bool]]:
    """Yield spots to be named, highest and lowest of each column first, and if their names go above."""
    columns: dict[float, list[Spot]] = defaultdict(list)
    for spot in sorted(spots, key=lambda spot: (-spot.x, spot.y)):
        columns[spot.x].append(spot)
    for column in columns.values():
        yield column[0], True
        if len(column) > 1:  # else it would be named twice
            yield column[-1], False
    if len(spots) <= _FEW:
        yield from ((spot, True) for column in columns.values() for spot in column[1:-1])


def _beside(spot: Spot, *, above: bool) -> Iterator[Name]:
    if not spot.text:
        return
    dy = -spot.radius - 5 if above else spot.radius + 13
    for anchor in ("middle", "end", "start"):
        yield Name(spot.x, spot.y, 0, dy, anchor, spot.text)
    aside = spot.radius + 5
    yield Name(spot.x, spot.y, aside, 4, "start", spot.text)
    yield Name(spot.x, spot.y, -aside, 4, "end", spot.text)
