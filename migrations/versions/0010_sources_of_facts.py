"""The files that told of a member are kept; films know what named them; lists of films have moments."""

import sqlalchemy as sa
from alembic import op

from letterboxd_scraper.store.schema import UTCDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_LISTS = ("watched", "watchlist")
_OF_LISTS = (("since", UTCDateTime()), ("as_of", UTCDateTime()), ("source", sa.Text()))
_NAMED_BY = ("named", "year")
_BY_NAME = ("joined_by_name", "tmdb_guessed")
# Archives alone named the films that have no slug.
_NAMES = (
    "UPDATE films SET named_by = CASE WHEN slug IS NULL THEN 'file' ELSE 'page' END",
    "UPDATE films SET year_by = named_by WHERE release_year IS NOT NULL",
    "INSERT INTO film_names (kind, key, title, release_year, named_by, film_id) "
    "SELECT 'slug', slug, title, coalesce(release_year, 0), 'page', id FROM films "
    "WHERE slug IS NOT NULL AND letterboxd_lid IS NULL",
    "INSERT INTO film_names (kind, key, title, release_year, named_by, film_id) "
    "SELECT 'lid', letterboxd_lid, title, coalesce(release_year, 0), 'file', id FROM films "
    "WHERE slug IS NULL AND letterboxd_lid IS NOT NULL",
)


def upgrade() -> None:
    op.create_table(
        "member_sources",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("as_of", UTCDateTime(), nullable=False),
        sa.Column("read_at", UTCDateTime(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_member_sources"),
        sa.UniqueConstraint("user_id", "digest", name="uq_member_sources_user_id_digest"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_member_sources_user_id_users", ondelete="CASCADE"
        ),
    )
    # Each by itself: to make a table anew would drop its triggers.
    op.add_column("users", sa.Column("sources_folded", sa.Boolean()))
    op.add_column("ratings", sa.Column("service", sa.Text(), nullable=False, server_default="letterboxd"))
    for table in _LISTS:
        for name, kind in _OF_LISTS:
            op.add_column(table, sa.Column(name, kind))
    for name in _NAMED_BY:
        op.add_column("films", sa.Column(f"{name}_by", sa.Text()))
        op.add_column("films", sa.Column(f"{name}_as_of", UTCDateTime()))
    for name in _BY_NAME:
        op.add_column("films", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("films", sa.Column("numbered_by_name", sa.Text()))
    op.create_table(
        "film_names",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("release_year", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("named_by", sa.Text()),
        sa.Column("as_of", UTCDateTime()),
        sa.Column("film_id", sa.Integer()),
        sa.PrimaryKeyConstraint("kind", "key", "title", "release_year", name="pk_film_names"),
        sa.ForeignKeyConstraint(
            ["film_id"], ["films.id"], name="fk_film_names_film_id_films", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_film_names_film_id", "film_names", ["film_id"])
    op.create_index("ix_film_names_title", "film_names", ["title"])
    for statement in _NAMES:
        op.execute(statement)
    op.create_index("ix_films_imdb_id", "films", ["imdb_id"])
    op.create_index("ix_films_tmdb_id", "films", ["tmdb_id"])


def downgrade() -> None:
    op.drop_index("ix_films_tmdb_id", "films")
    op.drop_index("ix_films_imdb_id", "films")
    op.drop_table("film_names")
    op.drop_column("films", "numbered_by_name")
    for name in _BY_NAME:
        op.drop_column("films", name)
    for name in _NAMED_BY:
        op.drop_column("films", f"{name}_as_of")
        op.drop_column("films", f"{name}_by")
    for table in _LISTS:
        for name, _ in _OF_LISTS:
            op.drop_column(table, name)
    op.drop_column("ratings", "service")
    op.drop_column("users", "sources_folded")
    op.drop_table("member_sources")
