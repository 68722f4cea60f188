"""Who asked to be forgotten; which run read a member or a listing."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

RUNS = (("users", "last_full_scrape_run"), ("scrape_runs", "work_run"), ("user_scrape_state", "run"))


def upgrade() -> None:
    op.create_table(
        "opt_outs",
        sa.Column("name_hash", sa.Text(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=True),
        sa.Column("salt", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name_hash", name="pk_opt_outs"),
    )
    for table, column in RUNS:
        op.add_column(table, sa.Column(column, sa.Integer(), nullable=True))


def downgrade() -> None:
    for table, column in RUNS:
        op.drop_column(table, column)
    op.drop_table("opt_outs")
