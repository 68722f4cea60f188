"""Run by Alembic, on the connection that `letterboxd_scraper.store.migrate` hands over."""

from typing import Any

from alembic import context

from letterboxd_scraper.store.schema import MATERIALIZED_VIEWS, metadata


def _included(thing: Any, name: str | None, kind: str, reflected: bool, other: Any) -> bool:
    # What is a table on SQLite and a view on PostgreSQL is not compared there.
    on_postgresql = context.get_context().dialect.name == "postgresql"
    return not (kind == "table" and on_postgresql and name in MATERIALIZED_VIEWS)


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    include_object=_included,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
