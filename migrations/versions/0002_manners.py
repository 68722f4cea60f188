"""The shared pace, robots.txt as last read, and who asked to be forgotten."""

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
    op.create_table(
        "opt_outs",
        sa.Column("name_hash", sa.Text(), nullable=False),
        sa.Column("salt", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name_hash", name="pk_opt_outs"),
    )


def downgrade() -> None:
    for table in ("opt_outs", "robots_txt", "site_pace"):
        op.drop_table(table)
