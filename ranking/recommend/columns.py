"""What films are, as the columns that a member's taste is regressed on, in groups of one variance each."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ranking.recommend.film_facts import FilmFacts
from ranking.strategies.circle_ratings import Floats, Integers, Ratings

# How far members' coefficients usually are from 0, in stars, by group: about what circles of Letterboxd's
# members have.
USUAL = {
    "habit": 0.22,
    "average": 0.25,
    "fame": 0.08,
    "both": 0.08,
    "divisive": 0.09,
    "era": 0.16,
    "genre": 0.15,
    "foreign": 0.14,
    "language": 0.12,
    "length": 0.08,
    "tv": 0.20,
    "audience": 0.045,
}
GROUPS = tuple(USUAL)
ENGLISH = "en"
_ERAS = np.array([1935.0, *range(1950, 2021, 10)])
_YEARS = 7.0
# Unknown years stand here, far from all eras.
_BEFORE_FILMS = 1800
# A language of fewer films of the circle has no column of its own.
_FEWEST_FILMS = 5
_USUAL_MINUTES, _SHORT = 107.0, 60.0
# Longer ones are as long as this, which is more than three half hours above the usual.
_LONG = 200
Single = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Columns:
    """The columns of a circle's films, computed anew for the films asked for: that takes less memory.

    ``names`` and ``groups`` (positions in GROUPS) have one value a column. ``average``, ``fame`` and
    ``divisive`` are scaled, and 0 where unknown; ``squares`` are the means of the first two's squares.
    """

    names: tuple[str, ...]
    groups: Integers
    average: Single
    fame: Single
    divisive: Single
    squares: tuple[float, float]
    audience: Single
    facts: FilmFacts

    @classmethod
    def of(cls, ratings: Ratings, facts: FilmFacts, audience: Floats) -> "Columns":
        """Return the columns of the films of these ratings; usual is what is usual of a rating's film.

        ``audience`` has a row a film and a column a direction, as `Audiences` returns it.
        """
        weights = ratings.by_film.astype(float)
        counts = np.where(np.isfinite(ratings.site_count), ratings.site_count, np.nan)
        average = _centred(ratings.site_average, weights)
        fame = _centred(np.log1p(counts), weights) / 1.5
        languages = [
            name
            for place, name in enumerate(facts.language_names)
            if name != ENGLISH and (facts.language == place).sum() >= _FEWEST_FILMS
        ]
        named = {
            "habit": ["habit"],
            "average": ["average"],
            "fame": ["fame"],
            "both": ["average squared", "fame squared", "average by fame"],
            "divisive": ["divisive"],
            "era": [f"about {era:.0f}" for era in _ERAS],
            "genre": list(facts.genre_names),
            "foreign": ["not English"],
            "language": languages,
            "length": ["under an hour", "length"],
            "tv": ["tv"],
            "audience": [f"audience {place + 1}" for place in range(audience.shape[1])],
        }
        return cls(
            names=tuple(name for names in named.values() for name in names),
            groups=np.repeat(np.arange(len(GROUPS), dtype=np.int32), [len(named[name]) for name in GROUPS]),
            average=average.astype(np.float32),
            fame=fame.astype(np.float32),
            divisive=(_centred(facts.deviation, weights) / 0.15).astype(np.float32),
            squares=(_mean_square(average, weights), _mean_square(fame, weights)),
            audience=audience.astype(np.float32),
            facts=facts,
        )

    def with_audience(self, audience: Floats) -> "Columns":
        """Return the same columns with other directions of the circle's choices: a row a film."""
        return replace(self, audience=audience.astype(np.float32))

    @property
    def usual(self) -> Floats:
        """The usual variance of each group's coefficients, in stars²: one a group, in the order of GROUPS."""
        return np.array([*USUAL.values()]) ** 2

    @cached_property
    def _of_year(self) -> Floats:
        """A row for each year from _BEFORE_FILMS on, which is an unknown one: how near it is to the eras."""
        years = np.arange(_BEFORE_FILMS, max(int(self.facts.year.max(initial=0)), _BEFORE_FILMS) + 1)
        near: Floats = np.exp(-0.5 * ((years[:, None] - _ERAS) / _YEARS) ** 2)
        near[0] = 0
        return near

    @cached_property
    def _of_minutes(self) -> Floats:
        """A row for each length up to _LONG (0: unknown): whether it is short, and how long."""
        minutes = np.arange(_LONG + 1)
        rows = np.column_stack([minutes < _SHORT, ((minutes - _USUAL_MINUTES) / 30).clip(-2, 3)])
        rows[0] = 0
        return rows

    @cached_property
    def _of_language(self) -> Floats:
        """A row for each of the facts' languages, and a last one for an unknown one: columns of language."""
        names = self.facts.language_names
        own = [
            name for name, group in zip(self.names, self.groups, strict=True) if GROUPS[group] == "language"
        ]
        rows = np.zeros((len(names) + 1, 1 + len(own)))
        rows[: len(names), 0] = [name != ENGLISH for name in names]
        for column, name in enumerate(own, 1):
            rows[names.index(name), column] = 1
        return rows

    def rows(self, films: Integers) -> Floats:
        """Return a row for each of the films (positions), a column for each of ``names``."""
        facts = self.facts
        average, fame = self.average[films].astype(float), self.fame[films].astype(float)
        genres = facts.genres[films].astype("<u8")
        several = np.sqrt(np.bitwise_count(genres).clip(min=1), dtype=float)
        bits = genres.view(np.uint8).reshape(len(films), -1)
        bits = np.unpackbits(bits, axis=1, count=len(facts.genre_names), bitorder="little")
        parts = (
            np.ones(len(films)),
            average,
            fame,
            np.where(average, average**2 - self.squares[0], 0),
            np.where(fame, fame**2 - self.squares[1], 0),
            average * fame,
            self.divisive[films],
            self._of_year[(facts.year[films] - _BEFORE_FILMS).clip(min=0)],
            bits / several[:, None],
            self._of_language[facts.language[films]],
            self._of_minutes[facts.minutes[films].clip(max=_LONG)],
            facts.tv[films],
            self.audience[films],
        )
        return np.column_stack(parts)


def _centred(values: Floats, weights: Floats) -> Floats:
    """Return the values less their mean, 0 where unknown."""
    has_value = ~np.isnan(values)
    mean = np.average(values[has_value], weights=weights[has_value]) if has_value.any() else 0.0
    return np.where(has_value, values - mean, 0.0)


def _mean_square(values: Floats, weights: Floats) -> float:
    has_value = values != 0
    return float(np.average(values[has_value] ** 2, weights=weights[has_value])) if has_value.any() else 0.0
