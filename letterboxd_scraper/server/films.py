"""One film: its facts, what the circle and all of Letterboxd think of it, and its ranks."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter

from letterboxd_scraper.server.problems import documented
from letterboxd_scraper.server.queries import Word
from letterboxd_scraper.server.rankings import stored_rankings
from letterboxd_scraper.server.served import ATTRIBUTION, Served, ServedCohort, reading_cohort
from letterboxd_scraper.store.films import links
from letterboxd_scraper.store.films.credits import director_names
from letterboxd_scraper.store.films.lookup import find_film
from letterboxd_scraper.store.schema import cohort_film_stats as stats
from letterboxd_scraper.store.schema import (
    countries,
    film_countries,
    film_genres,
    film_histograms,
    film_people,
    film_rankings,
    films,
    genres,
)
from ranking.marks import marks


@dataclass(frozen=True, slots=True)
class Country:
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class CircleOpinion:
    """What the cohort thinks of a film; ``histogram`` counts ratings, half a star to five.

    ``liked``, ``favorites`` and ``wanted`` count the members who gave it a heart, have it among the
    favourites on their profile, and on their watchlist.
    """

    watchers: int
    mean: float | None
    histogram: dict[str, int]
    liked: int
    favorites: int
    wanted: int


@dataclass(frozen=True, slots=True)
class SiteOpinion:
    """What all of Letterboxd thinks of a film; ``histogram`` is empty if it was never read."""

    average: float | None
    ratings: int | None
    fans: int | None
    histogram: dict[str, int]
    histogram_read_at: datetime | None


@dataclass(frozen=True, slots=True)
class FilmRank:
    """A film's place among the ``films`` that a strategy ranks."""

    strategy: str
    rank: int
    films: int
    score: float
    low: float | None
    high: float | None
    parameters: dict[str, float]
    computed_at: datetime


@dataclass(frozen=True, slots=True)
class FilmAnswer:
    """All about one film in one cohort; ``tmdb_guessed``: by title and year alone it is that of TMDB's."""

    cohort: str
    slug: str | None
    title: str
    year: int | None
    link: str
    release_date: date | None
    runtime_minutes: int | None
    original_language: str | None
    overview: str | None
    poster_url: str | None
    genres: list[str]
    countries: list[Country]
    directors: list[str]
    media_type: str | None
    tmdb_id: int | None
    tmdb_guessed: bool
    imdb_id: str | None
    tmdb_read_at: datetime | None
    circle: CircleOpinion
    letterboxd: SiteOpinion
    rankings: list[FilmRank]
    attribution: str = ATTRIBUTION


def routes(serving: Served) -> APIRouter:
    """Return the route of a film."""
    router = APIRouter(prefix="/api/v1/cohorts/{cohort}/films", tags=["films"])

    @router.get("/{film}", responses=documented(404))
    def show_film(cohort: Word, film: Word) -> FilmAnswer:
        """Show all about one film, which is asked for by its slug, code, title, or as film:NUMBER."""
        with reading_cohort(serving, cohort) as (connection, circle):
            film_id = find_film(connection, film, base_url=serving.base_url)
            return _film(connection, serving, circle, film_id)

    return router


def _film(connection: sa.Connection, serving: Served, circle: ServedCohort, film: int) -> FilmAnswer:
    row = connection.execute(sa.select(films, links.ADDRESS).where(films.c.id == film)).one()
    return FilmAnswer(
        cohort=circle.reference,
        slug=row.slug,
        title=row.title,
        year=row.release_year,
        link=links.link(row.address, serving.base_url),
        release_date=row.release_date,
        runtime_minutes=row.runtime_minutes,
        original_language=row.original_language,
        overview=row.overview,
        poster_url=row.poster_url,
        genres=_genres(connection, film),
        countries=_countries(connection, film),
        directors=_directors(connection, film),
        media_type=row.tmdb_media_type,
        tmdb_id=row.tmdb_id,
        tmdb_guessed=row.tmdb_guessed,
        imdb_id=row.imdb_id,
        tmdb_read_at=row.tmdb_synced_at,
        circle=_circle(connection, circle, film),
        letterboxd=SiteOpinion(
            average=row.letterboxd_weighted_average,
            ratings=row.letterboxd_rating_count,
            fans=row.letterboxd_fan_count,
            histogram=_histogram(connection, film, film_histograms.c.cohort_id.is_(None)),
            histogram_read_at=row.histogram_synced_at,
        ),
        rankings=_ranks(connection, circle, film),
    )


def _genres(connection: sa.Connection, film: int) -> list[str]:
    query = sa.select(genres.c.name).join(film_genres).where(film_genres.c.film_id == film)
    return sorted(connection.scalars(query))


def _countries(connection: sa.Connection, film: int) -> list[Country]:
    query = sa.select(countries.c.code, countries.c.name).join(film_countries)
    rows = connection.execute(query.where(film_countries.c.film_id == film).order_by(countries.c.code))
    return [Country(code=code, name=name) for code, name in rows]


def _directors(connection: sa.Connection, film: int) -> list[str]:
    rows = connection.execute(director_names().where(film_people.c.film_id == film))
    return [name for _, name in rows]


def _circle(connection: sa.Connection, circle: ServedCohort, film: int) -> CircleOpinion:
    counts = sa.select(stats.c.watchers, stats.c.avg_rating)
    counts = counts.where(stats.c.cohort_id == circle.cohort.id, stats.c.film_id == film)
    watchers, mean = connection.execute(counts).first() or (0, None)
    histogram = _histogram(connection, film, film_histograms.c.cohort_id == circle.cohort.id)
    m = marks(circle.cohort.id, among=[film]).c
    marked = connection.execute(sa.select(m.liked, m.favorites, m.wanted)).first() or (0, 0, 0)
    return CircleOpinion(watchers, mean, histogram, *marked)


def _histogram(connection: sa.Connection, film: int, whose: sa.ColumnElement[bool]) -> dict[str, int]:
    h = film_histograms.c
    query = sa.select(h.bucket_label, h.count).where(h.film_id == film, whose).order_by(h.bucket_label)
    return {label: count for label, count in connection.execute(query)}


def _ranks(connection: sa.Connection, circle: ServedCohort, film: int) -> list[FilmRank]:
    r = film_rankings.c
    query = sa.select(r.strategy, r.rank, r.score, r.score_low, r.score_high)
    rows = connection.execute(query.where(r.cohort_id == circle.cohort.id, r.film_id == film))
    of_strategy: dict[str, Any] = {row.strategy: row for row in rows}
    return [
        FilmRank(
            strategy=ranking.strategy,
            rank=row.rank,
            films=ranking.films,
            score=row.score,
            low=row.score_low,
            high=row.score_high,
            parameters=ranking.parameters,
            computed_at=ranking.computed_at,
        )
        for ranking in stored_rankings(connection, circle.cohort)
        if (row := of_strategy.get(ranking.strategy))
    ]
