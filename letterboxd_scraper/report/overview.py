"""Every film of a report as a point: how many rated it, and how well they liked it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, sqrt

from letterboxd_scraper.report import point_names, scales
from letterboxd_scraper.report.films import ReportFilm
from letterboxd_scraper.report.point_names import Name, Spot
from letterboxd_scraper.report.scales import Axis
from letterboxd_scraper.report.texts import clean, shortened
from letterboxd_scraper.words import counted

# Pixels of the picture without its margins, as report.css has it: on the narrowest screen, and on a wide one.
_HEIGHT, _NARROW, _WIDE = 420, 236, 860
# Of a point that is one film, and of the largest, so that it does not cover its neighbours.
_RADIUS, _MOST_RADIUS, _LEAST_RADIUS = 3.5, 18.0, 1.8
# A larger one has a number, unless another's is as near.
_RADIUS_OF_NUMBER, _NUMBERS_APART = 8, 12
# Films with as many ratings and means so near, in stars, are one point.
_NEAR = 0.1
_TITLES_OF_A_POINT = 4
_LONGEST_TITLE, _LONGEST_NAME = 60, 24


@dataclass(frozen=True, slots=True)
class Point:
    """Films with as many ratings and nearly the same mean: the larger the area, the more films.

    ``x`` and ``y`` are in percent, ``radius`` in pixels, ``films`` their places in the ranking; ``text``
    names the first of them.
    """

    x: float
    y: float
    radius: float
    films: Sequence[int]
    text: str


@dataclass(frozen=True, slots=True)
class Overview:
    """The films by their ratings and means, the points of most films first; ``numbered`` show how many.

    For ``more_names`` there is room on a wide screen alone. ``mean`` is that of all ratings, at the height
    ``middle``.
    """

    across: Axis
    up: Axis
    points: Sequence[Point]
    numbered: Sequence[Point]
    names: Sequence[Name]
    more_names: Sequence[Name]
    mean: float
    middle: float


def of_films(films: Sequence[ReportFilm]) -> Overview | None:
    """Return the films that have ratings; None if none has, as where ratings went after the ranking."""
    rated = [place for place, film in enumerate(films) if film.ranked.watchers and film.ranked.mean]
    if not rated:
        return None
    across = scales.counts(max(films[place].ranked.watchers for place in rated))
    up = scales.stars()
    together: dict[tuple[int, int], list[int]] = defaultdict(list)
    for place in rated:
        together[films[place].ranked.watchers, floor(_mean(films[place]) / _NEAR + 1e-6)].append(place)
    unit = min(_RADIUS, _MOST_RADIUS / sqrt(max(map(len, together.values()))))
    points = [_point(films, places, across, up, unit) for places in together.values()]
    points.sort(key=lambda point: (-len(point.films), point.x, point.y))
    spots = [_spot(films, point) for point in points]
    names = point_names.place(spots, _NARROW, _HEIGHT)
    more_names = point_names.place(spots, _WIDE, _HEIGHT, names)
    ratings = sum(films[place].ranked.watchers for place in rated)
    mean = sum(_mean(films[place]) * films[place].ranked.watchers for place in rated) / ratings
    return Overview(
        across, up, points, _numbered(points), names, more_names, mean, 100 - up.scale.place(mean)
    )


def _mean(film: ReportFilm) -> float:
    return film.ranked.mean or 0.0


def _point(films: Sequence[ReportFilm], places: list[int], across: Axis, up: Axis, unit: float) -> Point:
    together = [films[place] for place in places]
    mean = sum(map(_mean, together)) / len(together)
    watchers = together[0].ranked.watchers
    text = f"{_titles(together)}: {mean:.2f} by {counted(watchers, 'rating')}"
    return Point(
        x=across.scale.place(watchers),
        y=100 - up.scale.place(mean),
        radius=max(_LEAST_RADIUS, unit * sqrt(len(places))),
        films=places,
        text=text if len(places) == 1 else f"{text} each",
    )


def _titles(films: Sequence[ReportFilm]) -> str:
    """Return the titles of the first, with their years, and how many there are more."""
    titles = [
        shortened(clean(film.ranked.title), _LONGEST_TITLE)
        + (f" ({film.ranked.year})" if film.ranked.year else "")
        for film in films[:_TITLES_OF_A_POINT]
    ]
    more = len(films) - len(titles)
    return ", ".join(titles) + (f" and {more:,} more" if more else "")


def _spot(films: Sequence[ReportFilm], point: Point) -> Spot:
    title = clean(films[point.films[0]].ranked.title) if len(point.films) == 1 else None
    return Spot(point.x, point.y, point.radius, title and shortened(title, _LONGEST_NAME))


def _numbered(points: Sequence[Point]) -> list[Point]:
    numbered: list[Point] = []
    for point in points:
        apart = _NUMBERS_APART / _HEIGHT * 100
        near = any(other.x == point.x and abs(other.y - point.y) < apart for other in numbered)
        if point.radius >= _RADIUS_OF_NUMBER and not near:
            numbered.append(point)
    return numbered
