"""What was counted, against a fresh count."""

from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.items.members import STARS
from letterboxd_scraper.store.checks.finding import Finding, of_query
from letterboxd_scraper.store.schema import (
    changed_facts,
    cohort_film_stats,
    film_histograms,
    films,
)
from letterboxd_scraper.store.statistics import label_of, levels_query, statistics_of

STATISTICS = "statistics agree with the ratings"
HISTOGRAMS = "circles' histograms agree with the ratings"

_UNCOUNTED = "not compared: ratings have changed since; `letterboxd refresh stats` counts them"
_ADVICE = "run this SQL, then `letterboxd refresh stats`: INSERT INTO changed_facts (id) VALUES (0)"


def is_counted(connection: sa.Connection) -> bool:
    """Say whether no rating and no membership has changed since all was counted."""
    return connection.execute(sa.select(changed_facts.c.id).limit(1)).first() is None


def statistics_and_histograms(connection: sa.Connection) -> tuple[Finding, Finding]:
    """Find rows of `cohort_film_stats` and levels of cohorts' histograms that a fresh count does not give.

    Those that are missing too. All ratings are counted once for both.
    """
    if not is_counted(connection):
        return Finding(STATISTICS, remark=_UNCOUNTED), Finding(HISTOGRAMS, remark=_UNCOUNTED)
    fresh = levels_query().cte("fresh")
    wrong = sa.union_all(_wrong_statistics(fresh), _wrong_levels(fresh)).subquery("wrong_counts").c
    film = sa.func.coalesce(films.c.slug, films.c.title, sa.cast(wrong.film_id, sa.Text))
    order = (wrong.cohort_id, wrong.film_id, wrong.level)
    places = (
        sa.select(
            wrong.kind,
            sa.func.count().over(partition_by=wrong.kind).label("wrong"),
            sa.func.row_number().over(partition_by=wrong.kind, order_by=order).label("place"),
            wrong.cohort_id,
            film.label("film"),
            wrong.level,
        )
        .outerjoin(films, films.c.id == wrong.film_id)
        .subquery("places")
    )
    rows = {row.kind: row for row in connection.execute(sa.select(places).where(places.c.place == 1))}
    return _finding(STATISTICS, rows.get("statistics")), _finding(HISTOGRAMS, rows.get("histograms"))


def _finding(check: str, row: Any) -> Finding:
    if row is None:
        return Finding(check)
    level = "" if row.level is None else f", bucket label {row.level}"
    return Finding(check, row.wrong, f"cohort {row.cohort_id}, film {row.film}{level}", _ADVICE)


def _wrong_statistics(fresh: sa.CTE) -> sa.Select[Any]:
    columns = ("watchers", "rating_sum", "first_rating_at", "last_rating_at")
    both = _both(cohort_film_stats, statistics_of(fresh).subquery("of_films"), "avg_rating", *columns)
    # Sums of half stars are exact; a mean may depend on the order of the ratings in its last digit.
    means = sa.func.max(both.c.avg_rating) - sa.func.min(both.c.avg_rating) > 1e-9
    differ = sa.or_(*(_differs(both.c[name]) for name in columns), means, sa.func.count() != 2)
    key = (both.c.cohort_id, both.c.film_id)
    none = sa.cast(sa.null(), sa.Text).label("level")
    return sa.select(sa.literal("statistics").label("kind"), *key, none).group_by(*key).having(differ)


def _wrong_levels(fresh: sa.CTE) -> sa.Select[Any]:
    label = label_of(fresh.c.rating).label("bucket_label")
    of_levels = sa.select(fresh.c.cohort_id, fresh.c.film_id, label, fresh.c.count).subquery("of_levels")
    stored = sa.select(film_histograms).where(film_histograms.c.cohort_id.is_not(None)).subquery("stored")
    both = _both(stored, of_levels, "bucket_label", "count")
    differ = sa.or_(_differs(both.c["count"]), sa.func.count() != 2)
    key = (both.c.cohort_id, both.c.film_id, both.c.bucket_label)
    return sa.select(sa.literal("histograms"), *key).group_by(*key).having(differ)


def _both(stored: sa.FromClause, fresh: sa.FromClause, *columns: str) -> sa.Subquery:
    """Return the rows of both together: where all is well, there are two alike of each key."""
    names = ("cohort_id", "film_id", *columns)
    parts = (sa.select(*(table.c[name] for name in names)) for table in (stored, fresh))
    return sa.union_all(*parts).subquery()


def _differs(column: Any) -> sa.ColumnElement[bool]:
    """The condition that two rows do not have the same in a column, one of them nothing perhaps."""
    return sa.or_(sa.func.min(column) != sa.func.max(column), sa.func.count(column) == 1)


def site_histograms(connection: sa.Connection) -> Finding:
    """Find films whose histogram on Letterboxd is stored, but not with ten levels."""
    h = film_histograms.c
    query = (
        sa.select(films.c.slug.label("film"), sa.func.count().label("levels"))
        .join_from(film_histograms, films, films.c.id == h.film_id)
        .where(h.cohort_id.is_(None))
        .group_by(films.c.id, films.c.slug)
        .having(sa.or_(sa.func.count() != len(STARS), sa.func.min(h.count) < 0))
    )
    advice = "read it again: letterboxd enrich --film FILM --histograms --force"
    return of_query(connection, "Letterboxd's histograms have ten levels", query, advice)
