"""What is counted and computed for a cohort, and anew at any time."""

import sqlalchemy as sa

from letterboxd_scraper.store.schema.columns import JSON, UTCDateTime, cohort, film, metadata, unique_where

cohort_film_stats = sa.Table(
    "cohort_film_stats",
    metadata,
    sa.Column("cohort_id", sa.Integer, primary_key=True, doc="the cohort"),
    sa.Column("film_id", sa.Integer, primary_key=True, doc="the film"),
    sa.Column("watchers", sa.Integer, nullable=False, doc="members who rated it"),
    sa.Column("avg_rating", sa.Double, nullable=False, doc="their mean"),
    sa.Column("rating_sum", sa.Double, nullable=False, doc="the sum of their stars"),
    sa.Column("first_rating_at", UTCDateTime, doc="the first day that is known"),
    sa.Column("last_rating_at", UTCDateTime, doc="the last one"),
    info={"about": "A cohort's ratings, counted for each film: on PostgreSQL a materialized view."},
)

film_histograms = sa.Table(
    "film_histograms",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    film(nullable=False),
    cohort(doc="the cohort; NULL: all of Letterboxd"),
    sa.Column("bucket_label", sa.Text, nullable=False, doc="the level, `0.5` to `5.0`"),
    sa.Column("count", sa.Integer, nullable=False, doc="how many"),
    sa.Column("computed_at", UTCDateTime, nullable=False, doc="when that was counted"),
    info={
        "about": "Ratings of a film at each level: of a cohort those that were given, of Letterboxd all ten."
    },
)
# Two indexes, because NULLs are distinct from each other in a plain unique one.
_site_or_cohort = film_histograms.c.cohort_id
_level = (film_histograms.c.film_id, film_histograms.c.bucket_label)
unique_where(_site_or_cohort.is_(None), "uq_film_histograms_site", *_level)
unique_where(_site_or_cohort.is_not(None), "uq_film_histograms_cohort", _site_or_cohort, *_level)

# On SQLite a migration that recreates a table with such a trigger (Alembic's batch mode) drops the trigger,
# and has to make it anew.
changed_facts = sa.Table(
    "changed_facts",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    info={
        "about": "Not empty: ratings or memberships have changed since the statistics were made. Triggers "
        "put rows here, whoever makes the change: on SQLite the ids of the films whose ratings have changed, "
        "0 for all films, on PostgreSQL a number for each transaction."
    },
)

film_rankings = sa.Table(
    "film_rankings",
    metadata,
    cohort(primary_key=True),
    sa.Column("strategy", sa.Text, primary_key=True, doc="the ranking's name"),
    film(primary_key=True),
    sa.Column("score", sa.Double, nullable=False, doc="what it ranks by"),
    sa.Column("score_low", sa.Double, doc="the lower end of its 90 % interval, where it has one"),
    sa.Column("score_high", sa.Double, doc="the upper end"),
    sa.Column("rank", sa.Integer, nullable=False, doc="1 is best"),
    sa.Column("params", JSON, nullable=False, doc="the parameters that it was computed with"),
    sa.Column("computed_at", UTCDateTime, nullable=False, doc="when"),
    sa.Index(None, "cohort_id", "strategy", "rank"),
    sa.Index(None, "film_id"),
    info={"about": "The rankings, as they were last computed."},
)
