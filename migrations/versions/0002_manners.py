"""The shared pace, and robots.txt as last read."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "site_pace",
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("free_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("host", name="pk_site_pace"),
    )
    op.create_table(
        "robots_txt",
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("read_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("url", name="pk_robots_txt"),
    )


def downgrade() -> None:
    for table in ("robots_txt", "site_pace"):
        op.drop_table(table)
