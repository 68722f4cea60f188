"""Which films have other ratings since the statistics were made: on SQLite, these alone are counted anew.

On PostgreSQL the statistics are a materialized view, which is always made as a whole. Cohorts note when they
were counted: rows that stay as they are do not tell.
"""

import sqlalchemy as sa
from alembic import op

from letterboxd_scraper.store.schema import UTCDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

# Each film once: the one that a row is about, or all that a member rated.
_FILMS = {
    "ratings": "SELECT {row}.film_id WHERE NOT EXISTS (SELECT 1 FROM changed_facts WHERE id = {row}.film_id)",
    "cohort_members": "SELECT film_id FROM ratings WHERE user_id = {row}.user_id AND rating IS NOT NULL "
    "AND NOT EXISTS (SELECT 1 FROM changed_facts WHERE id = film_id)",
}
# When a row counts, and the columns that make a difference.
_FACTS = {
    "ratings": ("{row}.rating IS NOT NULL", ("user_id", "film_id", "rating", "rated_at")),
    "cohort_members": ("true", ("cohort_id", "user_id")),
}
# As it was before: whatever changes is noted by a 1.
_ANYTHING = "INSERT INTO changed_facts (id) SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM changed_facts)"


def upgrade() -> None:
    op.add_column("cohorts", sa.Column("counted_at", UTCDateTime()))
    op.execute(
        "UPDATE cohorts SET counted_at = "
        "(SELECT max(computed_at) FROM film_histograms WHERE cohort_id = cohorts.id)"
    )
    if op.get_bind().dialect.name == "sqlite":
        # What was noted until now does not say which films.
        op.execute("UPDATE changed_facts SET id = 0 WHERE id = (SELECT min(id) FROM changed_facts)")
        for table, films in _FILMS.items():
            _replace(table, f"INSERT INTO changed_facts (id) {films}")


def downgrade() -> None:
    op.drop_column("cohorts", "counted_at")
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DELETE FROM changed_facts WHERE id NOT IN (SELECT min(id) FROM changed_facts)")
        for table in _FILMS:
            _replace(table, _ANYTHING)


def _replace(table: str, note: str) -> None:
    """Let a table's triggers do what ``note`` says, of the row NEW or OLD, or of both."""
    counts, columns = _FACTS[table]
    differs = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in columns)
    events = {
        "INSERT": (counts.format(row="NEW"), ("NEW",)),
        "DELETE": (counts.format(row="OLD"), ("OLD",)),
        f"UPDATE OF {', '.join(columns)}": (differs, ("OLD", "NEW")),
    }
    for event, (when, rows) in events.items():
        name = f"{table}_{event.split()[0].lower()}"
        op.execute(f"DROP TRIGGER {name}")
        notes = "; ".join(dict.fromkeys(note.format(row=row) for row in rows))
        op.execute(f"CREATE TRIGGER {name} AFTER {event} ON {table} WHEN {when} BEGIN {notes}; END")
