"""What crawls know of themselves and of each other."""

import sqlalchemy as sa

from letterboxd_scraper.store.schema.columns import JSON, UTCDateTime, metadata, unique_where, user

scrape_runs = sa.Table(
    "scrape_runs",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("type", sa.Text, nullable=False, doc="the spider"),
    sa.Column("cohort", sa.Text, doc="whose members it read"),
    sa.Column("member", sa.Text, doc="or which one"),
    sa.Column(
        "options",
        sa.Text,
        nullable=False,
        server_default="",
        doc="what was to be read beyond the usual, such as `diary watched`",
    ),
    sa.Column("started_at", UTCDateTime, nullable=False, doc="when it began"),
    sa.Column("work_run", sa.Integer, doc="the first run of the work that this one carries on"),
    sa.Column("work_began_at", UTCDateTime, nullable=False, doc="when that work began"),
    sa.Column("finished_at", UTCDateTime, doc="when it ended"),
    sa.Column(
        "status",
        sa.Text,
        nullable=False,
        server_default="running",
        doc="`running`, `finished`, `failures`, `blocked`, `failed` or `interrupted`",
    ),
    sa.Column("requests", sa.Integer, nullable=False, server_default="0", doc="requests sent to the site"),
    sa.Column(
        "rows_changed",
        sa.Integer,
        doc="ratings and likes inserted, changed or removed; NULL where the spider never touches them",
    ),
    sa.Column("notes", sa.Text, doc="what else there is to say, in words"),
    sa.Column("job", sa.Text, doc="Scrapyd's name for it"),
    sa.Column("node", sa.Text, doc="the machine that it ran on"),
    sa.Column("shard", sa.Text, doc="which part of the cohort it was to read, as 2/3"),
    sa.Column("seen_at", UTCDateTime, doc="when it last showed life, by the database's clock"),
    sa.CheckConstraint(
        "status IN ('running', 'finished', 'failures', 'blocked', 'failed', 'interrupted')", name="status"
    ),
    sa.Index(None, "type", "cohort", "member"),
    info={"about": "The log of crawls: one row for each."},
)

member_leases = sa.Table(
    "member_leases",
    metadata,
    user(primary_key=True),
    sa.Column(
        "run_id",
        sa.Integer,
        sa.ForeignKey("scrape_runs.id", ondelete="CASCADE"),
        nullable=False,
        doc="the run that reads them",
    ),
    sa.Column("expires_at", UTCDateTime, nullable=False, doc="until when, by the database's clock"),
    info={"about": "Who reads a member just now: nobody else may."},
)

scrape_failures = sa.Table(
    "scrape_failures",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column(
        "run_id",
        sa.Integer,
        sa.ForeignKey("scrape_runs.id", ondelete="SET NULL"),
        doc="the run that saw it last",
    ),
    sa.Column("member", sa.Text, doc="whose page it was"),
    sa.Column("film", sa.Text, doc="or which film's"),
    sa.Column("url", sa.Text, nullable=False, doc="the page's address"),
    sa.Column("stage", sa.Text, nullable=False, doc="what was to be read there"),
    sa.Column("error", sa.Text, nullable=False, doc="what was wrong"),
    sa.Column("first_seen_at", UTCDateTime, nullable=False, doc="when it first failed"),
    sa.Column("last_seen_at", UTCDateTime, nullable=False, doc="when it last failed"),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="1", doc="how often"),
    sa.Column("resolved_at", UTCDateTime, doc="when it could be read after all; NULL: still open"),
    info={
        "about": "Pages that could not be read: one open row an address and stage; seen again, it counts up."
    },
)
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
    sa.Column("listing", sa.Text, primary_key=True, doc="which listing"),
    sa.Column("page", sa.Integer, nullable=False, doc="the last page stored"),
    sa.Column("seen", JSON, nullable=False, doc="what the pages up to it held; of a feed, its entries"),
    sa.Column(
        "total",
        sa.Integer,
        doc="how many there are to be; of a feed, how many ratings were set by what was new",
    ),
    sa.Column(
        "status",
        sa.Text,
        nullable=False,
        doc="`reading`, `complete`, or `unproved`: read to the end, and the size does not agree",
    ),
    sa.Column("run", sa.Integer, doc="the run that read it"),
    sa.Column("updated_at", UTCDateTime, nullable=False, doc="when that was"),
    sa.Column(
        "complete_as_of",
        UTCDateTime,
        doc="a film that is missing from a listing complete as of a moment was not there then",
    ),
    sa.Column("etag", sa.Text, doc="of the feed's last answer"),
    sa.Column("last_modified", sa.Text, doc="of the feed's last answer"),
    sa.CheckConstraint("status IN ('reading', 'complete', 'unproved')", name="status"),
    info={"about": "How far each listing of a member has been read."},
)

site_pace = sa.Table(
    "site_pace",
    metadata,
    sa.Column("host", sa.Text, primary_key=True, doc="the site"),
    sa.Column(
        "free_at", sa.Double, nullable=False, doc="when the next request may be sent, in seconds since 1970"
    ),
    sa.Column("busy_until", sa.Double, nullable=False, server_default="0", doc="until when one is under way"),
    sa.Column("turn", sa.Text, doc="whose"),
    info={
        "about": "When the next request may be sent to a site, by whichever process, and whose is under way."
    },
)

robots_txt = sa.Table(
    "robots_txt",
    metadata,
    sa.Column("url", sa.Text, primary_key=True, doc="its address"),
    sa.Column("body", sa.LargeBinary, nullable=False, doc="as it came"),
    sa.Column("read_at", UTCDateTime, nullable=False, doc="when"),
    info={"about": "robots.txt as last read: it is read once a day."},
)

field_coverage = sa.Table(
    "field_coverage",
    metadata,
    sa.Column("parser", sa.Text, primary_key=True, doc="what was read: tiles, profiles, films and so on"),
    sa.Column("field", sa.Text, primary_key=True, doc="what was looked for"),
    sa.Column("entries", sa.Integer, nullable=False, doc="entries that were read"),
    sa.Column("filled", sa.Integer, nullable=False, doc="in how many of them it was"),
    info={
        "about": "In how many of the entries that a parser read a field was filled, where none became rare."
    },
)
