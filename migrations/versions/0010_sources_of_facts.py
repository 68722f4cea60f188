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


def upgrade() -> None:
    op.create_table(
        "member_sources",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("user_id", sa.Integer(), nullable=False),
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
    op.add_column("ratings", sa.Column("service", sa.Text(), nullable=False, server_default="letterboxd"))
    for table in _LISTS:
        for name, kind in _OF_LISTS:
            op.add_column(table, sa.Column(name, kind))
    op.add_column("films", sa.Column("named_by", sa.Text()))
    op.add_column("films", sa.Column("named_as_of", UTCDateTime()))
    for name in ("joined_by_name", "tmdb_guessed"):
        op.add_column("films", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("ix_films_imdb_id", "films", ["imdb_id"])
    op.create_index("ix_films_tmdb_id", "films", ["tmdb_id"])


def downgrade() -> None:
    op.drop_index("ix_films_tmdb_id", "films")
    op.drop_index("ix_films_imdb_id", "films")
    for name in ("tmdb_guessed", "joined_by_name", "named_as_of", "named_by"):
        op.drop_column("films", name)
    for table in _LISTS:
        for name, _ in _OF_LISTS:
            op.drop_column(table, name)
    op.drop_column("ratings", "service")
    op.drop_table("member_sources")
