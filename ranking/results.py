"""Stored rankings, read back for people and for files."""

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

import sqlalchemy as sa

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.store.cohorts import Cohort
from letterboxd_scraper.store.schema import cohort_film_stats as stats
from letterboxd_scraper.store.schema import film_rankings, films

CSV_COLUMNS = ("rank", "title", "year", "slug", "score", "watchers", "mean", "parameters", "link")


@dataclass(frozen=True, slots=True)
class RankedFilm:
    """One film of a ranking; ``mean`` is the circle's own, in stars."""

    rank: int
    title: str
    year: int | None
    slug: str | None
    score: float
    watchers: int
    mean: float
    parameters: dict[str, Any]
    computed_at: datetime

    def link(self, base_url: str) -> str:
        return f"{base_url}/film/{self.slug}/" if self.slug else ""


def ranking(
    connection: sa.Connection,
    cohort: Cohort,
    strategy: str,
    *,
    limit: int | None = None,
    min_score: float | None = None,
) -> list[RankedFilm]:
    """Return the cohort's ranking, best first. Raises InputError if it was never computed."""
    here = sa.and_(film_rankings.c.cohort_id == cohort.id, film_rankings.c.strategy == strategy)
    query = (
        sa.select(
            film_rankings.c.rank,
            films.c.title,
            films.c.release_year,
            films.c.slug,
            film_rankings.c.score,
            sa.func.coalesce(stats.c.watchers, 0),
            stats.c.avg_rating,
            film_rankings.c.params,
            film_rankings.c.computed_at,
        )
        .join(films, films.c.id == film_rankings.c.film_id)
        .outerjoin(stats, (stats.c.cohort_id == film_rankings.c.cohort_id) & (stats.c.film_id == films.c.id))
        .where(here)
        .order_by(film_rankings.c.rank)
        .limit(limit)
    )
    if min_score is not None:
        query = query.where(film_rankings.c.score >= min_score)
    found = [RankedFilm(*row) for row in connection.execute(query)]
    if not found and not connection.scalar(sa.select(sa.exists().where(here))):
        how = f"run `letterboxd rank compute --cohort {cohort.label} --strategy {strategy}`"
        raise InputError(f"no {strategy} ranking of cohort {cohort.label!r} yet: {how}")
    return found


def write_csv(found: Sequence[RankedFilm], file: IO[str], base_url: str) -> None:
    """Write a ranking as CSV (RFC 4180, UTF-8) with the columns CSV_COLUMNS."""
    writer = csv.writer(file)
    writer.writerow(CSV_COLUMNS)
    for film in found:
        numbers = (repr(film.score), film.watchers, repr(film.mean))
        parameters = json.dumps(film.parameters, sort_keys=True)
        writer.writerow(
            (film.rank, film.title, film.year, film.slug, *numbers, parameters, film.link(base_url))
        )
