"""The migrations of a new SQLite database are run once in a process; others get the tables that they made.

To run them takes a tenth of a second, for each of hundreds of commands that begin with no database.
"""

from functools import cache
from typing import Any
from unittest.mock import patch

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from letterboxd_scraper.store import migrate
from letterboxd_scraper.store.engine import make_engine

_migrate = command.upgrade


def upgrade(config: Config, revision: str) -> None:
    """Do what Alembic does, which it only does where something else is wanted than a new, whole database."""
    connection: sa.Connection = config.attributes["connection"]
    is_new = connection.dialect.name == "sqlite" and not sa.inspect(connection).get_table_names()
    if not is_new or revision != "head":
        _migrate(config, revision)
        return
    for statement in _statements(config.get_main_option("script_location")):
        connection.exec_driver_sql(statement)


@cache
def _statements(migrations: str | None) -> tuple[str, ...]:
    """Return what makes a database as the ``migrations`` in this folder do."""
    engine = make_engine("sqlite://")
    with engine.connect() as connection:
        _migrate(migrate.alembic_config(connection), "head")
        connection.commit()
        driver: Any = connection.connection.driver_connection
        dump = tuple(driver.iterdump())
    engine.dispose()
    return dump[1:-1]  # without the transaction


def remember() -> None:
    """Let this process remember what the migrations made."""
    patch.object(command, "upgrade", upgrade).start()
