"""SQL that SQLite and PostgreSQL write differently, the standard score, and columns of numbers as a query."""

import json
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean, pstdev
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

# Scores that differ by less are equal: ranks round them to ten digits.
SPREAD = 1e-10

Columns = Mapping[str, Sequence[int | float | None]]


def double(value: Any) -> sa.ColumnElement[float]:
    """Return a number or an expression as double precision."""
    return sa.cast(value, sa.Double)


def sqrt(value: Any) -> sa.ColumnElement[float]:
    """Return the square root."""
    return sa.func.sqrt(value, type_=sa.Double)


def ln(value: Any) -> sa.ColumnElement[float]:
    """Return the natural logarithm."""
    return sa.func.ln(value, type_=sa.Double)


def exp(value: Any) -> sa.ColumnElement[float]:
    """Return e to the power of the value."""
    return sa.func.exp(value, type_=sa.Double)


class days_between(sa.sql.functions.FunctionElement[float]):
    """The days from one moment to a later one, as double precision; NULL if either is."""

    type = sa.Double()
    inherit_cache = True


@compiles(days_between, "sqlite")
def _on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    earlier, later = (compiler.process(clause, **options) for clause in element.clauses)
    return f"(julianday({later}) - julianday({earlier}))"


@compiles(days_between, "postgresql")
def _on_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    earlier, later = (compiler.process(clause, **options) for clause in element.clauses)
    return f"(date_part('epoch', {later} - {earlier}) / 86400.0)"


class between(sa.sql.functions.FunctionElement[float]):
    """A value (not NULL), or the first bound where it is less, or the second where it is more."""

    type = sa.Double()
    inherit_cache = True


@compiles(between, "sqlite")
def _bounds_on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    value, least, most = (compiler.process(clause, **options) for clause in element.clauses)
    return f"min(max({value}, {least}), {most})"


@compiles(between, "postgresql")
def _bounds_on_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    value, least, most = (compiler.process(clause, **options) for clause in element.clauses)
    return f"least(greatest({value}, {least}), {most})"


def standard_scores(values: Sequence[float | None]) -> list[float]:
    """Return z = (x − mean) / population standard deviation of each value; 0 for None and without spread.

    >>> standard_scores([1.0, 3.0, None])
    [-1.0, 1.0, 0.0]
    >>> standard_scores([2.0, 2.0])
    [0.0, 0.0]
    """
    numbers = [value for value in values if value is not None]
    if not numbers or max(numbers) - min(numbers) < SPREAD:
        return [0.0] * len(values)
    mean, deviation = fmean(numbers), pstdev(numbers)
    return [0.0 if value is None else (value - mean) / deviation for value in values]


def with_standard_scores(query: sa.Select[Any], *names: str) -> sa.Subquery:
    """Return ``query`` with a column ``NAME_z`` for each of its columns ``names``, over all its rows.

    As `standard_scores` does it; the deviation is taken in a second pass, which keeps its digits.
    """
    rows = query.subquery("rows").c
    spread: list[sa.ColumnElement[Any]] = []
    for name in names:
        spread.append(_mean(rows[name]).label(f"{name}_mean"))
        span = sa.func.max(rows[name]).over() - sa.func.min(rows[name]).over()
        spread.append(span.label(f"{name}_range"))
    first = sa.select(*rows, *spread).subquery("first_pass").c
    deviations = []
    for name in names:
        difference = first[name] - first[f"{name}_mean"]
        variance = _mean(difference * difference)
        deviations.append(sqrt(variance).label(f"{name}_deviation"))
    second = sa.select(*first, *deviations).subquery("second_pass").c
    scores = [
        sa.case(
            (second[name].is_(None), 0.0),
            (second[f"{name}_range"] < SPREAD, 0.0),
            else_=(second[name] - second[f"{name}_mean"]) / second[f"{name}_deviation"],
        ).label(f"{name}_z")
        for name in names
    ]
    return sa.select(*(second[column.name] for column in rows), *scores).subquery("standardised")


def _mean(value: Any) -> sa.ColumnElement[float]:
    """Return the mean of all rows, the same to the last digit in whatever order the rows were stored."""
    return sa.func.avg(value, type_=sa.Double).over(order_by=value, rows=(None, None))


def as_query(columns: Columns, dialect: sa.Dialect) -> sa.Select[Any]:
    """Return the query whose result is these columns: lists of equal length, by name.

    film_id and votes are whole numbers, the others double precision. It needs no table, so that it works
    where nothing may be written, and has one parameter however many rows there are.
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


def is_among(column: sa.ColumnElement[int], ids: Iterable[int]) -> sa.ColumnElement[bool]:
    """Return the condition that a column has one of these values, however many they are."""
    # Written into the statement: a database takes only so many parameters.
    listed = sa.bindparam("ids", list(ids), sa.Integer, expanding=True, literal_execute=True, unique=True)
    return column.in_(listed)
