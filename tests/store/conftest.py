"""An SQLite database in memory, for rules that are the same on both databases: nothing is kept of a test."""

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.store import upsert
from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.films import identity, told
from letterboxd_scraper.store.schema import metadata


@pytest.fixture(scope="session")
def schema_in_memory() -> Iterator[sa.Engine]:
    engine = make_engine("sqlite://")
    metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def connection(schema_in_memory: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that is rolled back."""
    with schema_in_memory.connect() as connection:
        yield connection


@pytest.fixture
def memory(schema_in_memory: sa.Engine) -> Iterator[sa.Engine]:
    """A database of the test's own, for what opens transactions itself."""
    engine = make_engine("sqlite://")
    with schema_in_memory.connect() as empty, engine.connect() as own:
        tables: Any = empty.connection.driver_connection
        tables.backup(own.connection.driver_connection)
    yield engine
    engine.dispose()


@pytest.fixture(autouse=True)
def statements_built_anew() -> None:
    """Let each test build its own statements: those kept from another would hide what changed in between."""
    for kept in (upsert._upsert, upsert._insert_missing, identity._query, told._having):
        kept.cache_clear()
