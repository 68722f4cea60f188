"""Columns of numbers that Python has made, as a query."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

Columns = Mapping[str, Sequence[int | float | None]]


def as_query(columns: Columns, dialect: sa.Dialect) -> sa.Select[Any]:
    """Return a query of one row for each place in the columns, with their names.

    Whole numbers are those of film_id and votes. It needs no table, so that it also works where
    nothing may be written, and has one parameter however many rows there are.
    """
    rows = json.dumps(list(zip(*columns.values(), strict=True)), allow_nan=False)
    if dialect.name == "postgresql":
        elements = sa.func.json_array_elements(sa.cast(sa.literal(rows, sa.Text), sa.JSON))
    else:
        elements = sa.func.json_each(rows)
    row = elements.table_valued(sa.column("value", sa.JSON), name="fitted").c.value
    return sa.select(*(_number(row[place], name).label(name) for place, name in enumerate(columns)))


def _number(value: Any, name: str) -> Any:
    return value.as_integer() if name in ("film_id", "votes") else value.as_float()
