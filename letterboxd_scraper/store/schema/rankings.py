"""What is counted and computed for a cohort, and anew at any time."""

import sqlalchemy as sa

from letterboxd_scraper.store.schema.columns import JSON, UTCDateTime, cohort, film, metadata, unique_where

cohort_film_stats = sa.Table(
    "cohort_film_stats",
    metadata,
    sa.Column("cohort_id", sa.Integer, primary_key=True),
    sa.Column("film_id", sa.Integer, primary_key=True),
    sa.Column("watchers", sa.Integer, nullable=False),
    sa.Column("avg_rating", sa.Double, nullable=False),
    sa.Column("rating_sum", sa.Double, nullable=False),
    sa.Column("first_rating_at", UTCDateTime),
    sa.Column("last_rating_at", UTCDateTime),
)

film_histograms = sa.Table(
    "film_histograms",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    film(nullable=False),
    # NULL: all of Letterboxd.
    cohort(),
    sa.Column("bucket_label", sa.Text, nullable=False),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("computed_at", UTCDateTime, nullable=False),
)
# A cohort's histograms hold the levels that somebody gave; Letterboxd's hold all ten.
# Two indexes, because NULLs are distinct from each other in a plain unique one.
_site_or_cohort = film_histograms.c.cohort_id
_level = (film_histograms.c.film_id, film_histograms.c.bucket_label)
unique_where(_site_or_cohort.is_(None), "uq_film_histograms_site", *_level)
unique_where(_site_or_cohort.is_not(None), "uq_film_histograms_cohort", _site_or_cohort, *_level)

# Not empty: ratings or memberships have changed since the statistics were made. Triggers put a row
# here, whoever makes the change. On SQLite a migration that recreates one of those tables (Alembic's
# batch mode) drops its triggers, and has to make them anew.
changed_facts = sa.Table(
    "changed_facts", metadata, sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False)
)

film_rankings = sa.Table(
    "film_rankings",
    metadata,
    cohort(primary_key=True),
    sa.Column("strategy", sa.Text, primary_key=True),
    film(primary_key=True),
    sa.Column("score", sa.Double, nullable=False),
    sa.Column("score_low", sa.Double),
    sa.Column("score_high", sa.Double),
    sa.Column("rank", sa.Integer, nullable=False),
    sa.Column("params", JSON, nullable=False),
    sa.Column("computed_at", UTCDateTime, nullable=False),
    sa.Index(None, "cohort_id", "strategy", "rank"),
    sa.Index(None, "film_id"),
)
