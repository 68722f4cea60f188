"""Films beside each other, one a row: where they stand, in percent of a row's width and height.

`templates/charts.html` writes them as SVG. What a reader chooses, one film or one member, `charts.js` draws.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from letterboxd_scraper.items.members import STARS
from letterboxd_scraper.report import scales
from letterboxd_scraper.report.comparisons import Difference, Division
from letterboxd_scraper.report.scales import Axis


@dataclass(frozen=True, slots=True)
class Pairs:
    """Films by two means each, those of the circle and of all of Letterboxd, on one axis."""

    across: Axis
    rows: Sequence[Difference]

    def circle(self, row: Difference) -> float:
        """Return where the circle's mean stands."""
        return self.across.scale.place(row.circle_mean)

    def site(self, row: Difference) -> float:
        """Return where Letterboxd's stands."""
        return self.across.scale.place(row.site_mean)


def compared(*charts: Sequence[Difference]) -> list[Pairs]:
    """Return charts on one and the same axis, so that they can be compared."""
    means = [mean for rows in charts for row in rows for mean in (row.circle_mean, row.site_mean)]
    across = scales.stars(min(means, default=scales.LEAST_STARS), max(means, default=scales.MOST_STARS))
    return [Pairs(across, rows) for rows in charts]


@dataclass(frozen=True, slots=True)
class Bar:
    """How many gave a film so many stars, ``place`` being the column; ``height`` is in percent."""

    place: int
    stars: float
    count: int
    height: float


def divided(rows: Sequence[Division]) -> list[tuple[Division, list[Bar]]]:
    """Return each film's bars: a bar's height is its share of the film's ratings, the same in all rows."""
    largest = max((count / row.votes for row in rows for count in row.histogram), default=1)
    return [
        (
            row,
            [
                Bar(place, level, count, 100 * count / row.votes / largest)
                for place, (level, count) in enumerate(zip(STARS, row.histogram, strict=True))
                if count
            ],
        )
        for row in rows
    ]
