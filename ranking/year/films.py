"""The films of a year: what the circle loved, fought about and discovered, its decades and directors."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt

import sqlalchemy as sa

from letterboxd_scraper.store.film_order import film_order
from letterboxd_scraper.store.films import links
from letterboxd_scraper.store.films.credits import DIRECTS
from letterboxd_scraper.store.schema import film_people, films, people, ratings
from ranking.sql import is_among, standard_scores
from ranking.strategies.bayesian import bayesian
from ranking.strategies.discovery import discovery
from ranking.year.period import Period

# A film that is loved has this mean at least: from there on `wilson` takes a rating for a good one.
LOVED = 3.5
# As if so many more members had given the mean of the year's ratings: as `bayesian` has it.
AGREEING = 5.0
# Raters who are nearer than that, in stars, do not fight.
APART = 1.5
_LEVELS = 10
_NO_STARS = 1e-9


@dataclass(frozen=True, slots=True)
class FilmOfYear:
    """A film, and the circle's ``ratings`` of the year, of which so many are ``dated``; ``mean`` in stars.

    ``levels`` count them from half a star to five, ``spread`` is their standard deviation (of the
    population, in stars). ``letterboxd`` is Letterboxd's average, ``letterboxd_ratings`` of how many; None
    where that is not known. ``minutes`` is its length.
    """

    film_id: int
    title: str
    year: int | None
    slug: str | None
    address: str | None
    letterboxd: float | None
    letterboxd_ratings: int | None
    minutes: int | None
    poster: str | None
    of_tmdb: bool
    levels: tuple[int, ...]
    dated: int

    @property
    def ratings(self) -> int:
        """How many of the circle rated it that year."""
        return sum(self.levels)

    @property
    def mean(self) -> float:
        """The mean of these ratings, in stars."""
        return self.half_stars / 2 / self.ratings

    @property
    def half_stars(self) -> int:
        """The sum of these ratings, in half stars."""
        return sum(place * number for place, number in enumerate(self.levels, start=1))

    @property
    def spread(self) -> float:
        """Their standard deviation, in stars."""
        squares = sum(place * place * number for place, number in enumerate(self.levels, start=1))
        return sqrt(self.ratings * squares - self.half_stars**2) / self.ratings / 2

    @property
    def apart(self) -> float:
        """How far the highest and the lowest of them are apart, in stars."""
        levels = [place for place, number in enumerate(self.levels) if number]
        return (levels[-1] - levels[0]) / 2


@dataclass(frozen=True, slots=True)
class Chosen:
    """A film, and the number that it was chosen by."""

    film: FilmOfYear
    score: float


def read_films(connection: sa.Connection, period: Period) -> list[FilmOfYear]:
    """Return the films that a member rated that year, in the order of films."""
    r = ratings.c
    numbers = (sa.func.count(), sa.func.count(r.rated_at))
    query = sa.select(r.film_id, r.rating, *numbers).where(period.of_circle, period.rated)
    levels: dict[int, list[int]] = defaultdict(lambda: [0] * _LEVELS)
    dated: dict[int, int] = defaultdict(int)
    for film, stars, number, with_day in connection.execute(query.group_by(r.film_id, r.rating)):
        levels[film][round(2 * stars) - 1] = number
        dated[film] += with_day
    f = films.c
    facts = (
        sa.select(f.id.label("film_id"), f.title, f.release_year.label("year"), f.slug, links.ADDRESS)
        .add_columns(f.letterboxd_weighted_average.label("letterboxd"))
        .add_columns(f.letterboxd_rating_count.label("letterboxd_ratings"))
        .add_columns(f.runtime_minutes.label("minutes"), f.poster_url.label("poster"))
        .add_columns(f.tmdb_synced_at.is_not(None).label("of_tmdb"))
        .where(is_among(f.id, levels))
        .order_by(*film_order(connection.dialect.name))
    )
    return [
        FilmOfYear(**row, levels=tuple(levels[row["film_id"]]), dated=dated[row["film_id"]])
        for row in connection.execute(facts).mappings()
    ]


def mean_of(rated: Sequence[FilmOfYear]) -> float | None:
    """Return the mean of all ratings, in stars; None without any."""
    number = sum(film.ratings for film in rated)
    return sum(film.half_stars for film in rated) / 2 / number if number else None


def most_rated(rated: Sequence[FilmOfYear], least: int) -> FilmOfYear | None:
    """Return the film that most members rated, ``least`` at least; of equal ones what they liked best."""
    enough = [film for film in rated if film.ratings >= least]
    return max(enough, key=lambda film: (film.ratings, film.half_stars), default=None)


def loved(rated: Sequence[FilmOfYear], least: int) -> list[Chosen]:
    """Return the films that the circle loved, best first.

    By the Bayesian average of the year's ratings, (v·R + m·C) / (v + m) with m = AGREEING and C the mean of
    all of them; films with ``least`` ratings, and a mean of LOVED stars, at least. See
    `ranking.strategies.bayesian` for the source.
    """
    average = mean_of(rated) or 0.0
    enough = [film for film in rated if film.ratings >= least and film.mean >= LOVED]
    return _best(enough, lambda film: _pulled(film, average))


def _pulled(film: FilmOfYear, average: float) -> float:
    return float(bayesian(film.mean, film.ratings, prior_mean=average, prior_votes=AGREEING))


def fought(rated: Sequence[FilmOfYear], least: int) -> list[Chosen]:
    """Return the films about which the circle fought, most so first.

    By the standard deviation of the year's ratings; films with ``least`` of them at least, the
    highest and the lowest APART stars or more.
    """
    return _best(
        [film for film in rated if film.ratings >= least and film.apart >= APART], lambda film: film.spread
    )


def discovered(rated: Sequence[FilmOfYear], least: int) -> list[Chosen]:
    """Return the films that the circle thinks more of than Letterboxd as a whole does, most so first.

    As the ranking `discovery` has it, over the year's ratings alone: z(Bayesian average) − z(Letterboxd's
    average), over the films with ``least`` ratings at least that have both, and whose Bayesian average is not
    below the mean of all ratings. Those remain of which this is more than nothing, and whose mean is above
    Letterboxd's average.
    """
    average = mean_of(rated) or 0.0
    candidates = [
        (film, film.letterboxd, _pulled(film, average))
        for film in rated
        if film.letterboxd is not None and film.ratings >= least
    ]
    candidates = [one for one in candidates if one[2] - average >= -_NO_STARS]
    in_circle = standard_scores([pulled for *_, pulled in candidates])
    on_site = standard_scores([site for _, site, _ in candidates])
    scores = {
        film.film_id: discovery(*both)
        for (film, *_), both in zip(candidates, zip(in_circle, on_site, strict=True), strict=True)
    }
    above = [film for film, site, _ in candidates if film.mean > site and round(scores[film.film_id], 10) > 0]
    return _best(above, lambda film: scores[film.film_id])


def _best(chosen: Sequence[FilmOfYear], score: Callable[[FilmOfYear], float]) -> list[Chosen]:
    """Return films by score, rounded to ten digits as for ranks, then by ratings, then in their order."""
    scored = [Chosen(film, score(film)) for film in chosen]
    return sorted(scored, key=lambda one: (-round(one.score, 10), -one.film.ratings))


@dataclass(frozen=True, slots=True)
class Group:
    """Films that have something in common, by ``name``: how many, and the year's ratings of them."""

    name: str
    films: int
    ratings: int
    dated: int
    mean: float


def decades(rated: Sequence[FilmOfYear]) -> list[Group]:
    """Return the decades in which the films came out, as 1970s, in their order; without those of no year."""
    together: dict[int, list[FilmOfYear]] = defaultdict(list)
    for film in rated:
        if film.year is not None:
            together[film.year // 10 * 10].append(film)
    return [_group(f"{decade}s", together[decade]) for decade in sorted(together)]


def read_directors(connection: sa.Connection, rated: Sequence[FilmOfYear]) -> list[Group]:
    """Return the directors with the most ratings, then the most films, then by name.

    A film of several directors counts for each of them.
    """
    film_of = {film.film_id: film for film in rated}
    p = film_people.c
    query = sa.select(people.c.id, people.c.name, p.film_id).join(film_people, p.person_id == people.c.id)
    rows = connection.execute(query.where(DIRECTS, is_among(p.film_id, film_of)).distinct()).all()
    together: dict[tuple[str, int], list[FilmOfYear]] = defaultdict(list)
    for person, name, film in rows:
        together[name, person].append(film_of[film])
    groups = {key: _group(key[0], directed) for key, directed in together.items()}
    return [groups[key] for key in sorted(groups, key=lambda key: (*_most(groups[key]), key))]


def _most(group: Group) -> tuple[int, int]:
    return -group.ratings, -group.films


def _group(name: str, together: Sequence[FilmOfYear]) -> Group:
    number = sum(film.ratings for film in together)
    dated = sum(film.dated for film in together)
    return Group(name, len(together), number, dated, mean_of(together) or 0.0)
