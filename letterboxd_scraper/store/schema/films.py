"""Films, and what is known of them whoever saw them."""

import sqlalchemy as sa

from letterboxd_scraper.store.schema.columns import Hundredths, UTCDateTime, film, metadata, unique_where

films = sa.Table(
    "films",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column(
        "letterboxd_film_id", sa.Integer, unique=True, doc="the site's number, which survives a new address"
    ),
    sa.Column("letterboxd_lid", sa.Text, unique=True, doc="the site's short code, as in boxd.it links"),
    sa.Column(
        "slug",
        sa.Text,
        unique=True,
        doc="the name in the film's address; NULL for a film known from archives alone",
    ),
    sa.Column("title", sa.Text, nullable=False, doc="as the newest source has it"),
    sa.Column("release_year", sa.Integer, doc="likewise"),
    sa.Column(
        "named_by", sa.Text, doc="what gave it its title and slug: `page`, `file`, `service` or `link`"
    ),
    sa.Column("named_as_of", UTCDateTime, doc="as of when"),
    sa.Column("year_by", sa.Text, doc="what gave it its year: the newest source that has one"),
    sa.Column("year_as_of", UTCDateTime, doc="as of when"),
    sa.Column(
        "joined_by_name",
        sa.Boolean,
        nullable=False,
        server_default=sa.false(),
        doc="slug and code were put together because just one film has this title and year",
    ),
    sa.Column(
        "numbered_by_name",
        sa.Text,
        doc="so was the number of another service's file: `imdb`, `tmdb` or `imdb tmdb`",
    ),
    sa.Column("release_date", sa.Date, doc="from TMDB"),
    sa.Column("tmdb_id", sa.Integer, doc="TMDB's number"),
    sa.Column("tmdb_media_type", sa.Text, doc="`movie` or `tv`"),
    sa.Column("tmdb_show_id", sa.Integer, doc="of an episode or season: its series"),
    sa.Column("tmdb_season_number", sa.Integer, doc="of an episode or season"),
    sa.Column("tmdb_episode_number", sa.Integer, doc="of an episode"),
    sa.Column("imdb_id", sa.Text, doc="IMDb's code, as tt0048021"),
    sa.Column("runtime_minutes", sa.Integer, doc="length in minutes"),
    sa.Column(
        "original_language",
        sa.Text,
        doc="the language it was made in: two letters (ISO 639-1; `cn`: Cantonese, `xx`: none is spoken)",
    ),
    sa.Column("language_by", sa.Text, doc="what says so: `page`, or `tmdb` where the page does not"),
    sa.Column("poster_url", sa.Text, doc="address of the poster"),
    sa.Column("overview", sa.Text, doc="TMDB's summary"),
    sa.Column("tmdb_synced_at", UTCDateTime, doc="when TMDB was last asked"),
    sa.Column(
        "tmdb_not_found", sa.Boolean, nullable=False, server_default=sa.false(), doc="TMDB does not have it"
    ),
    sa.Column(
        "tmdb_guessed",
        sa.Boolean,
        nullable=False,
        server_default=sa.false(),
        doc="TMDB's number was found by title and year, where just one film there has these",
    ),
    sa.Column("letterboxd_fan_count", sa.Integer, doc="members of Letterboxd who have it as a favourite"),
    sa.Column("letterboxd_rating_count", sa.Integer, doc="ratings on all of Letterboxd"),
    sa.Column("letterboxd_weighted_average", Hundredths, doc="Letterboxd's own average"),
    sa.Column("histogram_synced_at", UTCDateTime, doc="when its histogram was last read"),
    sa.Column(
        "enrich_attempts",
        sa.Integer,
        nullable=False,
        server_default="0",
        doc="how often something of it was looked for in vain",
    ),
    sa.Column("enrich_after", UTCDateTime, doc="not looked for again before this"),
    sa.Column("gone_at", UTCDateTime, doc="when the site was found to have no page of it any more"),
    sa.Index(None, "imdb_id"),
    sa.Index(None, "tmdb_id"),
    info={"about": "Films, and what is known of them whoever saw them."},
)

film_names = sa.Table(
    "film_names",
    metadata,
    sa.Column(
        "kind",
        sa.Text,
        primary_key=True,
        doc="what it was told by: `slug`, `lid` (its code) or `elsewhere` (its numbers)",
    ),
    sa.Column("key", sa.Text, primary_key=True, doc="that slug, code or number"),
    sa.Column("title", sa.Text, primary_key=True, doc="the title beside it"),
    sa.Column(
        "release_year", sa.Integer, primary_key=True, autoincrement=False, doc="the year beside it; 0: none"
    ),
    sa.Column("named_by", sa.Text, doc="what told it"),
    sa.Column("as_of", UTCDateTime, doc="as of when"),
    film(doc="the film; NULL: another service's film that may be any of several"),
    sa.Index(None, "film_id"),
    sa.Index(None, "title"),
    info={
        "about": "What sources have ever called a film: which of these are one film follows from all of them."
    },
)

people = sa.Table(
    "people",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("tmdb_id", sa.Integer, unique=True, doc="TMDB's number"),
    sa.Column("letterboxd_slug", sa.Text, doc="the name in their page's address"),
    sa.Column("name", sa.Text, nullable=False, doc="as TMDB or the page has it"),
    sa.Column("profile_url", sa.Text, doc="address of a picture"),
    sa.Column("known_for_department", sa.Text, doc="TMDB's word for what they do"),
    sa.Column("tmdb_synced_at", UTCDateTime, doc="when TMDB was last asked"),
    sa.Column("page_read_at", UTCDateTime, doc="when their page on the site was asked who they are on TMDB"),
    sa.Column("created_at", UTCDateTime, nullable=False, doc="when first stored"),
    sa.Column("updated_at", UTCDateTime, nullable=False, doc="when last changed"),
    info={"about": "Directors and others who made films."},
)

sa.Index("uq_people_letterboxd_slug", people.c.letterboxd_slug, unique=True)

film_people = sa.Table(
    "film_people",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    film(nullable=False),
    sa.Column(
        "person_id", sa.Integer, sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False, doc="who"
    ),
    sa.Column("role", sa.Text, nullable=False, doc="such as `director`"),
    sa.Column("credit_order", sa.Integer, doc="the order in the credits"),
    sa.UniqueConstraint("film_id", "role", "person_id"),
    sa.Index(None, "person_id"),
    info={"about": "Who made a film, and in which role."},
)

genres = sa.Table(
    "genres",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("tmdb_id", sa.Integer, unique=True, doc="TMDB's number; NULL: known from a page alone"),
    sa.Column("name", sa.Text, nullable=False, doc="as TMDB has it in English"),
    info={"about": "Genres, as TMDB numbers them, or as a film's page names them."},
)

# Those that only film pages name; TMDB's are told apart by their numbers.
unique_where(genres.c.tmdb_id.is_(None), "uq_genres_name_alone", genres.c.name)

film_genres = sa.Table(
    "film_genres",
    metadata,
    film(primary_key=True),
    sa.Column(
        "genre_id", sa.Integer, sa.ForeignKey("genres.id", ondelete="CASCADE"), primary_key=True, doc="which"
    ),
    info={"about": "A film's genres."},
)

countries = sa.Table(
    "countries",
    metadata,
    sa.Column("code", sa.Text, primary_key=True, doc="two letters (ISO 3166)"),
    sa.Column("name", sa.Text, nullable=False, doc="in English"),
    info={"about": "Countries that films come from."},
)

film_countries = sa.Table(
    "film_countries",
    metadata,
    film(primary_key=True),
    sa.Column(
        "country_code",
        sa.Text,
        sa.ForeignKey("countries.code", ondelete="CASCADE"),
        primary_key=True,
        doc="which",
    ),
    info={"about": "A film's countries."},
)
