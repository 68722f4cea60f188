"""Directors and genres that only the site names are told apart; which films the site has no more."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_ALONE = sa.text("tmdb_id IS NULL")


def upgrade() -> None:
    op.add_column("films", sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("people", sa.Column("page_read_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("uq_people_letterboxd_slug", "people", ["letterboxd_slug"], unique=True)
    op.create_index(
        "uq_genres_name_alone", "genres", ["name"], unique=True, sqlite_where=_ALONE, postgresql_where=_ALONE
    )


def downgrade() -> None:
    op.drop_index("uq_genres_name_alone", "genres")
    op.drop_index("uq_people_letterboxd_slug", "people")
    op.drop_column("people", "page_read_at")
    op.drop_column("films", "gone_at")
