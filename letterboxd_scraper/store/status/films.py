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
    lacks = enrichment.needs_enrichment()
    due = enrichment.is_due(connection, options)
    due_with_key = due if options.tmdb else enrichment.is_due(connection, replace(options, tmdb=True))
    synced, count_of = films.c.tmdb_synced_at, sa.func.count
    query = sa.select(
        count_of(),
        count_of().filter(~lacks),
        count_of().filter(due),
        count_of().filter(lacks, ~due, ~due_with_key),
        count_of().filter(~due, due_with_key),
        sa.func.min(synced, type_=UTCDateTime),
        count_of().filter(synced < options.tmdb_before + _SOON),
    ).where(_of_members(cohort))
    total, *others = connection.execute(query).one()
    return FilmCounts(total, _ratings(connection, cohort, counted=counted), *others)


def _of_members(cohort: Cohort) -> sa.ColumnElement[bool]:
    """The condition that a member of the cohort has rated or liked a film."""
    r, m = ratings.c, cohort_members.c
    members = sa.select(m.user_id).where(m.cohort_id == cohort.id)
    # Not film by film: for each, SQLite would ask for each member.
    return films.c.id.in_(sa.select(r.film_id).where(r.user_id.in_(members)))


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
