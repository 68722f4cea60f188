"""Which engines there are, what one can do, and which packages it needs."""

from contextlib import AbstractContextManager
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol

import pyarrow as pa
import sqlalchemy as sa

from letterboxd_scraper.errors import InputError
from ranking.parquet.folder import Export

# An engine's name is that of its extra; its module offers `opened(export)`.
_MODULES = {"duckdb": "ranking.engines.on_duckdb", "spark": "ranking.engines.on_spark"}
_PACKAGES = {"duckdb": ("duckdb", "sqlglot"), "spark": ("pyspark", "sqlglot")}


class Engine(Protocol):
    """An engine that knows an export under the names of the store's tables."""

    def table(self, query: sa.Select[Any]) -> pa.Table:
        """Return the rows of a query on the store's tables."""


def opened(name: str, export: Export) -> AbstractContextManager[Engine]:
    """Return the engine of this name, open on an export. Raises InputError if a package is missing."""
    missing = [package for package in _PACKAGES[name] if find_spec(package) is None]
    if missing:
        raise InputError(
            f"the engine {name} needs {' and '.join(missing)}: pip install 'letterboxd-scraper[{name}]'"
        )
    engine: AbstractContextManager[Engine] = import_module(_MODULES[name]).opened(export)
    return engine
