"""Rankings as they were, ratings before they changed, and who has left a cohort."""

import sqlalchemy as sa
from alembic import op

from letterboxd_scraper.store.schema import UTCDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_MARKS = ("rating", "liked", "favorite")
# With a member or a film all that is stored of them goes: of that nothing is kept.
_STILL_THERE = (
    "EXISTS (SELECT 1 FROM users WHERE id = OLD.user_id) "
    "AND EXISTS (SELECT 1 FROM films WHERE id = OLD.film_id)"
)
_KEEP = (
    "INSERT INTO former_ratings "
    "(user_id, film_id, rating, liked, favorite, rated_at, first_seen_at, seen_after) VALUES "
    "(OLD.user_id, OLD.film_id, OLD.rating, OLD.liked, OLD.favorite, OLD.rated_at, OLD.first_seen_at, "
    "OLD.seen_after)"
)
_KEEP_ALL = (
    "INSERT INTO former_ratings "
    "(user_id, film_id, rating, liked, favorite, rated_at, first_seen_at, seen_after) "
    "SELECT r.user_id, r.film_id, r.rating, r.liked, r.favorite, r.rated_at, r.first_seen_at, r.seen_after "
    "FROM rows_removed AS r JOIN users AS u ON u.id = r.user_id JOIN films AS f ON f.id = r.film_id"
)


def _goes_with(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}_{target}"
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete="CASCADE")


def upgrade() -> None:
    op.create_table(
        "ranking_history",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("cohort_id", sa.Integer(), nullable=False),
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("computed_at", UTCDateTime(), nullable=False),
        sa.Column("former_ratings", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ranking_history"),
        _goes_with("ranking_history", "cohort_id", "cohorts"),
    )
    of_ranking = ["cohort_id", "strategy", "computed_at"]
    op.create_index("ix_ranking_history_cohort_id_strategy_computed_at", "ranking_history", of_ranking)
    op.create_table(
        "former_ratings",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("film_id", sa.Integer(), nullable=False),
        sa.Column("rating", sa.REAL()),
        sa.Column("liked", sa.Boolean(), nullable=False),
        sa.Column("favorite", sa.Boolean(), nullable=False),
        sa.Column("rated_at", UTCDateTime()),
        sa.Column("first_seen_at", UTCDateTime(), nullable=False),
        sa.Column("seen_after", UTCDateTime()),
        sa.PrimaryKeyConstraint("id", name="pk_former_ratings"),
        _goes_with("former_ratings", "user_id", "users"),
        _goes_with("former_ratings", "film_id", "films"),
        sqlite_autoincrement=True,
    )
    for name in ("user_id", "film_id"):
        op.create_index(f"ix_former_ratings_{name}", "former_ratings", [name])
    op.create_table(
        "former_members",
        sa.Column("cohort_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("left_at", UTCDateTime(), nullable=False),
        sa.Column("followed_at", UTCDateTime(), nullable=False),
        sa.Column("shows_name", sa.Boolean()),
        sa.PrimaryKeyConstraint("cohort_id", "user_id", "left_at", name="pk_former_members"),
        _goes_with("former_members", "cohort_id", "cohorts"),
        _goes_with("former_members", "user_id", "users"),
    )
    op.create_index("ix_former_members_user_id", "former_members", ["user_id"])
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    for statement in _on_postgresql() if on_postgresql else _on_sqlite():
        op.execute(statement)


def _on_sqlite() -> list[str]:
    differs = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in _MARKS)
    events = {f"UPDATE OF {', '.join(_MARKS)}": differs, "DELETE": _STILL_THERE}
    return [
        f"CREATE TRIGGER ratings_keep_{event.split()[0].lower()} AFTER {event} ON ratings WHEN {when} "
        f"BEGIN {_KEEP}; END"
        for event, when in events.items()
    ]


def _on_postgresql() -> list[str]:
    differs = " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in _MARKS)
    return [
        _function("keep_changed_rating", f"{_KEEP};"),
        _function("keep_removed_ratings", f"{_KEEP_ALL};"),
        f"CREATE TRIGGER ratings_keep_update AFTER UPDATE ON ratings FOR EACH ROW WHEN ({differs}) "
        "EXECUTE FUNCTION keep_changed_rating()",
        "CREATE TRIGGER ratings_keep_delete AFTER DELETE ON ratings REFERENCING OLD TABLE AS rows_removed "
        "FOR EACH STATEMENT EXECUTE FUNCTION keep_removed_ratings()",
    ]


def _function(name: str, body: str) -> str:
    return f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NULL; END $$"


def downgrade() -> None:
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    for event in ("update", "delete"):
        op.execute(f"DROP TRIGGER ratings_keep_{event}" + (" ON ratings" if on_postgresql else ""))
    if on_postgresql:
        op.execute("DROP FUNCTION keep_changed_rating()")
        op.execute("DROP FUNCTION keep_removed_ratings()")
    for table in ("former_members", "former_ratings", "ranking_history"):
        op.drop_table(table)
