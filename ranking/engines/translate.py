"""A strategy's query in another engine's SQL: compiled for PostgreSQL, then translated by sqlglot."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
import sqlglot
from sqlalchemy.dialects import postgresql
from sqlglot import exp


@dataclass(frozen=True, slots=True)
class Dialect:
    """An engine's SQL: its name in sqlglot, and its function from a moment to microseconds since 1970."""

    name: str
    microseconds: str


DUCKDB = Dialect("duckdb", "epoch_us")
SPARK = Dialect("spark", "unix_micros")


def translate(query: sa.Select[Any], dialect: Dialect) -> str:
    """Return a query on the store's tables as one text in another engine's SQL, its values written out."""
    compiled = query.compile(
        dialect=postgresql.dialect(),  # type: ignore[no-untyped-call]
        compile_kwargs={"literal_binds": True},
    )
    tree = sqlglot.parse_one(str(compiled), read="postgres").transform(_adapted, dialect)
    return tree.sql(dialect=dialect.name, identify=True)


def _adapted(node: exp.Expression, dialect: Dialect) -> exp.Expression:
    # Both engines compare texts bytewise anyway.
    if isinstance(node, exp.Collate):
        text: exp.Expression = node.this
        return text
    span = node.expression if isinstance(node, exp.Extract) else None
    if isinstance(span, exp.Sub):
        return _seconds(span, dialect)
    return node


def _seconds(span: exp.Sub, dialect: Dialect) -> exp.Expression:
    """Return the seconds between two moments; engines differ in what an interval is."""
    later, earlier = (
        exp.func(dialect.microseconds, exp.cast(moment, exp.DataType.Type.TIMESTAMPTZ))
        for moment in (span.this, span.expression)
    )
    difference = exp.cast(exp.Paren(this=exp.Sub(this=later, expression=earlier)), exp.DataType.Type.DOUBLE)
    return exp.Div(this=difference, expression=exp.cast(exp.Literal.number(10**6), exp.DataType.Type.DOUBLE))
