"""What was so before it changed: by this it is told what is new."""

import sqlalchemy as sa

from letterboxd_scraper.store.schema.columns import UTCDateTime, cohort, film, metadata, user

ranking_history = sa.Table(
    "ranking_history",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    cohort(nullable=False),
    sa.Column("strategy", sa.Text, nullable=False, doc="the ranking's name"),
    sa.Column("computed_at", UTCDateTime, nullable=False, doc="when"),
    sa.Column(
        "former_ratings", sa.BigInteger, nullable=False, doc="the latest row of that table at that moment"
    ),
    sa.Column(
        "content",
        sa.LargeBinary,
        nullable=False,
        doc="its first films and scores: JSON, compressed with zlib",
    ),
    sa.Index(None, "cohort_id", "strategy", "computed_at"),
    info={"about": "The rankings as they were: the last one of a day, later one of a week."},
)

# The numbers only grow, so that they say what came after what, whatever clock was used.
former_ratings = sa.Table(
    "former_ratings",
    metadata,
    sa.Column(
        "id",
        sa.BigInteger().with_variant(sa.Integer, "sqlite"),
        primary_key=True,
        doc="grows with every change",
    ),
    user(nullable=False, index=True),
    film(nullable=False, index=True),
    sa.Column("rating", sa.REAL, doc="the stars that it had"),
    sa.Column("liked", sa.Boolean, nullable=False, doc="whether it had a like"),
    sa.Column("favorite", sa.Boolean, nullable=False, doc="whether it was a favourite"),
    sa.Column("rated_at", UTCDateTime, doc="the day on which it was rated"),
    sa.Column("first_seen_at", UTCDateTime, nullable=False, doc="when it was first seen"),
    sa.Column("seen_after", UTCDateTime, doc="the crawl before that"),
    info={
        "about": "What rows of `ratings` said before their stars, like or favourite changed, or before they "
        "were removed. Triggers put a row here, whoever makes the change; `db tidy` removes what no kept "
        "ranking is older than."
    },
    sqlite_autoincrement=True,
)

former_members = sa.Table(
    "former_members",
    metadata,
    cohort(primary_key=True),
    user(primary_key=True),
    sa.Column("left_at", UTCDateTime, primary_key=True, doc="when they were no longer found there"),
    sa.Column("followed_at", UTCDateTime, nullable=False, doc="when they were first found there"),
    sa.Column("shows_name", sa.Boolean, doc="whether they wished to be named there"),
    sa.Index(None, "user_id"),
    info={"about": "Who has left a cohort."},
)
