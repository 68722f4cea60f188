"""The language that a film was made in, and what says so."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_COLUMNS = ("original_language", "language_by")


def upgrade() -> None:
    for name in _COLUMNS:
        op.add_column("films", sa.Column(name, sa.Text()))


def downgrade() -> None:
    for name in reversed(_COLUMNS):
        op.drop_column("films", name)
