"""Whose request to a site is under way, and until when the others wait for its end."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("site_pace", sa.Column("busy_until", sa.Double(), nullable=False, server_default="0"))
    op.add_column("site_pace", sa.Column("turn", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("site_pace", "turn")
    op.drop_column("site_pace", "busy_until")
