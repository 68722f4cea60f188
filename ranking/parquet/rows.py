"""A query's rows as an Arrow table: the database writes them as one text, which Arrow takes apart.

Ten times as quick as to make an object of each value in between.
"""

from io import BytesIO
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from pyarrow import csv

# As SQLite and PostgreSQL write them.
_NULLS, _TRUE, _FALSE = ["null", ""], ["1", "t"], ["0", "f"]


def arrow_table(connection: sa.Connection, query: sa.Select[Any], schema: pa.Schema) -> pa.Table:
    """Return the rows of a query of numbers and moments, its columns named and typed as in ``schema``.

    All rows are in memory at once, as text. Moments are in UTC, whether or not ``schema`` says so.
    """
    rows = query.subquery("rows")
    if connection.dialect.name == "postgresql":
        text = sa.func.string_agg(sa.cast(rows.table_valued(), sa.Text), "\n")
        edge, between = 1, ")\n("  # (1,2,3.5,t,"2026-11-23 12:00:00",)
    else:
        text = sa.func.json_group_array(sa.func.json_array(*rows.c))
        edge, between = 2, "],["  # [[1,2,3.5,1,"2026-11-23 12:00:00.000000",null],…]
    told = connection.scalar(sa.select(text)) or ""
    lines = told[edge:-edge].replace(between, "\n")
    if not lines:
        return schema.empty_table()
    names, kinds = schema.names, [pa.timestamp("us") if pa.types.is_timestamp(t) else t for t in schema.types]
    options = csv.ConvertOptions(
        column_types=dict(zip(names, kinds, strict=True)),
        null_values=_NULLS,
        true_values=_TRUE,
        false_values=_FALSE,
    )
    table = csv.read_csv(
        BytesIO(lines.encode()), csv.ReadOptions(column_names=names), convert_options=options
    )
    return table.cast(schema)


def moment(column: sa.Column[Any], dialect: str) -> sa.ColumnElement[Any]:
    """Return a moment as `arrow_table` reads it: in UTC, and without a zone."""
    return sa.func.timezone("UTC", column) if dialect == "postgresql" else column
