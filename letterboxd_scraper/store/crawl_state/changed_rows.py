"""How many rows of `ratings` a connection has inserted, changed or removed, whatever did it."""

from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.store.schema import ratings


class ChangedRatings:
    """Counts as the database does: rows that an upsert left alone are none."""

    def __init__(self, connection: sa.Connection) -> None:
        self._rows = 0
        sa.event.listen(connection, "after_execute", self._add)

    def take(self) -> int:
        """Return how many there were since this was asked last."""
        rows, self._rows = self._rows, 0
        return rows

    def _add(self, connection: Any, statement: Any, many: Any, one: Any, options: Any, result: Any) -> None:
        if statement.is_dml and statement.table is ratings:
            self._rows += max(0, result.rowcount)
