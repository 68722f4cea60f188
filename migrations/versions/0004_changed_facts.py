"""Whether ratings or memberships have changed since the statistics were made: triggers put a row here."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# What the statistics are made of: the rows that count, and the columns that make a difference.
FACTS = {
    "ratings": ("{row}.rating IS NOT NULL", ("user_id", "film_id", "rating", "rated_at")),
    "cohort_members": ("true", ("cohort_id", "user_id")),
}


def upgrade() -> None:
    op.create_table(
        "changed_facts",
        sa.Column("id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("id", name="pk_changed_facts"),
    )
    # What was stored before there were triggers may not have been counted.
    op.execute("INSERT INTO changed_facts (id) VALUES (0)")
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    for statement in _on_postgresql() if on_postgresql else _on_sqlite():
        op.execute(statement)


def _on_sqlite() -> list[str]:
    note = "INSERT INTO changed_facts (id) SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM changed_facts)"
    statements = []
    for table, (counts, columns) in FACTS.items():
        differs = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in columns)
        events = {
            "INSERT": counts.format(row="NEW"),
            "DELETE": counts.format(row="OLD"),
            f"UPDATE OF {', '.join(columns)}": differs,
        }
        statements += [
            f"CREATE TRIGGER {table}_{event.split()[0].lower()} AFTER {event} ON {table} "
            f"WHEN {when} BEGIN {note}; END"
            for event, when in events.items()
        ]
    return statements


def _on_postgresql() -> list[str]:
    # One row for each transaction: a row that all share would make writers wait for each other.
    note = "INSERT INTO changed_facts VALUES (pg_current_xact_id()::text::bigint) ON CONFLICT DO NOTHING"
    statements = [_function("note_changed_facts", f"{note};")]
    for table, (counts, columns) in FACTS.items():
        check = (
            f"IF EXISTS (SELECT FROM rows_changed AS r WHERE {counts.format(row='r')}) THEN {note}; END IF;"
        )
        differs = " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in columns)
        statements += [
            _function(f"note_changed_{table}", check),
            # For a whole statement where rows come in thousands; an upsert's updates are few.
            f"CREATE TRIGGER {table}_insert AFTER INSERT ON {table} REFERENCING NEW TABLE AS rows_changed "
            f"EXECUTE FUNCTION note_changed_{table}()",
            f"CREATE TRIGGER {table}_delete AFTER DELETE ON {table} REFERENCING OLD TABLE AS rows_changed "
            f"EXECUTE FUNCTION note_changed_{table}()",
            f"CREATE TRIGGER {table}_update AFTER UPDATE ON {table} FOR EACH ROW WHEN ({differs}) "
            "EXECUTE FUNCTION note_changed_facts()",
            f"CREATE TRIGGER {table}_truncate AFTER TRUNCATE ON {table} "
            "EXECUTE FUNCTION note_changed_facts()",
        ]
    return statements


def _function(name: str, body: str) -> str:
    return f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NULL; END $$"


def downgrade() -> None:
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    for table in FACTS:
        for event in ("insert", "delete", "update", *(["truncate"] if on_postgresql else [])):
            op.execute(f"DROP TRIGGER {table}_{event}" + (f" ON {table}" if on_postgresql else ""))
    if on_postgresql:
        for name in ("facts", *FACTS):
            op.execute(f"DROP FUNCTION note_changed_{name}()")
    op.drop_table("changed_facts")
