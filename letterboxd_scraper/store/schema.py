"""Every table, once, for SQLite and PostgreSQL alike.

A change here is one commit with its migration. `cohort_film_stats` is a materialized view on
PostgreSQL and a table on SQLite; both have the columns given here.
"""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

# That of the newest migration.
REVISION = "0009"

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

JSON = sa.JSON().with_variant(JSONB(), "postgresql")


class UTCDateTime(sa.TypeDecorator[datetime]):
    """A moment in UTC, with its zone, on SQLite too, which stores no zones."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def _unique_where(condition: sa.ColumnElement[bool], name: str, *columns: sa.Column[Any]) -> None:
    """Let no two rows that meet a condition have the same values in ``columns``."""
    sa.Index(name, *columns, unique=True, sqlite_where=condition, postgresql_where=condition)


def _user(**options: Any) -> sa.Column[int]:
    return sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id", ondelete="CASCADE"), **options)


def _film(**options: Any) -> sa.Column[int]:
    return sa.Column("film_id", sa.Integer, sa.ForeignKey("films.id", ondelete="CASCADE"), **options)


def _cohort(**options: Any) -> sa.Column[int]:
    return sa.Column("cohort_id", sa.Integer, sa.ForeignKey("cohorts.id", ondelete="CASCADE"), **options)


users = sa.Table(
    "users",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("letterboxd_username", sa.Text, nullable=False, unique=True),
    sa.Column("letterboxd_lid", sa.Text),
    sa.Column("display_name", sa.Text),
    sa.Column("avatar_url", sa.Text),
    sa.Column("status", sa.Text, nullable=False, server_default="ok"),
    # The counts beside a member's name on a following page, and as of the member's last whole crawl.
    sa.Column("films_count", sa.Integer),
    sa.Column("likes_count", sa.Integer),
    sa.Column("counts_seen_at", UTCDateTime),
    sa.Column("crawled_films_count", sa.Integer),
    sa.Column("crawled_likes_count", sa.Integer),
    sa.Column("last_full_scrape_at", UTCDateTime),
    # The run that did the last full scrape: which work a member was read by is no matter of clocks.
    sa.Column("last_full_scrape_run", sa.Integer),
    sa.Column("last_incremental_scrape_at", UTCDateTime),
    sa.Column("created_at", UTCDateTime, nullable=False),
    sa.CheckConstraint("status IN ('ok', 'private', 'gone')", name="status"),
)

films = sa.Table(
    "films",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("letterboxd_film_id", sa.Integer, unique=True),
    sa.Column("letterboxd_lid", sa.Text, unique=True),
    sa.Column("slug", sa.Text, unique=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("release_year", sa.Integer),
    sa.Column("release_date", sa.Date),
    sa.Column("tmdb_id", sa.Integer),
    sa.Column("tmdb_media_type", sa.Text),
    sa.Column("tmdb_show_id", sa.Integer),
    sa.Column("tmdb_season_number", sa.Integer),
    sa.Column("tmdb_episode_number", sa.Integer),
    sa.Column("imdb_id", sa.Text),
    sa.Column("runtime_minutes", sa.Integer),
    sa.Column("poster_url", sa.Text),
    sa.Column("overview", sa.Text),
    sa.Column("tmdb_synced_at", UTCDateTime),
    sa.Column("tmdb_not_found", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("letterboxd_fan_count", sa.Integer),
    sa.Column("letterboxd_rating_count", sa.Integer),
    sa.Column("letterboxd_weighted_average", sa.Numeric(4, 2, asdecimal=False)),
    sa.Column("histogram_synced_at", UTCDateTime),
    sa.Column("enrich_attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("enrich_after", UTCDateTime),
    # When the site was found to have no page of it any more.
    sa.Column("gone_at", UTCDateTime),
)

people = sa.Table(
    "people",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("tmdb_id", sa.Integer, unique=True),
    sa.Column("letterboxd_slug", sa.Text),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("profile_url", sa.Text),
    sa.Column("known_for_department", sa.Text),
    sa.Column("tmdb_synced_at", UTCDateTime),
    # When their page on the site was asked who they are on TMDB.
    sa.Column("page_read_at", UTCDateTime),
    sa.Column("created_at", UTCDateTime, nullable=False),
    sa.Column("updated_at", UTCDateTime, nullable=False),
)

sa.Index("uq_people_letterboxd_slug", people.c.letterboxd_slug, unique=True)

film_people = sa.Table(
    "film_people",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    _film(nullable=False),
    sa.Column("person_id", sa.Integer, sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("credit_order", sa.Integer),
    sa.UniqueConstraint("film_id", "role", "person_id"),
    sa.Index(None, "person_id"),
)

genres = sa.Table(
    "genres",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("tmdb_id", sa.Integer, unique=True),
    sa.Column("name", sa.Text, nullable=False),
)

# Those that only film pages name; TMDB's are told apart by their numbers.
_unique_where(genres.c.tmdb_id.is_(None), "uq_genres_name_alone", genres.c.name)

film_genres = sa.Table(
    "film_genres",
    metadata,
    _film(primary_key=True),
    sa.Column("genre_id", sa.Integer, sa.ForeignKey("genres.id", ondelete="CASCADE"), primary_key=True),
)

countries = sa.Table(
    "countries",
    metadata,
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
)

film_countries = sa.Table(
    "film_countries",
    metadata,
    _film(primary_key=True),
    sa.Column("country_code", sa.Text, sa.ForeignKey("countries.code", ondelete="CASCADE"), primary_key=True),
)

ratings = sa.Table(
    "ratings",
    metadata,
    _user(primary_key=True),
    _film(primary_key=True),
    # NULL: liked or favourite, but not rated.
    sa.Column("rating", sa.REAL),
    sa.Column("liked", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("favorite", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("rated_at", UTCDateTime),
    sa.Column("diary_entry_url", sa.Text),
    # An undated rating was made between seen_after (the crawl before) and first_seen_at.
    sa.Column("first_seen_at", UTCDateTime, nullable=False),
    sa.Column("seen_after", UTCDateTime),
    sa.Column("updated_at", UTCDateTime, nullable=False),
    sa.CheckConstraint(
        "rating IS NULL OR (rating BETWEEN 0.5 AND 5.0 AND rating * 2 = CAST(rating * 2 AS INTEGER))",
        name="half_stars",
    ),
    sa.CheckConstraint("rating IS NOT NULL OR liked OR favorite", name="says_something"),
    sa.Index(None, "film_id"),
)

watched = sa.Table("watched", metadata, _user(primary_key=True), _film(primary_key=True))

watchlist = sa.Table("watchlist", metadata, _user(primary_key=True), _film(primary_key=True))

cohorts = sa.Table(
    "cohorts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("label", sa.Text, nullable=False, unique=True),
    # NULL for a cohort that was made from a list of names.
    sa.Column("seed_user_id", sa.Integer, sa.ForeignKey("users.id", ondelete="SET NULL")),
    sa.Column("definition", JSON, nullable=False),
    sa.Column("created_at", UTCDateTime, nullable=False),
    sa.Column("updated_at", UTCDateTime, nullable=False),
)

cohort_members = sa.Table(
    "cohort_members",
    metadata,
    _cohort(primary_key=True),
    _user(primary_key=True),
    sa.Column("depth", sa.Integer, nullable=False),
    sa.Column("followed_at", UTCDateTime, nullable=False),
    sa.Index(None, "user_id"),
)

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
    _film(nullable=False),
    # NULL: all of Letterboxd.
    _cohort(),
    sa.Column("bucket_label", sa.Text, nullable=False),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("computed_at", UTCDateTime, nullable=False),
)
# A cohort's histograms hold the levels that somebody gave; Letterboxd's hold all ten.
# Two indexes, because NULLs are distinct from each other in a plain unique one.
_site_or_cohort = film_histograms.c.cohort_id
_level = (film_histograms.c.film_id, film_histograms.c.bucket_label)
_unique_where(_site_or_cohort.is_(None), "uq_film_histograms_site", *_level)
_unique_where(_site_or_cohort.is_not(None), "uq_film_histograms_cohort", _site_or_cohort, *_level)

# Not empty: ratings or memberships have changed since the statistics were made. Triggers put a row
# here, whoever makes the change. On SQLite a migration that recreates one of those tables (Alembic's
# batch mode) drops its triggers, and has to make them anew.
changed_facts = sa.Table(
    "changed_facts", metadata, sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False)
)

film_rankings = sa.Table(
    "film_rankings",
    metadata,
    _cohort(primary_key=True),
    sa.Column("strategy", sa.Text, primary_key=True),
    _film(primary_key=True),
    sa.Column("score", sa.Double, nullable=False),
    sa.Column("score_low", sa.Double),
    sa.Column("score_high", sa.Double),
    sa.Column("rank", sa.Integer, nullable=False),
    sa.Column("params", JSON, nullable=False),
    sa.Column("computed_at", UTCDateTime, nullable=False),
    sa.Index(None, "cohort_id", "strategy", "rank"),
    sa.Index(None, "film_id"),
)

scrape_runs = sa.Table(
    "scrape_runs",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("cohort", sa.Text),
    sa.Column("member", sa.Text),
    # What was to be read beyond the usual: "diary", "watched", both or nothing.
    sa.Column("options", sa.Text, nullable=False, server_default=""),
    sa.Column("started_at", UTCDateTime, nullable=False),
    # The first run of the work that this one carries on, and when it began; its own if it began anew.
    sa.Column("work_run", sa.Integer),
    sa.Column("work_began_at", UTCDateTime, nullable=False),
    sa.Column("finished_at", UTCDateTime),
    sa.Column("status", sa.Text, nullable=False, server_default="running"),
    sa.Column("requests", sa.Integer, nullable=False, server_default="0"),
    # Ratings (and likes) that were inserted, changed or removed; NULL for spiders that never touch them.
    sa.Column("rows_changed", sa.Integer),
    sa.Column("notes", sa.Text),
    # Scrapyd's name for it, the node that it ran on, and which part of the cohort it was to read ("2/3").
    sa.Column("job", sa.Text),
    sa.Column("node", sa.Text),
    sa.Column("shard", sa.Text),
    # When it last showed life, by the database's clock: a simulation's stands still.
    sa.Column("seen_at", UTCDateTime),
    sa.CheckConstraint(
        "status IN ('running', 'finished', 'failures', 'blocked', 'failed', 'interrupted')", name="status"
    ),
    sa.Index(None, "type", "cohort", "member"),
)

# Who reads a member now, and until when, by the database's clock, nobody else may.
member_leases = sa.Table(
    "member_leases",
    metadata,
    _user(primary_key=True),
    sa.Column("run_id", sa.Integer, sa.ForeignKey("scrape_runs.id", ondelete="CASCADE"), nullable=False),
    sa.Column("expires_at", UTCDateTime, nullable=False),
)

scrape_failures = sa.Table(
    "scrape_failures",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("run_id", sa.Integer, sa.ForeignKey("scrape_runs.id", ondelete="SET NULL")),
    sa.Column("member", sa.Text),
    sa.Column("film", sa.Text),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("stage", sa.Text, nullable=False),
    sa.Column("error", sa.Text, nullable=False),
    sa.Column("first_seen_at", UTCDateTime, nullable=False),
    sa.Column("last_seen_at", UTCDateTime, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="1"),
    sa.Column("resolved_at", UTCDateTime),
)
# One open failure for each address and stage; seen again, it counts up.
_unique_where(
    scrape_failures.c.resolved_at.is_(None),
    "uq_scrape_failures_open",
    scrape_failures.c.url,
    scrape_failures.c.stage,
)

user_scrape_state = sa.Table(
    "user_scrape_state",
    metadata,
    _user(primary_key=True),
    sa.Column("listing", sa.Text, primary_key=True),
    # The last page saved, and what the pages up to it held: the ids of films or users; of a feed, what its
    # entries said, by their numbers, and in `total` how many ratings were set by what was new in it.
    sa.Column("page", sa.Integer, nullable=False),
    sa.Column("seen", JSON, nullable=False),
    sa.Column("total", sa.Integer),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("run", sa.Integer),
    sa.Column("updated_at", UTCDateTime, nullable=False),
    sa.Column("complete_as_of", UTCDateTime),
    sa.Column("etag", sa.Text),
    sa.Column("last_modified", sa.Text),
    sa.CheckConstraint("status IN ('reading', 'complete', 'unproved')", name="status"),
)

# Who asked to be forgotten: salted hashes of names and profile codes, nothing that can be read back.
opt_outs = sa.Table(
    "opt_outs",
    metadata,
    sa.Column("name_hash", sa.Text, primary_key=True),
    sa.Column("code_hash", sa.Text),
    sa.Column("salt", sa.Text, nullable=False),
    sa.Column("created_at", UTCDateTime, nullable=False),
)

# When the next request may be sent to a site, by whichever process, and whose is under way: moments are
# seconds since 1970.
site_pace = sa.Table(
    "site_pace",
    metadata,
    sa.Column("host", sa.Text, primary_key=True),
    sa.Column("free_at", sa.Double, nullable=False),
    sa.Column("busy_until", sa.Double, nullable=False, server_default="0"),
    sa.Column("turn", sa.Text),
)

# robots.txt as last read: it is read once a day.
robots_txt = sa.Table(
    "robots_txt",
    metadata,
    sa.Column("url", sa.Text, primary_key=True),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("read_at", UTCDateTime, nullable=False),
)

# In how many of the entries that a parser read a field was filled, on runs in which none became rare.
field_coverage = sa.Table(
    "field_coverage",
    metadata,
    *(sa.Column(name, sa.Text, primary_key=True) for name in ("parser", "field")),
    *(sa.Column(name, sa.Integer, nullable=False) for name in ("entries", "filled")),
)

# On PostgreSQL this view stands in for the table; `statistics_query` fills the table on SQLite.
MATERIALIZED_VIEWS = frozenset({"cohort_film_stats"})
