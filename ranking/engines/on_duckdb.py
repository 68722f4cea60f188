"""DuckDB on an export's Parquet files."""

import glob
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from letterboxd_scraper.store.statistics import statistics_query
from ranking.engines.translate import DUCKDB, translate
from ranking.engines.views import VIEWS, View
from ranking.parquet.folder import Export

# Ten million ratings need less; what needs more goes through files. The default would be most of the
# machine's memory.
_MEMORY = "1GB"


class OnDuckDB:
    """An engine (see `ranking.engines.base`); the statistics are counted when it is opened."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, export: Export) -> None:
        self._connection = connection
        for view in VIEWS:
            connection.execute(_created(view, export))
        statistics = translate(statistics_query(), DUCKDB)
        connection.execute(f"CREATE TABLE cohort_film_stats AS {statistics}")

    def table(self, query: sa.Select[Any]) -> pa.Table:
        """Return the rows of a query on the store's tables."""
        return self._connection.sql(translate(query, DUCKDB)).to_arrow_table()


@contextmanager
def opened(export: Export) -> Iterator[OnDuckDB]:
    """Open DuckDB in memory; it installs and fetches nothing."""
    with TemporaryDirectory(prefix="ranking-") as spill:
        config: dict[str, Any] = {
            "memory_limit": _MEMORY,
            "temp_directory": spill,
            "autoinstall_known_extensions": False,
            "preserve_insertion_order": False,
            "TimeZone": "UTC",
        }
        with duckdb.connect(":memory:", config=config) as connection:
            yield OnDuckDB(connection, export)


def _created(view: View, export: Export) -> str:
    # A folder's name may hold what means something in a pattern, or in a text.
    file = glob.escape(str(export.file(view.file))).replace("'", "''")
    return f"CREATE VIEW {view.name} AS SELECT {', '.join(view.selected)} FROM read_parquet('{file}')"  # noqa: S608
