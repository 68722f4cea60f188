"""Four films that say something of a circle, each with one sentence: for the first screen."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from letterboxd_scraper.items.members import STARS
from letterboxd_scraper.report.comparisons import by_spread
from letterboxd_scraper.report.films import FilmTable, ReportFilm
from letterboxd_scraper.report.forecasts import Stars
from letterboxd_scraper.report.raters import Counts
from letterboxd_scraper.report.sentences import in_half_stars
from letterboxd_scraper.words import stars_in_words
from ranking.recommend.group import VETO
from ranking.strategies.wilson import wilson

# From so many stars on somebody loves a film, and up to so many they do not like it.
_LOVED, _DISLIKED = 4.0, 2.0
# So large a share of the raters must love what all love.
_SHARE_OF_ALL = 0.75
_FEWEST_LOVERS = 3
_NINETY_PERCENT = 1.645
# Raters who are nearer than that, in stars, do not fight.
_APART = 1.5


@dataclass(frozen=True, slots=True)
class Card:
    """A film, by its place, and ``why`` it is here.

    Without a film ``missing`` says what would fill the card, and ``command`` how to get it.
    """

    heading: str
    film: int | None = None
    why: str = ""
    missing: str = ""
    command: str = ""

    def as_data(self) -> dict[str, Any]:
        """Return the card as the page has it."""
        return {name: value for name, value in asdict(self).items() if value not in (None, "")}


@dataclass(frozen=True, slots=True)
class Circle:
    """Whose films these are: what the members are called, and what each would give each film (`forecasts`).

    ``you`` is the place of the reader, if there is one.
    """

    table: FilmTable
    members: Sequence[str]
    you: int | None
    expected: Sequence[Stars | None]


def of_circle(circle: Circle, averages_from: str | None) -> dict[str, Card | None]:
    """Return the cards by their names; None for one that nothing could fill.

    ``averages_from`` is the command that gets Letterboxd's averages, None where none may.
    """
    three = {"love": loved(circle), "fight": fought(circle), "unknown": unknown(circle, averages_from)}
    return three | {"tonight": tonight(circle, [card.film for card in three.values() if card])}


def loved(circle: Circle) -> Card | None:
    """Return the film of which it is surest that a large share of the circle loves it."""
    if len(circle.members) < 2:
        return None
    enough = min(_FEWEST_LOVERS, len(circle.members))
    best = _best(circle.table, lambda film: _love(film, enough))
    if best is None:
        return None
    counts = circle.table.films[best].circle or []
    who = _who_of(_at_least(counts, _LOVED), sum(counts))
    who += "" if sum(counts) == len(circle.members) else " who rated it"
    return Card("You all love it", best, f"{who} gave it {in_half_stars(_LOVED)} stars or more.")


def _who_of(some: int, every: int) -> str:
    """Say how many of a number of people.

    >>> _who_of(2, 2), _who_of(3, 3), _who_of(3, 4)
    ('Both of you', 'All 3 of you', '3 of the 4 of you')
    """
    if some < every:
        return f"{some:,} of the {every:,} of you"
    return "Both of you" if every == 2 else f"All {every:,} of you"


def _love(film: ReportFilm, enough: int) -> float | None:
    counts = film.circle or []
    raters, lovers = sum(counts), _at_least(counts, _LOVED)
    if raters < enough or lovers < _SHARE_OF_ALL * raters:
        return None
    return float(wilson(lovers, raters, z=_NINETY_PERCENT))


def fought(circle: Circle) -> Card | None:
    """Return the film with the widest spread, of those that enough have rated."""
    for place in by_spread(circle.table, len(circle.members))[:1]:
        counts = circle.table.films[place].circle or []
        levels = [stars for stars, count in zip(STARS, counts, strict=True) if count]
        if levels[-1] - levels[0] >= _APART:
            return Card("You fight about it", place, both_ends(counts, levels))
    return None


def both_ends(counts: Counts, levels: Sequence[float]) -> str:
    """Say how many are at either end.

    >>> both_ends([3, 0, 0, 1, 0, 0, 0, 1, 0, 1], [0.5, 2.0, 4.0, 5.0])
    '2 of you gave it 4 stars or more, 4 of you 2 or less.'
    >>> both_ends([0, 0, 0, 0, 1, 0, 0, 1, 0, 0], [2.5, 4.0])
    'One of you gave it 4 stars, one of you 2½.'
    """
    high, low = _at_least(counts, _LOVED), sum(counts) - _at_least(counts, _DISLIKED + 0.5)
    top, bottom = f"{in_half_stars(_LOVED)} stars or more", f"{in_half_stars(_DISLIKED)} or less"
    if not (high and low):
        top, bottom = f"{in_half_stars(levels[-1])} stars", in_half_stars(levels[0])
        high, low = (counts[STARS.index(level)] for level in (levels[-1], levels[0]))
    first, second = (f"{count:,}" if count > 1 else "one" for count in (high, low))
    return f"{first} of you gave it {top}, {second} of you {bottom}.".capitalize()


def _at_least(counts: Counts, stars: float) -> int:
    return sum(count for level, count in zip(STARS, counts, strict=False) if level >= stars)


def unknown(circle: Circle, averages_from: str | None) -> Card | None:
    """Return the first film of the discovery ranking."""
    heading = "Nobody else likes it as you do"
    best = _best(circle.table, lambda film: -film.discovery if film.discovery and film.ranked.mean else None)
    film = None if best is None else circle.table.films[best]
    if film and film.ranked.mean is not None and film.average is not None:
        raters = "you" if len(circle.members) == 1 else f"{film.ranked.watchers:,} of you"
        of_circle = f"{stars_in_words(film.ranked.mean)} from {raters}"
        return Card(heading, best, f"{of_circle}, {stars_in_words(film.average)} from all of Letterboxd.")
    if averages_from is None or any(film.average for film in circle.table.films):
        return None
    return Card(heading, missing="It takes Letterboxd's averages, which come with", command=averages_from)


def tonight(circle: Circle, besides: Sequence[int | None] = ()) -> Card | None:
    """Return what to watch ``besides`` some films: unseen by all, else by half, else by the reader.

    By the mean of what those would give it who have not seen it, and none of them less than VETO.
    """
    members = len(circle.members)
    every = [stars for stars in circle.expected if stars is not None]
    if len(every) == members > 1:
        stars = np.stack(every)
        unseen = (~np.isnan(stars)).sum(0)
        unseen[[place for place in besides if place is not None]] = 0
        all_of_them = _to_watch(stars, unseen == members)
        if all_of_them is not None:
            mean = stars[:, all_of_them].mean()
            why = f"None of you has seen it; you would give it about {stars_in_words(mean)}."
            return Card("Tonight: unseen by all", all_of_them, why)
        most = _to_watch(stars, unseen >= members / 2)
        if most is not None:
            mean = float(np.nanmean(stars[:, most]))
            who = f"{_who_of(unseen[most], members)} have" if unseen[most] > 1 else "One of you has"
            why = f"{who} not seen it, and would give it about {stars_in_words(mean)}."
            share = "most" if unseen[most] > members / 2 else "half"
            return Card(f"Tonight: new to {share} of you", most, why)
    return _for_reader(circle)


def _to_watch(stars: Stars, candidates: npt.NDArray[np.bool_]) -> int | None:
    """Return the best of the films that are candidates; ``stars`` has a row a member, NaN where seen."""
    places = np.flatnonzero(candidates)
    if not len(places):
        return None
    of_places = stars[:, places]
    places = places[np.nanmin(of_places, axis=0) >= VETO]
    if not len(places):
        return None
    return int(places[np.argmax(np.nanmean(stars[:, places], axis=0).round(10))])


def _for_reader(circle: Circle) -> Card | None:
    stars = None if circle.you is None else circle.expected[circle.you]
    if stars is None or np.isnan(stars).all():
        return None
    best, name = int(np.nanargmax(stars.round(10))), circle.members[circle.you or 0]
    why = f"{name} has not seen it, and would give it about {stars_in_words(stars[best])}."
    return Card(f"Tonight: unseen by {name}", best, why)


def _best(table: FilmTable, value: Callable[[ReportFilm], float | None]) -> int | None:
    """Return the place of the film with the largest value, the first of equal ones; None without any."""
    values = {place: value(film) for place, film in enumerate(table.films)}
    numbers = {place: number for place, number in values.items() if number is not None}
    return max(numbers, key=lambda place: numbers[place], default=None)
