"""What a report tells of films: a few queries for all of them together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from letterboxd_scraper.items.members import STARS
from letterboxd_scraper.report import discovery
from letterboxd_scraper.report.raters import (
    FAVORITE,
    HALF_STARS,
    LIKED,
    WANTED,
    WATCHED,
    Counts,
    Marks,
    histogram,
)
from letterboxd_scraper.report.texts import clean
from letterboxd_scraper.store.films.credits import DIRECTS
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.schema import (
    cohort_members,
    film_genres,
    film_histograms,
    film_people,
    film_rankings,
    films,
    genres,
    people,
    ratings,
    watched,
    watchlist,
)
from ranking.facts import Facts
from ranking.results import RankedFilm, count, ranking
from ranking.strategies import STRATEGIES
from ranking.strategies.base import MIN_VOTES, SITE, FittedStrategy
from ranking.strategies.fitted_circle import FittedCircle

# More than any mark is.
_MARKS = 256
_LEVELS = {str(stars): place for place, stars in enumerate(STARS)}

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Labels:
    """Names that many films share: films refer to them by their place in ``names``."""

    names: list[str]
    of_film: Mapping[int, list[int]]


@dataclass(frozen=True)
class ReportFilm:
    """One film of the report.

    ``marks`` are what members gave it. ``circle`` and ``site`` are histograms of ten counts, half a star to
    five, None if not known; ``average`` is Letterboxd's, in stars. ``runtime`` is in minutes, ``language`` a
    code. ``discovery`` is its rank in the discovery ranking, None if it is not there.
    """

    ranked: RankedFilm
    why: str
    runtime: int | None
    language: str | None
    poster: str | None
    average: float | None
    marks: Marks
    site: Counts | None
    genres: list[int]
    directors: list[int]
    discovery: int | None

    @cached_property
    def circle(self) -> Counts | None:
        """How many of the circle gave it half a star, one star and so on; None without ratings."""
        counts = histogram(self.marks)
        return counts if any(counts) else None

    @cached_property
    def spread(self) -> float | None:
        """The standard deviation of the circle's ratings, in stars; None without ratings."""
        return histogram_deviation(self.circle) if self.circle else None


def histogram_deviation(counts: Counts) -> float:
    """Return the population standard deviation, in stars, of ratings counted from half a star to five.

    >>> histogram_deviation([0, 1, 0, 1, 0, 0, 0, 0, 0, 0])
    0.5
    """
    votes = sum(counts)
    mean = sum(stars * count for stars, count in zip(STARS, counts, strict=True)) / votes
    squares = sum((stars - mean) ** 2 * count for stars, count in zip(STARS, counts, strict=True))
    return float((squares / votes) ** 0.5)


@dataclass(frozen=True, slots=True)
class FilmTable:
    """All films of the report, best first, and the names of what they refer to.

    ``total`` is how many films the ranking has; ``tmdb`` and ``histograms`` say from when to when TMDB was
    asked about the films and Letterboxd's histograms were read.
    """

    films: Sequence[ReportFilm]
    genres: list[str]
    directors: list[str]
    languages: list[str]
    computed_at: datetime
    total: int
    tmdb: Span | None = None
    histograms: Span | None = None


def of_ranking(
    connection: sa.Connection,
    cohort: Cohort,
    strategy: str,
    limit: int,
    members: Sequence[int],
    circle: FittedCircle,
    *,
    posters: bool,
) -> FilmTable:
    """Return the first ``limit`` films of a stored ranking; ``members`` are user ids, ``circle`` is theirs.

    Raises InputError if the ranking was never computed.
    """
    ranked = ranking(connection, cohort, strategy, limit=limit)
    query = _RankedFilms(connection, cohort, strategy, ranked[-1].rank)
    reasons = _reasons(connection, cohort, strategy, ranked, circle)
    facts = query.facts()
    site = query.histograms()
    marks = query.marks({user: place for place, user in enumerate(members)})
    discovered = discovery.ranks(connection, cohort, ranked[0].computed_at)
    genre_labels, director_labels = query.genres(), query.directors()
    films = [
        ReportFilm(
            ranked=film,
            why=clean(reasons.get(film.film_id, "")),
            runtime=facts[film.film_id].runtime_minutes,
            language=facts[film.film_id].original_language,
            poster=_safe(facts[film.film_id].poster_url) if posters else None,
            average=facts[film.film_id].letterboxd_weighted_average,
            marks=marks.get(film.film_id, {}),
            site=site.get(film.film_id),
            genres=genre_labels.of_film.get(film.film_id, []),
            directors=director_labels.of_film.get(film.film_id, []),
            discovery=discovered.get(film.film_id),
        )
        for film in ranked
    ]
    return FilmTable(
        films,
        genre_labels.names,
        director_labels.names,
        sorted({film.language for film in films if film.language}),
        ranked[0].computed_at,
        count(connection, cohort, strategy),
        span(row.tmdb_synced_at for row in facts.values()),
        span(row.histogram_synced_at for row in facts.values()),
    )


def _reasons(
    connection: sa.Connection,
    cohort: Cohort,
    strategy: str,
    ranked: Sequence[RankedFilm],
    circle: FittedCircle,
) -> Mapping[int, str]:
    """Return why each film stands where it does, by the parameters and the moment of the stored ranking.

    ``circle`` is the cohort's, fitted with Letterboxd's averages: it need not be fitted again for that.
    """
    facts = Facts(cohort.id, ranked[0].computed_at)
    formula = STRATEGIES[strategy]
    parameters = formula.settle(ranked[0].parameters)
    if isinstance(formula, FittedStrategy) and parameters[SITE]:
        return formula.reasons_of(replace(circle, min_votes=parameters[MIN_VOTES]), parameters)
    return formula.reasons(connection, facts, parameters)


@dataclass(frozen=True, slots=True)
class _RankedFilms:
    """Queries about the films of a ranking up to the rank ``last``."""

    connection: sa.Connection
    cohort: Cohort
    strategy: str
    last: int

    def _rows(self, film: sa.Column[Any], *columns: Any, where: Any = True) -> Sequence[Any]:
        """Select columns of a table whose column ``film`` is a film's id, for the films of the report."""
        r = film_rankings.c
        query = sa.select(*columns).join(film_rankings, r.film_id == film)
        own = (r.cohort_id == self.cohort.id, r.strategy == self.strategy, r.rank <= self.last)
        return self.connection.execute(query.where(*own, where)).all()

    def facts(self) -> dict[int, Any]:
        """Return by film its runtime, language, poster and average; when TMDB and its histogram were read."""
        c = films.c
        columns = (c.id, c.runtime_minutes, c.original_language, c.poster_url, c.letterboxd_weighted_average)
        rows = self._rows(c.id, *columns, c.tmdb_synced_at, c.histogram_synced_at)
        return {row.id: row for row in rows}

    def histograms(self) -> dict[int, Counts]:
        """Return by film how many of all of Letterboxd gave it half a star, one star and so on."""
        h = film_histograms.c
        of_site = h.cohort_id.is_(None)
        histograms: dict[int, Counts] = {}
        for film, label, number in self._rows(h.film_id, h.film_id, h.bucket_label, h.count, where=of_site):
            histograms.setdefault(film, [0] * len(STARS))[_LEVELS[label]] = number
        return histograms

    def marks(self, places: Mapping[int, int]) -> dict[int, dict[int, int]]:
        """Return by film what the members gave it, by their ``places``; also of films beyond the report.

        Member by member: to look up each member's mark of each film of the report takes twice as long.
        """
        members = sa.select(cohort_members.c.user_id).where(cohort_members.c.cohort_id == self.cohort.id)
        r = ratings.c
        half_stars = sa.cast(sa.func.coalesce(2 * r.rating, 0), sa.Integer)
        mark = half_stars + sa.case((r.liked, LIKED), else_=0) + sa.case((r.favorite, FAVORITE), else_=0)
        key = sa.cast(sa.cast(r.film_id, sa.BigInteger) * _MARKS + mark, sa.Text)
        # A row for each member instead of each rating: Python would take most of the time to make them.
        packed = sa.select(r.user_id, sa.func.aggregate_strings(key, ",")).where(r.user_id.in_(members))
        rows = self.connection.execute(packed.group_by(r.user_id)).all()
        marks = _by_film({places[user]: np.fromstring(text, np.int64, sep=",") for user, text in rows})
        for table, flag in ((watchlist, WANTED), (watched, WATCHED)):
            c = table.c
            listed = sa.select(c.film_id, c.user_id).where(c.user_id.in_(members))
            for film, user in self.connection.execute(listed).all():
                of_film = marks.setdefault(film, {})
                before = of_film.get(places[user], 0)
                # Who rated it has watched it.
                of_film[places[user]] = before if flag == WATCHED and before & HALF_STARS else before | flag
        return marks

    def genres(self) -> Labels:
        """Return the films' genres."""
        g = film_genres.c
        links = self._rows(g.film_id, g.film_id, g.genre_id)
        return _labels(links, self.connection.execute(sa.select(genres.c.id, genres.c.name)).all())

    def directors(self) -> Labels:
        """Return the films' directors, those of each film in the order of its credits."""
        p = film_people.c
        rows = self._rows(p.film_id, p.film_id, p.person_id, p.credit_order, p.id, where=DIRECTS)
        in_order = sorted(rows, key=lambda row: (row[2] is None, row[2], row[3]))
        links = [(film, person) for film, person, *_ in in_order]
        directors = sa.select(people.c.id, people.c.name).where(
            people.c.id.in_(sa.select(p.person_id).where(DIRECTS))
        )
        return _labels(links, self.connection.execute(directors).all())


def _by_film(keys: Mapping[int, npt.NDArray[np.int64]]) -> dict[int, dict[int, int]]:
    """Return by film the members' marks, of what each member gave: _MARKS times the film, plus the mark."""
    if not keys:
        return {}
    every = np.concatenate(list(keys.values()))
    members = np.repeat(list(keys), [len(own) for own in keys.values()])
    order = np.argsort(every // _MARKS, kind="stable")
    films, starts = np.unique(every[order] // _MARKS, return_index=True)
    columns = (np.split(column[order], starts[1:]) for column in (members, every % _MARKS))
    return {
        film: dict(zip(places.tolist(), marks.tolist(), strict=True))
        for film, places, marks in zip(films.tolist(), *columns, strict=True)
    }


def _labels(links: Iterable[Sequence[int]], stored: Iterable[Any]) -> Labels:
    """Return the labels that are used, in alphabetical order; those of the same name are one."""
    names = {key: clean(name) for key, name in stored}
    used = [(film, names[key]) for film, key in links]
    in_order = sorted({name for _, name in used}, key=lambda name: (name.casefold(), name))
    place = {name: number for number, name in enumerate(in_order)}
    of_film: dict[int, dict[int, None]] = {}
    for film, name in used:
        of_film.setdefault(film, {})[place[name]] = None
    return Labels(in_order, {film: list(places) for film, places in of_film.items()})


def span(moments: Iterable[datetime | None]) -> Span | None:
    """Return the first and the last of the moments, None if there is none."""
    stored = [moment for moment in moments if moment]
    return (min(stored), max(stored)) if stored else None


def _safe(url: str | None) -> str | None:
    return url if url and url.startswith("https://") else None
