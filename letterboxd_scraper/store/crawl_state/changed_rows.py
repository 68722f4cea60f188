"""How many rows of `ratings` were inserted, changed or removed through an engine, whatever did it."""

from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.store.schema import ratings


class ChangedRatings:
    """Counts as the database does: rows that an upsert left alone are none.

    Only what goes through its own ``engine`` counts, another way to the same database, in one thread.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine.execution_options()
        self._rows = 0
        # Of the engine: to listen to each connection would take longer than what is done with it.
        sa.event.listen(self.engine, "after_execute", self._add)

    def take(self) -> int:
        """Return how many there were since this was asked last."""
        rows, self._rows = self._rows, 0
        return rows

    def _add(self, connection: Any, statement: Any, many: Any, one: Any, options: Any, result: Any) -> None:
        if statement.is_dml and statement.table is ratings:
            self._rows += max(0, result.rowcount)
