"""What a run was to read beyond the usual: only the same work is carried on."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("scrape_runs", sa.Column("options", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("scrape_runs", "options")
