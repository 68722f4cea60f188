"""What sets this circle apart: where it departs from Letterboxd's average, and where from itself."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from letterboxd_scraper.report.films import FilmTable, ReportFilm
from letterboxd_scraper.report.raters import Counts
from letterboxd_scraper.report.texts import clean
from ranking.results import RankedFilm

# A film's difference counts as if so many more members had given it Letterboxd's average.
AGREEING_VOTES = 5
LEAST_FOR_DIFFERENCE = 3
_LEAST_FOR_SPREAD = 5
_FEWEST = 2
_SHARE_FOR_SPREAD = 0.1
_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Difference:
    """A film's means in stars, of the circle and of all of Letterboxd; ``votes`` are the circle's ratings."""

    title: str
    circle_mean: float
    site_mean: float
    votes: int

    @property
    def weighed(self) -> float:
        """The difference, pulled towards none: v·(R − S) / (v + AGREEING_VOTES), in stars."""
        return self.votes * (self.circle_mean - self.site_mean) / (self.votes + AGREEING_VOTES)


@dataclass(frozen=True, slots=True)
class Division:
    """A film of which members think differently; ``spread`` is the standard deviation in stars."""

    title: str
    spread: float
    histogram: Counts

    @property
    def votes(self) -> int:
        """How many rated it."""
        return sum(self.histogram)


def differences(table: FilmTable) -> tuple[list[Difference], list[Difference]]:
    """Return the films that are loved more here than elsewhere, and those loved less, most so first."""
    names = titles(table.films)
    every = [
        Difference(title, film.ranked.mean, film.average, film.ranked.watchers)
        for film, title in zip(table.films, names, strict=True)
        if film.average is not None
        and film.ranked.mean is not None
        and film.ranked.watchers >= LEAST_FOR_DIFFERENCE
    ]
    every.sort(key=lambda difference: (-difference.weighed, difference.title))
    more = [difference for difference in every if difference.weighed > 0][:_SHOWN]
    less = [difference for difference in reversed(every) if difference.weighed < 0][:_SHOWN]
    return more, less


def enough_for_spread(members: int) -> int:
    """Return how many ratings a film needs before its spread says something.

    5, or a tenth of the members if these are more; in a circle of fewer than five, those of all.

    >>> [enough_for_spread(members) for members in (1, 2, 4, 36, 100)]
    [2, 2, 4, 5, 10]
    """
    usual = max(_LEAST_FOR_SPREAD, ceil(_SHARE_FOR_SPREAD * members))
    return max(_FEWEST, min(members, usual))


def by_spread(table: FilmTable, members: int) -> list[int]:
    """Return the places of the films with enough ratings, those first that divide the circle most."""
    enough, names = enough_for_spread(members), titles(table.films)
    spreads = {
        place: film.spread
        for place, film in enumerate(table.films)
        if film.circle and film.spread and sum(film.circle) >= enough
    }
    return sorted(spreads, key=lambda place: (-spreads[place], names[place]))


def divisions(table: FilmTable, members: int) -> list[Division]:
    """Return the films that divide the circle most."""
    names = titles(table.films)
    return [
        Division(names[place], film.spread, film.circle)
        for place in by_spread(table, members)[:_SHOWN]
        if (film := table.films[place]).spread and film.circle
    ]


def titles(films: Sequence[ReportFilm]) -> list[str]:
    """Return the films' titles with their years; where two are the same, with their slugs or addresses."""
    plain = [clean(f.ranked.title) + (f" ({f.ranked.year})" if f.ranked.year else "") for f in films]
    times = Counter(plain)
    return [
        title if times[title] == 1 else f"{title} [{_place(film.ranked)}]"
        for film, title in zip(films, plain, strict=True)
    ]


def _place(film: RankedFilm) -> str:
    return film.slug or (film.address or "no address").removeprefix("https://")
