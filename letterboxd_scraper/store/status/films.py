"""How many films and ratings a cohort has, and how many of the films are still to be enriched."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.store.films import enrichment
from letterboxd_scraper.store.films.enrichment import EnrichmentOptions
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.schema import UTCDateTime, cohort_film_stats, cohort_members, films, ratings
from letterboxd_scraper.store.status.model import FilmCounts

# Data of TMDB's that are asked for anew within this time, or should have been.
_SOON = timedelta(days=14)


def count(
    connection: sa.Connection, cohort: Cohort, options: EnrichmentOptions, *, counted: bool
) -> FilmCounts:
    """Count the films that a cohort's members rated or liked, and the ratings.

    ``counted``: its statistics are as new as its ratings, and tell their number.
    """
    kinds = {
        "lacks": enrichment.needs_enrichment(),
        "due": enrichment.is_due(connection, options),
        "due_with_key": enrichment.is_due(connection, replace(options, tmdb=True)),
    }
    synced = films.c.tmdb_synced_at
    # In kinds: each condition is asked of a film once, however many of the numbers it enters.
    query = sa.select(
        *(condition.label(name) for name, condition in kinds.items()),
        sa.func.count().label("films"),
        sa.func.min(synced, type_=UTCDateTime).label("oldest"),
        sa.func.count().filter(synced < options.tmdb_before + _SOON).label("ageing"),
    ).where(_of_members(cohort, counted=counted))
    rows = connection.execute(query.group_by(*kinds)).all()
    return FilmCounts(
        films=sum(row.films for row in rows),
        ratings=_ratings(connection, cohort, counted=counted),
        complete=sum(row.films for row in rows if not row.lacks),
        due=sum(row.films for row in rows if row.due),
        waiting=sum(row.films for row in rows if row.lacks and not row.due and not row.due_with_key),
        need_key=sum(row.films for row in rows if not row.due and row.due_with_key),
        tmdb_oldest=min((row.oldest for row in rows if row.oldest), default=None),
        tmdb_ageing=sum(row.ageing for row in rows),
    )


def _of_members(cohort: Cohort, *, counted: bool) -> sa.ColumnElement[bool]:
    """The condition that a member of the cohort has rated or liked a film."""
    r, m, stats = ratings.c, cohort_members.c, cohort_film_stats.c
    members = sa.select(m.user_id).where(m.cohort_id == cohort.id)
    if not counted:
        # Not film by film: for each, SQLite would ask for each member.
        return films.c.id.in_(sa.select(r.film_id).where(r.user_id.in_(members)))
    rated = films.c.id.in_(sa.select(stats.film_id).where(stats.cohort_id == cohort.id))
    # The sum keeps SQLite to the index of what is marked, in which a film's few marks are together.
    marked = sa.exists().where(r.film_id == films.c.id, r.liked | r.favorite, (r.user_id + 0).in_(members))
    return sa.or_(rated, marked)


def _ratings(connection: sa.Connection, cohort: Cohort, *, counted: bool) -> int:
    query: sa.Select[Any]
    if counted:
        stats = cohort_film_stats.c
        query = sa.select(sa.func.sum(stats.watchers)).where(stats.cohort_id == cohort.id)
    else:
        own = sa.select(sa.func.count()).join_from(
            cohort_members, ratings, ratings.c.user_id == cohort_members.c.user_id
        )
        query = own.where(cohort_members.c.cohort_id == cohort.id, ratings.c.rating.is_not(None))
    return int(connection.scalar(query) or 0)
