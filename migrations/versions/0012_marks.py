"""A film's hearts, favourites and watchlists are found by the film."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# SQLite takes a partial index only for a query that has the same words.
_ON_SQLITE, _ON_POSTGRESQL = sa.text("liked = 1 OR favorite = 1"), sa.text("liked OR favorite")
_COLUMNS = ["film_id", "user_id", "liked", "favorite"]


def upgrade() -> None:
    op.create_index(
        "ix_ratings_marked", "ratings", _COLUMNS, sqlite_where=_ON_SQLITE, postgresql_where=_ON_POSTGRESQL
    )
    op.create_index("ix_watchlist_film_id", "watchlist", ["film_id"])


def downgrade() -> None:
    op.drop_index("ix_watchlist_film_id", "watchlist")
    op.drop_index("ix_ratings_marked", "ratings")
