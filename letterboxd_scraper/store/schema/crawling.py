"""What crawls know of themselves and of each other."""

import sqlalchemy as sa

from letterboxd_scraper.store.schema.columns import JSON, UTCDateTime, metadata, unique_where, user

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
    user(primary_key=True),
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
unique_where(
    scrape_failures.c.resolved_at.is_(None),
    "uq_scrape_failures_open",
    scrape_failures.c.url,
    scrape_failures.c.stage,
)

user_scrape_state = sa.Table(
    "user_scrape_state",
    metadata,
    user(primary_key=True),
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
