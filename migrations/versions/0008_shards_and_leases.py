"""Which job, node and shard a run is, when it showed life, what it changed; who reads which member now."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
COLUMNS: dict[str, sa.types.TypeEngine[Any]] = {
    "job": sa.Text(),
    "node": sa.Text(),
    "shard": sa.Text(),
    "seen_at": MOMENT,
    "rows_changed": sa.Integer(),
}


def upgrade() -> None:
    for name, type_ in COLUMNS.items():
        op.add_column("scrape_runs", sa.Column(name, type_, nullable=True))
    op.create_table(
        "member_leases",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_member_leases"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_member_leases_user_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["scrape_runs.id"], name="fk_member_leases_run_id", ondelete="CASCADE"
        ),
    )


def downgrade() -> None:
    op.drop_table("member_leases")
    for name in reversed(COLUMNS):
        op.drop_column("scrape_runs", name)
