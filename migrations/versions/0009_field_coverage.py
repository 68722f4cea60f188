"""How often each field is filled in what each parser reads: so that a field that is lost is noticed."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "field_coverage",
        sa.Column("parser", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("filled", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("parser", "field", name="pk_field_coverage"),
    )


def downgrade() -> None:
    op.drop_table("field_coverage")
