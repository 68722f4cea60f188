"""One film: its facts, what the circle and all of Letterboxd think of it, and where it stands."""

from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter

from letterboxd_scraper.errors import UnknownName
from letterboxd_scraper.server import models, served
from letterboxd_scraper.server.problems import documented
from letterboxd_scraper.server.rankings import stored_rankings
from letterboxd_scraper.server.served import Served, Shown
from letterboxd_scraper.store.engine import read_transaction
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
    people,
)
from ranking.choices.film_lists import match, reference


def routes(serving: Served) -> APIRouter:
    router = APIRouter(prefix="/api/v1/cohorts/{cohort}/films", tags=["films"])

    @router.get("/{film}", responses=documented(404))
    def show_film(cohort: models.Word, film: models.Word) -> models.Film:
        """Show all about one film, which is asked for by its slug, or as film:NUMBER."""
        with read_transaction(serving.engine) as connection:
            shown = served.find(connection, serving, cohort)
            (found,) = match(connection, [reference(film)])
            if found is None:
                raise UnknownName(
                    f"no film {film!r} is stored: write its slug, as in its address on the site"
                )
            return _film(connection, serving, shown, found)

    return router


def _film(connection: sa.Connection, serving: Served, shown: Shown, film: int) -> models.Film:
    row = connection.execute(sa.select(films).where(films.c.id == film)).one()
    return models.Film(
        cohort=shown.reference,
        slug=row.slug,
        title=row.title,
        year=row.release_year,
        link=f"{serving.base_url}/film/{row.slug}/" if row.slug else "",
        release_date=row.release_date,
        runtime_minutes=row.runtime_minutes,
        overview=row.overview,
        poster_url=row.poster_url,
        genres=_genres(connection, film),
        countries=_countries(connection, film),
        directors=_directors(connection, film),
        media_type=row.tmdb_media_type,
        tmdb_id=row.tmdb_id,
        imdb_id=row.imdb_id,
        tmdb_read_at=row.tmdb_synced_at,
        circle=_circle(connection, shown, film),
        letterboxd=models.SiteOpinions(
            average=row.letterboxd_weighted_average,
            ratings=row.letterboxd_rating_count,
            fans=row.letterboxd_fan_count,
            histogram=_histogram(connection, film, film_histograms.c.cohort_id.is_(None)),
            histogram_read_at=row.histogram_synced_at,
        ),
        rankings=_standings(connection, shown, film),
    )


def _genres(connection: sa.Connection, film: int) -> list[str]:
    query = sa.select(genres.c.name).join(film_genres).where(film_genres.c.film_id == film)
    return sorted(connection.scalars(query))


def _countries(connection: sa.Connection, film: int) -> list[models.Country]:
    query = sa.select(countries.c.code, countries.c.name).join(film_countries)
    rows = connection.execute(query.where(film_countries.c.film_id == film).order_by(countries.c.code))
    return [models.Country(code=code, name=name) for code, name in rows]


def _directors(connection: sa.Connection, film: int) -> list[str]:
    directs = sa.func.lower(film_people.c.role) == "director"
    query = sa.select(people.c.name).join(film_people).where(film_people.c.film_id == film, directs)
    return list(connection.scalars(query.order_by(film_people.c.credit_order, people.c.name)))


def _circle(connection: sa.Connection, shown: Shown, film: int) -> models.Opinions:
    here = sa.and_(stats.c.cohort_id == shown.cohort.id, stats.c.film_id == film)
    counted = connection.execute(sa.select(stats.c.watchers, stats.c.avg_rating).where(here)).first()
    watchers, mean = counted or (0, None)
    histogram = _histogram(connection, film, film_histograms.c.cohort_id == shown.cohort.id)
    return models.Opinions(watchers=watchers, mean=mean, histogram=histogram)


def _histogram(connection: sa.Connection, film: int, whose: sa.ColumnElement[bool]) -> dict[str, int]:
    h = film_histograms.c
    query = sa.select(h.bucket_label, h.count).where(h.film_id == film, whose).order_by(h.bucket_label)
    return {label: count for label, count in connection.execute(query)}


def _standings(connection: sa.Connection, shown: Shown, film: int) -> list[models.Standing]:
    r = film_rankings.c
    query = sa.select(r.strategy, r.rank, r.score, r.score_low, r.score_high)
    rows = connection.execute(query.where(r.cohort_id == shown.cohort.id, r.film_id == film))
    places: dict[str, Any] = {row.strategy: row for row in rows}
    return [
        models.Standing(
            strategy=each.strategy,
            rank=places[each.strategy].rank,
            films=each.films,
            score=places[each.strategy].score,
            low=places[each.strategy].score_low,
            high=places[each.strategy].score_high,
            parameters=each.parameters,
            computed_at=each.computed_at,
        )
        for each in stored_rankings(connection, shown.cohort)
        if each.strategy in places
    ]
