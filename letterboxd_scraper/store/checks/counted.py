"""What was counted, against a fresh count."""

from datetime import UTC, datetime
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
from letterboxd_scraper.store.statistics import histograms_query, statistics_query

_UNCOUNTED = "not compared: ratings have changed since; `letterboxd refresh stats` counts them"
_ADVICE = "run this SQL, then `letterboxd refresh stats`: INSERT INTO changed_facts (id) VALUES (1)"


def is_counted(connection: sa.Connection) -> bool:
    """Say whether no rating and no membership has changed since all was counted."""
    return connection.execute(sa.select(changed_facts.c.id).limit(1)).first() is None


def statistics(connection: sa.Connection) -> Finding:
    """Find rows of `cohort_film_stats` that a fresh count does not give, and those that are missing."""
    check = "statistics agree with the ratings"
    if not is_counted(connection):
        return Finding(check, remark=_UNCOUNTED)
    fresh = statistics_query().subquery("fresh")
    columns = [column.name for column in fresh.c if column.name not in ("cohort_id", "film_id")]
    both = _both(cohort_film_stats, fresh, ["cohort_id", "film_id"], columns)
    # Sums of half stars are exact; a mean may depend on the order of the ratings in its last digit.
    means = sa.func.max(both.c.avg_rating) - sa.func.min(both.c.avg_rating) > 1e-9
    exact = [_differs(both.c[name]) for name in columns if name != "avg_rating"]
    return of_query(connection, check, _named(both, sa.or_(*exact, means)), _ADVICE)


def histograms(connection: sa.Connection) -> Finding:
    """Find levels of the cohorts' histograms that a fresh count does not give, and those that are missing."""
    check = "circles' histograms agree with the ratings"
    if not is_counted(connection):
        return Finding(check, remark=_UNCOUNTED)
    fresh = histograms_query(datetime.now(UTC)).subquery("fresh")
    stored = sa.select(film_histograms).where(film_histograms.c.cohort_id.is_not(None)).subquery("stored")
    both = _both(stored, fresh, ["cohort_id", "film_id", "bucket_label"], ["count"])
    return of_query(connection, check, _named(both, _differs(both.c["count"]), "bucket_label"), _ADVICE)


def _both(stored: sa.FromClause, fresh: sa.FromClause, key: list[str], columns: list[str]) -> sa.Subquery:
    """Return the rows of both together: where all is well, there are two alike of each key."""
    names = [*key, *columns]
    parts = (sa.select(*(table.c[name] for name in names)) for table in (stored, fresh))
    return sa.union_all(*parts).subquery("both_counts")


def _differs(column: Any) -> sa.ColumnElement[bool]:
    """The condition that two rows do not have the same in a column, one of them nothing perhaps."""
    return sa.or_(sa.func.min(column) != sa.func.max(column), sa.func.count(column) == 1)


def _named(both: sa.Subquery, differ: sa.ColumnElement[bool], *more: str) -> sa.Select[Any]:
    key = (both.c.cohort_id, both.c.film_id, *(both.c[name] for name in more))
    wrong = (
        sa.select(*key).group_by(*key).having(sa.or_(sa.func.count() != 2, differ)).subquery("wrong_counts")
    )
    film = sa.func.coalesce(films.c.slug, films.c.title, sa.cast(wrong.c.film_id, sa.Text))
    columns = (wrong.c.cohort_id.label("cohort"), film.label("film"), *(wrong.c[name] for name in more))
    return sa.select(*columns).outerjoin_from(wrong, films, films.c.id == wrong.c.film_id)


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
