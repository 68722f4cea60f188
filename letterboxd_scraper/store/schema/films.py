"""Films, and what is known of them whoever saw them."""

import sqlalchemy as sa

from letterboxd_scraper.store.schema.columns import UTCDateTime, film, metadata, unique_where

films = sa.Table(
    "films",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("letterboxd_film_id", sa.Integer, unique=True),
    sa.Column("letterboxd_lid", sa.Text, unique=True),
    sa.Column("slug", sa.Text, unique=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("release_year", sa.Integer),
    # What gave it its title and slug (a NamedBy: "page", "file", "service", "link"), and as of when; and what
    # its year: the newest source that gives one.
    sa.Column("named_by", sa.Text),
    sa.Column("named_as_of", UTCDateTime),
    sa.Column("year_by", sa.Text),
    sa.Column("year_as_of", UTCDateTime),
    # Slug and code were put together because just one film has this title and year: nothing says so.
    sa.Column("joined_by_name", sa.Boolean, nullable=False, server_default=sa.false()),
    # So was the film with the number of another service's file: that on "imdb", on "tmdb", or "imdb tmdb".
    sa.Column("numbered_by_name", sa.Text),
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
    # TMDB's number was found by title and year, where just one film there has these.
    sa.Column("tmdb_guessed", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("letterboxd_fan_count", sa.Integer),
    sa.Column("letterboxd_rating_count", sa.Integer),
    sa.Column("letterboxd_weighted_average", sa.Numeric(4, 2, asdecimal=False)),
    sa.Column("histogram_synced_at", UTCDateTime),
    sa.Column("enrich_attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("enrich_after", UTCDateTime),
    # When the site was found to have no page of it any more.
    sa.Column("gone_at", UTCDateTime),
    sa.Index(None, "imdb_id"),
    sa.Index(None, "tmdb_id"),
)

# What sources have ever called a film, by the one thing that they told it by: its "slug", its code ("lid") or
# its numbers "elsewhere". Which of these are one film follows from all of their names.
film_names = sa.Table(
    "film_names",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("title", sa.Text, primary_key=True),
    # 0: none.
    sa.Column("release_year", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("named_by", sa.Text),
    sa.Column("as_of", UTCDateTime),
    # NULL: of another service's film that may be any of several.
    film(),
    sa.Index(None, "film_id"),
    sa.Index(None, "title"),
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
    film(nullable=False),
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
unique_where(genres.c.tmdb_id.is_(None), "uq_genres_name_alone", genres.c.name)

film_genres = sa.Table(
    "film_genres",
    metadata,
    film(primary_key=True),
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
    film(primary_key=True),
    sa.Column("country_code", sa.Text, sa.ForeignKey("countries.code", ondelete="CASCADE"), primary_key=True),
)
