"""Members, what they rated, liked, watched and want to watch, and the cohorts that they form."""

import sqlalchemy as sa

from letterboxd_scraper.store.schema.columns import (
    JSON,
    UTCDateTime,
    cohort,
    film,
    index_where,
    metadata,
    user,
)

users = sa.Table(
    "users",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column(
        "letterboxd_username",
        sa.Text,
        nullable=False,
        unique=True,
        doc="the name in the profile's address, in lower case",
    ),
    sa.Column("letterboxd_lid", sa.Text, doc="the code that survives a changed name"),
    sa.Column("display_name", sa.Text, doc="the name as shown"),
    sa.Column("avatar_url", sa.Text, doc="address of the picture"),
    sa.Column("status", sa.Text, nullable=False, server_default="ok", doc="`ok`, `private` or `gone`"),
    sa.Column("films_count", sa.Integer, doc="films beside their name on a list of people, as last seen"),
    sa.Column("likes_count", sa.Integer, doc="likes beside their name, as last seen"),
    sa.Column("counts_seen_at", UTCDateTime, doc="when these two were seen"),
    sa.Column("crawled_films_count", sa.Integer, doc="films as of the last crawl that read them whole"),
    sa.Column("crawled_likes_count", sa.Integer, doc="likes as of that crawl"),
    sa.Column("last_full_scrape_at", UTCDateTime, doc="when everything of them was last read"),
    sa.Column(
        "last_full_scrape_run",
        sa.Integer,
        doc="the run that did so: which work a member was read by is no matter of clocks",
    ),
    sa.Column("last_incremental_scrape_at", UTCDateTime, doc="when their changes were last read"),
    sa.Column(
        "sources_folded",
        sa.Boolean,
        doc="whether all that is stored follows from their kept sources; NULL: some came otherwise, or none",
    ),
    sa.Column("created_at", UTCDateTime, nullable=False, doc="when they were first stored"),
    sa.CheckConstraint("status IN ('ok', 'private', 'gone')", name="status"),
    info={"about": "Members, by the name in their profile's address."},
)

ratings = sa.Table(
    "ratings",
    metadata,
    user(primary_key=True),
    film(primary_key=True),
    sa.Column(
        "rating", sa.REAL, doc="stars, 0.5 to 5 in half steps; NULL: liked or a favourite, but not rated"
    ),
    sa.Column("liked", sa.Boolean, nullable=False, server_default=sa.false(), doc="they gave it a like"),
    sa.Column(
        "favorite",
        sa.Boolean,
        nullable=False,
        server_default=sa.false(),
        doc="one of the favourites on their profile",
    ),
    sa.Column("rated_at", UTCDateTime, doc="the day on which it was rated, from a diary, feed or file"),
    sa.Column("diary_entry_url", sa.Text, doc="the entry that tells the day"),
    sa.Column("first_seen_at", UTCDateTime, nullable=False, doc="when a crawl first saw it"),
    sa.Column(
        "seen_after", UTCDateTime, doc="the crawl before that: an undated rating was made between the two"
    ),
    sa.Column("updated_at", UTCDateTime, nullable=False, doc="when this row last changed"),
    sa.Column(
        "service",
        sa.Text,
        nullable=False,
        server_default="letterboxd",
        doc="where it is kept: Letterboxd, or a file of another service",
    ),
    sa.CheckConstraint(
        "rating IS NULL OR (rating BETWEEN 0.5 AND 5.0 AND rating * 2 = CAST(rating * 2 AS INTEGER))",
        name="half_stars",
    ),
    sa.CheckConstraint("rating IS NOT NULL OR liked OR favorite", name="says_something"),
    sa.Index(None, "film_id"),
    info={"about": "What members rated, liked or have as a favourite: one row for a member and a film."},
)
# With all that counting hearts and favourites reads: they are a few of the rows.
index_where(
    ratings.c.liked | ratings.c.favorite,
    "ix_ratings_marked",
    *(ratings.c[name] for name in ("film_id", "user_id", "liked", "favorite")),
)


def _list_of_films(name: str, about: str) -> sa.Table:
    return sa.Table(
        name,
        metadata,
        user(primary_key=True),
        film(primary_key=True),
        sa.Column("since", UTCDateTime, doc="the day on which the film came there"),
        sa.Column("as_of", UTCDateTime, doc="as of when it is known to be there"),
        sa.Column("source", sa.Text, doc="what it is known by"),
        info={"about": about},
    )


watched = _list_of_films("watched", "Films that members have watched, of whom that was asked or imported.")

watchlist = _list_of_films(
    "watchlist", "Films that members want to watch, of whom that was asked or imported."
)
sa.Index(None, watchlist.c.film_id)

member_sources = sa.Table(
    "member_sources",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    user(nullable=False),
    sa.Column(
        "kind",
        sa.Text,
        nullable=False,
        doc="`snapshot`: all that a file or pages told; `feed`: grows with every reading",
    ),
    sa.Column("service", sa.Text, nullable=False, doc="Letterboxd, or the service whose file it is"),
    sa.Column("name", sa.Text, nullable=False, doc="the file's name, or the feed"),
    sa.Column("as_of", UTCDateTime, nullable=False, doc="the moment as of which it tells"),
    sa.Column("read_at", UTCDateTime, nullable=False, doc="when it was read"),
    sa.Column("digest", sa.Text, nullable=False, doc="SHA-256 of the content: the same source is kept once"),
    sa.Column("content", sa.LargeBinary, nullable=False, doc="what it told: JSON, compressed with zlib"),
    sa.UniqueConstraint("user_id", "digest"),
    info={
        "about": "The files and feeds that told of a member, as they were read. What is stored of the member "
        "follows from them in the order of their moments, whatever the order in which they came."
    },
)

last_imports = sa.Table(
    "last_imports",
    metadata,
    cohort(primary_key=True),
    user(primary_key=True),
    sa.Column("imported_at", UTCDateTime, nullable=False, doc="when"),
    sa.Column("made_cohort", sa.Boolean, nullable=False, doc="there was no such cohort before"),
    sa.Column(
        "before",
        sa.LargeBinary,
        doc="what was stored of the member before: JSON, compressed with zlib; NULL: nothing at all",
    ),
    sa.Column("after", sa.Text, nullable=False, doc="SHA-256 of what was stored of them afterwards"),
    info={
        "about": "What was stored of the members of a cohort before the last files that somebody dropped for "
        "it: so much can be taken back, unless something else has been stored of them since."
    },
)

cohorts = sa.Table(
    "cohorts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("label", sa.Text, nullable=False, unique=True, doc="its name"),
    sa.Column(
        "seed_user_id",
        sa.Integer,
        sa.ForeignKey("users.id", ondelete="SET NULL"),
        doc="whose circle it is; NULL for a list of names",
    ),
    sa.Column("definition", JSON, nullable=False, doc="depth, direction, filters, parameters of rankings"),
    sa.Column("created_at", UTCDateTime, nullable=False, doc="when it was built"),
    sa.Column("updated_at", UTCDateTime, nullable=False, doc="when its members were last read"),
    sa.Column("counted_at", UTCDateTime, doc="when its ratings were last counted"),
    info={"about": "The circles, and the definitions by which they were made."},
)

cohort_members = sa.Table(
    "cohort_members",
    metadata,
    cohort(primary_key=True),
    user(primary_key=True),
    sa.Column("depth", sa.Integer, nullable=False, doc="0: the seed, 1: whom the seed follows, and so on"),
    sa.Column("followed_at", UTCDateTime, nullable=False, doc="when they were first found there"),
    sa.Column(
        "shows_name",
        sa.Boolean,
        doc="whether they wish to be named there; NULL: like everybody, where names are asked for",
    ),
    sa.Index(None, "user_id"),
    info={"about": "Who belongs to a cohort."},
)


def _secret() -> sa.Column[str]:
    doc = "SHA-256 of the secret in the link, which is stored nowhere"
    return sa.Column("secret_hash", sa.Text, nullable=False, unique=True, doc=doc)


invitations = sa.Table(
    "invitations",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, doc="its number"),
    cohort(nullable=False),
    _secret(),
    sa.Column("member", sa.Text, doc="whom alone it is for, by name; NULL: who is not stored yet"),
    sa.Column("created_at", UTCDateTime, nullable=False, doc="when it was made"),
    sa.Column("expires_at", UTCDateTime, nullable=False, doc="until when it is good"),
    sa.Column("revoked_at", UTCDateTime, doc="when it was taken back"),
    sa.Index(None, "cohort_id"),
    info={"about": "Links by which people may join a circle with their own files."},
)

own_pages = sa.Table(
    "own_pages",
    metadata,
    cohort(primary_key=True),
    user(primary_key=True),
    _secret(),
    sa.Column(
        "invitation_id",
        sa.Integer,
        sa.ForeignKey("invitations.id", ondelete="SET NULL"),
        doc="the invitation by which they joined",
    ),
    sa.Column("created_at", UTCDateTime, nullable=False, doc="when they joined by it"),
    sa.Index(None, "user_id"),
    sa.Index(None, "invitation_id"),
    info={"about": "Members' links to their own page in a circle, which show what is stored of them."},
)

reading_passwords = sa.Table(
    "reading_passwords",
    metadata,
    cohort(primary_key=True),
    sa.Column("salt", sa.Text, nullable=False, doc="of this row"),
    sa.Column("password_hash", sa.Text, nullable=False, doc="of password and salt, by scrypt"),
    info={"about": "What opens the pages of a circle to readers, where invitations are served."},
)

opt_outs = sa.Table(
    "opt_outs",
    metadata,
    sa.Column("name_hash", sa.Text, primary_key=True, doc="of the name"),
    sa.Column("code_hash", sa.Text, doc="of the profile's code"),
    sa.Column("salt", sa.Text, nullable=False, doc="of this row"),
    sa.Column("created_at", UTCDateTime, nullable=False, doc="when it was asked for"),
    info={
        "about": "Who asked to be forgotten: salted hashes of names and codes, nothing that can be read back."
    },
)
