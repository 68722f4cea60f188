"""Members, what they rated, liked, watched and want to watch, and the cohorts that they form."""

import sqlalchemy as sa

from letterboxd_scraper.store.schema.columns import JSON, UTCDateTime, cohort, film, metadata, user

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
    # Whether what is stored of them follows from their kept sources as these are now; NULL: something came
    # otherwise, before sources were kept, or nothing has come.
    sa.Column("sources_folded", sa.Boolean),
    sa.Column("created_at", UTCDateTime, nullable=False),
    sa.CheckConstraint("status IN ('ok', 'private', 'gone')", name="status"),
)

ratings = sa.Table(
    "ratings",
    metadata,
    user(primary_key=True),
    film(primary_key=True),
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
    # Where the rating is kept: on Letterboxd, or in a file of another service.
    sa.Column("service", sa.Text, nullable=False, server_default="letterboxd"),
    sa.CheckConstraint(
        "rating IS NULL OR (rating BETWEEN 0.5 AND 5.0 AND rating * 2 = CAST(rating * 2 AS INTEGER))",
        name="half_stars",
    ),
    sa.CheckConstraint("rating IS NOT NULL OR liked OR favorite", name="says_something"),
    sa.Index(None, "film_id"),
)


def _list_of_films(name: str) -> sa.Table:
    return sa.Table(
        name,
        metadata,
        user(primary_key=True),
        film(primary_key=True),
        # The day on which the film came there, as of when it is known to be there, and by what: each NULL
        # where that is not known.
        sa.Column("since", UTCDateTime),
        sa.Column("as_of", UTCDateTime),
        sa.Column("source", sa.Text),
    )


watched = _list_of_films("watched")

watchlist = _list_of_films("watchlist")

# The files and feeds that told of a member, as they were read: what is stored of the member follows from
# them in the order of their moments, whatever the order in which they came.
member_sources = sa.Table(
    "member_sources",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    user(nullable=False),
    # "snapshot" of all that a file or several pages told; "feed", which grows with every reading.
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("service", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("as_of", UTCDateTime, nullable=False),
    sa.Column("read_at", UTCDateTime, nullable=False),
    # SHA-256 of the content: the same source is kept once.
    sa.Column("digest", sa.Text, nullable=False),
    # What it told: JSON, compressed with zlib.
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("user_id", "digest"),
)

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
    cohort(primary_key=True),
    user(primary_key=True),
    sa.Column("depth", sa.Integer, nullable=False),
    sa.Column("followed_at", UTCDateTime, nullable=False),
    sa.Index(None, "user_id"),
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
