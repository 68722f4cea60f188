"""Which engines there are, and what one can do."""

from contextlib import AbstractContextManager
from importlib import import_module
from typing import Any, Protocol

import pyarrow as pa
import sqlalchemy as sa

from ranking.parquet.folder import Export

# An engine's name is that of its extra; its module offers `opened(export)`.
_MODULES = {"duckdb": "ranking.engines.on_duckdb", "spark": "ranking.engines.on_spark"}


class Engine(Protocol):
    """An engine that knows an export under the names of the store's tables."""

    def table(self, query: sa.Select[Any]) -> pa.Table:
        """Return the rows of a query on the store's tables."""


def opened(name: str, export: Export) -> AbstractContextManager[Engine]:
    """Return the engine of this name, open on an export."""
    engine: AbstractContextManager[Engine] = import_module(_MODULES[name]).opened(export)
    return engine
