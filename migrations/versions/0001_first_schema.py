"""First schema: films, members and their ratings, cohorts and rankings, the log of crawls."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    _create_film_tables()
    _create_credit_tables()
    _create_member_tables()
    _create_cohort_tables()
    _create_result_tables()
    _create_crawl_tables()
    _create_statistics()


def downgrade() -> None:
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    op.execute(
        "DROP MATERIALIZED VIEW cohort_film_stats" if on_postgresql else "DROP TABLE cohort_film_stats"
    )
    for table in TABLES:
        op.drop_table(table)


def _create_film_tables() -> None:
    op.create_table(
        "films",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("letterboxd_film_id", sa.Integer(), nullable=True),
        sa.Column("letterboxd_lid", sa.Text(), nullable=True),
        sa.Column("slug", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("release_year", sa.Integer(), nullable=True),
        sa.Column("release_date", sa.Date(), nullable=True),
        sa.Column("tmdb_id", sa.Integer(), nullable=True),
        sa.Column("tmdb_media_type", sa.Text(), nullable=True),
        sa.Column("tmdb_show_id", sa.Integer(), nullable=True),
        sa.Column("tmdb_season_number", sa.Integer(), nullable=True),
        sa.Column("tmdb_episode_number", sa.Integer(), nullable=True),
        sa.Column("imdb_id", sa.Text(), nullable=True),
        sa.Column("runtime_minutes", sa.Integer(), nullable=True),
        sa.Column("poster_url", sa.Text(), nullable=True),
        sa.Column("overview", sa.Text(), nullable=True),
        sa.Column("tmdb_synced_at", MOMENT, nullable=True),
        sa.Column("tmdb_not_found", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("letterboxd_fan_count", sa.Integer(), nullable=True),
        sa.Column("letterboxd_rating_count", sa.Integer(), nullable=True),
        sa.Column(
            "letterboxd_weighted_average", sa.Numeric(precision=4, scale=2, asdecimal=False), nullable=True
        ),
        sa.Column("histogram_synced_at", MOMENT, nullable=True),
        sa.Column("enrich_attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("enrich_after", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_films"),
        sa.UniqueConstraint("letterboxd_film_id", name="uq_films_letterboxd_film_id"),
        sa.UniqueConstraint("letterboxd_lid", name="uq_films_letterboxd_lid"),
        sa.UniqueConstraint("slug", name="uq_films_slug"),
    )
    op.create_table(
        "genres",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tmdb_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_genres"),
        sa.UniqueConstraint("tmdb_id", name="uq_genres_tmdb_id"),
    )
    op.create_table(
        "film_genres",
        sa.Column("film_id", sa.Integer(), nullable=False),
        sa.Column("genre_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["film_id"], ["films.id"], name="fk_film_genres_film_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["genre_id"], ["genres.id"], name="fk_film_genres_genre_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("film_id", "genre_id", name="pk_film_genres"),
    )
    op.create_table(
        "countries",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_countries"),
    )
    op.create_table(
        "film_countries",
        sa.Column("film_id", sa.Integer(), nullable=False),
        sa.Column("country_code", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["country_code"], ["countries.code"], name="fk_film_countries_country_code", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["film_id"], ["films.id"], name="fk_film_countries_film_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("film_id", "country_code", name="pk_film_countries"),
    )


def _create_credit_tables() -> None:
    op.create_table(
        "people",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tmdb_id", sa.Integer(), nullable=True),
        sa.Column("letterboxd_slug", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("profile_url", sa.Text(), nullable=True),
        sa.Column("known_for_department", sa.Text(), nullable=True),
        sa.Column("tmdb_synced_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_people"),
        sa.UniqueConstraint("tmdb_id", name="uq_people_tmdb_id"),
    )
    op.create_table(
        "film_people",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("film_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("credit_order", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["film_id"], ["films.id"], name="fk_film_people_film_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_film_people_person_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_film_people"),
        sa.UniqueConstraint("film_id", "role", "person_id", name="uq_film_people_film_id_role_person_id"),
    )
    op.create_index("ix_film_people_person_id", "film_people", ["person_id"], unique=False)


def _create_member_tables() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("letterboxd_username", sa.Text(), nullable=False),
        sa.Column("letterboxd_lid", sa.Text(), nullable=True),
        sa.Column("display_name", sa.Text(), nullable=True),
        sa.Column("avatar_url", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default="ok", nullable=False),
        sa.Column("films_count", sa.Integer(), nullable=True),
        sa.Column("likes_count", sa.Integer(), nullable=True),
        sa.Column("counts_seen_at", MOMENT, nullable=True),
        sa.Column("crawled_films_count", sa.Integer(), nullable=True),
        sa.Column("crawled_likes_count", sa.Integer(), nullable=True),
        sa.Column("last_full_scrape_at", MOMENT, nullable=True),
        sa.Column("last_incremental_scrape_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("status IN ('ok', 'private', 'gone')", name="ck_users_status"),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("letterboxd_username", name="uq_users_letterboxd_username"),
    )
    op.create_table(
        "ratings",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("film_id", sa.Integer(), nullable=False),
        sa.Column("rating", sa.REAL(), nullable=True),
        sa.Column("liked", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("favorite", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("rated_at", MOMENT, nullable=True),
        sa.Column("diary_entry_url", sa.Text(), nullable=True),
        sa.Column("first_seen_at", MOMENT, nullable=False),
        sa.Column("seen_after", MOMENT, nullable=True),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.CheckConstraint("rating IS NOT NULL OR liked OR favorite", name="ck_ratings_says_something"),
        sa.CheckConstraint(
            "rating IS NULL OR (rating BETWEEN 0.5 AND 5.0 AND rating * 2 = CAST(rating * 2 AS INTEGER))",
            name="ck_ratings_half_stars",
        ),
        sa.ForeignKeyConstraint(["film_id"], ["films.id"], name="fk_ratings_film_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_ratings_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "film_id", name="pk_ratings"),
    )
    op.create_index("ix_ratings_film_id", "ratings", ["film_id"], unique=False)
    op.create_table(
        "watched",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("film_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["film_id"], ["films.id"], name="fk_watched_film_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_watched_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "film_id", name="pk_watched"),
    )
    op.create_table(
        "watchlist",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("film_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["film_id"], ["films.id"], name="fk_watchlist_film_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_watchlist_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "film_id", name="pk_watchlist"),
    )


def _create_cohort_tables() -> None:
    op.create_table(
        "cohorts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("seed_user_id", sa.Integer(), nullable=True),
        sa.Column("definition", JSON, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["seed_user_id"], ["users.id"], name="fk_cohorts_seed_user_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_cohorts"),
        sa.UniqueConstraint("label", name="uq_cohorts_label"),
    )
    op.create_table(
        "cohort_members",
        sa.Column("cohort_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("followed_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["cohort_id"], ["cohorts.id"], name="fk_cohort_members_cohort_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_cohort_members_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("cohort_id", "user_id", name="pk_cohort_members"),
    )
    op.create_index("ix_cohort_members_user_id", "cohort_members", ["user_id"], unique=False)


def _create_result_tables() -> None:
    op.create_table(
        "film_histograms",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("film_id", sa.Integer(), nullable=False),
        sa.Column("cohort_id", sa.Integer(), nullable=True),
        sa.Column("bucket_label", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("computed_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["cohort_id"], ["cohorts.id"], name="fk_film_histograms_cohort_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["film_id"], ["films.id"], name="fk_film_histograms_film_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_film_histograms"),
    )
    op.create_index(
        "uq_film_histograms_cohort",
        "film_histograms",
        ["cohort_id", "film_id", "bucket_label"],
        unique=True,
        sqlite_where=sa.text("cohort_id IS NOT NULL"),
        postgresql_where=sa.text("cohort_id IS NOT NULL"),
    )
    op.create_index(
        "uq_film_histograms_site",
        "film_histograms",
        ["film_id", "bucket_label"],
        unique=True,
        sqlite_where=sa.text("cohort_id IS NULL"),
        postgresql_where=sa.text("cohort_id IS NULL"),
    )
    op.create_table(
        "film_rankings",
        sa.Column("cohort_id", sa.Integer(), nullable=False),
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("film_id", sa.Integer(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("score_low", sa.Double(), nullable=True),
        sa.Column("score_high", sa.Double(), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("params", JSON, nullable=False),
        sa.Column("computed_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["cohort_id"], ["cohorts.id"], name="fk_film_rankings_cohort_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["film_id"], ["films.id"], name="fk_film_rankings_film_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("cohort_id", "strategy", "film_id", name="pk_film_rankings"),
    )
    op.create_index(
        "ix_film_rankings_cohort_id_strategy_rank",
        "film_rankings",
        ["cohort_id", "strategy", "rank"],
        unique=False,
    )
    op.create_index("ix_film_rankings_film_id", "film_rankings", ["film_id"], unique=False)


def _create_crawl_tables() -> None:
    op.create_table(
        "scrape_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("cohort", sa.Text(), nullable=True),
        sa.Column("member", sa.Text(), nullable=True),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("work_began_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.Column("status", sa.Text(), server_default="running", nullable=False),
        sa.Column("requests", sa.Integer(), server_default="0", nullable=False),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "status IN ('running', 'finished', 'failures', 'blocked', 'failed', 'interrupted')",
            name="ck_scrape_runs_status",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_scrape_runs"),
    )
    op.create_index(
        "ix_scrape_runs_type_cohort_member", "scrape_runs", ["type", "cohort", "member"], unique=False
    )
    op.create_table(
        "scrape_failures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("member", sa.Text(), nullable=True),
        sa.Column("film", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("first_seen_at", MOMENT, nullable=False),
        sa.Column("last_seen_at", MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="1", nullable=False),
        sa.Column("resolved_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["run_id"], ["scrape_runs.id"], name="fk_scrape_failures_run_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_scrape_failures"),
    )
    op.create_index(
        "uq_scrape_failures_open",
        "scrape_failures",
        ["url", "stage"],
        unique=True,
        sqlite_where=sa.text("resolved_at IS NULL"),
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.create_table(
        "user_scrape_state",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("listing", sa.Text(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("seen", JSON, nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("complete_as_of", MOMENT, nullable=True),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "status IN ('reading', 'complete', 'unproved')", name="ck_user_scrape_state_status"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_user_scrape_state_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "listing", name="pk_user_scrape_state"),
    )


def _create_statistics() -> None:
    """A materialized view on PostgreSQL, refreshed concurrently; a table on SQLite."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(STATISTICS_VIEW)
        op.execute("CREATE UNIQUE INDEX pk_cohort_film_stats ON cohort_film_stats (cohort_id, film_id)")
        return
    op.create_table(
        "cohort_film_stats",
        sa.Column("cohort_id", sa.Integer(), nullable=False),
        sa.Column("film_id", sa.Integer(), nullable=False),
        sa.Column("watchers", sa.Integer(), nullable=False),
        sa.Column("avg_rating", sa.Double(), nullable=False),
        sa.Column("rating_sum", sa.Double(), nullable=False),
        sa.Column("first_rating_at", MOMENT, nullable=True),
        sa.Column("last_rating_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("cohort_id", "film_id", name="pk_cohort_film_stats"),
    )


STATISTICS_VIEW = """
    CREATE MATERIALIZED VIEW cohort_film_stats AS
    SELECT m.cohort_id,
           r.film_id,
           count(*)::integer AS watchers,
           avg(r.rating::double precision) AS avg_rating,
           sum(r.rating::double precision) AS rating_sum,
           min(r.rated_at) AS first_rating_at,
           max(r.rated_at) AS last_rating_at
    FROM cohort_members m
    JOIN ratings r ON r.user_id = m.user_id
    WHERE r.rating IS NOT NULL
    GROUP BY m.cohort_id, r.film_id
"""

TABLES = (
    "user_scrape_state",
    "scrape_failures",
    "scrape_runs",
    "film_rankings",
    "film_histograms",
    "cohort_members",
    "cohorts",
    "watchlist",
    "watched",
    "ratings",
    "users",
    "film_people",
    "people",
    "film_countries",
    "countries",
    "film_genres",
    "genres",
    "films",
)
