"""People are invited into a circle, have a page of their own there, and say whether they are named."""

import sqlalchemy as sa
from alembic import op

from letterboxd_scraper.store.schema import UTCDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def _reference(table: str, column: str, target: str, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}_{target}"
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete=ondelete)


def upgrade() -> None:
    op.add_column("cohort_members", sa.Column("shows_name", sa.Boolean()))
    op.create_table(
        "invitations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("cohort_id", sa.Integer(), nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("member", sa.Text()),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("revoked_at", UTCDateTime()),
        sa.PrimaryKeyConstraint("id", name="pk_invitations"),
        sa.UniqueConstraint("secret_hash", name="uq_invitations_secret_hash"),
        _reference("invitations", "cohort_id", "cohorts"),
    )
    op.create_index("ix_invitations_cohort_id", "invitations", ["cohort_id"])
    op.create_table(
        "own_pages",
        sa.Column("cohort_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("invitation_id", sa.Integer()),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("cohort_id", "user_id", name="pk_own_pages"),
        sa.UniqueConstraint("secret_hash", name="uq_own_pages_secret_hash"),
        _reference("own_pages", "cohort_id", "cohorts"),
        _reference("own_pages", "user_id", "users"),
        _reference("own_pages", "invitation_id", "invitations", "SET NULL"),
    )
    for column in ("user_id", "invitation_id"):
        op.create_index(f"ix_own_pages_{column}", "own_pages", [column])
    op.create_table(
        "reading_passwords",
        sa.Column("cohort_id", sa.Integer(), nullable=False),
        sa.Column("salt", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("cohort_id", name="pk_reading_passwords"),
        _reference("reading_passwords", "cohort_id", "cohorts"),
    )


def downgrade() -> None:
    op.drop_table("reading_passwords")
    op.drop_table("own_pages")
    op.drop_table("invitations")
    op.drop_column("cohort_members", "shows_name")
